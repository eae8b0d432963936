//! A heap that has been in use for a while.

use fastrand::Rng;

use crate::labels;

/// The number of allocations. Half happen before the series are created, and half between them.
const ALLOCATIONS: usize = 1_000_000;

const SIZES: std::ops::RangeInclusive<usize> = 16..=512;

/// Allocations of random sizes, half of which are freed again. The other half stays until this is
/// dropped.
pub(super) struct Aging {
    alive: Vec<Box<[u8]>>,
    for_each_series: usize,
    rng: Rng,
}

impl Aging {
    /// Returns an aging that leaves the heap as it is.
    pub(super) fn none() -> Self {
        Self { alive: Vec::new(), for_each_series: 0, rng: labels::rng() }
    }

    /// Ages the heap. [`between`](Self::between) goes on with it while this number of series is
    /// created.
    pub(super) fn before(series: usize) -> Self {
        let mut aging = Self { for_each_series: ALLOCATIONS / 2 / series, ..Self::none() };
        aging.age(ALLOCATIONS / 2);
        aging
    }

    /// Ages the heap after the creation of one series.
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
