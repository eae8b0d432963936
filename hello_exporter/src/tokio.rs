//! The metrics of a tokio runtime, as a collector.

use std::fmt;
#[cfg(target_has_atomic = "64")]
use std::time::Duration;

use ::tokio::runtime::{self, Handle};

use crate::collect::{Borrowed, ClosedValues, LabelShape, Metric, MetricType};
use crate::encode::FamilyEncoder;

/// The metrics of a tokio runtime: its workers, its tasks and its global queue.
///
/// ```
/// use hello_exporter::Registry;
/// use hello_exporter::tokio::RuntimeMetrics;
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # let _context = runtime.enter();
/// let registry = Registry::new();
/// registry.register(RuntimeMetrics::current())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// These are the metrics that tokio has without `--cfg tokio_unstable`:
///
/// | metric | meaning |
/// |---|---|
/// | `tokio_workers` | worker threads; always 1 for a runtime of the flavor `current_thread` |
/// | `tokio_alive_tasks` | tasks that were spawned and have not ended; neither the future of `block_on` nor the functions of `spawn_blocking` |
/// | `tokio_global_queue_depth` | tasks that wait for any worker, because code outside of the workers has spawned or woken them, or because the queue of a worker was full |
/// | `tokio_worker_busy_seconds_total{worker}` | time in which the worker has run tasks, and looked for more |
/// | `tokio_worker_parks_total{worker}` | how often the worker has parked, because it had nothing to do |
/// | `tokio_worker_parked{worker}` | 1 while the worker is parked |
///
/// A worker publishes its numbers when it parks, and between tasks, after at most
/// [`event_interval`](runtime::Builder::event_interval) of them. A task that blocks its worker
/// shows as a worker whose numbers stand still and which is never parked. Platforms without 64-bit
/// atomics have no metrics of workers.
///
/// A scrape reads atomics, and neither waits for the runtime nor needs it: of a runtime that has
/// been shut down, it exposes the last numbers.
///
/// # Several runtimes
///
/// A [scope](crate::Registry::scope) of the registry gives each runtime a label:
///
/// ```
/// use hello_exporter::tokio::RuntimeMetrics;
/// use hello_exporter::{Format, Registry};
/// use tokio::runtime::Builder;
///
/// let requests = Builder::new_current_thread().build()?;
/// let jobs = Builder::new_current_thread().build()?;
/// let registry = Registry::new();
/// for (name, runtime) in [("requests", &requests), ("jobs", &jobs)] {
///     let metrics = RuntimeMetrics::of(runtime.handle());
///     registry.scope().const_label("runtime", name).register(metrics)?;
/// }
///
/// let _task = jobs.spawn(std::future::pending::<()>());
/// let mut buffer = Vec::new();
/// registry.encode(Format::Text, &mut buffer);
/// let exposition = String::from_utf8(buffer)?;
/// assert!(exposition.starts_with(
///     r#"# HELP tokio_alive_tasks Tasks that were spawned and have not ended.
/// ## TYPE tokio_alive_tasks gauge
/// tokio_alive_tasks{runtime="requests"} 0
/// tokio_alive_tasks{runtime="jobs"} 1
/// "#,
/// ));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(hello_exporter_derive::Collector, Clone, Debug)]
#[collector(crate = crate, namespace = "tokio", no_new)]
pub struct RuntimeMetrics {
    /// Worker threads of the runtime.
    workers: Reading<usize>,

    /// Tasks that were spawned and have not ended.
    alive_tasks: Reading<usize>,

    /// Tasks in the global queue, which wait for any worker.
    global_queue_depth: Reading<usize>,

    /// Time in seconds that the worker was busy.
    #[cfg(target_has_atomic = "64")]
    #[metric(counter, labels = ["worker"], unit = "seconds")]
    worker_busy_seconds_total: Reading<ByWorker<Duration>>,

    /// How often the worker has parked.
    #[cfg(target_has_atomic = "64")]
    #[metric(counter, labels = ["worker"])]
    worker_parks_total: Reading<ByWorker<u64>>,

    /// Whether the worker is parked.
    #[cfg(target_has_atomic = "64")]
    #[metric(labels = ["worker"])]
    worker_parked: Reading<ByWorker<bool>>,
}

impl RuntimeMetrics {
    /// Returns the metrics of the runtime in which this is called.
    ///
    /// # Panics
    ///
    /// Panics outside of a runtime, as [`Handle::current`] does.
    #[must_use = "register it"]
    #[track_caller]
    pub fn current() -> Self {
        Self::of(&Handle::current())
    }

    /// Returns the metrics of the runtime of this handle.
    #[must_use = "register it"]
    pub fn of(runtime: &Handle) -> Self {
        let runtime = runtime.metrics();
        Self {
            workers: Reading::new(&runtime, runtime::RuntimeMetrics::num_workers),
            alive_tasks: Reading::new(&runtime, runtime::RuntimeMetrics::num_alive_tasks),
            global_queue_depth: Reading::new(&runtime, runtime::RuntimeMetrics::global_queue_depth),
            #[cfg(target_has_atomic = "64")]
            worker_busy_seconds_total: Reading::new(&runtime, |runtime| {
                by_worker(runtime, |worker| runtime.worker_total_busy_duration(worker))
            }),
            #[cfg(target_has_atomic = "64")]
            worker_parks_total: Reading::new(&runtime, |runtime| {
                by_worker(runtime, |worker| runtime.worker_park_count(worker))
            }),
            #[cfg(target_has_atomic = "64")]
            worker_parked: Reading::new(&runtime, |runtime| {
                by_worker(runtime, |worker| runtime.worker_park_unpark_count(worker) % 2 == 1)
            }),
        }
    }
}

/// A value for each worker, by its index.
#[cfg(target_has_atomic = "64")]
type ByWorker<T> = Vec<(usize, T)>;

#[cfg(target_has_atomic = "64")]
fn by_worker<T>(runtime: &runtime::RuntimeMetrics, read: impl Fn(usize) -> T) -> ByWorker<T> {
    (0..runtime.num_workers()).map(|worker| (worker, read(worker))).collect()
}

/// A plain value, or a map of them, that is read from a runtime at every scrape.
struct Reading<T> {
    runtime: runtime::RuntimeMetrics,
    read: fn(&runtime::RuntimeMetrics) -> T,
}

impl<T> Reading<T> {
    fn new(runtime: &runtime::RuntimeMetrics, read: fn(&runtime::RuntimeMetrics) -> T) -> Self {
        Self { runtime: runtime.clone(), read }
    }
}

impl<T: Metric> Metric for Reading<T> {
    const TYPE: Option<MetricType> = T::TYPE;
    const LABELS: LabelShape = T::LABELS;
    const VALUES: &'static [ClosedValues] = T::VALUES;
    type Making = Borrowed;

    fn collect(&self, encoder: &mut FamilyEncoder<'_>) {
        (self.read)(&self.runtime).collect(encoder);
    }
}

impl<T> Clone for Reading<T> {
    fn clone(&self) -> Self {
        Self { runtime: self.runtime.clone(), read: self.read }
    }
}

impl<T: fmt::Debug> fmt::Debug for Reading<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.read)(&self.runtime).fmt(formatter)
    }
}
