//! The counters of the buckets of one schema and sign: pages that are allocated when they are first
//! needed.

use std::iter;
use std::sync::OnceLock;

use crate::sync::modelled::{AtomicU64, Ordering};

/// The number of neighbouring buckets in a page.
const PAGE: usize = 16;
/// The number of neighbouring slots that can have the same page.
const PROBES: usize = 4;
/// The next table has this many times as many slots.
const GROWTH: usize = 8;
const MOST_SLOTS: usize = 1 << 16;

/// A hash table of pages, which only grows.
///
/// A page belongs in the first free one of a few neighbouring slots, or else in the next table. A
/// slot never changes once it has a page, so all threads find a page in the same slot. Neighbouring
/// pages have neighbouring slots: those of a range of values all have the first slot they try.
#[derive(Debug)]
pub(super) struct Table {
    /// Their number is a power of two.
    slots: Box<[Slot]>,
    next: OnceLock<Box<Self>>,
}

type Slot = OnceLock<Box<Page>>;

#[derive(Debug)]
struct Page {
    number: i32,
    counters: [AtomicU64; PAGE],
}

impl Table {
    /// Makes an empty table for a schema, with slots for 16 octaves or more.
    pub(super) fn of_schema(schema: i8) -> Self {
        Self::new(16 << (schema - PAGE.ilog2() as i8).max(0))
    }

    fn new(slots: usize) -> Self {
        let slots = iter::repeat_with(OnceLock::new).take(slots).collect();
        Self { slots, next: OnceLock::new() }
    }

    /// Adds to the counter of a bucket, and returns its previous value.
    #[inline]
    pub(super) fn add(&self, index: i32, count: u64) -> u64 {
        let number = page_number(index);
        let page = match self.slot(number as usize).and_then(OnceLock::get) {
            Some(page) if page.number == number => page,
            _ => self.page(number),
        };
        let counter = page.counters.get(index as usize % PAGE);
        counter.map_or(0, |counter| counter.fetch_add(count, Ordering::Relaxed))
    }

    #[inline]
    fn slot(&self, number: usize) -> Option<&Slot> {
        self.slots.get(number & self.slots.len().wrapping_sub(1))
    }

    /// Returns the page with this number. Makes the page if it does not exist.
    #[inline(never)]
    fn page(&self, number: i32) -> &Page {
        let mut table = self;
        loop {
            let probed =
                (0..PROBES).filter_map(|probe| table.slot((number as usize).wrapping_add(probe)));
            let mut pages = probed.map(|slot| slot.get_or_init(|| Box::new(Page::new(number))));
            if let Some(page) = pages.find(|page| page.number == number) {
                return page;
            }
            let slots = (table.slots.len() * GROWTH).min(MOST_SLOTS);
            table = table.next.get_or_init(|| Box::new(Self::new(slots)));
        }
    }

    /// Iterates over the indices and counters of all buckets that are not empty.
    pub(super) fn populated(&self) -> impl Iterator<Item = (i32, &AtomicU64)> {
        let tables = iter::successors(Some(self), |table| table.next.get().map(Box::as_ref));
        let slots = tables.flat_map(|table| table.slots.iter());
        slots.filter_map(OnceLock::get).flat_map(|page| page.populated())
    }
}

impl Page {
    fn new(number: i32) -> Self {
        Self { number, counters: Default::default() }
    }

    fn populated(&self) -> impl Iterator<Item = (i32, &AtomicU64)> {
        (self.number * PAGE as i32..)
            .zip(&self.counters)
            .filter(|(_, counter)| counter.load(Ordering::Relaxed) > 0)
    }
}

fn page_number(index: i32) -> i32 {
    index >> PAGE.ilog2()
}
