//! The memory of a family's series.
//!
//! A series is one record of words in an append-only chunk: a header with the lengths of its label
//! values, its rendered labels, its start timestamp if its type has one, and its value. Records are
//! stored in the order of their creation, so that a scrape reads memory from front to back. The
//! labels are rendered once, when the series is created. They are also its key. All labels of a
//! family begin with the same `name="`, which the store keeps once.
//!
//! The words are atomic, so that records can be read while others are appended. [`chunk`] explains
//! when a record is readable, and why its labels are read as bytes.
//!
//! There are [`STRIPES`] stripes, each with a lock. Every update and every read by labels holds the
//! read lock of its thread's stripe, so that threads do not share the cache line of a lock. Removal
//! and compaction hold the write locks of all stripes, taken in a fixed order: they wait for the
//! current updates and reads, and later ones do not see a record that is gone. A scrape clones the
//! storage, which is two reference counts, and holds no lock while it encodes.

mod cached_lookup;
mod chunk;
mod expiry;
mod index;
mod key;
mod lengths;
#[cfg(all(test, loom))]
mod models;
mod removal;
mod sizes;
mod snapshot;
mod storage;
mod stripe;
#[cfg(test)]
mod tests;
mod value;

use std::sync::Arc;
use std::time::Duration;

use tracing::warn;

use super::exemplar::Exemplars;
use super::native::NativeLayout;
use super::start::StartTimestamp;
use crate::labels::{LabelNames, SplitLabels, clip};
use crate::sync::modelled::{
    AtomicU64, Mutex, MutexGuard, Ordering, RandomState, RwLock, lock, read, write,
};
pub(super) use cached_lookup::CachedLookup;
pub(super) use chunk::ValueLayout;
use chunk::{Chunk, Layout, Record};
use expiry::Expiry;
use index::Location;
use key::SeriesKey;
pub(super) use lengths::ValueLengths;
use sizes::STRIPES;
pub(super) use snapshot::{FullSeries, Snapshot};
use storage::Storage;
use stripe::Stripe;
pub(super) use value::SeriesValue;

/// All series of one family, each with a fixed number of words for its value.
pub(crate) struct Store {
    stripes: [Stripe; STRIPES],
    writer: Mutex<Writer>,
    /// Increases at every removal, which can move records. It changes under the locks of all
    /// stripes.
    generation: AtomicU64,
    hasher: RandomState,
    pub(super) label_names: LabelNames,
    /// The part of the labels that is not stored with each series, see [`key::labels_prefix`].
    pub(super) labels_prefix: Box<str>,
    /// The number of bytes before each label value, see [`key::gaps`].
    gaps: Box<[usize]>,
    layout: Layout,
    native: Option<NativeLayout>,
    expiry: Option<Expiry>,
    limits: Limits,
    /// The number of dropped updates.
    dropped: AtomicU64,
    pub(super) exemplars: Exemplars,
}

/// The limits that the declaration of a family sets.
#[derive(Clone, Copy, Default)]
pub(super) struct Limits {
    pub(super) max_series: Option<usize>,
    pub(super) expire_after: Option<Duration>,
}

/// Bookkeeping under the writer's lock.
#[derive(Default)]
struct Writer {
    /// Series that exist.
    live: usize,
    /// Used slots of the index, including those of removed series.
    used: usize,
    /// Words of tombstones that are not reclaimed yet.
    dead_words: usize,
}

