//! The metrics of tokio runtimes.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::future::pending;
use std::sync::mpsc;
use std::thread;

use hello_exporter::schema::Schema;
use hello_exporter::testing::value_of;
use hello_exporter::tokio::RuntimeMetrics;
use hello_exporter::{Collector, Counter, Registry};
use hello_exporter_tests::{exposition, exposition_of, open_metrics_of, promtool, until};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

fn current_thread() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

fn multi_thread(workers: usize) -> Runtime {
    Builder::new_multi_thread().worker_threads(workers).build().unwrap()
}

fn metrics(runtime: &Runtime) -> RuntimeMetrics {
    RuntimeMetrics::of(runtime.handle())
}

/// Returns a value of a worker.
fn of_worker(metrics: &RuntimeMetrics, name: &str, worker: usize) -> f64 {
    value_of(metrics, name, &[("worker", &worker.to_string())]).unwrap()
}

/// Returns the number of parked workers.
fn parked(metrics: &RuntimeMetrics, workers: usize) -> f64 {
    (0..workers).map(|worker| of_worker(metrics, "tokio_worker_parked", worker)).sum()
}

/// Returns an exposition in which each value of these families is `…`.
fn masked(exposition: &str, families: &[&str]) -> String {
    let mask = |line: &str| match line.rsplit_once(' ') {
        Some((series, _)) if families.iter().any(|family| series.starts_with(family)) => {
            format!("{series} …\n")
        }
        _ => format!("{line}\n"),
    };
    exposition.lines().map(mask).collect()
}

