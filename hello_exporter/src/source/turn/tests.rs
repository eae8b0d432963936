//! Functions that run in turn.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;

use super::in_turn;
use crate::Collector;
use crate::source::Source;

#[derive(Collector)]
#[collector(crate = crate)]
struct Others {
    /// How many others run.
    others: usize,
}

#[test]
fn functions_in_turn_run_one_at_a_time() {
    let running = Arc::new(AtomicUsize::new(0));
    let source = || {
        let running = Arc::clone(&running);
        in_turn(move || {
            let others = running.fetch_add(1, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(1));
            running.fetch_sub(1, Ordering::SeqCst);
            Ok::<_, Infallible>(Others { others })
        })
    };
    let runtime = Builder::new_multi_thread().worker_threads(8).build().unwrap();
    let runs = [(); 8].map(|()| {
        let source = source();
        runtime.spawn(async move { source.scrape().await })
    });
    for run in runs {
        assert_eq!(runtime.block_on(run).unwrap().unwrap().others, 0);
    }
}
