//! The counters of all buckets, for each schema that the histogram has had.

use std::iter;
use std::sync::OnceLock;

use super::index::{self, COARSEST_SCHEMA};
use super::table::Table;
use crate::sync::modelled::AtomicU64;

/// A bucket of one schema.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bucket {
    pub(super) schema: i8,
    pub(super) is_negative: bool,
    pub(super) index: i32,
}

impl Bucket {
    /// Returns the bucket of a value, which is not zero and not NaN.
    #[inline]
    pub(super) fn of(value: f64, schema: i8) -> Self {
        Self { schema, is_negative: value.is_sign_negative(), index: index::index(value, schema) }
    }

    /// Returns the bucket of an equal or coarser schema that contains this one.
    pub(super) fn coarsened(self, schema: i8) -> Self {
        Self { schema, index: index::coarsened(self.index, self.schema, schema), ..self }
    }
}

/// The levels of a histogram: one for its initial schema, and one for each coarser schema.
#[derive(Debug)]
pub(super) struct Levels {
    initial: Level,
    /// The levels of the coarser schemas, the finest one first.
    coarser: OnceLock<Box<[OnceLock<Box<Level>>]>>,
}

/// The buckets of one schema.
#[derive(Debug)]
struct Level {
    schema: i8,
    positive: OnceLock<Table>,
    negative: OnceLock<Table>,
}

impl Levels {
    pub(super) const fn new(schema: i8) -> Self {
        Self { initial: Level::new(schema), coarser: OnceLock::new() }
    }

    /// Adds to the counter of a bucket, and returns its previous value.
    #[inline]
    pub(super) fn add(&self, bucket: Bucket, count: u64) -> u64 {
        let Bucket { schema, is_negative, index } = bucket;
        let level =
            if schema == self.initial.schema { &self.initial } else { self.coarser(schema) };
        let table = if is_negative { &level.negative } else { &level.positive };
        table.get_or_init(|| Table::of_schema(schema)).add(index, count)
    }

    /// Returns the level of a schema that is coarser than the initial one.
    fn coarser(&self, schema: i8) -> &Level {
        let initial = self.initial.schema;
        let coarser = self
            .coarser
            .get_or_init(|| (COARSEST_SCHEMA..initial).map(|_| OnceLock::new()).collect());
        let level = usize::try_from(initial - schema - 1).ok().and_then(|at| coarser.get(at));
        level.map_or(&self.initial, |level| level.get_or_init(|| Box::new(Level::new(schema))))
    }

    /// Iterates over all buckets that are not empty, and their counters.
    pub(super) fn populated(&self) -> impl Iterator<Item = (Bucket, &AtomicU64)> {
        self.iter().flat_map(Level::populated)
    }

    /// Iterates over the buckets of a schema that are not empty, and their counters.
    pub(super) fn populated_at(&self, schema: i8) -> impl Iterator<Item = (Bucket, &AtomicU64)> {
        self.iter().filter(move |level| level.schema == schema).flat_map(Level::populated)
    }

    fn iter(&self) -> impl Iterator<Item = &Level> {
        let coarser = self.coarser.get().into_iter().flatten();
        iter::once(&self.initial).chain(coarser.filter_map(OnceLock::get).map(Box::as_ref))
    }
}

impl Level {
    const fn new(schema: i8) -> Self {
        Self { schema, positive: OnceLock::new(), negative: OnceLock::new() }
    }

    fn populated(&self) -> impl Iterator<Item = (Bucket, &AtomicU64)> {
        let sides = [(false, self.positive.get()), (true, self.negative.get())];
        sides.into_iter().flat_map(move |(is_negative, table)| {
            let counters = table.into_iter().flat_map(Table::populated);
            let bucket = move |index| Bucket { schema: self.schema, is_negative, index };
            counters.map(move |(index, counter)| (bucket(index), counter))
        })
    }
}
