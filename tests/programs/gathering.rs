//! An exporter with live collectors, a collector function and sources, most of which fail.

use std::convert::Infallible;
use std::process::ExitCode;
use std::time::Duration;

use hello_exporter::collect::{Collect, Desc, Describe, FamilyEncoder, MetricType};
use hello_exporter::source::SourceOptions;
use hello_exporter::{Collector, Exporter};

/// Panics when it is exposed.
struct Live(&'static str);

impl Describe for Live {
    fn describe(&self) -> Vec<Desc> {
        vec![Desc::new(self.0, "Panics.", MetricType::Gauge)]
    }
}

impl Collect for Live {
    fn collect(&self, _: usize, _: &mut FamilyEncoder<'_>) {
        panic!("a fault");
    }
}

#[derive(Collector)]
struct Made {
    /// The function that returns this panics.
    made: f64,
}

#[derive(Collector)]
struct Good {
    /// Succeeds.
    good: f64,
}

#[derive(Collector)]
struct Failing {
    /// Fails.
    failing: f64,
}

#[derive(Collector)]
struct Panicking {
    /// Panics.
    panicking: f64,
}

#[derive(Collector)]
struct Late {
    /// Never ends.
    late: f64,
}

/// A value that panics when it is encoded; its source succeeds.
#[derive(Collector)]
struct Sour {
    /// Panics when it is encoded.
    sour: Vinegar,
}

#[derive(Default)]
struct Vinegar;

impl hello_exporter::collect::Metric for Vinegar {
    const TYPE: Option<MetricType> = Some(MetricType::Gauge);
    const LABELS: hello_exporter::collect::LabelShape = hello_exporter::collect::LabelShape::None;
    type Making = hello_exporter::collect::Made;

    fn collect(&self, _: &mut FamilyEncoder<'_>) {
        panic!("a fault");
    }
}

impl hello_exporter::collect::Init for Vinegar {
    fn init(_: &hello_exporter::collect::Declaration) -> Self {
        Self
    }
}

fn made() -> Made {
    panic!("a fault")
}

async fn good() -> Result<Good, Infallible> {
    Ok(Good { good: 1.0 })
}

async fn failing() -> Result<Failing, &'static str> {
    Err("not now")
}

async fn panicking() -> Result<Panicking, Infallible> {
    panic!("a fault")
}

async fn late() -> Result<Late, Infallible> {
    std::future::pending().await
}

async fn sour() -> Result<Sour, Infallible> {
    Ok(Sour::new())
}

fn main() -> ExitCode {
    Exporter::new("gathering")
        .register(Live("live"))
        .register(Live("other"))
        .register_fn(made)
        .source_fn("good", good)
        .source_fn("failing", failing)
        .source_fn("panicking", panicking)
        .source_fn(SourceOptions::new("late").timeout(Duration::from_millis(50)), late)
        .source_fn("sour", sour)
        .run()
}
