//! Owns collectors, refuses those that clash, and encodes a scrape.
//!
//! Registration refuses a collector that could make an exposition invalid, with an error that names
//! both sides. A fault at scrape time, a panic or a label set written twice, costs the samples
//! concerned and is counted.

mod error;
mod health;
mod momentary;
mod origin;
mod plan;
mod present;
mod scrape;

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

pub use error::RegisterError;
#[cfg(any(feature = "prometheus", feature = "server"))]
pub(crate) use momentary::Momentary;
#[cfg(any(feature = "prometheus", feature = "server"))]
pub(crate) use origin::FOREIGN_REGISTRY;
pub use origin::IntoCollector;
#[cfg(feature = "prometheus")]
pub(crate) use origin::MakeCollector;
pub(crate) use origin::{Registrable, assert_live};

use crate::collect::Declared;
use crate::desc::Desc;
use crate::encode::Format;
use crate::panic::{DropLog, PanicState};
pub(crate) use health::Health;
use momentary::LateIndices;
#[cfg(feature = "server")]
pub(crate) use origin::CollectorName;
use plan::{Collector, Plan, State};
#[cfg(feature = "server")]
pub(crate) use present::Provided;
pub(crate) use scrape::{Provider, ScrapeRequest};

/// A set of collectors that are exposed together.
///
/// It is cheap to clone; all clones are one registry.
///
/// ```
/// use hello_exporter::{Collector, Format, Gauge, Registry};
/// use std::sync::Arc;
///
/// #[derive(Collector)]
/// struct Hello {
///     /// Display a.
///     #[metric]
///     a: Gauge,
/// }
///
/// let hello = Arc::new(Hello::new());
/// let registry = Registry::new();
/// registry.register(Arc::clone(&hello))?;
///
/// hello.a.set(1.0);
/// let mut buffer = Vec::new();
/// registry.encode(Format::Text, &mut buffer);
/// assert_eq!(buffer, b"# HELP a Display a.\n# TYPE a gauge\na 1\n");
/// # Ok::<(), hello_exporter::RegisterError>(())
/// ```
#[derive(Clone, Default)]
pub struct Registry {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: RwLock<State>,
    health: Arc<Health>,
    memory: scrape::SpareMemory,
}

/// A registration, by which a collector is [unregistered](Registry::unregister).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CollectorId(u64);

impl CollectorId {
    /// Returns an id that no registry of this process has returned before.
    fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl Registry {
    /// Returns a registry without collectors.
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers a collector, an `Arc` of one, or a `prometheus::Registry` with all that is
    /// registered there.
    ///
    /// A struct of plain values never changes once it is registered. It does not compile here, and
    /// is made by a function instead: see [`register_fn`](Self::register_fn).
    ///
    /// The registry takes the collector. A program that updates its metrics registers an `Arc` of
    /// it, and keeps another: `registry.register(Arc::clone(&hello))`.
    ///
    /// # Errors
    ///
    /// Nothing is registered if a family breaks a naming rule, exists already with the same
    /// constant labels, or exists with another type, help or set of label names.
    pub fn register<C: IntoCollector>(&self, collector: C) -> Result<CollectorId, RegisterError> {
        // The compiler names the caller of the function in which a constant fails.
        const { assert_live(C::IS_LIVE) };
        self.scope().add(collector.into_collector())
    }

    /// Registers a function that makes a collector at every scrape, for values that are known at
    /// any time.
    ///
    /// The function must not wait. A function that can fail or must wait is a source: see
    /// `Exporter::source_fn`.
    ///
    /// ```
    /// use hello_exporter::{Collector, Registry};
    ///
    /// #[derive(Collector)]
    /// struct Uptime {
    ///     /// Time since the start in seconds.
    ///     #[metric(name = "uptime_seconds")]
    ///     seconds: f64,
    /// }
    ///
    /// let start = std::time::Instant::now();
    /// let registry = Registry::new();
    /// registry.register_fn(move || Uptime { seconds: start.elapsed().as_secs_f64() })?;
    /// # Ok::<(), hello_exporter::RegisterError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The same as those of [`register`](Self::register).
    pub fn register_fn<T: Declared + 'static>(
        &self,
        make: impl Fn() -> T + Send + Sync + 'static,
    ) -> Result<CollectorId, RegisterError> {
        self.scope().register_fn(make)
    }

