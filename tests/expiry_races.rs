//! Updates that happen while a series expires are not lost.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use hello_exporter::testing::PausedClock;
use hello_exporter::{Collector, CounterVec, GaugeVec, HistogramVec, Registry};
use hello_exporter_tests::{exposition, registry_of};

const ROUNDS: usize = 5_000;

#[derive(Collector)]
struct Metrics {
    #[metric(help = "Counts.", labels = ["x"], expire_after = "1m")]
    counts_total: CounterVec<1>,

    #[metric(help = "Levels.", labels = ["x"], expire_after = "1m")]
    levels: GaugeVec<1, i64>,

    #[metric(help = "Sizes.", labels = ["x"], expire_after = "1m", buckets = [1])]
    sizes: HistogramVec<1>,
}

/// Lets two threads wait for each other, until one of them ends.
#[derive(Default)]
struct Meeting {
    arrivals: Mutex<usize>,
    has_changed: Condvar,
    is_over: AtomicBool,
}

impl Meeting {
    fn wait(&self) {
        let mut arrivals = self.arrivals.lock().unwrap();
        *arrivals += 1;
        let both = arrivals.next_multiple_of(2);
        self.has_changed.notify_all();
        while *arrivals < both {
            assert!(!self.is_over(), "the other thread failed");
            arrivals = self.has_changed.wait(arrivals).unwrap();
        }
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }
}

/// Ends a meeting when it is dropped.
struct End<'m>(&'m Meeting);

impl Drop for End<'_> {
    fn drop(&mut self) {
        let Self(Meeting { arrivals, has_changed, is_over }) = self;
        let _arrivals = arrivals.lock();
        is_over.store(true, Ordering::Relaxed);
        has_changed.notify_all();
    }
}

/// Runs `update` in rounds, each while another thread lets the series expire `times` times and a
/// third one scrapes. Each round starts with a series that was last updated by the end of the round
/// before, where `settle` runs alone.
fn race(metrics: &Arc<Metrics>, times: usize, update: impl Fn() + Sync, settle: impl Fn() + Sync) {
    let registry = registry_of(Arc::clone(metrics));
    let meeting = Meeting::default();
    thread::scope(|scope| {
        scope.spawn(|| {
            let _end = End(&meeting);
            for _ in 0..ROUNDS {
                settle();
                meeting.wait();
                meeting.wait();
                update();
                meeting.wait();
            }
            meeting.wait();
        });
        scope.spawn(|| {
            let _end = End(&meeting);
            while !meeting.is_over() {
                assert_sound(&exposition(&registry));
            }
        });
        let _end = End(&meeting);
        let clock = PausedClock::new();
        for _ in 0..ROUNDS {
            meeting.wait();
            expire(&registry, &clock);
            // Before the update, so that the removal is not a minute after it.
            clock.advance(Duration::from_secs(60));
            meeting.wait();
            assert_sound(&exposition(&registry));
            (1..times).for_each(|_| expire(&registry, &clock));
            meeting.wait();
        }
        meeting.wait();
    });
}

/// Scrapes a minute later. The first such scrape finds out that a series was updated, the second
/// one removes it.
fn expire(registry: &Registry, clock: &PausedClock) {
    clock.advance(Duration::from_secs(60));
    assert_sound(&exposition(registry));
}

/// Asserts that no series is exposed twice or below zero.
fn assert_sound(exposition: &str) {
    for family in ["counts_total", "levels", "sizes_count"] {
        let series = format!("{family}{{x=\"a\"}} ");
        let lines: Vec<_> = exposition.lines().filter(|line| line.starts_with(&series)).collect();
        assert!(lines.len() <= 1, "{exposition}");
        assert!(
            lines.iter().all(|line| line[series.len()..].parse::<u8>().is_ok()),
            "{exposition}"
        );
    }
}

#[test]
fn increment_of_a_pinned_handle_is_counted_before_or_after_the_removal() {
    let metrics = Arc::new(Metrics::new());
    let family = &metrics.counts_total;
    let pinned = family.with(["a"]).pin();
    let settle = || {
        let count = pinned.get();
        assert!(count <= 2, "{count}");
        family.remove(["a"]);
        pinned.inc();
    };
    let update = || {
        pinned.inc();
        assert!(matches!(pinned.get(), 1 | 2));
    };
    race(&metrics, 1, update, settle);
}

#[test]
fn observation_is_counted_before_or_after_the_removal() {
    let metrics = Arc::new(Metrics::new());
    let family = &metrics.sizes;
    let settle = || {
        family.remove(["a"]);
        family.with(["a"]).observe(0.5);
    };
    let update = || {
        family.with(["a"]).observe(0.5);
        let (count, sum) = (family.with(["a"]).count(), family.with(["a"]).sum());
        assert!((count, sum) == (1, 0.5) || (count, sum) == (2, 1.0), "{count} {sum}");
    };
    race(&metrics, 1, update, settle);
}

#[test]
fn gauge_with_guards_counts_them_exactly() {
    let metrics = Arc::new(Metrics::new());
    let family = &metrics.levels;
    let update = || {
        let first = family.with(["a"]).inc_guard();
        assert_eq!(family.with(["a"]).get(), 1);
        let second = family.with(["a"]).pin().inc_guard();
        thread::yield_now();
        assert_eq!(family.with(["a"]).get(), 2);
        drop(first);
        thread::yield_now();
        assert_eq!(family.with(["a"]).get(), 1);
        drop(second);
        assert_eq!(family.with(["a"]).get(), 0);
    };
    race(&metrics, 6, update, || family.with(["a"]).init());
}