/// The exposition of a runtime that has two tasks and has not run them.
const WAITING: &str = "\
# HELP tokio_alive_tasks Tasks that were spawned and have not ended.
# TYPE tokio_alive_tasks gauge
tokio_alive_tasks 2
# HELP tokio_global_queue_depth Tasks in the global queue, which wait for any worker.
# TYPE tokio_global_queue_depth gauge
tokio_global_queue_depth 2
# HELP tokio_worker_busy_seconds_total Time in seconds that the worker was busy.
# TYPE tokio_worker_busy_seconds_total counter
tokio_worker_busy_seconds_total{worker=\"0\"} 0
# HELP tokio_worker_parked Whether the worker is parked.
# TYPE tokio_worker_parked gauge
tokio_worker_parked{worker=\"0\"} 0
# HELP tokio_worker_parks_total How often the worker has parked.
# TYPE tokio_worker_parks_total counter
tokio_worker_parks_total{worker=\"0\"} 0
# HELP tokio_workers Worker threads of the runtime.
# TYPE tokio_workers gauge
tokio_workers 1
";

#[test]
fn tasks_that_wait_for_a_worker_are_in_the_global_queue() {
    let runtime = current_thread();
    runtime.spawn(pending::<()>());
    runtime.spawn(async {});
    let exposition = exposition_of(metrics(&runtime));
    assert_eq!(exposition, WAITING);
    promtool(&exposition);
}

#[test]
fn current_is_the_runtime_of_the_caller() {
    let runtime = current_thread();
    runtime.spawn(pending::<()>());
    runtime.spawn(pending::<()>());
    let _context = runtime.enter();
    assert_eq!(exposition_of(RuntimeMetrics::current()), WAITING);
}

#[test]
fn open_metrics_has_the_unit() {
    let runtime = current_thread();
    let exposition = open_metrics_of(metrics(&runtime));
    let busy = "\
# HELP tokio_worker_busy_seconds Time in seconds that the worker was busy.
# TYPE tokio_worker_busy_seconds counter
# UNIT tokio_worker_busy_seconds seconds
tokio_worker_busy_seconds_total{worker=\"0\"} 0
";
    assert!(exposition.contains(busy), "{exposition}");
}

#[test]
fn parked_runtime_has_empty_queues_and_its_tasks() {
    let runtime = multi_thread(2);
    let metrics = metrics(&runtime);
    let (started, starts) = mpsc::channel();
    for _ in 0..3 {
        let started = started.clone();
        runtime.spawn(async move {
            started.send(()).unwrap();
            pending::<()>().await;
        });
    }
    drop(started);
    assert_eq!(starts.iter().take(3).count(), 3);
    until(|| parked(&metrics, 2) == 2.0);
    let exposition = exposition_of(metrics.clone());
    let expected = "\
# HELP tokio_alive_tasks Tasks that were spawned and have not ended.
# TYPE tokio_alive_tasks gauge
tokio_alive_tasks 3
# HELP tokio_global_queue_depth Tasks in the global queue, which wait for any worker.
# TYPE tokio_global_queue_depth gauge
tokio_global_queue_depth 0
# HELP tokio_worker_busy_seconds_total Time in seconds that the worker was busy.
# TYPE tokio_worker_busy_seconds_total counter
tokio_worker_busy_seconds_total{worker=\"0\"} …
tokio_worker_busy_seconds_total{worker=\"1\"} …
# HELP tokio_worker_parked Whether the worker is parked.
# TYPE tokio_worker_parked gauge
tokio_worker_parked{worker=\"0\"} 1
tokio_worker_parked{worker=\"1\"} 1
# HELP tokio_worker_parks_total How often the worker has parked.
# TYPE tokio_worker_parks_total counter
tokio_worker_parks_total{worker=\"0\"} …
tokio_worker_parks_total{worker=\"1\"} …
# HELP tokio_workers Worker threads of the runtime.
# TYPE tokio_workers gauge
tokio_workers 2
";
    let families = ["tokio_worker_busy_seconds_total{", "tokio_worker_parks_total{"];
    assert_eq!(masked(&exposition, &families), expected);
    for worker in 0..2 {
        assert!(of_worker(&metrics, "tokio_worker_parks_total", worker) >= 1.0);
        assert!(of_worker(&metrics, "tokio_worker_busy_seconds_total", worker) > 0.0);
    }
}

#[test]
fn worker_that_a_task_blocks_is_not_parked() {
    let runtime = multi_thread(2);
    let metrics = metrics(&runtime);
    until(|| parked(&metrics, 2) == 2.0);
    let (started, starts) = mpsc::channel();
    let (end, ends) = mpsc::channel::<()>();
    let task = runtime.spawn(async move {
        started.send(()).unwrap();
        ends.recv().unwrap_err();
    });
    starts.recv().unwrap();
    // The other worker may have looked for tasks as well.
    until(|| parked(&metrics, 2) == 1.0);
    drop(end);
    runtime.block_on(task).unwrap();
    until(|| parked(&metrics, 2) == 2.0);
    assert_eq!(value_of(&metrics, "tokio_alive_tasks", &[]), Some(0.0));
}

#[test]
fn worker_of_a_current_thread_runtime_parks_while_its_future_waits() {
    let runtime = current_thread();
    let metrics = metrics(&runtime);
    let (wake, woken) = oneshot::channel::<()>();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| runtime.block_on(woken));
        until(|| parked(&metrics, 1) == 1.0);
        assert_eq!(of_worker(&metrics, "tokio_worker_parks_total", 0), 1.0);
        wake.send(()).unwrap();
        waiting.join().unwrap().unwrap();
    });
    assert_eq!(parked(&metrics, 1), 0.0);
    assert_eq!(of_worker(&metrics, "tokio_worker_parks_total", 0), 1.0);
    assert!(of_worker(&metrics, "tokio_worker_busy_seconds_total", 0) > 0.0);
}

/// The exposition of a runtime that has ended, with its tasks.
fn ended() -> String {
    WAITING.replace("tokio_alive_tasks 2", "tokio_alive_tasks 0").replace("depth 2", "depth 0")
}

#[test]
fn runtime_that_is_shut_down_keeps_its_last_numbers() {
    let runtime = current_thread();
    runtime.spawn(pending::<()>());
    runtime.spawn(async {});
    let registered = metrics(&runtime);
    let handle = runtime.handle().clone();
    drop(runtime);
    assert_eq!(exposition_of(registered), ended());
    assert_eq!(exposition_of(RuntimeMetrics::of(&handle)), ended());

    let runtime = multi_thread(2);
    let metrics = metrics(&runtime);
    runtime.spawn(pending::<()>());
    runtime.shutdown_background();
    // Its threads end at some time.
    until(|| value_of(&metrics, "tokio_alive_tasks", &[]) == Some(0.0));
    until(|| parked(&metrics, 2) == 0.0);
    assert_eq!(value_of(&metrics, "tokio_workers", &[]), Some(2.0));
}

#[test]
fn scopes_distinguish_runtimes() {
    let (requests, jobs) = (current_thread(), current_thread());
    let registry = Registry::new();
    for (name, runtime) in [("requests", &requests), ("jobs", &jobs)] {
        registry.scope().const_label("runtime", name).register(metrics(runtime)).unwrap();
    }
    jobs.spawn(pending::<()>());
    let exposition = exposition(&registry);
    let expected = "\
# HELP tokio_alive_tasks Tasks that were spawned and have not ended.
# TYPE tokio_alive_tasks gauge
tokio_alive_tasks{runtime=\"requests\"} 0
tokio_alive_tasks{runtime=\"jobs\"} 1
# HELP tokio_global_queue_depth Tasks in the global queue, which wait for any worker.
# TYPE tokio_global_queue_depth gauge
tokio_global_queue_depth{runtime=\"requests\"} 0
tokio_global_queue_depth{runtime=\"jobs\"} 1
# HELP tokio_worker_busy_seconds_total Time in seconds that the worker was busy.
# TYPE tokio_worker_busy_seconds_total counter
tokio_worker_busy_seconds_total{runtime=\"requests\",worker=\"0\"} 0
tokio_worker_busy_seconds_total{runtime=\"jobs\",worker=\"0\"} 0
# HELP tokio_worker_parked Whether the worker is parked.
# TYPE tokio_worker_parked gauge
tokio_worker_parked{runtime=\"requests\",worker=\"0\"} 0
tokio_worker_parked{runtime=\"jobs\",worker=\"0\"} 0
# HELP tokio_worker_parks_total How often the worker has parked.
# TYPE tokio_worker_parks_total counter
tokio_worker_parks_total{runtime=\"requests\",worker=\"0\"} 0
tokio_worker_parks_total{runtime=\"jobs\",worker=\"0\"} 0
# HELP tokio_workers Worker threads of the runtime.
# TYPE tokio_workers gauge
tokio_workers{runtime=\"requests\"} 1
tokio_workers{runtime=\"jobs\"} 1
";
    assert_eq!(exposition, expected);
    promtool(&exposition);
}

#[derive(Collector)]
#[collector(namespace = "app", no_new)]
struct App {
    /// Requests answered.
    requests_total: Counter,

    #[metric(flatten)]
    runtime: RuntimeMetrics,
}

#[test]
fn struct_flattens_the_metrics_of_its_runtime() {
    let runtime = current_thread();
    let app = App { requests_total: Counter::new(), runtime: metrics(&runtime) };
    assert_eq!(value_of(&app, "app_tokio_workers", &[]), Some(1.0));
    let families = Schema::of::<App>().families;
    let names: Vec<&str> = families.iter().map(|family| family.name.as_str()).collect();
    let expected = [
        "app_requests_total",
        "app_tokio_alive_tasks",
        "app_tokio_global_queue_depth",
        "app_tokio_worker_busy_seconds_total",
        "app_tokio_worker_parked",
        "app_tokio_worker_parks_total",
        "app_tokio_workers",
    ];
    assert_eq!(names, expected);
}
