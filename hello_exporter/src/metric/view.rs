//! A series as it is handed out to be looked at.

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::AtomicU64;

use super::family::{NumberMetric, SeriesSet};
use super::histogram::Histogram;
use super::store::Place;
use super::word::{self, Word};
use crate::labels::LabelBlock;

/// A series as [`Family::iter`](crate::Family::iter) and [`Family::retain`](crate::Family::retain) hand it out.
///
/// It reads the current value, or, where the series was removed or moved meanwhile, the one that it
/// had then.
pub struct SeriesView<'f, M> {
    series: &'f SeriesSet,
    place: Place,
    kind: PhantomData<fn() -> M>,
}

impl<'f, M> SeriesView<'f, M> {
    pub(super) fn new(series: &'f SeriesSet, place: Place) -> Self {
        Self { series, place, kind: PhantomData }
    }

    /// The value of the label with this name, if there is one; decoded when it is asked for.
    pub fn label(&self, name: &str) -> Option<String> {
        let find = |block: LabelBlock<'_>| {
            let found = block.pairs().find(|(label, _)| *label == name);
            found.map(|(_, value)| value.into_owned())
        };
        self.read(|block, _| find(block)).flatten()
    }

    pub(super) fn block(&self) -> String {
        self.read(|block, _| block.as_str().to_owned()).unwrap_or_default()
    }

    fn read<R>(&self, read: impl FnOnce(LabelBlock<'_>, &[AtomicU64]) -> R) -> Option<R> {
        self.series.store.at(&self.place, read)
    }
}

impl<M: NumberMetric> SeriesView<'_, M> {
    /// The value.
    pub fn get(&self) -> M::Word {
        let value = self.read(|_, words| words.first().map(word::load)).flatten();
        value.unwrap_or(M::Word::from_bits(0))
    }
}

impl SeriesView<'_, Histogram> {
    /// How many observations there were.
    pub fn count(&self) -> u64 {
        self.read(|_, words| self.series.bounds.count(words)).unwrap_or_default()
    }

    /// The sum of all observations.
    pub fn sum(&self) -> f64 {
        self.read(|_, words| self.series.bounds.sum(words)).unwrap_or_default()
    }
}

impl<M> fmt::Debug for SeriesView<'_, M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("SeriesView").field(&self.block()).finish()
    }
}
