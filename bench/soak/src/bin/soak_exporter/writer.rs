//! A thread that updates the metrics, and counts its updates.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use hello_exporter::metric::PinnedSeries;
use hello_exporter::{Counter, Gauge, Histogram};

use crate::ledger::{Ledger, Progress};
use crate::metrics::{Metrics, Owned};
use crate::session::{INCREMENTS, Sessions, Steady};
use crate::tally::{Expected, Observations};

/// The number of rounds, of three updates each, between two pauses. The pauses leave processor time
/// to the server and the scrapers.
const ROUNDS: u64 = 500;

const PAUSE: Duration = Duration::from_millis(1);

/// The values of the label `series` of the series that a writer updates and no thread removes. All
/// writers share the last one.
const SERIES: [&str; 9] = ["0", "1", "2", "3", "4", "5", "6", "7", "shared"];

/// The number of series of a writer that it removes itself.
const SLOTS: usize = 4;

/// The largest value of an observation or an increment.
const LARGEST: u32 = 20;

type Pinned<'m, M> = PinnedSeries<'m, [&'static str; 2], M>;

/// Handles to the series with the same labels in the families of kept series, and the updates that
/// the writer has counted in each.
struct Kept<'m> {
    labels: [&'static str; 2],
    total: Pinned<'m, Counter>,
    level: Pinned<'m, Gauge<i64>>,
    size: Pinned<'m, Histogram>,
    native: Pinned<'m, Histogram>,
    total_count: u64,
    level_count: i64,
    size_count: Observations,
    native_count: Observations,
}

impl<'m> Kept<'m> {
    fn new(metrics: &'m Metrics, labels: [&'static str; 2]) -> Self {
        Self {
            labels,
            total: metrics.kept_total.with(labels).pin(),
            level: metrics.kept_level.with(labels).pin(),
            size: metrics.kept_size.with(labels).pin(),
            native: metrics.kept_native.with(labels).pin(),
            total_count: 0,
            level_count: 0,
            size_count: Observations::default(),
            native_count: Observations::default(),
        }
    }

    /// Updates one of the series, by its labels or by the pinned handle.
    fn update(&mut self, metrics: &Metrics, random: &mut Rng) {
        let (kind, is_pinned) = (random.u8(..4), random.bool());
        let (labels, value) = (self.labels, random.u32(1..=LARGEST));
        match (kind, is_pinned) {
            (0, true) => self.total.inc_by(value.into()),
            (0, false) => metrics.kept_total.with(labels).inc_by(value.into()),
            (1, true) => self.level.add(i64::from(value) - 10),
            (1, false) => metrics.kept_level.with(labels).add(i64::from(value) - 10),
            (2, true) => self.size.observe(value.into()),
            (2, false) => metrics.kept_size.with(labels).observe(value.into()),
            (_, true) => self.native.observe(value.into()),
            (_, false) => metrics.kept_native.with(labels).observe(value.into()),
        }
        match kind {
            0 => self.total_count += u64::from(value),
            1 => self.level_count += i64::from(value) - 10,
            2 => self.size_count.observe(value),
            _ => self.native_count.observe(value),
        }
    }

    fn add_to(&self, expected: &mut Expected) {
        let [writer, series] = self.labels;
        let labels = format!("series=\"{series}\",writer=\"{writer}\"");
        expected.add("soak_kept_total", &labels, self.total_count as f64);
        expected.add("soak_kept_level", &labels, self.level_count as f64);
        expected.add_classic("soak_kept_size", &labels, &self.size_count);
        expected.add_histogram("soak_kept_native", &labels, &self.native_count);
    }
}

/// The updates that a writer has counted in a series since it last removed it.
#[derive(Default)]
struct Since {
    total: u64,
    size: Observations,
}

/// A writer, and the updates that it has counted.
pub struct Writer<'m> {
    id: usize,
    metrics: &'m Metrics,
    ledger: &'m Ledger,
    progress: &'m Progress,
    random: Rng,
    kept: Vec<Kept<'m>>,
    owned: [Since; SLOTS],
    sessions: Sessions,
    steady: Steady<'m>,
    updates: u64,
}

