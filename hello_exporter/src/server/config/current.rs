//! The configuration in force.

use std::fmt;
use std::sync::{Arc, RwLock};

use super::snapshot::Snapshot;
use crate::internals::{catch, read, write};

/// The configuration in force, or what an exporter
/// [makes of it](super::ConfigOptions::state). A reload replaces it.
///
/// It is the state that sources, probes and collectors of an exporter
/// [with a configuration](crate::Exporter::with_config) receive.
pub struct Current<T> {
    in_force: RwLock<Arc<Version<T>>>,
}

/// One version of a configuration.
pub(super) struct Version<T> {
    /// Identifies the [`Current`] whose version it is.
    owner: Arc<()>,
    value: Arc<T>,
}

impl<T> Current<T> {
    pub(super) fn new(value: Arc<T>) -> Self {
        Self { in_force: RwLock::new(Arc::new(Version { owner: Arc::default(), value })) }
    }

    /// Returns the value of the version that was current when the running scrape or probe began;
    /// outside of both, of the version in force.
    ///
    /// Call it once in a run and pass the value on: a task that the run spawns is outside of it.
    ///
    /// ```
    /// use hello_exporter::Collector;
    /// use hello_exporter::config::Current;
    /// use std::{convert::Infallible, sync::Arc};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Queues {
    ///     queues: Vec<String>,
    /// }
    ///
    /// #[derive(Collector)]
    /// struct QueueMetrics {
    ///     /// Queues that are monitored.
    ///     queues: usize,
    /// }
    ///
    /// /// A source.
    /// async fn queues(config: Arc<Current<Queues>>) -> Result<QueueMetrics, Infallible> {
    ///     let config = config.get();
    ///     Ok(QueueMetrics { queues: config.queues.len() })
    /// }
    /// ```
    pub fn get(&self) -> Arc<T>
    where
        T: Send + Sync + 'static,
    {
        let in_force = self.in_force();
        let of_run = Snapshot::of_run().version::<T>();
        let of_run = of_run.filter(|version| Arc::ptr_eq(&version.owner, &in_force.owner));
        Arc::clone(&of_run.unwrap_or(in_force).value)
    }

    pub(super) fn in_force(&self) -> Arc<Version<T>> {
        Arc::clone(&read(&self.in_force))
    }

    /// Puts another value in force, for scrapes and probes that begin later.
    pub(super) fn replace(&self, value: Arc<T>) {
        let owner = Arc::clone(&self.in_force().owner);
        let old =
            std::mem::replace(&mut *write(&self.in_force), Arc::new(Version { owner, value }));
        // The author's `drop` can panic, which is logged by the panic hook.
        _ = catch(|| drop(old));
    }
}

impl<T: fmt::Debug> fmt::Debug for Current<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Current").field(&self.in_force().value).finish()
    }
}
