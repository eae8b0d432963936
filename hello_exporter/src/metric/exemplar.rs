//! Exemplars: examples of counted events, kept next to the metric.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::SystemTime;

use tracing::warn;

use crate::encode::{Exemplar, FamilyEncoder, Sample, SampleValue, Scratch, unix_milliseconds};
use crate::labels::{self, RenderedLabels};
use crate::name::is_label_name;

/// The last exemplar of every series, and of every bucket of a histogram.
///
/// A metric without exemplars pays a pointer. The lock is held to read or write references, never while
/// a scrape encodes.
#[derive(Debug, Default)]
pub(crate) struct Exemplars(OnceLock<Box<Mutex<BySeries>>>);

/// By the label block of the series.
type BySeries = HashMap<Box<[u8]>, Vec<Option<Arc<Exemplar>>>>;

impl Exemplars {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Keeps an exemplar as the last one in this place of a series.
    pub(super) fn set(&self, block: &[u8], place: usize, exemplar: &Arc<Exemplar>) {
        let by_series = self.0.get_or_init(Box::default);
        let mut by_series = by_series.lock().unwrap_or_else(PoisonError::into_inner);
        let places = match by_series.get_mut(block) {
            Some(places) => places,
            None => by_series.entry(block.into()).or_default(),
        };
        if places.len() <= place {
            places.resize(place + 1, None);
        }
        if let Some(kept) = places.get_mut(place) {
            *kept = Some(Arc::clone(exemplar));
        }
    }

    /// Returns whether there are exemplars, and the format has them.
    pub(super) fn are_wanted(&self, encoder: &FamilyEncoder<'_>) -> bool {
        self.0.get().is_some() && encoder.takes_exemplars()
    }

    /// Writes a number with the last exemplar of its series, where the format has a place for one.
    pub(super) fn encode(
        &self,
        block: RenderedLabels<'_>,
        number: SampleValue,
        encoder: &mut FamilyEncoder<'_>,
    ) {
        let point = Sample::from(number);
        if !self.are_wanted(encoder) {
            return encoder.rendered(block, &point);
        }
        encoder.with_scratch(|encoder, scratch| {
            self.read(block, encoder, scratch);
            encoder.rendered(block, &point.with_exemplars(&scratch.exemplars));
        });
    }

    /// Copies those of a series to where they can be encoded from; none where the format has no place
    /// for them.
    pub(super) fn read(
        &self,
        block: RenderedLabels<'_>,
        encoder: &FamilyEncoder<'_>,
        scratch: &mut Scratch,
    ) {
        scratch.exemplars.clear();
        if !self.are_wanted(encoder) {
            return;
        }
        if let Some(by_series) = self.lock() {
            scratch.exemplars.extend(by_series.get(block.0).into_iter().flatten().cloned());
        }
    }

    pub(super) fn remove(&self, block: RenderedLabels<'_>) {
        if let Some(mut by_series) = self.lock() {
            by_series.remove(block.0);
        }
    }

    pub(super) fn clear(&self) {
        if let Some(mut by_series) = self.lock() {
            by_series.clear();
        }
    }

    fn lock(&self) -> Option<MutexGuard<'_, BySeries>> {
        Some(self.0.get()?.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Returns an exemplar of now, or `None` if it has no labels or its value is NaN.
///
/// The section "Exemplars" of OpenMetrics permits labels of at most 128 characters in all. Longer
/// or invalid ones are logged once, and give `None` as well.
pub(super) fn exemplar(value: SampleValue, labels: &[(&str, &str)]) -> Option<Arc<Exemplar>> {
    static IS_LOGGED: AtomicBool = AtomicBool::new(false);

    if labels.is_empty() || value.as_f64().is_nan() {
        return None;
    }
    if !are_sound(labels) {
        if !IS_LOGGED.swap(true, Ordering::Relaxed) {
            warn!(?labels, "Exemplar left out, its labels are too long, or their names wrong");
        }
        return None;
    }
    let mut rendered = String::new();
    labels::render(labels.iter().copied(), &mut rendered);
    let timestamp = unix_milliseconds(SystemTime::now());
    Some(Arc::new(Exemplar { labels: rendered.into(), value, timestamp }))
}

fn are_sound(labels: &[(&str, &str)]) -> bool {
    const MOST_CHARACTERS: usize = 128;

    let characters = |(name, value): &(&str, &str)| name.chars().count() + value.chars().count();
    let is_new = |(at, (name, _)): (usize, &(&str, &str))| {
        is_label_name(name) && labels.iter().take(at).all(|(other, _)| other != name)
    };
    labels.iter().map(characters).sum::<usize>() <= MOST_CHARACTERS
        && labels.iter().enumerate().all(is_new)
}
