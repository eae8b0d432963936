//! Increments of counters that exist already.

use std::hint::black_box;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use figures::{Entrant, Measurement};

use super::exposition::values;
use super::{Done, nanoseconds};
use crate::contenders::{Contender, Counters, Expiring, Expose, Format, Ours};
use crate::every_contender;
use crate::labels::{self, Labels};
use crate::measure::{self, entrant, time};

const SERIES: usize = 1_000;

/// Measures one thread that visits all series.
pub fn one_thread(name: &str) -> Done {
    let visits = [visits(SERIES)];
    nanoseconds(name, "an increment by labels", every_contender!(by_labels(&visits)))?;
    Ok(())
}

/// Measures two threads, each with half of the series.
pub fn two_threads_different(name: &str) -> Done {
    let all = visits(SERIES);
    let visits = [&all[..SERIES / 2], &all[SERIES / 2..]].map(<[Labels]>::to_vec);
    let title = "an increment by labels, of each of two threads with series of their own";
    nanoseconds(name, title, every_contender!(by_labels(&visits)))?;
    Ok(())
}

/// Measures two threads that increment the same series.
pub fn two_threads_same(name: &str) -> Done {
    let visits = [visits(1), visits(1)];
    let title = "an increment by labels, of each of two threads with the same series";
    nanoseconds(name, title, every_contender!(by_labels(&visits)))?;
    Ok(())
}

/// Measures one thread that increments one series.
pub fn one_hot(name: &str) -> Done {
    let visits = [visits(1)];
    nanoseconds(name, "an increment by labels, one series", every_contender!(by_labels(&visits)))?;
    Ok(())
}

/// Measures increments through a handle that was made before, and prints how ours compares with a
/// bare `fetch_add`, the least that an increment can cost.
pub fn pinned(name: &str) -> Done {
    let atomic = Entrant::own("atomic_add", atomic_add());
    let entrants = every_contender!(by_handle()).into_iter().chain([atomic]);
    let rounds = nanoseconds(name, "an increment of a kept handle", entrants)?;
    rounds.ratio("inc_pinned_to_atomic_add", Ours::NAME, "atomic_add");
    Ok(())
}

/// Measures increments of series that expire, next to those of series that do not, and prints the
/// ratio.
pub fn expiring(name: &str) -> Done {
    let visits = [visits(SERIES)];
    let entrants = [by_labels::<Ours>(&visits), by_labels::<Expiring>(&visits)];
    let rounds = nanoseconds(name, "an increment by labels", entrants)?;
    rounds.ratio("inc_expiring_to_others", Expiring::NAME, Ours::NAME);
    Ok(())
}

/// Measures the same through a handle that was made before.
pub fn expiring_pinned(name: &str) -> Done {
    let entrants = [by_handle::<Ours>(), by_handle::<Expiring>()];
    let rounds = nanoseconds(name, "an increment of a kept handle", entrants)?;
    rounds.ratio("inc_expiring_pinned_to_others", Expiring::NAME, Ours::NAME);
    Ok(())
}

/// Returns the label sets in the order of the visits, which is not the order of their creation.
fn visits(number: usize) -> Vec<Labels> {
    let mut visits = labels::label_sets(number);
    labels::rng().shuffle(&mut visits);
    visits
}

/// Measures threads that visit their own lists of series over and over.
fn by_labels<C: Contender>(threads: &[Vec<Labels>]) -> Entrant {
    let mut counters = C::Counters::new();
    let mut done = create(&counters, threads);
    let threads: Vec<_> =
        threads.iter().map(|labels| reusable_keys::<C::Counters>(labels)).collect();
    let visits = threads[0].len();
    let run = move |times| {
        let elapsed = visit_all(&counters, &threads, times);
        done += threads.len() * visits * times;
        assert_count(&mut counters, done);
        elapsed
    };
    entrant::<C>(measure::nanoseconds(visits, run))
}

/// Creates all series, and returns the number of increments that this took.
fn create<C: Counters>(counters: &C, threads: &[Vec<Labels>]) -> usize {
    let mut labels: Vec<&Labels> = threads.iter().flatten().collect();
    labels.sort();
    labels.iter().for_each(|labels| counters.inc(&C::key(labels)));
    labels.len()
}

fn reusable_keys<C: Counters>(labels: &[Labels]) -> Vec<C::Key> {
    labels.iter().map(|labels| C::reusable(C::key(labels))).collect()
}

/// Returns the time of the slowest thread.
fn visit_all<C: Counters>(counters: &C, threads: &[Vec<C::Key>], times: usize) -> Duration {
    let start = Barrier::new(threads.len());
    let run = |keys| {
        start.wait();
        time(|| visit(counters, keys, times))
    };
    let run = &run;
    thread::scope(|scope| {
        let threads: Vec<_> = threads.iter().map(|keys| scope.spawn(move || run(keys))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).max().unwrap()
    })
}

fn visit<C: Counters>(counters: &C, keys: &[C::Key], times: usize) {
    for _ in 0..times {
        for key in keys {
            counters.inc(black_box(key));
        }
    }
}

fn by_handle<C: Contender>() -> Entrant {
    let mut counters = C::Counters::new();
    let key = C::Counters::key(&labels::label_sets(1)[0]);
    let mut done = 0;
    let run = move |times| {
        let elapsed = repeat(counters.pin(&key), times);
        done += times;
        assert_count(&mut counters, done);
        elapsed
    };
    entrant::<C>(measure::nanoseconds(1, run))
}

fn atomic_add() -> impl FnMut() -> Measurement {
    let counter = AtomicU64::new(0);
    measure::nanoseconds(1, move |times| {
        let add = || {
            counter.fetch_add(1, Ordering::Relaxed);
        };
        repeat(add, times)
    })
}

fn repeat(increment: impl Fn(), times: usize) -> Duration {
    time(|| {
        for _ in 0..times {
            black_box(&increment)();
        }
    })
}

/// Asserts that the exposition has every increment and no other.
fn assert_count(counters: &mut impl Expose, done: usize) {
    assert_eq!(values(counters.expose(Format::Text)).iter().sum::<f64>(), done as f64);
}
