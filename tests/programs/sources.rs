//! An exporter with sources that work, are slow, fail, panic, hang or block.

#![allow(clippy::expect_used, reason = "one of the sources panics")]

use std::convert::Infallible;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use hello_exporter::source::{Source, SourceOptions};
use hello_exporter::{Collector, Counter, Exporter, Gauge};

/// Runs of the sources, and their results that are in memory.
#[derive(Collector)]
struct Counts {
    /// Runs of the slow source.
    slow_runs_total: Counter,

    /// Runs of the source that blocks forever.
    blocking_runs_total: Counter,

    /// Results of sources that are still in memory.
    alive: Gauge<i64>,
}

/// Counts itself while it is alive.
struct Alive(Arc<Counts>);

impl Alive {
    fn new(counts: &Arc<Counts>) -> Self {
        counts.alive.inc();
        Self(Arc::clone(counts))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.alive.dec();
    }
}

#[derive(Collector)]
#[collector(no_new)]
struct Good {
    /// A source that works.
    good: u64,
    #[metric(skip)]
    _alive: Alive,
}

#[derive(Collector)]
#[collector(no_new)]
struct Slow {
    /// A source that is slow.
    slow: u64,
    #[metric(skip)]
    _alive: Alive,
}

#[derive(Collector)]
struct Failing {
    /// Fails.
    failing: u64,
}

#[derive(Collector)]
struct Panicking {
    /// Panics.
    panicking: u64,
}

#[derive(Collector)]
struct Hanging {
    /// Hangs forever.
    hanging: u64,
}

#[derive(Collector)]
struct Blocking {
    /// Blocks its thread forever.
    blocking: u64,
}

#[derive(Collector)]
struct Flapping {
    /// A source that fails every other time.
    flapping: u64,
}

#[derive(Collector)]
struct Spare {
    /// A source that is disabled by default.
    spare: u64,
}

#[derive(clap::Args)]
struct Flags {
    /// The value of the spare source.
    #[arg(long = "spare.value")]
    spare: Option<u64>,
}

#[derive(Debug, thiserror::Error)]
#[error("cannot query the backend")]
struct QueryError(#[source] std::io::Error);

async fn failing() -> Result<Failing, QueryError> {
    Err(QueryError(std::io::Error::other("it is\non fire")))
}

async fn panicking() -> Result<Panicking, Infallible> {
    let value = "many".parse().expect("a number");
    Ok(Panicking { panicking: value })
}

async fn hanging() -> Result<Hanging, Infallible> {
    std::future::pending().await
}

struct SpareSource(u64);

impl Source for SpareSource {
    type Metrics = Spare;
    type Error = Infallible;

    async fn scrape(&self) -> Result<Spare, Infallible> {
        Ok(Spare { spare: self.0 })
    }
}

fn spare(flags: &Flags) -> Result<SpareSource, String> {
    flags.spare.map(SpareSource).ok_or_else(|| "`--spare.value` is required".to_owned())
}

/// Has the metric `alive`, which `Counts` has too.
#[derive(Collector)]
struct SameAsCounts {
    /// Results of sources that are still in memory.
    alive: u64,
}

async fn double() -> Result<SameAsCounts, Infallible> {
    Ok(SameAsCounts { alive: 0 })
}

/// Returns the metric `spare`, which the source `spare` returns too.
async fn twin() -> Result<Spare, Infallible> {
    Ok(Spare { spare: 0 })
}

fn main() -> ExitCode {
    let counts = Arc::new(Counts::new());
    let (good, slow, blocking) = (Arc::clone(&counts), Arc::clone(&counts), Arc::clone(&counts));
    let runs = AtomicU64::new(0);
    let off = |name: &'static str| SourceOptions::new(name).disabled_by_default();

    Exporter::with_flags::<Flags>("sources")
        .register(counts)
        .blocking_source_fn("good", move || -> Result<Good, Infallible> {
            Ok(Good { good: 1, _alive: Alive::new(&good) })
        })
        .source_fn("slow", move || {
            slow.slow_runs_total.inc();
            let metrics = Slow { slow: slow.slow_runs_total.get(), _alive: Alive::new(&slow) };
            async {
                tokio::time::sleep(Duration::from_millis(300)).await;
                Ok::<_, Infallible>(metrics)
            }
        })
        .source_fn("failing", failing)
        .source_fn("panicking", panicking)
        .source_fn(SourceOptions::new("hanging").timeout(Duration::from_secs(2)), hanging)
        .source_fn("flapping", move || {
            let is_good = runs.fetch_add(1, Ordering::Relaxed).is_multiple_of(2);
            async move { if is_good { Ok(Flapping { flapping: 1 }) } else { Err("not now") } }
        })
        .blocking_source_fn(
            off("blocking").timeout(Duration::from_millis(50)),
            move || -> Result<Blocking, Infallible> {
                blocking.blocking_runs_total.inc();
                loop {
                    thread::park();
                }
            },
        )
        .source_with(off("spare"), |flags, _| spare(flags))
        .source_fn(off("twin"), twin)
        .source_fn(off("double"), double)
        .run()
}