impl Store {
    pub(crate) fn new<'n>(
        label_names: impl IntoIterator<Item = &'n str>,
        value: ValueLayout,
        limits: Limits,
    ) -> Self {
        let label_names = LabelNames::new(label_names);
        let gaps = key::gaps(&label_names);
        let empty = Storage::default();
        Self {
            stripes: std::array::from_fn(|_| Stripe(RwLock::new(empty.clone()))),
            writer: Mutex::default(),
            generation: AtomicU64::new(CachedLookup::NEVER + 1),
            hasher: RandomState::default(),
            layout: Layout::new(&gaps, value, limits.expire_after.is_some()),
            gaps,
            labels_prefix: key::labels_prefix(&label_names),
            native: value.native,
            label_names,
            expiry: limits.expire_after.map(Expiry::new),
            limits,
            dropped: AtomicU64::new(0),
            exemplars: Exemplars::default(),
        }
    }

    /// Runs `operation` on the value of the series with these label values, and creates the series
    /// if it is missing. Returns `None` if it cannot be created.
    pub(crate) fn update<R>(
        &self,
        values: &[&str],
        operation: impl Fn(SeriesValue<'_>) -> R,
    ) -> Option<R> {
        let renew_and_operate = |_: Location, _: Record<'_>, value: SeriesValue<'_>| {
            value.renew();
            operation(value)
        };
        self.with_key(values, |key| self.create_or_find(key, renew_and_operate))
            .or_else(|| self.drop_update(values))
    }

    /// Runs `operation` on the value of the series with these label values, if it exists.
    pub(crate) fn read<R>(
        &self,
        values: &[&str],
        operation: impl Fn(SeriesValue<'_>) -> R,
    ) -> Option<R> {
        self.with_key(values, |key| self.look_up(key, |_, _, value| operation(value)))
    }

    /// Runs `operation` on the value of the series of a cached lookup. Returns `false` if the
    /// series must be looked up again.
    #[inline]
    pub(super) fn update_cached(
        &self,
        cached: &CachedLookup,
        operation: impl Fn(SeriesValue<'_>),
    ) -> bool {
        let storage = read(&self.own_stripe().0);
        let location = cached.location(self.generation.load(Ordering::Relaxed));
        let value = location.and_then(|location| storage.value(location, self.layout));
        value
            .map(|value| {
                value.renew();
                operation(value);
            })
            .is_some()
    }

    /// Runs [`update`](Self::update), and caches the lookup.
    pub(super) fn update_and_cache<R>(
        &self,
        cached: &CachedLookup,
        values: &[&str],
        operation: impl Fn(SeriesValue<'_>) -> R,
    ) -> Option<R> {
        let cache_and_operate = |location: Location, record: Record<'_>, value: SeriesValue<'_>| {
            if let Some(location) = location.advanced_by(record.value_offset()) {
                // The stripe is locked, so this is the generation of the location.
                cached.set(location, self.generation.load(Ordering::Relaxed));
            }
            value.renew();
            operation(value)
        };
        self.with_key(values, |key| self.create_or_find(key, cache_and_operate))
            .or_else(|| self.drop_update(values))
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits
    }

    /// Returns the number of series.
    pub(crate) fn len(&self) -> usize {
        self.lock_writer().live
    }

    /// Returns the number of updates that were dropped, e.g. because the family was full.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Returns all current series; their values continue to change.
    pub(crate) fn snapshot(&self) -> Snapshot<'_> {
        Snapshot::new(self)
    }

    /// Iterates over handles to all series, in the order of their creation.
    pub(super) fn handles(&self) -> impl Iterator<Item = RecordHandle> {
        let storage = self.storage();
        let end = storage.end();
        let (mut at, mut offset) = (0, 0);
        std::iter::from_fn(move || {
            loop {
                let (chunk, end) = storage.part(at, end)?;
                let next = chunk.records(offset, end).next_live(self.layout);
                if let Some((found, record)) = next {
                    offset = found + record.length();
                    return Some(RecordHandle { chunk: chunk.clone(), offset: found });
                }
                (at, offset) = (at + 1, 0);
            }
        })
    }

    /// Reads the series of a handle. A series that was removed or moved since has the value of that
    /// moment.
    pub(super) fn read_handle<R>(
        &self,
        handle: &RecordHandle,
        read: impl FnOnce(SplitLabels<'_>, SeriesValue<'_>) -> R,
    ) -> Option<R> {
        let record = handle.chunk.record(handle.offset, self.layout)?;
        let value = SeriesValue::new(record.state, handle.chunk.natives(), self.layout);
        Some(read(self.labels_of(record), value))
    }

    #[inline(always)]
    fn labels_of<'s>(&'s self, record: Record<'s>) -> SplitLabels<'s> {
        SplitLabels { prefix: &self.labels_prefix, rest: record.labels() }
    }

    /// Runs `run` with the key of these values. Returns `None` if `run` does, or if the number of
    /// values differs from the number of labels.
    #[inline]
    fn with_key<R>(
        &self,
        values: &[&str],
        run: impl FnOnce(&SeriesKey<'_>) -> Option<R>,
    ) -> Option<R> {
        if values.len() != self.gaps.len() {
            return None;
        }
        match SeriesKey::new(values, &self.hasher) {
            Some(key) => run(&key),
            None => self.with_clipped_key(values, run),
        }
    }

    #[cold]
    fn with_clipped_key<R>(
        &self,
        values: &[&str],
        run: impl FnOnce(&SeriesKey<'_>) -> Option<R>,
    ) -> Option<R> {
        let clipped: Vec<&str> = values.iter().map(|value| clip(value)).collect();
        run(&SeriesKey::new(&clipped, &self.hasher)?)
    }

    #[inline]
    fn look_up<R>(
        &self,
        key: &SeriesKey<'_>,
        operation: impl FnOnce(Location, Record<'_>, SeriesValue<'_>) -> R,
    ) -> Option<R> {
        let storage = read(&self.own_stripe().0);
        let (location, record) = self.find(&storage, key)?;
        Some(operation(location, record, storage.value_of(location.chunk(), record, self.layout)))
    }

    #[inline]
    fn create_or_find<R>(
        &self,
        key: &SeriesKey<'_>,
        operation: impl Fn(Location, Record<'_>, SeriesValue<'_>) -> R,
    ) -> Option<R> {
        // Another thread can remove the series before it is updated.
        (0..Self::MOST_TRIES).find_map(|_| match self.look_up(key, &operation) {
            Some(result) => Some(Some(result)),
            None if self.create(key) => None,
            None => Some(None),
        })?
    }

    const MOST_TRIES: usize = 100;

    #[inline(always)]
    fn find<'s>(
        &self,
        storage: &'s Storage,
        key: &SeriesKey<'_>,
    ) -> Option<(Location, Record<'s>)> {
        storage.find(key.hash, self.layout, |record| key.matches(record, self))
    }

    /// Returns the current storage, which stays readable after it is replaced.
    fn storage(&self) -> Storage {
        read(&self.own_stripe().0).clone()
    }

    #[inline(always)]
    fn own_stripe(&self) -> &Stripe {
        let [first, ..] = &self.stripes;
        self.stripes.get(stripe::of_thread()).unwrap_or(first)
    }

    fn lock_writer(&self) -> MutexGuard<'_, Writer> {
        lock(&self.writer)
    }

    /// Appends a record for the key, unless another thread has done so. Returns `false` if that is
    /// impossible, e.g. because the family is full.
    #[cold]
    fn create(&self, key: &SeriesKey<'_>) -> bool {
        let mut writer = self.lock_writer();
        self.remove_expired_before_creation(&mut writer);
        let mut storage = self.storage();
        if self.find(&storage, key).is_some() {
            return true;
        }
        if self.limits.max_series.is_some_and(|most| writer.live >= most) {
            return false;
        }
        let Some(record) = self.render(key) else {
            return false;
        };
        if !storage.has_room(record.len(), writer.used, self.layout) {
            let Some(grown) = storage.grown(record.len(), writer.live, writer.used, self.layout)
            else {
                return false;
            };
            if !storage.has_index_of(&grown) {
                writer.used = writer.live;
            }
            storage = grown;
            self.replace(&storage);
        }
        let native = self.native.map(|layout| Arc::new(layout.make()));
        let is_created = storage.append(record, native, key.hash, self.layout);
        writer.live += usize::from(is_created);
        writer.used += usize::from(is_created);
        is_created
    }

    /// Replaces the storage of every stripe, one after the other, with one in which every series
    /// has the same location as before.
    ///
    /// The caller holds the writer's lock, so that no series is created meanwhile: some threads may
    /// still read the old storage while others read the new one.
    fn replace(&self, storage: &Storage) {
        for stripe in &self.stripes {
            *write(&stripe.0) = storage.clone();
        }
    }

    /// Counts an update that has no series, e.g. because the family is full, has other labels, or
    /// the labels are too long. Logs the first one.
    #[cold]
    fn drop_update<R>(&self, values: &[&str]) -> Option<R> {
        if self.dropped.fetch_add(1, Ordering::Relaxed) == 0 {
            let labels: Vec<&str> = self.label_names.iter().collect();
            let series = self.len();
            warn!(
                ?labels,
                ?values,
                series,
                "Family is full or has other labels, or the labels are too long; update dropped"
            );
        }
        None
    }

    /// Returns the words of a new record, its value at zero; `None` if its labels are too long.
    fn render(&self, key: &SeriesKey<'_>) -> Option<Vec<u64>> {
        let labels = self.label_names.render(key.values);
        let start = StartTimestamp::now();
        chunk::render(key, start, labels.get(self.labels_prefix.len()..)?, self.layout)
    }
}

/// A handle to the record of a series, which stays readable after the storage is replaced.
#[derive(Clone)]
pub(super) struct RecordHandle {
    chunk: Chunk,
    offset: usize,
}
