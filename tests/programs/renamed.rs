//! An exporter with renamed and deprecated metrics, and with a source of each default.

#![allow(missing_docs, reason = "a test program")]

use std::convert::Infallible;
use std::process::ExitCode;

use hello_exporter::{
    Collector, Counter, CounterVec, Exporter, Family, Gauge, LabelValue, Labels, SourceOptions,
    probe,
};

#[derive(LabelValue)]
enum Outcome {
    Done,
    Failed,
}

#[derive(Labels)]
struct Job {
    queue: &'static str,
    outcome: Outcome,
}

#[derive(Collector)]
#[collector(namespace = "shop")]
struct Jobs {
    /// Jobs that ended.
    #[metric(renamed_from = "jobs")]
    jobs_total: Family<Job, Counter>,
    #[metric(help = "Steps.", labels = ["step"], max_series = 1, renamed_from = "steps")]
    steps_total: CounterVec<1>,
    /// Jobs that wait.
    #[metric(deprecated = "use shop_queue_length")]
    waiting: Gauge,
}

#[derive(Collector)]
#[collector(namespace = "shop")]
struct Queue {
    /// Jobs that wait, by queue.
    #[metric(labels = ["queue"])]
    queue_length: Vec<(&'static str, u64)>,
}

#[derive(Collector)]
struct Disk {
    /// Free space in bytes.
    #[metric(unit = "bytes")]
    disk_free_bytes: u64,
}

#[derive(Collector)]
struct Target {
    #[metric(help = "Answers.", labels = ["code"], counter, renamed_from = "answers_total")]
    target_answers_total: Vec<(u16, u64)>,
}

async fn queue() -> Result<Queue, Infallible> {
    Ok(Queue { queue_length: vec![("a", 2)] })
}

async fn disk() -> Result<Disk, Infallible> {
    Ok(Disk { disk_free_bytes: 1024 })
}

fn main() -> ExitCode {
    let jobs = Jobs::new();
    jobs.jobs_total.with(Job { queue: "a", outcome: Outcome::Done }).inc_by(3);
    jobs.jobs_total.with(Job { queue: "a", outcome: Outcome::Failed }).inc();
    jobs.waiting.set(2.0);
    // Two updates of a second series are dropped.
    ["a", "b", "b"].iter().for_each(|step| jobs.steps_total.with([step]).inc());
    Exporter::new("shop_exporter")
        .register(jobs)
        .source_fn(
            SourceOptions::new("queue").up_metric("shop_up", "Whether the shop answers."),
            queue,
        )
        .source_fn(SourceOptions::new("disk").disabled_by_default(), disk)
        .source_fn(SourceOptions::new("disks").disabled_by_default(), disk)
        .probe_fn("/probe", |_| async {
            Ok::<_, Infallible>(probe::Probed::success(Target {
                target_answers_total: vec![(200, 1)],
            }))
        })
        .run()
}
