//! Compares a family with a plain map: after any sequence of operations every count is exact.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use hello_exporter::metric::PinnedSeries;
use hello_exporter::{Collector, CounterVec, Format, Registry};
use hello_exporter_tests::{parse, registry_of};
use proptest::prelude::*;
use proptest::test_runner::Config;

type Key = [String; 2];

#[derive(Collector)]
struct Metrics {
    #[metric(help = "Help.", labels = ["x", "y"])]
    counts_total: CounterVec<2>,
}

/// Generates label values that a careless comparison confuses: escaped or not, divided differently,
/// and of lengths that are compared in different ways.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("a\"b".to_owned()),
        Just("a\\\"b".to_owned()),
        Just("a\\b".to_owned()),
        Just("a\\\\b".to_owned()),
        Just("a\nb".to_owned()),
        Just("a\\nb".to_owned()),
        Just("\",y=\"".to_owned()),
        "[ab]{0,3}",
        "[ab]{0,40}",
        "\\PC{0,9}",
    ]
}

#[derive(Clone, Debug)]
enum Step {
    Add(usize, u64),
    AddPinned(usize, u64),
    Init(usize),
    Remove(usize),
    RetainAtLeast(u64),
    RetainByLabel(usize),
    Clear,
    Scrape,
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0..12_usize;
    prop_oneof![
        8 => (key.clone(), 0..1000_u64).prop_map(|(key, amount)| Step::Add(key, amount)),
        8 => (key.clone(), 0..1000_u64).prop_map(|(key, amount)| Step::AddPinned(key, amount)),
        1 => key.clone().prop_map(Step::Init),
        4 => key.clone().prop_map(Step::Remove),
        1 => (0..500_u64).prop_map(Step::RetainAtLeast),
        1 => key.prop_map(Step::RetainByLabel),
        1 => Just(Step::Clear),
        2 => Just(Step::Scrape),
    ]
}

/// The family, and its expected values in the order of creation.
struct Pair<'f> {
    family: &'f CounterVec<2>,
    pins: HashMap<Key, PinnedSeries<'f, [String; 2], hello_exporter::Counter>>,
    model: Vec<(Key, u64)>,
}

impl Pair<'_> {
    fn add(&mut self, key: &Key, amount: u64) {
        match self.model.iter_mut().find(|(other, _)| other == key) {
            Some((_, value)) => *value += amount,
            None => self.model.push((key.clone(), amount)),
        }
    }

    fn apply(&mut self, step: &Step, keys: &[Key]) {
        let family = self.family;
        let key = |at: &usize| &keys[at % keys.len()];
        match step {
            Step::Add(at, amount) => {
                family.with(key(at).each_ref()).inc_by(*amount);
                self.add(key(at), *amount);
            }
            Step::AddPinned(at, amount) => {
                let key = key(at);
                let pin = || family.with(key.clone()).pin();
                self.pins.entry(key.clone()).or_insert_with(pin).inc_by(*amount);
                self.add(key, *amount);
            }
            Step::Init(at) => {
                family.with(key(at).each_ref()).init();
                self.add(key(at), 0);
            }
            Step::Remove(at) => {
                let before = self.model.len();
                self.model.retain(|(other, _)| other != key(at));
                assert_eq!(family.remove(key(at).each_ref()), self.model.len() < before);
            }
            Step::RetainAtLeast(least) => {
                family.retain(|series| series.get() >= *least);
                self.model.retain(|(_, value)| value >= least);
            }
            Step::RetainByLabel(at) => {
                let x = &key(at)[0];
                family.retain(|series| series.label("x").as_ref() != Some(x));
                self.model.retain(|([other, _], _)| other != x);
            }
            Step::Clear => {
                family.clear();
                self.model.clear();
            }
            Step::Scrape => self.compare(),
        }
    }

    /// Compares by iteration, by lookup and by number of series.
    fn compare(&self) {
        let seen = self
            .family
            .iter()
            .map(|series| ([series.label("x").unwrap(), series.label("y").unwrap()], series.get()));
        assert_eq!(seen.collect::<Vec<_>>(), self.model);
        assert_eq!(self.family.len(), self.model.len());
        for (key, value) in &self.model {
            assert_eq!(self.family.with(key.each_ref()).get(), *value);
        }
    }
}

proptest! {
    #![proptest_config(Config { cases: 400, failure_persistence: None, ..Config::default() })]

    #[test]
    fn family_behaves_like_a_map(
        keys in proptest::collection::vec([value(), value()], 1..12),
        steps in proptest::collection::vec(step(), 0..120),
    ) {
        let family = CounterVec::new(["x", "y"]);
        let mut pair = Pair { family: &family, pins: HashMap::new(), model: Vec::new() };
        for step in &steps {
            pair.apply(step, &keys);
        }
        pair.compare();
    }
}

