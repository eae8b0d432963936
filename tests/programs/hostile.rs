//! An exporter with an exposition of twelve megabytes, and with shorter timeouts for clients than
//! the default.

use std::process::ExitCode;
use std::time::Duration;

use hello_exporter::exporter::ConnectionLimits;
use hello_exporter::{Collector, Exporter, Gauge, GaugeVec};

#[derive(Collector)]
struct Metrics {
    /// Small, for good scrapes.
    small: Gauge<i64>,

    /// A slow client does not read this.
    #[metric(labels = ["number", "text"])]
    big: GaugeVec<2>,
}

/// The number of series.
const SERIES: usize = 200;

/// The length of a label value of each series, twelve megabytes in all.
const LENGTH: usize = 60_000;

fn main() -> ExitCode {
    let metrics = Metrics::new();
    metrics.small.set(1);
    let text = "x".repeat(LENGTH);
    for number in 0..SERIES {
        metrics.big.with([&*number.to_string(), &text]).set(1.0);
    }
    let limits = ConnectionLimits {
        connections: 200,
        head: Duration::from_secs(2),
        idle: Duration::from_secs(2),
        stall: Duration::from_secs(2),
        answer: Duration::from_secs(3),
    };
    Exporter::new("hostile").connection_limits(limits).register(metrics).run()
}
