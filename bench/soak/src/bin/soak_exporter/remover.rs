//! A thread that removes series while their writers update them.
//!
//! An update that runs during a removal is in the removed series or in the new one. The series of
//! every other update is known, because writers publish when an update begins and when it is done:
//!
//! - updates that were done before the removal are in a series that this removal or an earlier one
//!   has removed;
//! - updates that begin after the removal are in a new series.
//!
//! So only the updates that run during a removal make the number of removed updates uncertain. If
//! the writer is pausing, the number is exact.

use std::thread;
use std::time::Duration;

use hello_exporter::{CounterVec, HistogramVec};

use crate::ledger::{Ledger, Progress, Updates, WRITERS};
use crate::metrics::Metrics;

const PAUSE: Duration = Duration::from_millis(2);

/// The limits of the number of updates in all removed series of one writer.
#[derive(Clone, Copy, Default)]
struct Removed {
    least: u64,
    most: u64,
}

/// The removals of the series of one family.
struct Contest<'m> {
    name: &'static str,
    ledger: &'m Ledger,
    updates: fn(&Progress) -> &Updates,
    removed: [Removed; WRITERS],
}

impl<'m> Contest<'m> {
    fn new(name: &'static str, ledger: &'m Ledger, updates: fn(&Progress) -> &Updates) -> Self {
        Self { name, ledger, updates, removed: Default::default() }
    }

    /// Returns `number` of each writer's updates.
    fn updates(&self, number: fn(&Updates) -> u64) -> [u64; WRITERS] {
        self.ledger.writers.each_ref().map(|writer| number((self.updates)(writer)))
    }

    /// Runs a removal, and checks the values that it returns: for each writer whose series it has
    /// removed, the value that it read before.
    fn remove(&mut self, removal: impl FnOnce() -> [Option<u64>; WRITERS]) {
        let before = self.updates(Updates::done);
        let seen = removal();
        let after = self.updates(Updates::begun);
        for writer in 0..WRITERS {
            let Some(seen) = seen[writer] else { continue };
            let Removed { least, most } = self.removed[writer];
            let (before, after) = (before[writer], after[writer]);
            let (fewest, all) = (before.saturating_sub(most), after.saturating_sub(least));
            self.ledger.check(self.name, seen, fewest, all);
            self.removed[writer] = Removed { least: before.max(least + seen), most: after };
            if fewest == all {
                self.ledger.count_exact();
            }
            self.ledger.count_removal();
        }
    }

    /// Checks the values of the remaining series, once the writers have stopped.
    fn check_rest(&self, value: impl Fn(usize) -> u64) {
        for (writer, all) in self.updates(Updates::done).into_iter().enumerate() {
            let Removed { least, most } = self.removed[writer];
            let (fewest, all) = (all.saturating_sub(most), all.saturating_sub(least));
            self.ledger.check(self.name, value(writer), fewest, all);
        }
    }
}

/// The metrics, and the removals so far.
pub struct Remover<'m> {
    metrics: &'m Metrics,
    ledger: &'m Ledger,
    counters: Contest<'m>,
    histograms: Contest<'m>,
}

impl<'m> Remover<'m> {
    pub fn new(metrics: &'m Metrics, ledger: &'m Ledger) -> Self {
        Self {
            metrics,
            ledger,
            counters: Contest::new("contested_total", ledger, |writer| &writer.contested_total),
            histograms: Contest::new("contested_size", ledger, |writer| &writer.contested_size),
        }
    }

    /// Removes series until the end of the run.
    pub fn run(mut self) -> Self {
        let Metrics { contested_total: counters, contested_size: histograms, .. } = self.metrics;
        for turn in 0.. {
            if self.ledger.is_over() {
                break;
            }
            let writer = turn / 3 % WRITERS;
            self.counters.remove(|| match turn % 3 {
                0 => remove_counter(counters, writer),
                1 => retain_counters(counters, writer),
                _ => clear_counters(counters),
            });
            self.histograms.remove(|| match turn % 3 {
                0 => remove_histogram(histograms, writer),
                1 => retain_histograms(histograms, writer),
                _ => clear_histograms(histograms),
            });
            thread::sleep(PAUSE);
        }
        self
    }

    /// Checks the remaining series, once the writers have stopped.
    pub fn check_rest(&self) {
        let Metrics { contested_total, contested_size, .. } = self.metrics;
        self.counters.check_rest(|writer| contested_total.with([writer]).get());
        self.histograms.check_rest(|writer| contested_size.with([writer]).count());
    }
}

/// Returns `seen` for one writer, and `None` for the others.
fn only(writer: usize, seen: Option<u64>) -> [Option<u64>; WRITERS] {
    std::array::from_fn(|at| seen.filter(|_| at == writer))
}

fn remove_counter(family: &CounterVec<1>, writer: usize) -> [Option<u64>; WRITERS] {
    let seen = family.with([writer]).get();
    only(writer, family.remove([writer]).then_some(seen))
}

fn remove_histogram(family: &HistogramVec<1>, writer: usize) -> [Option<u64>; WRITERS] {
    let seen = family.with([writer]).count();
    only(writer, family.remove([writer]).then_some(seen))
}

fn retain_counters(family: &CounterVec<1>, writer: usize) -> [Option<u64>; WRITERS] {
    let (label, mut seen) = (writer.to_string(), None);
    family.retain(|series| {
        let is_removed = series.label("writer").as_ref() == Some(&label);
        if is_removed {
            seen = Some(series.get());
        }
        !is_removed
    });
    only(writer, seen)
}

fn retain_histograms(family: &HistogramVec<1>, writer: usize) -> [Option<u64>; WRITERS] {
    let (label, mut seen) = (writer.to_string(), None);
    family.retain(|series| {
        let is_removed = series.label("writer").as_ref() == Some(&label);
        if is_removed {
            seen = Some(series.count());
        }
        !is_removed
    });
    only(writer, seen)
}

fn clear_counters(family: &CounterVec<1>) -> [Option<u64>; WRITERS] {
    let seen = std::array::from_fn(|writer| Some(family.with([writer]).get()));
    family.clear();
    seen
}

fn clear_histograms(family: &HistogramVec<1>) -> [Option<u64>; WRITERS] {
    let seen = std::array::from_fn(|writer| Some(family.with([writer]).count()));
    family.clear();
    seen
}
