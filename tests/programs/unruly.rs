//! An exporter whose sources block threads, panic when they are dropped, and fail with errors whose
//! causes form a circle.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::future::pending;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use hello_exporter::probe::{Probe, ProbeRequest, Probed};
use hello_exporter::source::{Source, SourceOptions, in_turn};
use hello_exporter::{Collector, Exporter};

/// More than the CPUs of most machines: by default, tokio's runtime has one worker for each CPU.
const BLOCKED: usize = 40;

#[derive(Collector)]
struct Value {
    /// A value.
    value: u64,
}

fn value() -> Result<Value, Infallible> {
    Ok(Value { value: 1 })
}

fn block() -> ! {
    loop {
        thread::park();
    }
}

/// Waits for a timer before it blocks, so that the worker that polls the timers blocks too.
async fn block_after_a_timer() -> Result<Value, Infallible> {
    tokio::time::sleep(Duration::from_millis(5)).await;
    block()
}

async fn value_after_a_timer() -> Result<Value, Infallible> {
    tokio::time::sleep(Duration::from_millis(10)).await;
    value()
}

/// Panics when it is dropped.
struct Fuse;

impl Drop for Fuse {
    fn drop(&mut self) {
        panic!("out of cheese");
    }
}

#[derive(Collector)]
#[collector(no_new)]
struct Fused {
    /// A value.
    fused: u64,
    #[metric(skip)]
    _fuse: Fuse,
}

async fn hold_a_fuse() -> Result<Value, Infallible> {
    let _fuse = Fuse;
    pending().await
}

/// A source that panics when the exporter drops it.
struct FusedSource(Fuse);

impl Source for FusedSource {
    type Metrics = Value;
    type Error = Infallible;

    async fn scrape(&self) -> Result<Value, Infallible> {
        value()
    }
}

/// An error whose cause has this error as its cause.
#[derive(Clone, Debug)]
struct Snake(Option<Arc<Snake>>);

impl fmt::Display for Snake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_some() { "the snake" } else { "its tail" })
    }
}

impl Error for Snake {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        static TAIL: Snake = Snake(None);
        static SNAKE: std::sync::LazyLock<Snake> =
            std::sync::LazyLock::new(|| Snake(Some(Arc::new(TAIL.clone()))));
        Some(if self.0.is_some() { &TAIL } else { &*SNAKE })
    }
}

async fn fail_in_a_circle() -> Result<Value, Snake> {
    Err(Snake(Some(Arc::new(Snake(None)))))
}

/// A probe that panics when the exporter drops it.
struct FusedProbe(Fuse);

impl Probe for FusedProbe {
    type Metrics = Value;
    type Error = Infallible;

    async fn probe(&self, _: ProbeRequest) -> Result<Probed<Value>, Infallible> {
        Ok(Probed::success(value()?))
    }
}

/// Blocks its thread after a timer if the target is `blocks`.
async fn probe(request: ProbeRequest) -> Result<Probed<Value>, Infallible> {
    tokio::time::sleep(Duration::from_millis(5)).await;
    match request.target() {
        "blocks" => block(),
        _ => Ok(Probed::success(value()?)),
    }
}

fn main() -> ExitCode {
    let named = |name: String| {
        let prefix = format!("{name}_");
        SourceOptions::new(name).prefix(prefix)
    };
    let brief = |name: String| named(name).timeout(Duration::from_millis(300));
    let off = |name: &str| brief(name.to_owned()).disabled_by_default();
    let mut exporter = Exporter::new("unruly");
    for number in 0..BLOCKED {
        let of = |kind: &str| brief(format!("{kind}_{number}")).disabled_by_default();
        exporter = exporter
            .source_fn(of("async"), || async { block() as Result<Value, Infallible> })
            .source_fn(of("timer"), block_after_a_timer)
            .source(of("turn"), in_turn(|| -> Result<Value, Infallible> { block() }));
    }
    exporter
        .source_fn(named("good".into()), value_after_a_timer)
        .blocking_source_fn(named("good_blocking".into()), value)
        .source(named("good_turn".into()), in_turn(value))
        .source_fn(off("fused"), || async { Ok::<_, Infallible>(Fused { fused: 1, _fuse: Fuse }) })
        .source_fn(off("fused_future"), hold_a_fuse)
        .source(off("fused_source"), FusedSource(Fuse))
        .source(off("fused_twin"), FusedSource(Fuse))
        .source_fn(off("circle"), fail_in_a_circle)
        .register_fn(|| Fused { fused: 1, _fuse: Fuse })
        .probe_fn("/probe", probe)
        .probe("/fused", FusedProbe(Fuse))
        .run()
}