impl<'m> Writer<'m> {
    pub fn new(id: usize, metrics: &'m Metrics, ledger: &'m Ledger) -> Self {
        let name = ["0", "1"][id];
        let labels = SERIES.map(|series| match series {
            "shared" => ["both", series],
            _ => [name, series],
        });
        Self {
            id,
            metrics,
            ledger,
            progress: &ledger.writers[id],
            random: Rng::with_seed(id as u64),
            kept: labels.into_iter().map(|labels| Kept::new(metrics, labels)).collect(),
            owned: Default::default(),
            sessions: Sessions::new(id),
            steady: Steady::new(&metrics.steady_total, id),
            updates: 0,
        }
    }

    /// Updates the metrics until the end of the run. Returns the expected samples.
    pub fn run(mut self) -> Expected {
        let (contested_total, contested_size) = (
            self.metrics.contested_total.with([self.id]).pin(),
            self.metrics.contested_size.with([self.id]).pin(),
        );
        while !self.ledger.is_over() {
            let guard = self.metrics.kept_guards.with([self.id]).inc_guard();
            for number in 0..ROUNDS {
                let at = self.random.usize(..self.kept.len());
                self.kept[at].update(self.metrics, &mut self.random);
                self.update_owned();
                match number % 2 {
                    0 => self.progress.contested_total.run(|| contested_total.inc()),
                    _ => self.progress.contested_size.run(|| contested_size.observe(0.5)),
                }
                self.updates += 3;
            }
            self.count_exemplar();
            self.remove_owned();
            self.steady.increment(self.ledger);
            self.sessions.start_if_due(&self.metrics.sessions_total, self.ledger);
            drop(guard);
            self.publish();
            thread::sleep(PAUSE);
        }
        self.expected()
    }

    fn update_owned(&mut self) {
        let slot = self.random.usize(..SLOTS);
        let labels = Owned { writer: self.id, slot };
        if self.random.bool() {
            self.metrics.owned_total.with(labels).inc();
            self.owned[slot].total += 1;
        } else {
            let value = self.random.u32(1..=LARGEST);
            self.metrics.owned_size.with(labels).observe(value.into());
            self.owned[slot].size.observe(value);
        }
    }

    /// Increments a kept series with an exemplar.
    fn count_exemplar(&mut self) {
        let kept = &mut self.kept[0];
        let trace = format!("{:016x}", self.random.u64(..));
        let series = self.metrics.kept_total.with(kept.labels);
        series.inc_by_with_exemplar(1, &[("trace_id", &trace)]);
        kept.total_count += 1;
        self.updates += 1;
    }

    /// Checks a series that no other thread updates or removes, and removes it.
    fn remove_owned(&mut self) {
        let slot = self.random.usize(..SLOTS);
        let labels = Owned { writer: self.id, slot };
        let Since { total, size } = std::mem::take(&mut self.owned[slot]);
        let series = self.metrics.owned_total.with(labels);
        self.ledger.check("a counter before its removal", series.get(), total, total);
        let series = self.metrics.owned_size.with(labels);
        self.ledger.check("a histogram before its removal", series.count(), size.count, size.count);
        let sum = series.sum() as u64;
        self.ledger.check("the sum of a histogram before its removal", sum, size.sum, size.sum);
        for (existed, count) in [
            (self.metrics.owned_total.remove(labels), total),
            (self.metrics.owned_size.remove(labels), size.count),
        ] {
            let expected = u64::from(count > 0);
            self.ledger.check("the number of removed series", existed.into(), expected, expected);
            self.ledger.count_removal();
        }
    }

    /// Publishes the number of updates, including those of sessions and guards.
    fn publish(&mut self) {
        self.updates += 3;
        let sessions = self.sessions.started();
        self.progress.sessions.store(sessions, Ordering::Relaxed);
        self.progress.updates.store(self.updates + sessions * INCREMENTS, Ordering::Relaxed);
    }

    fn expected(&self) -> Expected {
        let mut expected = Expected::default();
        for kept in &self.kept {
            kept.add_to(&mut expected);
        }
        let id = self.id;
        expected.add("soak_kept_guards", &format!("writer=\"{id}\""), 0.0);
        for (slot, Since { total, size }) in self.owned.iter().enumerate() {
            let labels = format!("slot=\"{slot}\",writer=\"{id}\"");
            if *total > 0 {
                expected.add("soak_owned_total", &labels, *total as f64);
            }
            if size.count > 0 {
                expected.add_classic("soak_owned_size", &labels, size);
            }
        }
        expected
    }
}
