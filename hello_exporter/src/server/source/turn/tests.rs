//! Functions that run in turn.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant as StdInstant;

use tokio::runtime::{Builder, Runtime};

use super::*;
use crate::server::source::{Drops, Source, Work, in_turn};

const LONG: Duration = Duration::from_secs(600);

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap()
}

fn turns(runtime: &Runtime, patience: Duration) -> Arc<Turns> {
    Arc::new(Turns::new(runtime.handle().clone(), patience))
}

/// A function that blocks until the other end is dropped, and says when it begins and returns.
fn blocking() -> (Function, Receiver<&'static str>, Sender<()>) {
    let (says, said) = channel();
    let (release, released) = channel::<()>();
    let function = move || {
        says.send("began").unwrap();
        let _ = released.recv();
        says.send("returned").unwrap();
    };
    (Box::new(function), said, release)
}

#[test]
fn functions_run_one_at_a_time_in_order() {
    let runtime = runtime();
    let turns = turns(&runtime, LONG);
    let is_running = Arc::new(AtomicBool::new(false));
    let (done, ended) = channel();
    for number in 0..8 {
        let (is_running, done) = (Arc::clone(&is_running), done.clone());
        turns.push(Box::new(move || {
            let is_alone = !is_running.swap(true, Ordering::SeqCst);
            std::thread::yield_now();
            is_running.store(false, Ordering::SeqCst);
            done.send((number, is_alone)).unwrap();
        }));
    }
    drop(done);
    let ended: Vec<_> = ended.iter().collect();
    assert_eq!(ended, [0, 1, 2, 3, 4, 5, 6, 7].map(|number| (number, true)));
}

#[test]
fn panicking_function_leaves_the_turn_to_the_next() {
    let runtime = runtime();
    let turns = turns(&runtime, LONG);
    let panicking = Arc::new(in_turn(|| -> Result<Nothing, &str> { panic!("out of cheese") }));
    let (done, ended) = channel();
    for _ in 0..2 {
        let (scraper, done) = (Arc::clone(&panicking), done.clone());
        let Work::InTurn(function) = scraper.work(&Drops::new(&"x".into())) else {
            panic!("expected work in turn");
        };
        let end = move || done.send(function().result.map(drop).unwrap_err().to_string());
        turns.push(Box::new(|| end().unwrap()));
    }
    drop(done);
    for failure in ended {
        assert!(failure.starts_with("panicked: out of cheese"), "{failure}");
    }
}

#[test]
fn blocked_function_holds_up_the_others_once() {
    let runtime = runtime();
    let turns = turns(&runtime, LONG);
    let (blocks, said, release) = blocking();
    turns.push(blocks);
    assert_eq!(said.recv().unwrap(), "began");
    // Two that block as well wait for it, and one that does not.
    let (second, second_said, second_release) = blocking();
    let (third, third_said, third_release) = blocking();
    let (done, ended) = channel();
    turns.push(second);
    turns.push(third);
    turns.push(Box::new(move || done.send("done").unwrap()));

    let now = Instant::from_std(StdInstant::now());
    assert!(turns.check(now).is_some_and(|due| due > now), "it has its time");
    assert!(ended.try_recv().is_err());
    assert_eq!(turns.check(now + LONG), None);
    assert_eq!([second_said, third_said].map(|said| said.recv().unwrap()), ["began"; 2]);
    assert_eq!(ended.recv().unwrap(), "done");

    // The next round does not wait for those that still block.
    let (done, ended) = channel();
    turns.push(Box::new(move || done.send("done").unwrap()));
    assert_eq!(ended.recv().unwrap(), "done");
    drop((release, second_release, third_release));
    assert_eq!(said.recv().unwrap(), "returned");
    let idle = std::iter::repeat_with(|| lock(&turns.queue).caller.is_none());
    assert!(idle.take(1_000_000).any(|is_idle| is_idle));
}

#[derive(hello_exporter_derive::Collector)]
#[collector(crate = crate)]
struct Nothing {}
