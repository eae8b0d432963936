//! Compares a family whose series expire with a model, under a paused clock.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use hello_exporter::metric::{GaugeGuard, PinnedSeries, Series};
use hello_exporter::testing::PausedClock;
use hello_exporter::{Collector, Gauge, GaugeVec, Registry};
use hello_exporter_tests::{exposition, registry_of};
use proptest::prelude::*;
use proptest::test_runner::Config;

/// The time after which a series expires, in milliseconds.
const EXPIRE_AFTER: u64 = 3200;

/// The time after a sweep in which creations do not sweep, in milliseconds.
const BETWEEN_SWEEPS: u64 = 100;

#[derive(Collector)]
struct Levels {
    #[metric(help = "Levels.", labels = ["x"], expire_after = "3200ms")]
    levels: GaugeVec<1, i64>,
}

type Labelled = [String; 1];
type Guard<'f> = GaugeGuard<Series<'f, Labelled, Gauge<i64>>>;

#[derive(Clone, Debug)]
enum Step {
    Add(usize, i64),
    AddPinned(usize, i64),
    Init(usize),
    /// Updates many series with long labels, so that their expiry compacts the memory.
    AddToMany,
    Guard(usize),
    DropGuard(usize),
    Remove(usize),
    RetainAtLeast(i64),
    Clear,
    Advance(u64),
    Scrape,
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0..6_usize;
    prop_oneof![
        6 => (key.clone(), -9..9_i64).prop_map(|(key, amount)| Step::Add(key, amount)),
        6 => (key.clone(), -9..9_i64).prop_map(|(key, amount)| Step::AddPinned(key, amount)),
        1 => key.clone().prop_map(Step::Init),
        1 => Just(Step::AddToMany),
        3 => key.clone().prop_map(Step::Guard),
        3 => (0..6_usize).prop_map(Step::DropGuard),
        1 => key.prop_map(Step::Remove),
        1 => (-9..9_i64).prop_map(Step::RetainAtLeast),
        1 => Just(Step::Clear),
        4 => (0..4_u64).prop_map(|parts| Step::Advance(parts * BETWEEN_SWEEPS / 2)),
        4 => (0..3_u64).prop_map(|parts| Step::Advance(EXPIRE_AFTER / 2 * parts)),
        6 => Just(Step::Scrape),
    ]
}

fn key(at: usize) -> String {
    ["a", "a\"", "a\\", "", "some longer value", "\n"][at].to_owned()
}

fn many() -> impl Iterator<Item = String> {
    (0..40).map(|at| format!("one of many values, each longer than a cache line: number {at}"))
}

#[derive(Default)]
struct Modelled {
    value: i64,
    guards: u32,
    /// The time of the first sweep since the last update.
    found_at: Option<u64>,
}

/// The expected series, in the order of their creation.
struct Model {
    now: u64,
    /// The time from which on a creation sweeps.
    next_sweep: u64,
    series: Vec<(String, Modelled)>,
}

impl Model {
    fn sweep(&mut self) {
        let now = self.now;
        self.series.retain_mut(|(_, series)| {
            let found_at = *series.found_at.get_or_insert(now);
            series.guards > 0 || now - found_at < EXPIRE_AFTER
        });
        self.next_sweep = now + BETWEEN_SWEEPS;
    }

    fn update(&mut self, x: &str, change: impl FnOnce(&mut Modelled)) {
        if self.find(x).is_none() {
            if self.now >= self.next_sweep {
                self.sweep();
            }
            self.series.push((x.to_owned(), Modelled::default()));
        }
        let series = self.find(x).unwrap();
        series.found_at = None;
        change(series);
    }

    fn find(&mut self, x: &str) -> Option<&mut Modelled> {
        self.series.iter_mut().find(|(other, _)| other == x).map(|(_, series)| series)
    }
}

struct Pair<'f> {
    family: &'f GaugeVec<1, i64>,
    registry: &'f Registry,
    clock: &'f PausedClock,
    pins: HashMap<usize, PinnedSeries<'f, Labelled, Gauge<i64>>>,
    guards: Vec<(String, Guard<'f>)>,
    model: Model,
}

impl Pair<'_> {
    fn apply(&mut self, step: &Step) {
        let (family, model) = (self.family, &mut self.model);
        match *step {
            Step::Add(at, amount) => {
                family.with([key(at)]).add(amount);
                model.update(&key(at), |series| series.value += amount);
            }
            Step::AddPinned(at, amount) => {
                let pin = || family.with([key(at)]).pin();
                self.pins.entry(at).or_insert_with(pin).add(amount);
                model.update(&key(at), |series| series.value += amount);
            }
            Step::Init(at) => {
                family.with([key(at)]).init();
                model.update(&key(at), |_| ());
            }
            Step::AddToMany => {
                for x in many() {
                    family.with([&x]).inc();
                    model.update(&x, |series| series.value += 1);
                }
            }
            Step::Guard(at) => {
                self.guards.push((key(at), family.with([key(at)]).inc_guard()));
                model.update(&key(at), |series| {
                    series.value += 1;
                    series.guards += 1;
                });
            }
            Step::DropGuard(at) => {
                if at < self.guards.len() {
                    let (x, guard) = self.guards.swap_remove(at);
                    drop(guard);
                    if let Some(series) = model.find(&x) {
                        series.value -= 1;
                        series.guards = series.guards.saturating_sub(1);
                        series.found_at = None;
                    }
                }
            }
            Step::Remove(at) => {
                assert_eq!(family.remove([key(at)]), model.find(&key(at)).is_some());
                model.series.retain(|(x, _)| *x != key(at));
            }
            Step::RetainAtLeast(least) => {
                family.retain(|series| series.get() >= least);
                model.series.retain(|(_, series)| series.value >= least);
            }
            Step::Clear => {
                family.clear();
                model.series.clear();
            }
            Step::Advance(milliseconds) => {
                self.clock.advance(Duration::from_millis(milliseconds));
                model.now += milliseconds;
            }
            Step::Scrape => self.compare(),
        }
    }

    /// Compares the exposition, the number of series, and the value of each.
    fn compare(&mut self) {
        self.model.sweep();
        assert_eq!(exposition(self.registry), self.expected());
        assert_eq!(self.family.len(), self.model.series.len());
        for (x, series) in &self.model.series {
            assert_eq!(self.family.with([x]).get(), series.value);
        }
    }

    fn expected(&self) -> String {
        let escaped = |x: &str| x.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let lines = self.model.series.iter();
        let lines: String = lines
            .map(|(x, series)| format!("levels{{x=\"{}\"}} {}\n", escaped(x), series.value))
            .collect();
        match lines.is_empty() {
            true => lines,
            false => format!("# HELP levels Levels.\n# TYPE levels gauge\n{lines}"),
        }
    }
}

proptest! {
    #![proptest_config(Config { cases: 600, failure_persistence: None, ..Config::default() })]

    #[test]
    fn family_expires_series_like_the_model(
        steps in proptest::collection::vec(step(), 0..150),
    ) {
        let clock = PausedClock::new();
        let levels = Arc::new(Levels::new());
        let registry = registry_of(Arc::clone(&levels));
        let mut pair = Pair {
            family: &levels.levels,
            registry: &registry,
            clock: &clock,
            pins: HashMap::new(),
            guards: Vec::new(),
            model: Model { now: 0, next_sweep: BETWEEN_SWEEPS, series: Vec::new() },
        };
        for step in &steps {
            pair.apply(step);
        }
        pair.compare();
    }
}