    /// Returns a view of this registry that adds a prefix or constant labels to the collectors
    /// registered through it, so that two instances of one struct can both be registered.
    ///
    /// ```
    /// use hello_exporter::{Collector, Format, Gauge, Registry};
    ///
    /// #[derive(Collector)]
    /// struct Pool {
    ///     /// Connections in use.
    ///     #[metric(name = "connections")]
    ///     connections: Gauge<i64>,
    /// }
    ///
    /// let registry = Registry::new();
    /// for pool in ["read", "write"] {
    ///     registry.scope().prefix("db_").const_label("pool", pool).register(Pool::new())?;
    /// }
    ///
    /// let mut buffer = Vec::new();
    /// registry.encode(Format::Text, &mut buffer);
    /// assert_eq!(
    ///     String::from_utf8_lossy(&buffer),
    ///     "# HELP db_connections Connections in use.\n\
    ///      ## TYPE db_connections gauge\n\
    ///      db_connections{pool=\"read\"} 0\n\
    ///      db_connections{pool=\"write\"} 0\n",
    /// );
    /// # Ok::<(), hello_exporter::RegisterError>(())
    /// ```
    pub fn scope(&self) -> Scope<'_> {
        Scope { registry: self, addition: Addition::default() }
    }

    /// Returns a view of this registry that adds what `addition` says.
    #[cfg(feature = "server")]
    pub(crate) fn scope_with(&self, addition: Addition) -> Scope<'_> {
        Scope { registry: self, addition }
    }

    /// Removes a collector and drops it, unless the program keeps an `Arc` of it. Returns whether
    /// it was registered.
    ///
    /// A panic in its `drop` is caught and logged.
    pub fn unregister(&self, id: CollectorId) -> bool {
        let mut state = self.shared.state.write().unwrap_or_else(PoisonError::into_inner);
        let removed = state.remove(id);
        // The collector's own `drop` does not run under the lock.
        drop(state);
        removed.is_some()
    }

    /// Appends the samples of all collectors to `buffer`, family by family, sorted by name.
    ///
    /// It never fails: a collector that panics costs its own samples. Several threads can encode at
    /// once, and no lock is held while samples are encoded.
    pub fn encode(&self, format: Format, buffer: &mut Vec<u8>) {
        self.encode_request(&ScrapeRequest { format, names: None }, &mut (), buffer);
    }

    /// Appends the samples that a scrape requests, those of `provider` included. Returns whether
    /// all collectors have succeeded.
    pub(crate) fn encode_request(
        &self,
        request: &ScrapeRequest<'_>,
        provider: &mut dyn Provider,
        buffer: &mut Vec<u8>,
    ) -> bool {
        scrape::encode(&self.shared, request, provider, buffer)
    }

    /// Returns another registry, which counts dropped series together with this one.
    #[cfg(feature = "server")]
    pub(crate) fn sibling(&self) -> Self {
        let health = Arc::clone(&self.shared.health);
        Self { shared: Arc::new(Shared { health, ..Shared::default() }) }
    }

    /// Returns the names of a collector's families.
    #[cfg(feature = "server")]
    pub(crate) fn families_of(&self, id: CollectorId) -> Vec<String> {
        self.shared.plan().names_of(id)
    }

    /// Returns the counters of dropped series, to be registered under the exporter's name.
    #[cfg_attr(not(feature = "server"), expect(dead_code, reason = "only an exporter has a name"))]
    pub(crate) fn health(&self) -> Arc<Health> {
        Arc::clone(&self.shared.health)
    }
}

impl Shared {
    fn plan(&self) -> Arc<Plan> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).plan()
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let families = self.shared.plan().names();
        formatter.debug_struct("Registry").field("families", &families).finish()
    }
}

/// A view of a [`Registry`] with a prefix and constant labels, made by [`Registry::scope`].
#[derive(Debug)]
#[must_use = "nothing is registered yet"]
pub struct Scope<'r> {
    registry: &'r Registry,
    addition: Addition,
}

/// The prefix and the labels that a registration adds to every family.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Addition {
    pub(crate) prefix: String,
    pub(crate) const_labels: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    /// Whether the families are exposed after all others, because they measure the scrape itself.
    last: bool,
}

impl Addition {
    fn apply(&self, desc: Desc) -> Desc {
        desc.with_prefix(&self.prefix).with_const_labels(self.const_labels.iter().cloned())
    }
}

impl Scope<'_> {
    /// Adds `prefix` before every name, without a `_` of its own.
    pub fn prefix(mut self, prefix: impl AsRef<str>) -> Self {
        self.addition.prefix.insert_str(0, prefix.as_ref());
        self
    }

    /// Adds a constant label after the declared ones.
    pub fn const_label(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.addition.const_labels.push((name.into(), value.into()));
        self
    }

    /// Exposes the families after all others.
    #[cfg_attr(not(feature = "server"), expect(dead_code, reason = "only a server meters itself"))]
    pub(crate) fn last(mut self) -> Self {
        self.addition.last = true;
        self
    }

    /// Registers a collector, see [`Registry::register`].
    ///
    /// # Errors
    ///
    /// The same as those of [`Registry::register`], for the names and labels with the additions.
    pub fn register<C: IntoCollector>(self, collector: C) -> Result<CollectorId, RegisterError> {
        const { assert_live(C::IS_LIVE) };
        self.add(collector.into_collector())
    }

    /// Registers a function that makes a collector at every scrape, see [`Registry::register_fn`].
    ///
    /// # Errors
    ///
    /// The same as those of [`Registry::register`], for the names and labels with the additions.
    pub fn register_fn<T: Declared + 'static>(
        self,
        make: impl Fn() -> T + Send + Sync + 'static,
    ) -> Result<CollectorId, RegisterError> {
        self.add(Registrable::function(make))
    }

    pub(crate) fn add(self, collector: Registrable) -> Result<CollectorId, RegisterError> {
        let shared = &self.registry.shared;
        let Registrable { name, origin, dynamic } = collector;
        // The collector's own code is not run under the lock.
        let mut descs = origin.describe();
        origin.verify(&name)?;
        let id = CollectorId::next();
        let (declared, late) = match origin.is_exclusive() {
            true => (0, LateIndices::after(0, &descs)),
            false => (descs.len(), LateIndices::after(descs.len(), &dynamic)),
        };
        descs.extend(dynamic);
        let collector = Arc::new(Collector {
            id,
            origin,
            addition: self.addition,
            declared,
            late: Mutex::new(late),
            is_reported: AtomicBool::new(false),
            panics: PanicState::default(),
            drops: DropLog::new(name.clone()),
            name,
        });
        let mut state = shared.state.write().unwrap_or_else(PoisonError::into_inner);
        state.add(&collector, descs)?;
        Ok(id)
    }
}
