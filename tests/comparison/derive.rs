//! Seven metrics of a job queue, with the derive.

use std::process::ExitCode;
use std::sync::Arc;

use hello_exporter::{Collector, CounterVec, Exporter, Gauge, GaugeVec, HistogramVec};

#[derive(Collector)]
#[collector(namespace = "queue", const_labels(site = "north"))]
struct Queue {
    /// Jobs processed.
    #[metric(labels = ["queue"])]
    jobs_total: CounterVec<1>,

    /// Jobs that failed.
    #[metric(labels = ["queue", "reason"])]
    failures_total: CounterVec<2>,

    /// Time to process a job.
    #[metric(labels = ["queue"], buckets = [0.1, 1, 10])]
    duration_seconds: HistogramVec<1>,

    /// Jobs waiting.
    #[metric(labels = ["queue"])]
    waiting: GaugeVec<1>,

    /// Workers running.
    workers: Gauge<i64>,

    /// Time of the last success.
    last_success_timestamp_seconds: Gauge,

    /// Memory in use.
    memory_bytes: Gauge<i64>,
}

fn main() -> ExitCode {
    let queue = Arc::new(Queue::new());
    queue.jobs_total.with(["mail"]).inc_by(3);
    queue.failures_total.with(["mail", "timeout"]).inc();
    queue.duration_seconds.with(["mail"]).observe(0.5);
    queue.waiting.with(["mail"]).set(2.0);
    queue.workers.set(4);
    queue.last_success_timestamp_seconds.set(1_700_000_000.5);
    queue.memory_bytes.set(1_048_576);
    Exporter::new("queue_exporter").register(queue).run()
}
