//! Models of the store. `CONTRIBUTING.md` says how to run them.

mod expiry;
mod growth;
mod publication;
mod removal;

use std::sync::Arc;
use std::time::Duration;

use loom::thread::{self, JoinHandle};

use super::stripe::STRIPE;
use super::*;
use crate::metric::word::load;

/// A family of gauges with the label `x`.
#[derive(Clone)]
struct Gauges(Arc<Store>);

impl Gauges {
    /// Returns a family with these series, in this order. Each has a value that the updates of a
    /// model do not reach from zero.
    fn with<const N: usize>(series: [&str; N]) -> Self {
        Self::new(Limits::default(), series)
    }

    fn new<const N: usize>(limits: Limits, series: [&str; N]) -> Self {
        let layout = ValueLayout { words: 1, has_start: true, native: None };
        let gauges = Self(Arc::new(Store::new(["x"], layout, limits)));
        series.into_iter().for_each(|x| gauges.add(x, INITIAL));
        gauges
    }

    fn add(&self, x: &str, amount: u64) {
        assert!(self.0.update(&[x], |value| add(value, amount)).is_some());
    }

    fn get(&self, x: &str) -> Option<u64> {
        self.0.read(&[x], get)
    }

    /// Returns a handle whose lookup is not cached yet.
    fn pin(&self, x: &'static str) -> Pinned {
        Pinned { gauges: self.clone(), x, cached: Arc::new(CachedLookup::new()) }
    }

    /// Returns a handle with a cached lookup.
    fn pin_now(&self, x: &'static str) -> Pinned {
        let pinned = self.pin(x);
        pinned.add(0);
        pinned
    }

    /// Returns what a scrape exposes.
    fn scrape(&self) -> Vec<(String, u64)> {
        let snapshot = self.0.snapshot();
        let series = snapshot.series();
        series.map(|(labels, words)| (joined(labels), load(&words[0]))).collect()
    }

    /// Returns the record of a series, which stays readable after its removal.
    fn record(&self, x: &str) -> Record {
        let is_it = |labels: SplitLabels<'_>, _: SeriesValue<'_>| joined(labels) == rendered(x);
        let mut handles = self.0.handles();
        let handle = handles.find(|handle| self.0.read_handle(handle, is_it) == Some(true));
        Record { gauges: self.clone(), handle: handle.unwrap() }
    }
}

const INITIAL: u64 = 10;

/// A handle to a series, like [`PinnedSeries`](crate::metric::PinnedSeries).
#[derive(Clone)]
struct Pinned {
    gauges: Gauges,
    x: &'static str,
    cached: Arc<CachedLookup>,
}

impl Pinned {
    fn add(&self, amount: u64) {
        let Self { gauges: Gauges(store), x, cached } = self;
        let operation = |value: SeriesValue<'_>| add(value, amount);
        assert!(
            store.update_cached(cached, operation)
                || store.update_and_cache(cached, &[x], operation).is_some()
        );
    }
}

struct Record {
    gauges: Gauges,
    handle: RecordHandle,
}

impl Record {
    fn get(&self) -> u64 {
        self.gauges.0.read_handle(&self.handle, |_, value| get(value)).unwrap()
    }
}

fn add(value: SeriesValue<'_>, amount: u64) {
    value.words[0].fetch_add(amount, Ordering::Relaxed);
}

fn get(value: SeriesValue<'_>) -> u64 {
    load(&value.words[0])
}

fn joined(labels: SplitLabels<'_>) -> String {
    labels.join(&mut Vec::new()).as_str().to_owned()
}

fn rendered(x: &str) -> String {
    format!("x=\"{x}\"")
}

/// Returns the series of a scrape.
fn series<const N: usize>(series: [(&str, u64); N]) -> Vec<(String, u64)> {
    series.into_iter().map(|(x, value)| (rendered(x), value)).collect()
}

/// Starts a thread that uses a stripe. The main thread of a model uses stripe 0.
fn spawn(stripe: usize, run: impl FnOnce() + 'static) -> JoinHandle<()> {
    assert!(stripe < STRIPES);
    thread::spawn(move || {
        STRIPE.with(|own| own.set(stripe));
        run();
    })
}

fn join<const N: usize>(threads: [JoinHandle<()>; N]) {
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}
