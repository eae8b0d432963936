//! Owns collectors, refuses those that clash, and encodes a scrape.
//!
//! Registration refuses a collector that could make an exposition invalid, with an error that names
//! it, and the other collector if two clash. A fault at scrape time, such as a panic or a label set
//! that is written twice, loses only the affected samples, and is logged or counted.

mod clash;
pub(crate) mod collectors;
#[cfg(feature = "schema")]
mod describe;
mod dynamic;
mod error;
mod exposed;
mod health;
#[cfg(feature = "server")]
pub(crate) mod of_server;
pub(crate) mod origin;
mod overlap;
mod plan;
mod registrations;
#[cfg(feature = "respond")]
mod respond;
pub(crate) mod scrape;
pub(crate) mod shown;
pub(crate) mod textfile;

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};

pub use crate::encode::Encoding;
pub use crate::name::escaping::Escaping;
pub use error::RegisterError;
pub use origin::IntoCollector;
pub use textfile::TextfileError;

use crate::collect::Declared;
use crate::desc::Desc;
use crate::encode::Exposition;
use crate::metric::start;
use crate::panic::{DropLog, PanicState};
use crate::sync::{read, write};
use dynamic::DynamicIndices;
use health::Health;
use origin::{Declarations, Origin, Registrable, assert_live};
use plan::{Plan, Registration};
use registrations::Registrations;
use scrape::{Provider, ScrapeRequest};

/// A set of collectors that are exposed together.
///
/// Clones are cheap, and share one registry.
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
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    registrations: RwLock<Registrations>,
    health: Arc<Health>,
    memory: scrape::SpareMemory,
    #[cfg(feature = "respond")]
    bodies: crate::respond::body::BodyEncoder,
}

/// Identifies a registration, e.g. to [unregister](Registry::unregister) the collector.
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
        // The start timestamp of metrics that constants make.
        start::first_use();
        Self::default()
    }

    /// Registers a collector, an `Arc` of one, or a `prometheus::Registry` with everything that is
    /// registered in it.
    ///
    /// A struct of plain values, other than atomics, would never change after registration, so it
    /// does not compile here. Register a function that makes it instead, see
    /// [`register_fn`](Self::register_fn).
    ///
    /// The registry takes ownership of the collector. A program that updates its metrics registers
    /// an `Arc` of it, and keeps another one: `registry.register(Arc::clone(&hello))`.
    ///
    /// # Errors
    ///
    /// Returns an error, and registers nothing, if the same `Arc` is registered already with the
    /// same prefix and constant labels, if a field differs from its declaration, or if a family
    /// breaks a naming rule, exists already with the same constant labels or in a
    /// `prometheus::Registry`, exists with another type, help, unit or set of label names, or would
    /// expose a name of another family.
    pub fn register<C: IntoCollector>(&self, collector: C) -> Result<CollectorId, RegisterError> {
        // If this fails, the compiler also shows the call of this function.
        const { assert_live(C::IS_LIVE) };
        self.scope().add(collector.into_collector())
    }

    /// Registers a function that makes a collector at every scrape, for values that are available
    /// at any time.
    ///
    /// The scrape waits for the function, so it must not block. A function that can fail or must
    /// wait is a source: see `Exporter::source_fn`.
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
    /// Returns the same errors as [`register`](Self::register).
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

    /// Removes a collector and drops it, unless the program keeps an `Arc` of it. Returns whether
    /// it was registered.
    ///
    /// A panic in its `drop` is caught and logged.
    pub fn unregister(&self, id: CollectorId) -> bool {
        let mut registrations = write(&self.inner.registrations);
        let removed = registrations.remove(id);
        // The collector's own `drop` does not run under the lock.
        drop(registrations);
        removed.is_some()
    }

    /// Appends the samples of all collectors to `buffer`, family by family, sorted by name; the
    /// families about an exporter's scrapes come last.
    ///
    /// It never fails: a collector that panics loses only its own samples. Several threads can
    /// encode at once, and the registry holds no lock while samples are encoded.
    pub fn encode(&self, encoding: impl Into<Encoding>, buffer: &mut Vec<u8>) {
        let request = ScrapeRequest { encoding: encoding.into(), names: None };
        let mut exposition = Exposition::new(std::mem::take(buffer));
        self.encode_request(&request, &mut (), &mut exposition);
        *buffer = exposition.buffer;
    }

    /// Appends the samples that a scrape requests, including those of `provider`. Returns whether
    /// all collectors have succeeded.
    pub(crate) fn encode_request(
        &self,
        request: &ScrapeRequest<'_>,
        provider: &mut dyn Provider,
        exposition: &mut Exposition,
    ) -> bool {
        scrape::encode(&self.inner, self.inner.plan(), request, provider, exposition)
    }

    /// Returns the counters of dropped series, to be registered under the exporter's name.
    #[cfg_attr(not(feature = "server"), expect(dead_code, reason = "only an exporter has a name"))]
    pub(crate) fn health(&self) -> Arc<Health> {
        Arc::clone(&self.inner.health)
    }
}

impl Inner {
    fn plan(&self) -> Arc<Plan> {
        read(&self.registrations).plan()
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let families = self.inner.plan().names();
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
    /// Adds `prefix` before every name. It does not add a `_` between them.
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
    #[cfg_attr(not(feature = "server"), expect(dead_code, reason = "for a server only"))]
    pub(crate) fn last(mut self) -> Self {
        self.addition.last = true;
        self
    }

    /// Registers a collector as [`Registry::register`] does.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`Registry::register`]. The checks include the prefix and the
    /// labels of the scope.
    pub fn register<C: IntoCollector>(self, collector: C) -> Result<CollectorId, RegisterError> {
        const { assert_live(C::IS_LIVE) };
        self.add(collector.into_collector())
    }

    /// Registers a function that makes a collector at every scrape, as [`Registry::register_fn`]
    /// does.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`Registry::register`]. The checks include the prefix and the
    /// labels of the scope.
    pub fn register_fn<T: Declared + 'static>(
        self,
        make: impl Fn() -> T + Send + Sync + 'static,
    ) -> Result<CollectorId, RegisterError> {
        self.add(Registrable::function(make))
    }

    pub(crate) fn add(self, collector: Registrable) -> Result<CollectorId, RegisterError> {
        let inner = &self.registry.inner;
        let Registrable { name, origin, declarations, is_foreign, never_blocks } = collector;
        let Declarations { declared, dynamic, has_dynamic } = declarations;
        // The collector's own code is not run under the lock.
        let mut descs = match &origin {
            Origin::Kept(collector) => collector.describe(),
            Origin::Function(_) | Origin::Provider => declared,
        };
        origin.verify(&name)?;
        let id = CollectorId::next();
        let registration = Arc::new(Registration {
            id,
            origin,
            is_foreign,
            never_blocks,
            addition: self.addition,
            declared: descs.len(),
            has_dynamic,
            dynamic: Mutex::new(DynamicIndices::after(descs.len(), &dynamic)),
            is_reported: AtomicBool::new(false),
            panics: PanicState::default(),
            drops: DropLog::new(name.clone()),
            name,
        });
        descs.extend(dynamic);
        write(&inner.registrations).add(&registration, descs)?;
        Ok(id)
    }
}
