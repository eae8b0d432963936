//! The memory of a family's series.
//!
//! A series is one record of words in an append-only chunk: a header, the lengths of its label
//! values, its value, and its label block as it will appear on the wire. Records lie in the order of
//! their creation, so that a scrape reads memory from front to back. The block is written once, when
//! the series is created, and is the key as well: nothing is stored twice.
//!
//! The words are atomic, so that records can be read while others are appended behind them. See
//! [`chunk`] for what makes a record readable, and why its text is read as bytes.
//!
//! Every operation runs under the read lock of one of [`STRIPES`] stripes, the thread's own, so that
//! threads do not share a lock's cache line. What takes a record from its place, a removal or a
//! compaction, takes all stripes, always in the same order: it waits for the operations that are
//! under way, and none sees a record that is gone. A scrape clones the storage, which is two reference
//! counts, and holds no lock while it encodes.

mod chunk;
mod index;
mod key;
mod pin;
mod storage;
mod stripe;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use foldhash::fast::RandomState;
use tracing::warn;

use super::exemplar::Exemplars;
use crate::labels::{self, LabelNames, RenderedLabels, clip};
use chunk::{Chunk, Layout, Record};
use index::Location;
use key::SeriesKey;
pub(super) use pin::Pin;
use storage::Storage;
use stripe::{STRIPES, Stripe};

/// All series of one family, each with a fixed number of words for its value.
pub(crate) struct Store {
    stripes: [Stripe; STRIPES],
    writer: Mutex<Writer>,
    /// Counts how often a record was taken from its place; changes under all stripes.
    generation: AtomicU64,
    hasher: RandomState,
    pub(super) label_names: LabelNames,
    gaps: Box<[usize]>,
    layout: Layout,
    max_series: usize,
    /// The number of dropped updates.
    dropped: AtomicU64,
    pub(super) exemplars: Exemplars,
}

/// Bookkeeping under the writer's lock.
#[derive(Default)]
struct Writer {
    /// Series that exist.
    live: usize,
    /// Used slots of the index, including those of removed series.
    used: usize,
    /// Words of removed records that are not reclaimed yet.
    dead_words: usize,
}

impl Writer {
    /// Fewer words of removed records than this are not worth a compaction.
    const FEW_WORDS: usize = 512;

    fn is_sparse(&self, storage: &Storage) -> bool {
        self.dead_words > Self::FEW_WORDS && self.dead_words * 2 > storage.words()
    }
}

