//! Functions that run one after another.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant as StdInstant;

use tokio::runtime::{Builder, Runtime};

use super::*;
use crate::server::source::{DropLogs, RunBody, Source, in_turn};

const LONG: Duration = Duration::from_secs(600);

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap()
}

fn serial_thread(runtime: &Runtime, patience: Duration) -> Arc<SerialThread> {
    Arc::new(SerialThread::new(runtime.handle().clone(), patience))
}

/// Returns a function that blocks until the returned sender is dropped, and the receiver of its
/// reports that it began and returned.
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
    let serial = serial_thread(&runtime, LONG);
    let is_running = Arc::new(AtomicBool::new(false));
    let (done, ended) = channel();
    for number in 0..8 {
        let (is_running, done) = (Arc::clone(&is_running), done.clone());
        serial.push(Box::new(move || {
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
fn next_function_runs_after_a_panic() {
    let runtime = runtime();
    let serial = serial_thread(&runtime, LONG);
    let panicking = Arc::new(in_turn(|| -> Result<Nothing, &str> { panic!("out of cheese") }));
    let (done, ended) = channel();
    for _ in 0..2 {
        let (source, done) = (Arc::clone(&panicking), done.clone());
        let RunBody::InTurn(function) = source.run_body(&DropLogs::new(&"x".into())) else {
            panic!("expected a function in turn");
        };
        let end = move || done.send(function().samples.map(drop).unwrap_err().to_string());
        serial.push(Box::new(|| end().unwrap()));
    }
    drop(done);
    for failure in ended {
        assert!(failure.starts_with("panicked: out of cheese"), "{failure}");
    }
}

#[test]
fn blocked_function_delays_the_others_once() {
    let runtime = runtime();
    let serial = serial_thread(&runtime, LONG);
    let (blocks, said, release) = blocking();
    serial.push(blocks);
    assert_eq!(said.recv().unwrap(), "began");
    // Two more functions that block, and one that does not, wait for it.
    let (second, second_said, second_release) = blocking();
    let (third, third_said, third_release) = blocking();
    let (done, ended) = channel();
    serial.push(second);
    serial.push(third);
    serial.push(Box::new(move || done.send("done").unwrap()));

    let now = Instant::from_std(StdInstant::now());
    assert!(serial.check(now).is_some_and(|due| due > now), "the function has time left");
    assert!(ended.try_recv().is_err());
    assert_eq!(serial.check(now + LONG), None);
    assert_eq!([second_said, third_said].map(|said| said.recv().unwrap()), ["began"; 2]);
    assert_eq!(ended.recv().unwrap(), "done");

    // A later function does not wait for those that still block.
    let (done, ended) = channel();
    serial.push(Box::new(move || done.send("done").unwrap()));
    assert_eq!(ended.recv().unwrap(), "done");
    drop((release, second_release, third_release));
    assert_eq!(said.recv().unwrap(), "returned");
    let idle = std::iter::repeat_with(|| lock(&serial.queue).caller.is_none());
    assert!(idle.take(1_000_000).any(|is_idle| is_idle));
}

#[derive(hello_exporter_derive::Collector)]
#[collector(crate = crate)]
struct Nothing {}
