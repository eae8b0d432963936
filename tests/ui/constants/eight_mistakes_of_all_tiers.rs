use hello_exporter::{Collector, CounterVec, Gauge, Histogram};

#[derive(Collector)]
struct Hello {
    no_help: Gauge,
    /// A bad name.
    #[metric(name = "bad-name")]
    bad_name: Gauge,
    /// An unknown argument.
    #[metric(lables = ["x"])]
    unknown: Gauge,
    /// No metric.
    no_metric: String,
    /// Too many labels.
    #[metric(labels = ["x", "y"])]
    labels: CounterVec<1>,
    /// A type on a live metric.
    #[metric(gauge)]
    live: Gauge,
    /// A plain value called a counter.
    #[metric(name = "plain_total")]
    plain: u64,
    /// A reserved label.
    #[metric(const_labels(le = "x"))]
    reserved: Histogram,
}

fn main() {}
