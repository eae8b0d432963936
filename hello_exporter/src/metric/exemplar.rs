//! Exemplars: examples of counted events, kept next to the metric.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::SystemTime;

use tracing::warn;

use crate::encode::{Exemplar, FamilyEncoder, Sample, SampleValue, Scratch, unix_milliseconds};
use crate::labels::{self, RenderedLabels, SplitLabels};
use crate::name::is_label_name;
use crate::sync::lock;

/// The last exemplar of every series, and of every bucket of a histogram.
///
/// The map is allocated for the first exemplar. The lock is held while references are read or
/// written, but not while a scrape encodes.
#[derive(Debug, Default)]
pub(crate) struct Exemplars(OnceLock<Box<Mutex<BySeries>>>);

/// Exemplars by the rendered labels of their series, one for each bucket.
type BySeries = HashMap<Box<[u8]>, Vec<Option<Arc<Exemplar>>>>;

impl Exemplars {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Sets the last exemplar of a bucket. The bucket of a counter is 0.
    pub(super) fn set(&self, labels: &[u8], bucket: usize, exemplar: &Arc<Exemplar>) {
        let mut by_series = lock(self.0.get_or_init(Box::default));
        let buckets = match by_series.get_mut(labels) {
            Some(buckets) => buckets,
            None => by_series.entry(labels.into()).or_default(),
        };
        if buckets.len() <= bucket {
            buckets.resize(bucket + 1, None);
        }
        if let Some(last) = buckets.get_mut(bucket) {
            *last = Some(Arc::clone(exemplar));
        }
    }

    /// Returns whether an exemplar was ever set and the format exposes exemplars in this family.
    pub(super) fn are_wanted(&self, encoder: &FamilyEncoder<'_>) -> bool {
        self.0.get().is_some() && encoder.takes_exemplars()
    }

    /// Writes a sample, with the last exemplars of its series if the format has exemplars.
    pub(super) fn encode(
        &self,
        labels: RenderedLabels<'_>,
        sample: Sample<'_>,
        encoder: &mut FamilyEncoder<'_>,
    ) {
        if !self.are_wanted(encoder) {
            return encoder.rendered(labels, &sample);
        }
        encoder.with_scratch(|encoder, scratch| {
            self.read(labels, encoder, scratch);
            encoder.rendered(labels, &sample.with_exemplars(&scratch.exemplars));
        });
    }

    /// Copies the exemplars of a series to `scratch`; none if the format has no exemplars.
    pub(super) fn read(
        &self,
        labels: RenderedLabels<'_>,
        encoder: &FamilyEncoder<'_>,
        scratch: &mut Scratch,
    ) {
        scratch.exemplars.clear();
        if !self.are_wanted(encoder) {
            return;
        }
        if let Some(by_series) = self.lock() {
            scratch.exemplars.extend(by_series.get(labels.0).into_iter().flatten().cloned());
        }
    }

    pub(super) fn remove(&self, labels: SplitLabels<'_>) {
        if let Some(mut by_series) = self.lock() {
            by_series.remove(labels.join(&mut Vec::new()).0);
        }
    }

    pub(super) fn clear(&self) {
        if let Some(mut by_series) = self.lock() {
            by_series.clear();
        }
    }

    fn lock(&self) -> Option<MutexGuard<'_, BySeries>> {
        self.0.get().map(|by_series| lock(by_series))
    }
}

/// Returns an exemplar with the current time, or `None` if it has no labels or its value is NaN.
///
/// The section "Exemplars" of OpenMetrics permits labels of at most 128 characters in all. Longer
/// or invalid labels also give `None`; the first such labels are logged.
pub(super) fn exemplar(value: SampleValue, labels: &[(&str, &str)]) -> Option<Arc<Exemplar>> {
    static IS_LOGGED: AtomicBool = AtomicBool::new(false);

    if labels.is_empty() || value.as_f64().is_nan() {
        return None;
    }
    if !are_valid(labels) {
        if !IS_LOGGED.swap(true, Ordering::Relaxed) {
            warn!(?labels, "Exemplar left out, its labels are too long or invalid");
        }
        return None;
    }
    let mut rendered = String::new();
    labels::render(labels.iter().copied(), &mut rendered);
    let timestamp = unix_milliseconds(SystemTime::now());
    Some(Arc::new(Exemplar { labels: rendered.into(), value, timestamp }))
}

fn are_valid(labels: &[(&str, &str)]) -> bool {
    const MOST_CHARACTERS: usize = 128;

    let characters = |(name, value): &(&str, &str)| name.chars().count() + value.chars().count();
    let is_new = |(at, (name, _)): (usize, &(&str, &str))| {
        is_label_name(name) && labels.iter().take(at).all(|(other, _)| other != name)
    };
    labels.iter().map(characters).sum::<usize>() <= MOST_CHARACTERS
        && labels.iter().enumerate().all(is_new)
}
