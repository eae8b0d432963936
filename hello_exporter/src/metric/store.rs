//! Where the series of a family lie.
//!
//! A series is one record of words in an append-only chunk: a header, the lengths of its label
//! values, its value, and its label block as it will appear on the wire. Records lie in the order of
//! their creation, so that a scrape reads memory from front to back. The block is written once, when
//! the series is created, and is the key as well: nothing is stored twice.
//!
//! The text lies in atomic words because they can be read while others are appended behind them, with
//! no lock and no unsafe code. A record is complete before [`Chunk::published`] and then its index
//! entry are stored with Release; whoever loads either with Acquire sees all of it.
//!
//! Every operation runs under the read lock of one of [`STRIPES`] stripes, the thread's own, so that
//! threads do not share a lock's cache line. A larger index or one more chunk is a new [`Storage`]
//! that shares what it can with the old one, and is put under each stripe in turn. A scrape clones
//! the `Arc` of the storage and holds no lock while it encodes.

mod index;
mod record;

use std::cell::Cell;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use foldhash::fast::RandomState;
use tracing::warn;

use crate::labels::{self, LabelBlock, MAX_LABEL_VALUE_BYTES, clip};
use index::{Index, Location};
use record::{Header, Record, little_endian};

const STRIPES: usize = 8;

/// All series of one family, each with a fixed number of words for its value.
pub(crate) struct Store {
    stripes: [Stripe; STRIPES],
    /// Held by whoever creates a series; counts the entries of the index.
    writer: Mutex<usize>,
    hasher: RandomState,
    label_names: Box<[Box<str>]>,
    value_words: usize,
    max_series: usize,
    /// How many updates have found no place.
    dropped: AtomicU64,
}

/// One to a cache line, so that two threads' locks do not share one.
#[repr(align(64))]
struct Stripe(RwLock<Arc<Storage>>);

struct Storage {
    chunks: Vec<Arc<Chunk>>,
    index: Arc<Index>,
}

impl Store {
    pub(crate) fn new<'n>(
        label_names: impl IntoIterator<Item = &'n str>,
        value_words: usize,
        max_series: Option<usize>,
    ) -> Self {
        let empty = Arc::new(Storage { chunks: Vec::new(), index: Arc::new(Index::new(0)) });
        Self {
            stripes: std::array::from_fn(|_| Stripe(RwLock::new(Arc::clone(&empty)))),
            writer: Mutex::new(0),
            hasher: RandomState::default(),
            label_names: label_names.into_iter().map(Box::from).collect(),
            value_words,
            max_series: max_series.unwrap_or(usize::MAX),
            dropped: AtomicU64::new(0),
        }
    }

    /// Runs `operation` on the value of the series with these label values, and creates it first
    /// where `create` says so. `None` if there is no such series.
    pub(crate) fn operate<R>(
        &self,
        values: &[&str],
        create: bool,
        operation: impl Fn(&[AtomicU64]) -> R,
    ) -> Option<R> {
        let clipped: Vec<&str>;
        let values = if values.iter().all(|value| value.len() <= MAX_LABEL_VALUE_BYTES) {
            values
        } else {
            clipped = values.iter().map(|value| clip(value)).collect();
            &clipped
        };
        let key = Key::new(values, &self.hasher);
        loop {
            {
                let storage = self.own_stripe().0.read().unwrap_or_else(PoisonError::into_inner);
                if let Some(record) = self.find(&storage, &key) {
                    return Some(operation(record.value(self)));
                }
            }
            if !create {
                return None;
            }
            if !self.create(&key) {
                self.drop_update(key.values);
                return None;
            }
        }
    }

    /// How many updates were dropped, because their series would have been one too many.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn drop_update(&self, values: &[&str]) {
        if self.dropped.fetch_add(1, Ordering::Relaxed) == 0 {
            let labels: Vec<&str> = self.label_names().collect();
            let max_series = self.max_series;
            warn!(?labels, ?values, max_series, "Family is full, series dropped");
        }
    }

    /// Calls `read` for every series, in the order of their creation.
    pub(crate) fn for_each(&self, mut read: impl FnMut(LabelBlock<'_>, &[AtomicU64])) {
        for chunk in &self.storage().chunks {
            let published = chunk.published.load(Ordering::Acquire);
            let mut rest = chunk.words.get(..published).unwrap_or_default();
            while let Some(record) = Record::first_of(rest) {
                let length = record.length(self);
                read(record.block(self), record.value(self));
                rest = rest.get(length..).unwrap_or_default();
            }
        }
    }

    /// The current storage, which stays readable while it is replaced.
    fn storage(&self) -> Arc<Storage> {
        let guard = self.own_stripe().0.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&guard)
    }

    fn own_stripe(&self) -> &Stripe {
        let [first, ..] = &self.stripes;
        self.stripes.get(thread_stripe()).unwrap_or(first)
    }

    fn find<'s>(&self, storage: &'s Storage, key: &Key<'_>) -> Option<Record<'s>> {
        storage.index.candidates(key.hash).find_map(|location| {
            let record = storage.record(location)?;
            record.matches(key, self).then_some(record)
        })
    }

    /// Appends a record for the key, unless another thread was faster. False if no space is left.
    fn create(&self, key: &Key<'_>) -> bool {
        let mut entries = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut storage = self.storage();
        if self.find(&storage, key).is_some() {
            return true;
        }
        if *entries >= self.max_series {
            return false;
        }
        let record = self.render(key);
        if !storage.has_room(record.len(), *entries) {
            match storage.grown(record.len(), *entries) {
                Some(grown) => storage = self.replace(grown),
                None => return false,
            }
        }
        let created = storage.append(&record, key.hash);
        *entries += usize::from(created);
        created
    }

    /// Puts a storage that holds the same series under every stripe.
    ///
    /// The caller holds the writer's lock, so that no series is created meanwhile: one thread may
    /// still look in the old storage while another looks in the new one.
    fn replace(&self, storage: Storage) -> Arc<Storage> {
        let storage = Arc::new(storage);
        for stripe in &self.stripes {
            *stripe.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&storage);
        }
        storage
    }

    pub(crate) fn label_names(&self) -> impl Iterator<Item = &str> {
        self.label_names.iter().map(AsRef::as_ref)
    }

    fn lengths_words(&self) -> usize {
        self.label_names.len().div_ceil(4)
    }

    /// The label block of a key, as it is stored and will be exposed.
    fn block(&self, key: &Key<'_>) -> String {
        let mut block = String::new();
        labels::render(self.label_names().zip(key.values.iter().copied()), &mut block);
        block
    }

    /// The words of a new record, its value at zero.
    fn render(&self, key: &Key<'_>) -> Vec<u64> {
        let block = self.block(key);
        let mut words = vec![Header::new(key.hash, &block).0];
        words.extend(key.lengths());
        words.extend(std::iter::repeat_n(0, self.value_words));
        words.extend(block.as_bytes().chunks(8).map(little_endian));
        words
    }
}