/// Returns the exposition of a registry, as an independent parser reads it.
fn exposed(registry: &Registry) -> BTreeMap<Key, f64> {
    let mut buffer = Vec::new();
    registry.encode(Format::Text, &mut buffer);
    let families = parse(&String::from_utf8(buffer).unwrap());
    let samples = families.iter().flat_map(|family| &family.samples);
    samples
        .map(|sample| ([sample.labels["x"].clone(), sample.labels["y"].clone()], sample.value))
        .collect()
}

/// Returns keys that only this thread changes: some are escaped, and there are more than fit into
/// one chunk.
fn own_keys(thread: usize) -> Vec<Key> {
    let key = |at: usize| match at % 3 {
        0 => [format!("thread\"{thread}"), format!("{at}")],
        1 => [format!("thread\\\"{thread}"), format!("{at}")],
        _ => [format!("thread{thread}"), format!("a longer value, number {at}, of many")],
    };
    (0..300).map(key).collect()
}

/// Updates shared keys and the thread's own keys, and removes and re-creates the latter. Returns
/// the expected value of each of its own keys: the sum since the key's last removal.
fn work(
    family: &CounterVec<2>,
    thread: usize,
    shared: &[Key],
    total: &AtomicU64,
) -> BTreeMap<Key, u64> {
    let keys = own_keys(thread);
    let pins: Vec<_> = keys.iter().map(|key| family.with(key.each_ref()).pin()).collect();
    let shared_pins: Vec<_> = shared.iter().map(|key| family.with(key.each_ref()).pin()).collect();
    let mut own = BTreeMap::new();
    let mut random = thread as u64 + 1;
    for step in 0..60_000_u64 {
        // Xorshift: any sequence suffices if it is the same every time.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let at = random as usize % keys.len();
        let key = keys[at].each_ref();
        match random >> 32 & 15 {
            0..=3 => {
                assert_eq!(family.remove(key), own.remove(&keys[at]).is_some());
            }
            4..=8 => {
                family.with(key).inc_by(step);
                *own.entry(keys[at].clone()).or_default() += step;
            }
            9..=12 => {
                pins[at].inc_by(step);
                *own.entry(keys[at].clone()).or_default() += step;
            }
            13 => {
                family.with(shared[at % shared.len()].each_ref()).inc_by(step);
                total.fetch_add(step, Ordering::Relaxed);
            }
            _ => {
                shared_pins[at % shared.len()].inc_by(step);
                total.fetch_add(step, Ordering::Relaxed);
            }
        }
    }
    own
}

#[test]
fn counts_are_exact_while_threads_create_remove_pin_and_scrape() {
    const THREADS: usize = 4;
    let metrics = Arc::new(Metrics::new());
    let registry = registry_of(Arc::clone(&metrics));
    let shared: Vec<Key> = (0..20).map(|at| ["shared".to_owned(), at.to_string()]).collect();
    let total = AtomicU64::new(0);
    let is_over = AtomicBool::new(false);

    let own = thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (metrics, shared, total) = (&metrics, &shared, &total);
                scope.spawn(move || work(&metrics.counts_total, thread, shared, total))
            })
            .collect();
        let scraper = scope.spawn(|| {
            let mut buffer = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                buffer.clear();
                registry.encode(Format::Text, &mut buffer);
                assert_sound(std::str::from_utf8(&buffer).unwrap());
                metrics.counts_total.retain(|series| series.label("x").is_some());
            }
        });
        let own: Vec<_> = workers.into_iter().map(|worker| worker.join().unwrap()).collect();
        is_over.store(true, Ordering::Relaxed);
        scraper.join().unwrap();
        own
    });

    let mut seen = exposed(&registry);
    let shared: f64 = shared.iter().filter_map(|key| seen.remove(key)).sum();
    assert_eq!(shared, total.into_inner() as f64);
    let own = own.into_iter().flatten().map(|(key, value)| (key, value as f64));
    assert_eq!(seen, own.collect());
}

/// Asserts that each line of a concurrent scrape is complete, and that no series is repeated.
fn assert_sound(exposition: &str) {
    let mut samples: Vec<&str> = Vec::new();
    for line in exposition.lines().filter(|line| !line.starts_with("# ")) {
        let (series, value) = line.rsplit_once(' ').unwrap();
        assert!(series.starts_with("counts_total{x=\"") && series.ends_with("\"}"), "{line}");
        value.parse::<u64>().unwrap();
        samples.push(series);
    }
    let count = samples.len();
    samples.sort_unstable();
    samples.dedup();
    assert_eq!(samples.len(), count);
}

#[test]
fn memory_of_removed_series_is_freed() {
    let family = CounterVec::new(["x", "y"]);
    let churn = |round: usize| {
        for at in 0..1000 {
            family.with([round, at]).inc();
        }
        for at in 0..1000 {
            assert!(family.remove([round, at]));
        }
    };
    family.with([0, 0]).inc();
    (1..10).for_each(churn);
    let grown = allocation_counter::measure(|| (10..200).for_each(churn)).bytes_current;
    assert!(grown < 100_000, "{grown} bytes more after 190,000 series came and went");
    assert_eq!(family.with([0, 0]).get(), 1);
    assert_eq!(family.len(), 1);
}
