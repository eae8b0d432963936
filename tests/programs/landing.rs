//! An exporter with an example of everything that the page at `/` shows.

#![allow(clippy::expect_used, reason = "one of its sources panics")]

use std::convert::Infallible;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use hello_exporter::exporter::BuildInfo;
use hello_exporter::probe::{Probe, ProbeRequest, Probed};
use hello_exporter::source::SourceOptions;
use hello_exporter::{Collector, Exporter};

#[derive(Collector)]
struct Metrics {
    /// Something.
    value: u64,
}

fn named(name: &'static str) -> SourceOptions {
    let prefix = name.replace('-', "_") + "_";
    SourceOptions::new(name).prefix(prefix)
}

struct Nothing;

impl Probe for Nothing {
    type Metrics = Metrics;
    type Error = Infallible;

    fn modules(&self) -> Vec<std::borrow::Cow<'static, str>> {
        vec!["http_2xx".into(), "tcp_connect".into()]
    }

    async fn probe(&self, _: ProbeRequest) -> Result<Probed<Metrics>, Infallible> {
        Ok(Probed::success(Metrics { value: 1 }))
    }
}

fn main() -> ExitCode {
    let good = || async { Ok::<_, Infallible>(Metrics { value: 1 }) };
    let panicking = || async {
        let value = "many".parse().expect("a number");
        Ok::<_, Infallible>(Metrics { value })
    };
    let has_run = AtomicBool::new(false);

    Exporter::new("warehouse_exporter")
        .description("Stock, orders & <robots> of a warehouse, as its own systems report them.")
        .build_info(BuildInfo::new("1.4.0", "9f2c1e7d3b8a4056c1d2e3f405162738495a6b7c"))
        .source_fn(named("stock"), good)
        .source_fn(named("orders").cache(Duration::from_secs(3600)), good)
        .source_fn(named("robots"), || async { Err::<Metrics, _>("the secret of the backend") })
        .source_fn(named("conveyor-belts"), panicking)
        .source_fn(named("gate").timeout(Duration::from_millis(50)), || {
            std::future::pending::<Result<Metrics, Infallible>>()
        })
        .blocking_source_fn(
            named("forklifts_and_everything_else_that_moves").timeout(Duration::from_secs(3600)),
            move || -> Result<Metrics, Infallible> {
                while has_run.swap(true, Ordering::Relaxed) {
                    thread::park();
                }
                Ok(Metrics { value: 1 })
            },
        )
        .source_fn(named("climate"), good)
        .source_fn(named("audit").disabled_by_default(), good)
        .probe("/probe", Nothing)
        .run()
}