impl Store {
    pub(crate) fn new<'n>(
        label_names: impl IntoIterator<Item = &'n str>,
        value_words: usize,
        max_series: Option<usize>,
    ) -> Self {
        let label_names = LabelNames::new(label_names);
        let empty = Storage::default();
        Self {
            stripes: std::array::from_fn(|_| Stripe(RwLock::new(empty.clone()))),
            writer: Mutex::default(),
            generation: AtomicU64::new(Pin::NEVER + 1),
            hasher: RandomState::default(),
            gaps: key::gaps(&label_names),
            layout: Layout::new(SeriesKey::lengths_words(label_names.len()), value_words),
            label_names,
            max_series: max_series.unwrap_or(usize::MAX),
            dropped: AtomicU64::new(0),
            exemplars: Exemplars::default(),
        }
    }

    /// Runs `operation` on the value of the series with these label values, and creates it first if
    /// there is none. `None` if it cannot be created.
    pub(crate) fn update<R>(
        &self,
        values: &[&str],
        operation: impl Fn(&[AtomicU64]) -> R,
    ) -> Option<R> {
        self.with_key(values, |key| self.create_or_find(key, |_, record| operation(record.value)))
            .or_else(|| self.drop_update(values))
    }

    /// Runs `operation` on the value of the series with these label values, if there is one.
    pub(crate) fn read<R>(
        &self,
        values: &[&str],
        operation: impl Fn(&[AtomicU64]) -> R,
    ) -> Option<R> {
        self.with_key(values, |key| self.look_up(key, |_, record| operation(record.value)))
    }

    /// Runs `operation` on the value of the pinned series. Returns false if it has to be looked up.
    #[inline]
    pub(super) fn update_pinned(&self, pin: &Pin, operation: impl Fn(&[AtomicU64])) -> bool {
        let storage = self.own_stripe().0.read().unwrap_or_else(PoisonError::into_inner);
        let location = pin.location(self.generation.load(Ordering::Relaxed));
        let value = location.and_then(|location| storage.value(location, self.layout));
        value.map(operation).is_some()
    }

    /// Runs [`update`](Self::update), and pins the series.
    pub(super) fn update_and_pin<R>(
        &self,
        pin: &Pin,
        values: &[&str],
        operation: impl Fn(&[AtomicU64]) -> R,
    ) -> Option<R> {
        let pin_and_operate = |location: Location, record: Record<'_>| {
            if let Some(location) = location.further(record.value_offset()) {
                // Under the stripe, so that the generation is the location's.
                pin.set(location, self.generation.load(Ordering::Relaxed));
            }
            operation(record.value)
        };
        self.with_key(values, |key| self.create_or_find(key, pin_and_operate))
            .or_else(|| self.drop_update(values))
    }

    /// Removes the series with these label values. Returns false if there is none.
    pub(crate) fn remove(&self, values: &[&str]) -> bool {
        let mut writer = self.lock_writer();
        let storage = self.storage();
        let location = self.with_key(values, |key| Some(self.find(&storage, key)?.0));
        self.remove_at(&mut writer, &storage, location.as_slice()) > 0
    }

    /// Removes the series with these labels, each given as its rendered block. Series that are removed
    /// already are ignored.
    pub(super) fn remove_blocks(&self, blocks: &[String]) -> usize {
        let mut writer = self.lock_writer();
        let storage = self.storage();
        let locations = blocks.iter().filter_map(|block| {
            let values: Vec<_> = labels::pairs(block).map(|(_, value)| value).collect();
            let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
            Some(self.find(&storage, &SeriesKey::new(&values, &self.hasher)?)?.0)
        });
        let locations: Vec<Location> = locations.collect();
        self.remove_at(&mut writer, &storage, &locations)
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

    /// Returns the number of series.
    pub(crate) fn len(&self) -> usize {
        self.lock_writer().live
    }

    /// Returns the number of updates that were dropped, because the family was full.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Returns all current series; their values continue to change.
    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot { storage: self.storage(), layout: self.layout }
    }

    /// Iterates over the places of all series, in the order of their creation.
    pub(super) fn places(&self) -> impl Iterator<Item = RecordHandle> {
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

    /// Reads the series at a place. A removed one has its last value.
    pub(super) fn at<R>(
        &self,
        place: &RecordHandle,
        read: impl FnOnce(RenderedLabels<'_>, &[AtomicU64]) -> R,
    ) -> Option<R> {
        let record = place.chunk.record(place.offset, self.layout)?;
        Some(read(RenderedLabels(record.block()), record.value))
    }

    /// Runs `run` with the key of these values. Returns `None` if it does, or if the number of values is
    /// not that of the labels.
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
        operation: impl FnOnce(Location, Record<'_>) -> R,
    ) -> Option<R> {
        let storage = self.own_stripe().0.read().unwrap_or_else(PoisonError::into_inner);
        let (location, record) = self.find(&storage, key)?;
        Some(operation(location, record))
    }

    #[inline]
    fn create_or_find<R>(
        &self,
        key: &SeriesKey<'_>,
        operation: impl Fn(Location, Record<'_>) -> R,
    ) -> Option<R> {
        // Another thread can remove the series again before it is updated, but not forever.
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
        storage.find(key.hash, self.layout, |record| key.is_of(record, self))
    }

    /// Returns the current storage, which stays readable while it is replaced.
    fn storage(&self) -> Storage {
        self.own_stripe().0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    #[inline(always)]
    fn own_stripe(&self) -> &Stripe {
        let [first, ..] = &self.stripes;
        self.stripes.get(stripe::of_thread()).unwrap_or(first)
    }

    fn lock_writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends a record for the key, unless another thread was faster. Returns false if the family is full.
    #[cold]
    fn create(&self, key: &SeriesKey<'_>) -> bool {
        let mut writer = self.lock_writer();
        let mut storage = self.storage();
        if self.find(&storage, key).is_some() {
            return true;
        }
        if writer.live >= self.max_series {
            return false;
        }
        let Some(record) = self.render(key) else {
            return false;
        };
        if !storage.has_room(record.len(), writer.used) {
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
        let is_created = storage.append(&record, key.hash, self.layout);
        writer.live += usize::from(is_created);
        writer.used += usize::from(is_created);
        is_created
    }

    /// Puts a storage in which every series has the same place under every stripe, one after the other.
    ///
    /// The caller holds the writer's lock, so that no series is created meanwhile: one thread may
    /// still look in the old storage while another looks in the new one.
    fn replace(&self, storage: &Storage) {
        for stripe in &self.stripes {
            *stripe.0.write().unwrap_or_else(PoisonError::into_inner) = storage.clone();
        }
    }

    /// Changes the storage while no operation is under way. The caller holds the writer's lock.
    fn exclusively(&self, change: impl FnOnce(&mut Storage)) {
        let mut guards = self
            .stripes
            .each_ref()
            .map(|stripe| stripe.0.write().unwrap_or_else(PoisonError::into_inner));
        self.generation.fetch_add(1, Ordering::Relaxed);
        let [first, others @ ..] = &mut guards;
        change(first);
        for other in others {
            **other = first.clone();
        }
    }

    /// Removes records, and compacts the storage once removed ones take most of it.
    fn remove_at(&self, writer: &mut Writer, storage: &Storage, locations: &[Location]) -> usize {
        if locations.is_empty() {
            return 0;
        }
        let mut removed = 0;
        self.exclusively(|current| {
            for location in locations {
                removed += usize::from(self.bury(writer, storage, *location));
            }
            if writer.is_sparse(storage)
                && let Some(compacted) = storage.compacted(writer.live, self.layout)
            {
                *current = compacted;
                *writer = Writer { live: writer.live, used: writer.live, dead_words: 0 };
            }
        });
        removed
    }

    /// Marks one record as removed.
    fn bury(&self, writer: &mut Writer, storage: &Storage, location: Location) -> bool {
        let Some(record) = storage.record(location, self.layout).filter(|record| record.bury())
        else {
            return false;
        };
        storage.forget(location, record.header.hash());
        self.exemplars.remove(RenderedLabels(record.block()));
        writer.live = writer.live.saturating_sub(1);
        writer.dead_words += record.length();
        true
    }

    /// Counts an update that has no series, because the family is full or has other labels, and logs the
    /// first one.
    #[cold]
    fn drop_update<R>(&self, values: &[&str]) -> Option<R> {
        if self.dropped.fetch_add(1, Ordering::Relaxed) == 0 {
            let labels: Vec<&str> = self.label_names.iter().collect();
            let series = self.len();
            warn!(?labels, ?values, series, "Family is full, or has other labels; update dropped");
        }
        None
    }

    /// Renders the words of a new record, its value at zero. Returns `None` if there are too many.
    fn render(&self, key: &SeriesKey<'_>) -> Option<Vec<u64>> {
        let block = self.label_names.render(key.values);
        chunk::render(key.hash, key.lengths(), &block, self.layout)
    }
}

/// The series of a store at one moment. Series that are removed meanwhile may be among them.
pub(crate) struct Snapshot {
    storage: Storage,
    layout: Layout,
}

impl Snapshot {
    /// Iterates over the blocks and values of all series, in the order of their creation.
    #[inline(always)]
    pub(crate) fn series(&self) -> impl Iterator<Item = (RenderedLabels<'_>, &[AtomicU64])> {
        let records = self.storage.walk(self.layout);
        records.map(|(_, _, record)| (RenderedLabels(record.block()), record.value))
    }
}

/// The place of a series, which stays valid whatever happens to the storage.
#[derive(Clone)]
pub(super) struct RecordHandle {
    chunk: Chunk,
    offset: usize,
}
