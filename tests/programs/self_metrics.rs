//! An exporter whose sources expose series of every kind.

#![allow(clippy::panic, reason = "one of the sources panics")]

use std::convert::Infallible;
use std::process::ExitCode;

use hello_exporter::collect::{Sample, ToSample};
use hello_exporter::{
    Collector, CounterVec, Exporter, Gauge, GaugeVec, HistogramVec, Labels, Rows,
};

/// Two series, and one with the labels of another.
#[derive(Collector)]
#[collector(no_new)]
struct Values {
    #[metric(help = "Values.", labels = ["key"])]
    values: Vec<(&'static str, u64)>,

    /// A value that is missing.
    missing: Option<u64>,
}

/// Live metrics, of which one is unset: five series.
#[derive(Collector)]
struct Live {
    #[metric(help = "Requests.", labels = ["path"])]
    requests_total: CounterVec<1>,

    #[metric(help = "Lag.", labels = ["peer"])]
    lag_seconds: GaugeVec<1, Option<f64>>,

    #[metric(help = "Time.", labels = ["path"], buckets = [0.5, 2.5])]
    duration_seconds: HistogramVec<1>,

    /// Level.
    level: Gauge,
}

impl Live {
    fn filled() -> Self {
        let live = Self::new();
        live.requests_total.with(["/"]).init();
        live.requests_total.with(["/x"]).init();
        live.lag_seconds.with(["a"]).set(Some(1.0));
        live.lag_seconds.with(["b"]).set(None);
        live.duration_seconds.with(["/"]).observe(1.0);
        live
    }
}

#[derive(Labels)]
struct Device {
    device: &'static str,
}

/// The metrics of a row: two series.
#[derive(Collector)]
struct Disk {
    /// Free bytes.
    disk_free_bytes: u64,

    #[metric(help = "Errors.", labels = ["kind"])]
    disk_errors_total: CounterVec<1>,
}

#[derive(Collector)]
#[collector(no_new)]
struct Disks {
    #[metric(flatten)]
    disks: Rows<Device, Disk>,
}

/// A sample that panics.
struct Unreadable;

impl ToSample for Unreadable {
    fn sample(&self) -> Option<Sample<'_>> {
        panic!("a fault");
    }
}

/// A series, and one that panics.
#[derive(Collector)]
#[collector(no_new)]
struct Half {
    /// Before the panic.
    half_a: u64,

    #[metric(help = "Panics.", labels = ["key"])]
    half_b: Vec<(&'static str, Unreadable)>,
}

#[derive(Collector)]
struct Failing {
    /// Never exposed.
    failing: u64,
}

fn main() -> ExitCode {
    let values = || async {
        Ok::<_, Infallible>(Values { values: vec![("a", 1), ("b", 2), ("a", 3)], missing: None })
    };
    let disks = || async {
        let disk = Disk { disk_free_bytes: 1, disk_errors_total: CounterVec::new(["kind"]) };
        disk.disk_errors_total.with(["crc"]).inc();
        Ok::<_, Infallible>(Disks {
            disks: [(Device { device: "sda" }, disk)].into_iter().collect(),
        })
    };
    let half =
        || async { Ok::<_, Infallible>(Half { half_a: 1, half_b: vec![("a", Unreadable)] }) };
    Exporter::new("self_metrics")
        .source_fn("values", values)
        .source_fn("live", || async { Ok::<_, Infallible>(Live::filled()) })
        .source_fn("disks", disks)
        .source_fn("half", half)
        .source_fn("failing", || async { Err::<Failing, _>("the backend is on fire") })
        .run()
}
