//! Read access to a series, for loops over a family.

use std::fmt;
use std::marker::PhantomData;

use super::histogram::Histogram;
use super::series_set::{NumberMetric, SeriesSet};
use super::store::{RecordHandle, SeriesValue};
use super::word::{self, Word};
use crate::labels::{self, SplitLabels};

/// Read access to a series, from [`Family::iter`](crate::Family::iter) or
/// [`Family::retain`](crate::Family::retain).
///
/// It returns the current value. If the series was removed or moved meanwhile, it returns the value
/// at that moment.
pub struct SeriesView<'f, M> {
    series: &'f SeriesSet,
    record: RecordHandle,
    kind: PhantomData<fn() -> M>,
}

impl<'f, M> SeriesView<'f, M> {
    pub(super) fn new(series: &'f SeriesSet, record: RecordHandle) -> Self {
        Self { series, record, kind: PhantomData }
    }

    /// Returns the value of the label with this name, if there is one. Every call unescapes it.
    pub fn label(&self, name: &str) -> Option<String> {
        let labels = self.rendered_labels();
        let found = labels::pairs(&labels).find(|(label, _)| *label == name);
        found.map(|(_, value)| value.into_owned())
    }

    pub(super) fn rendered_labels(&self) -> String {
        self.read(|labels, _| labels.join(&mut Vec::new()).as_str().to_owned()).unwrap_or_default()
    }

    fn read<R>(&self, read: impl FnOnce(SplitLabels<'_>, SeriesValue<'_>) -> R) -> Option<R> {
        self.series.store.read_handle(&self.record, read)
    }
}

impl<M: NumberMetric> SeriesView<'_, M> {
    /// Returns the value.
    pub fn get(&self) -> M::Word {
        let value = self.read(|_, value| value.words.first().map(word::load)).flatten();
        value.unwrap_or(M::Word::from_bits(0))
    }
}

impl SeriesView<'_, Histogram> {
    /// Returns the number of observations.
    pub fn count(&self) -> u64 {
        let buckets = &self.series.buckets;
        self.read(|_, value| buckets.count(buckets.counters(value))).unwrap_or_default()
    }

    /// Returns the sum of all observations.
    pub fn sum(&self) -> f64 {
        let buckets = &self.series.buckets;
        self.read(|_, value| buckets.sum(buckets.counters(value))).unwrap_or_default()
    }
}

impl<M> fmt::Debug for SeriesView<'_, M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("SeriesView").field(&self.rendered_labels()).finish()
    }
}
