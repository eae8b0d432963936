//! The series of a store, for a scrape.

use super::storage::Storage;
use super::{SeriesValue, Store, ValueLengths};
use crate::labels::SplitLabels;
use crate::metric::start::StartTimestamp;
use crate::sync::modelled::AtomicU64;

/// The series of a store at one moment. It may include series that were removed since.
pub(crate) struct Snapshot<'a> {
    storage: Storage,
    store: &'a Store,
}

impl<'a> Snapshot<'a> {
    pub(super) fn new(store: &'a Store) -> Self {
        Self { storage: store.storage(), store }
    }

    /// Iterates over the labels and values of all series, in the order of their creation.
    #[inline(always)]
    pub(crate) fn series(&self) -> impl Iterator<Item = (SplitLabels<'_>, &[AtomicU64])> {
        let records = self.storage.walk(self.store.layout);
        records.map(|(_, _, record)| (self.store.labels_of(record), record.state))
    }

    /// Iterates over all series, like [`series`](Self::series), with lengths, values and start
    /// timestamps.
    #[inline(always)]
    pub(crate) fn full_series(&self) -> impl Iterator<Item = FullSeries<'_>> {
        let Self { storage, store } = self;
        let layout = store.layout;
        storage.walk(layout).map(move |(chunk, _, record)| FullSeries {
            labels: store.labels_of(record),
            lengths: ValueLengths::of(record, store.gaps.len(), layout),
            value: storage.value_of(chunk, record, layout),
            start: record.start(layout),
        })
    }
}

/// A series of a [`Snapshot`].
pub(crate) struct FullSeries<'s> {
    pub(crate) labels: SplitLabels<'s>,
    /// The lengths of its label values; `None` if one is escaped.
    pub(in crate::metric) lengths: Option<ValueLengths<'s>>,
    pub(in crate::metric) value: SeriesValue<'s>,
    /// Its start timestamp, if its type has one.
    pub(in crate::metric) start: Option<StartTimestamp>,
}