/// Spreads threads over the stripes, in the order in which they first came.
fn thread_stripe() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static STRIPE: Cell<Option<usize>> = const { Cell::new(None) };
    }
    let choose = |stripe: &Cell<Option<usize>>| {
        stripe.get().unwrap_or_else(|| {
            let chosen = NEXT.fetch_add(1, Ordering::Relaxed) % STRIPES;
            stripe.set(Some(chosen));
            chosen
        })
    };
    STRIPE.try_with(choose).unwrap_or_default()
}

/// Label values to be looked up, none of them too long.
struct Key<'v> {
    values: &'v [&'v str],
    hash: u64,
}

impl<'v> Key<'v> {
    fn new(values: &'v [&'v str], hasher: &RandomState) -> Self {
        let mut hasher = hasher.build_hasher();
        for value in values {
            hasher.write(value.as_bytes());
        }
        let key = Self { values, hash: 0 };
        // The lengths tell `["ab", "c"]` from `["a", "bc"]`.
        key.lengths().for_each(|lengths| hasher.write_u64(lengths));
        Self { hash: hasher.finish(), ..key }
    }

    /// The lengths of all values, four to a word.
    fn lengths(&self) -> impl Iterator<Item = u64> {
        self.values.chunks(4).map(|values| {
            values.iter().rev().fold(0, |word, value| word << 16 | value.len() as u64)
        })
    }
}

/// A piece of memory in which records lie one behind the other.
struct Chunk {
    words: Box<[AtomicU64]>,
    /// How many words are complete.
    published: AtomicUsize,
}

impl Chunk {
    fn new(words: usize) -> Self {
        Self {
            words: (0..words).map(|_| AtomicU64::new(0)).collect(),
            published: AtomicUsize::new(0),
        }
    }

    fn free(&self) -> usize {
        self.words.len() - self.published.load(Ordering::Relaxed).min(self.words.len())
    }
}

impl Storage {
    const FIRST_CHUNK_WORDS: usize = 32;

    fn record(&self, location: Location) -> Option<Record<'_>> {
        let words = &self.chunks.get(location.chunk)?.words;
        Record::first_of(words.get(location.offset..)?)
    }

    fn has_room(&self, record_words: usize, entries: usize) -> bool {
        self.index.has_room(entries)
            && self.chunks.last().is_some_and(|chunk| chunk.free() >= record_words)
    }

    /// The same series with room for one more record, or nothing where that cannot be addressed.
    ///
    /// Chunks grow by an eighth of all there is, so that little lies idle and their number stays
    /// small; the index doubles.
    fn grown(&self, record_words: usize, entries: usize) -> Option<Self> {
        let mut chunks = self.chunks.clone();
        if chunks.last().is_none_or(|chunk| chunk.free() < record_words) {
            let all: usize = chunks.iter().map(|chunk| chunk.words.len()).sum();
            let eighth = (all / 8).min(Index::MAX_CHUNK_WORDS);
            let words = record_words.max(eighth).max(Self::FIRST_CHUNK_WORDS);
            if chunks.len() >= Index::MAX_CHUNKS || words > Index::MAX_CHUNK_WORDS {
                return None;
            }
            chunks.push(Arc::new(Chunk::new(words)));
        }
        let index = if self.index.has_room(entries) {
            Arc::clone(&self.index)
        } else {
            let lower_hash = |at| self.record(at).map(|record| record.header.hash());
            Arc::new(self.index.doubled(lower_hash))
        };
        Some(Self { chunks, index })
    }

    /// Writes a record behind the last one and publishes it. Only the writer calls this.
    fn append(&self, record: &[u64], hash: u64) -> bool {
        let Some((last, chunk)) = self.chunks.iter().enumerate().next_back() else {
            return false;
        };
        let offset = chunk.published.load(Ordering::Relaxed);
        let Some(target) = chunk.words.get(offset..offset + record.len()) else {
            return false;
        };
        for (word, value) in target.iter().zip(record) {
            word.store(*value, Ordering::Relaxed);
        }
        chunk.published.store(offset + record.len(), Ordering::Release);
        self.index.insert(hash, Location { chunk: last, offset })
    }
}
