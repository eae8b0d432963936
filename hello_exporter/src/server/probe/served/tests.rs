//! Probes of several targets do not affect one another.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::convert::Infallible;
use std::sync::mpsc;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use super::*;
use crate::metric::DynamicFamilies;
use crate::server::probe::{ProbeOptions, Probed};

/// Returns families that depend on the target.
struct Fields;

impl Probe for Fields {
    type Metrics = DynamicFamilies;
    type Error = Infallible;

    async fn probe(&self, request: ProbeRequest) -> Result<Probed<DynamicFamilies>, Infallible> {
        let mut families = DynamicFamilies::new();
        match request.target() {
            "gauge" => _ = families.gauge("field", "A gauge.").sample([("a", "v")], 1),
            "counter" => _ = families.counter("field", "A counter.").value(2),
            _ => (0..20_000).for_each(|name| {
                families.gauge(format!("field_{name}"), "One of many.").value(name);
            }),
        }
        Ok(Probed::success(families))
    }
}

#[actix_web::test]
async fn families_of_run_time_are_those_of_one_request() {
    let context = ProbeContext {
        allowed: Arc::new(AllowList(Vec::new())),
        enabled: Arc::default(),
        runtime: SourceRuntime::current(),
        registry: Registry::new(),
    };
    let options: ProbeOptions =
        ProbeOptions::new("/probe").up_metric("fields_up", "Whether there are fields.");
    let options = options.settings(&()).unwrap();
    let served = Arc::new(
        ServedProbe::new(options, ReadyProbe::new(&"/probe".into(), Fields), context).unwrap(),
    );
    let probe = async |target: &str| {
        let result = Arc::clone(&served).probe(target.to_owned(), "".into(), None).await;
        let mut buffer = Vec::new();
        result.encode(Format::Text, &mut buffer);
        let text = String::from_utf8(buffer).unwrap();
        let lines = text.lines().filter(|line| line.starts_with('f'));
        lines.map(|line| line.to_owned() + "\n").collect::<String>()
    };
    assert_eq!(probe("gauge").await, "field{a=\"v\"} 1\nfields_up 1\n");
    assert_eq!(probe("many").await.lines().count(), 10_001);
    assert_eq!(probe("counter").await, "field 2\nfields_up 1\n");
    assert_eq!(probe("gauge").await, "field{a=\"v\"} 1\nfields_up 1\n");
}

/// A runtime with one thread for probes, which is held until the sender is dropped.
fn runtime_without_a_thread() -> (Runtime, JoinHandle<()>, mpsc::Sender<()>) {
    let mut builder = Builder::new_multi_thread();
    let builder = builder.worker_threads(1).max_blocking_threads(1).enable_time();
    let runtime = builder.build().unwrap();
    let (release, held) = mpsc::channel();
    let holder = runtime.spawn_blocking(move || held.recv().unwrap_or_default());
    (runtime, holder, release)
}

#[test]
fn probe_that_nobody_waits_for_does_not_start() {
    let (runtime, holder, release) = runtime_without_a_thread();
    let (start, started) = mpsc::channel();
    let probe = async move {
        start.send(()).unwrap();
        Err(Failure::Cancelled)
    };
    drop(ProbeTask::start(runtime.handle(), probe));
    drop(release);
    runtime.block_on(holder).unwrap();
    // The sender is dropped without having been used.
    assert_eq!(started.recv(), Err(mpsc::RecvError));
}

#[test]
fn probe_without_a_thread_says_so() {
    let (runtime, _holder, _release) = runtime_without_a_thread();
    let task = ProbeTask::start(runtime.handle(), std::future::pending());
    let run = runtime.block_on(task.wait(Duration::from_millis(5)));
    let error = run.err().unwrap().to_string();
    assert_eq!(error, "no thread was free within 5ms, probes block all of them");
}
