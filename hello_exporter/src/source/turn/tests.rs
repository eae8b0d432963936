//! Functions that run in turn.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;

use super::{InTurn, Turns, in_turn};
use crate::Collector;
use crate::source::scraper::Scraper;

#[derive(Collector)]
#[collector(crate = crate)]
struct Nothing {}

/// Turns that no other test waits for.
fn turns(patience: Duration) -> &'static Turns {
    Box::leak(Box::new(Turns::new(patience)))
}

const LONG: Duration = Duration::from_secs(600);

/// Takes its time, and fails where another one runs meanwhile.
fn alone(
    turns: &'static Turns,
    runs: Arc<AtomicBool>,
) -> InTurn<impl Fn() -> Result<Nothing, &'static str>> {
    let source = in_turn(move || {
        let is_alone = !runs.swap(true, Ordering::SeqCst);
        thread::sleep(Duration::from_millis(5));
        runs.store(false, Ordering::SeqCst);
        if is_alone { Ok(Nothing {}) } else { Err("there are two") }
    });
    InTurn { turns, ..source }
}

#[test]
fn functions_in_turn_run_one_at_a_time() {
    let runs = Arc::new(AtomicBool::new(false));
    let runtime = Builder::new_multi_thread().worker_threads(8).enable_time().build().unwrap();
    let turns = turns(LONG);
    let tasks = [(); 8].map(|()| Arc::new(alone(turns, Arc::clone(&runs))).start(runtime.handle()));
    let mut starts = tasks.map(|task| {
        let ran = runtime.block_on(task).unwrap();
        ran.result.map_err(|failure| failure.to_string()).map(|_| ()).unwrap();
        ran.started.unwrap()
    });
    starts.sort_unstable();
    let pauses = starts.iter().zip(starts.iter().skip(1)).map(|(one, next)| *next - *one);
    assert!(pauses.min().unwrap() >= Duration::from_millis(5), "none counts the time of another");
}

#[test]
fn one_that_panics_leaves_its_turn_to_the_next() {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    let turns = turns(LONG);
    let panics = in_turn(|| -> Result<Nothing, Infallible> { panic!("out of cheese") });
    let panics = InTurn { turns, ..panics };
    let ran = runtime.block_on(Arc::new(panics).start(runtime.handle())).unwrap();
    let failure = ran.result.map(|_| ()).unwrap_err().to_string();
    assert!(failure.starts_with("panicked: out of cheese"), "{failure}");
    let ran =
        runtime.block_on(Arc::new(alone(turns, Arc::default())).start(runtime.handle())).unwrap();
    assert!(ran.result.is_ok());
}

#[test]
fn one_that_hangs_holds_nobody_up_for_long() {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = std::sync::Mutex::new(released);
    let hangs = in_turn(move || {
        let _ = released.lock().unwrap().recv();
        Ok::<_, Infallible>(Nothing {})
    });
    let turns = turns(Duration::from_millis(1));
    let hanging = Arc::new(InTurn { turns, ..hangs }).start(runtime.handle());
    while turns.current.try_lock().is_ok() {
        thread::yield_now();
    }
    let ran =
        runtime.block_on(Arc::new(alone(turns, Arc::default())).start(runtime.handle())).unwrap();
    assert!(ran.result.is_ok());
    assert!(!hanging.is_finished());
    drop(release);
    assert!(runtime.block_on(hanging).unwrap().result.is_ok());
}
