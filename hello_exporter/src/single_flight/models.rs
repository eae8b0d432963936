//! Models of runs that are joined, end and time out at the same time. `CONTRIBUTING.md` says how to
//! run them.

use std::sync::Arc;

use loom::sync::Condvar;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use super::*;
use crate::sync::model::{check, check_some};

/// A source, which never runs twice at once.
#[derive(Clone, Default)]
struct Source(Arc<Parts>);

#[derive(Default)]
struct Parts {
    flights: SingleFlight<Waiters, usize>,
    /// The number of runs at this moment, and of all.
    running: Mutex<(usize, usize)>,
}

/// Those who wait for the outcome of a run.
#[derive(Default)]
struct Waiters {
    outcome: Mutex<Option<&'static str>>,
    has_outcome: Condvar,
}

impl Waiters {
    fn publish(&self, outcome: &'static str) {
        let before = lock(&self.outcome).replace(outcome);
        assert_eq!(before, None, "two outcomes");
        self.has_outcome.notify_all();
    }

    /// A waiter that is never woken is a deadlock, which loom reports.
    fn wait(&self) -> &'static str {
        let mut outcome = lock(&self.outcome);
        while outcome.is_none() {
            outcome = self.has_outcome.wait(outcome).unwrap();
        }
        outcome.unwrap()
    }
}

impl Source {
    /// Joins the current run, or makes one. Returns whether it is new.
    fn join(&self) -> (Arc<Run<Waiters>>, bool) {
        match self.0.flights.join_or_make(Waiters::default) {
            Joined::Current(run) => (run, false),
            Joined::New { run, stale } => {
                let mut running = lock(&self.0.running);
                assert_eq!(stale.as_deref().copied().unwrap_or(0), running.1, "stale cache");
                *running = (running.0 + 1, running.1 + 1);
                assert_eq!(running.0, 1, "two runs at once");
                (run, true)
            }
        }
    }

    /// Returns from the author's code, and ends the run. The cached outcome is the number of runs.
    fn end(&self, run: &Arc<Run<Waiters>>) {
        let mut running = lock(&self.0.running);
        running.0 -= 1;
        let outcome = Arc::new(running.1);
        drop(running);
        let conclude = || {
            self.0.flights.cache(outcome);
            "end"
        };
        self.0.flights.end(run, conclude, |outcome| run.about.publish(outcome));
    }

    /// Joins the current run, or makes one and runs it. Waits for the outcome.
    fn scrape(&self) -> (Arc<Run<Waiters>>, &'static str) {
        let (run, is_new) = self.join();
        if is_new {
            self.end(&run);
        }
        let outcome = run.about.wait();
        (run, outcome)
    }

    fn runs(&self) -> usize {
        lock(&self.0.running).1
    }
}

#[test]
fn two_scrapes_start_one_run() {
    check(|| {
        let source = Source::default();
        let other = thread::spawn({
            let source = source.clone();
            move || source.join()
        });
        let (run, is_new) = source.join();
        let (other, is_other_new) = other.join().unwrap();
        assert!(Arc::ptr_eq(&run, &other) && is_new != is_other_new);
        source.end(&run);
        assert_eq!((run.about.wait(), source.runs()), ("end", 1));
    });
}

#[test]
fn scrapes_that_join_a_run_at_its_end_have_an_outcome() {
    check_some(3, || {
        let source = Source::default();
        let (first, _) = source.join();
        let runner = thread::spawn({
            let (source, first) = (source.clone(), Arc::clone(&first));
            move || source.end(&first)
        });
        let other = thread::spawn({
            let source = source.clone();
            move || assert_eq!(source.scrape().1, "end")
        });
        assert_eq!(source.scrape().1, "end");
        runner.join().unwrap();
        other.join().unwrap();
        assert!(source.0.flights.current().is_none() && matches!(source.runs(), 1..=3));
        assert_eq!(source.0.flights.cached().as_deref(), Some(&source.runs()));
    });
}

#[test]
fn waiter_starts_the_next_run_after_the_outcome() {
    check(|| {
        let source = Source::default();
        let (first, _) = source.join();
        let runner = thread::spawn({
            let (source, first) = (source.clone(), Arc::clone(&first));
            move || source.end(&first)
        });
        let (joined, _) = source.scrape();
        let (next, is_new) = source.join();
        assert!(is_new && !source.0.flights.is_current(&joined), "the run has not ended");
        source.end(&next);
        runner.join().unwrap();
    });
}

#[test]
fn timed_out_run_has_one_outcome_and_is_stopped() {
    check_some(3, || {
        let source = Source::default();
        let (run, _) = source.join();
        let stops = Arc::new(AtomicUsize::new(0));
        let starter = thread::spawn({
            let (run, stops) = (Arc::clone(&run), Arc::clone(&stops));
            move || {
                run.stop_with(move || {
                    stops.fetch_add(1, Ordering::Relaxed);
                });
            }
        });
        let supervisor = thread::spawn({
            let run = Arc::clone(&run);
            move || run.time_out(|| "timeout", |outcome| run.about.publish(outcome))
        });
        assert_eq!(run.about.wait(), "timeout");
        assert!(source.0.flights.is_current(&run), "the run ended before its code");
        starter.join().unwrap();
        supervisor.join().unwrap();
        assert_eq!(stops.load(Ordering::Relaxed), 1);
        source.end(&run);
        assert!(source.0.flights.current().is_none());
    });
}

#[test]
fn run_that_ends_at_its_timeout_has_one_outcome() {
    check(|| {
        let source = Source::default();
        let (run, _) = source.join();
        let supervisor = thread::spawn({
            let run = Arc::clone(&run);
            move || run.time_out(|| "timeout", |outcome| run.about.publish(outcome))
        });
        source.end(&run);
        let outcome = run.about.wait();
        assert!(["end", "timeout"].contains(&outcome));
        supervisor.join().unwrap();
        assert!(source.0.flights.current().is_none() && run.is_decided());
    });
}
