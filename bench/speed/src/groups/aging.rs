//! A heap as it looks after a program has run for a while.

use fastrand::Rng;

use crate::labels;

/// The number of allocations: half before the series are created, half in between.
const ALLOCATIONS: usize = 1_000_000;

const SIZES: std::ops::RangeInclusive<usize> = 16..=512;

/// Allocations of random sizes, about half of which were freed again. The others live until this is
/// dropped.
pub(super) struct Aging {
    alive: Vec<Box<[u8]>>,
    for_each_series: usize,
    rng: Rng,
}

impl Aging {
    /// Returns a state that never ages the heap.
    pub(super) fn none() -> Self {
        Self { alive: Vec::new(), for_each_series: 0, rng: labels::rng() }
    }

    /// Ages the heap, and prepares to age it further while `series` series are created.
    pub(super) fn before(series: usize) -> Self {
        let mut aging = Self { for_each_series: ALLOCATIONS / 2 / series, ..Self::none() };
        aging.age(ALLOCATIONS / 2);
        aging
    }

    /// Ages the heap further. Call it after the creation of each series.
    pub(super) fn between(&mut self) {
        self.age(self.for_each_series);
    }

    fn age(&mut self, allocations: usize) {
        for _ in 0..allocations {
            self.alive.push(vec![0; self.rng.usize(SIZES)].into_boxed_slice());
            if self.rng.bool() {
                self.alive.swap_remove(self.rng.usize(..self.alive.len()));
            }
        }
    }
}
