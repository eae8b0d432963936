//! An exporter that creates its live metrics from the flags. If `UNUSED_STATE` is set, it declares
//! a state that nothing uses.

use std::convert::Infallible;
use std::process::ExitCode;
use std::sync::Arc;

use hello_exporter::{Collector, Exporter, Gauge};

#[derive(clap::Args)]
struct Flags {
    /// How many jobs may run at once, at most 100.
    #[arg(long = "jobs.limit", default_value_t = 10)]
    limit: u8,
}

#[derive(Collector)]
struct Jobs {
    /// Jobs that may run at once.
    jobs_limit: Gauge<i64>,
    /// Whether a task has begun.
    jobs_started: Gauge<Option<i64>>,
}

/// Starts a task, and returns its metrics.
fn start(limit: u8) -> Result<Arc<Jobs>, String> {
    if limit > 100 {
        return Err(format!("--jobs.limit is {limit}, expected at most 100"));
    }
    let jobs = Arc::new(Jobs::new());
    jobs.jobs_limit.set(limit.into());
    let task = Arc::clone(&jobs);
    tokio::spawn(async move { task.jobs_started.set(Some(1)) });
    Ok(jobs)
}

fn main() -> ExitCode {
    let exporter = Exporter::with_flags::<Flags>("jobs");
    if std::env::var_os("UNUSED_STATE").is_some() {
        return exporter.state(|_| Ok::<_, Infallible>(7)).run();
    }
    exporter
        .state(|flags| Ok::<_, Infallible>(flags.limit))
        .register_with(|_, limit| start(*limit))
        .run()
}
