//! Removes series, and compacts the storage once tombstones take most of it.

use super::index::Location;
use super::key::SeriesKey;
use super::sizes::FEW_WORDS;
use super::storage::Storage;
use super::value::SeriesValue;
use super::{Store, Writer};
use crate::labels;
use crate::sync::modelled::{Ordering, write};

impl Writer {
    fn is_sparse(&self, storage: &Storage) -> bool {
        self.dead_words > FEW_WORDS && self.dead_words * 2 > storage.words()
    }
}

impl Store {
    /// Removes the series with these label values. Returns `false` if it does not exist.
    pub(crate) fn remove(&self, values: &[&str]) -> bool {
        let mut writer = self.lock_writer();
        let storage = self.storage();
        let found = self.with_key(values, |key| Some((self.find(&storage, key)?.0, key.hash)));
        self.remove_at(&mut writer, &storage, found.as_slice(), |_| true) > 0
    }

    /// Removes the series with these rendered labels, and ignores missing ones. Returns the number
    /// of removed series.
    pub(in crate::metric) fn remove_rendered(&self, label_sets: &[String]) -> usize {
        let mut writer = self.lock_writer();
        let storage = self.storage();
        let locations = label_sets.iter().filter_map(|rendered| {
            let values: Vec<_> = labels::pairs(rendered).map(|(_, value)| value).collect();
            let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
            let key = SeriesKey::new(&values, &self.hasher)?;
            Some((self.find(&storage, &key)?.0, key.hash))
        });
        let locations: Vec<(Location, u64)> = locations.collect();
        self.remove_at(&mut writer, &storage, &locations, |_| true)
    }

    /// Removes all series.
    pub(crate) fn clear(&self) {
        let mut writer = self.lock_writer();
        *writer = Writer::default();
        self.exclusively(|storage| {
            self.exemplars.clear();
            *storage = Storage::default();
        });
    }

    /// Changes the storage under the locks of all stripes. The caller holds the writer's lock.
    fn exclusively(&self, change: impl FnOnce(&mut Storage)) {
        let mut guards = self.stripes.each_ref().map(|stripe| write(&stripe.0));
        self.generation.fetch_add(1, Ordering::Relaxed);
        let [first, others @ ..] = &mut guards;
        change(first);
        for other in others {
            **other = first.clone();
        }
    }

    /// Removes records whose value `is_rejected`, and compacts the storage if tombstones take most
    /// of it. Each location comes with the hash of its series. Returns the number of removed
    /// records.
    pub(super) fn remove_at(
        &self,
        writer: &mut Writer,
        storage: &Storage,
        locations: &[(Location, u64)],
        is_rejected: impl Fn(SeriesValue<'_>) -> bool,
    ) -> usize {
        if locations.is_empty() {
            return 0;
        }
        let mut removed = 0;
        self.exclusively(|current| {
            for location in locations {
                let is_removed = self.remove_record(writer, storage, *location, &is_rejected);
                removed += usize::from(is_removed);
            }
            if writer.is_sparse(storage)
                && let Some(compacted) =
                    storage.compacted(writer.live, self.layout, |record| self.hash_of(record))
            {
                *current = compacted;
                *writer = Writer { live: writer.live, used: writer.live, dead_words: 0 };
            }
        });
        removed
    }

    /// Makes one record a tombstone, and removes it from the index, if its value `is_rejected`.
    /// Returns `false` if it is not, or if the record was a tombstone already.
    fn remove_record(
        &self,
        writer: &mut Writer,
        storage: &Storage,
        (location, hash): (Location, u64),
        is_rejected: impl Fn(SeriesValue<'_>) -> bool,
    ) -> bool {
        let Some(record) = storage.record(location, self.layout) else { return false };
        let value = storage.value_of(location.chunk(), record, self.layout);
        if !is_rejected(value) || !record.make_tombstone() {
            return false;
        }
        storage.remove_from_index(location, hash);
        self.exemplars.remove(self.labels_of(record));
        writer.live = writer.live.saturating_sub(1);
        writer.dead_words += record.length();
        true
    }
}
