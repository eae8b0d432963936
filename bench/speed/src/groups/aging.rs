//! A heap as it is after a while.

use fastrand::Rng;

use crate::labels;

/// Half of them before the series are created, half between one series and the next.
const ALLOCATIONS: usize = 1_000_000;

const SIZES: std::ops::RangeInclusive<usize> = 16..=512;

/// Allocations of random sizes, half of which were freed again. What is alive stays until this is
/// dropped.
pub(super) struct Aging {
    alive: Vec<Box<[u8]>>,
    for_each_series: usize,
    rng: Rng,
}

impl Aging {
    /// Leaves the heap as it is.
    pub(super) fn none() -> Self {
        Self { alive: Vec::new(), for_each_series: 0, rng: labels::rng() }
    }

    /// Ages the heap, and will go on with it while as many series are created.
    pub(super) fn before(series: usize) -> Self {
        let mut aging = Self { for_each_series: ALLOCATIONS / 2 / series, ..Self::none() };
        aging.age(ALLOCATIONS / 2);
        aging
    }

    /// To be called after the creation of each series.
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
