//! The kinds of collectors that can be registered.

use std::borrow::Cow;
use std::sync::Arc;

use super::RegisterError;
use crate::collect::live::{DeclaredFamilies, families, is_live, never_blocks};
use crate::collect::{Collect, Declared};
use crate::desc::Desc;
use crate::panic::{DropLog, Guarded};

/// The types that [`Registry::register`](crate::Registry::register) takes: a collector, an `Arc` of
/// one, or a `prometheus::Registry`.
///
/// The trait is sealed: implement [`Collect`] for a collector of your own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be registered",
    label = "expected a collector or an `Arc` of one",
    note = "a collector is a struct with `#[derive(Collector)]`, or a type that implements `Collect`; \
            it must be `Send`, `Sync` and `'static`",
    note = "a function that returns a collector is registered with `register_fn`; \
            a function that can fail or must wait is a source: `Exporter::source_fn` if it is `async`, `Exporter::blocking_source_fn` if it is not"
)]
pub trait IntoCollector {
    /// Whether the samples can change while the collector is registered.
    #[doc(hidden)]
    const IS_LIVE: bool;

    /// Returns the families that the type declares. `None` if only a value knows them.
    #[doc(hidden)]
    fn families() -> Option<DeclaredFamilies>;

    /// Converts the collector to the form that a registry keeps.
    #[doc(hidden)]
    fn into_collector(self) -> Registrable;
}

/// The name of a collector in errors, logs and metrics: the name that it was given, or its type.
pub(crate) type CollectorName = Cow<'static, str>;

/// A collector before its registration.
///
/// Other crates cannot name this type, so they cannot implement [`IntoCollector`].
#[doc(hidden)]
pub struct Registrable {
    pub(super) name: CollectorName,
    pub(super) origin: Origin,
    /// The families of a collector that does not exist yet.
    pub(super) declarations: Declarations,
    /// Whether it is a registry of the `prometheus` crate. No other collector may share its
    /// families.
    pub(super) is_foreign: bool,
    /// Whether collecting never blocks: it runs no code of an author.
    pub(super) never_blocks: bool,
}

/// The families that are known before the first scrape.
#[derive(Clone, Default)]
pub(crate) struct Declarations {
    /// The families of the type.
    pub(crate) declared: Vec<Desc>,
    /// Families whose names come from a configuration or a foreign registry.
    pub(crate) dynamic: Vec<Desc>,
    /// Whether a scrape can bring further dynamic families.
    pub(crate) has_dynamic: bool,
}

impl Declarations {
    /// Returns the families of `T`, and the `dynamic` ones that are known already.
    pub(crate) fn of<T: Declared>(dynamic: Vec<Desc>) -> Self {
        Self { declared: T::declared(), dynamic, has_dynamic: T::HAS_DYNAMIC }
    }
}

/// Declares the families of a type. If only a value knows them, all are dynamic.
impl From<Option<DeclaredFamilies>> for Declarations {
    fn from(families: Option<DeclaredFamilies>) -> Self {
        let (declared, has_dynamic) = families.unwrap_or((Vec::new(), true));
        Self { declared, dynamic: Vec::new(), has_dynamic }
    }
}

/// Declares these families and no others.
impl From<Vec<Desc>> for Declarations {
    fn from(declared: Vec<Desc>) -> Self {
        Self { declared, ..Self::default() }
    }
}

/// Where a registry finds a collector's samples.
#[derive(Clone)]
pub(super) enum Origin {
    /// A collector that the registry keeps.
    Kept(Arc<dyn Collect + Send + Sync>),
    /// A function that makes the collector of each scrape.
    Function(Arc<MakeCollector>),
    /// A [`Provider`](super::Provider), which may have a collector for a scrape.
    Provider,
}

/// Makes the collector of one scrape. The [`DropLog`] drops it if its type is an author's.
type MakeCollector = dyn Fn(&DropLog) -> Arc<dyn Collect> + Send + Sync;

/// The name of a registry of the `prometheus` crate in errors, logs and metrics.
pub(crate) const FOREIGN_REGISTRY: &str = "prometheus::Registry";

impl Registrable {
    fn new(name: impl Into<CollectorName>, origin: Origin, declarations: Declarations) -> Self {
        let name = name.into();
        Self { name, origin, declarations, is_foreign: false, never_blocks: false }
    }

    /// Declares that collecting never blocks. For collectors of this library only.
    #[cfg_attr(not(feature = "server"), expect(dead_code, reason = "for a server only"))]
    pub(crate) fn never_blocks(self) -> Self {
        Self { never_blocks: true, ..self }
    }

    /// Returns a function that makes a collector `T` at every scrape, ready for registration.
    pub(crate) fn function<T: Declared + 'static>(
        make: impl Fn() -> T + Send + Sync + 'static,
    ) -> Self {
        let make =
            move |drops: &DropLog| -> Arc<dyn Collect> { Arc::new(Guarded::new(make(), drops)) };
        let declarations = Declarations::of::<T>(Vec::new());
        Self::new(std::any::type_name::<T>(), Origin::Function(Arc::new(make)), declarations)
    }

    /// Returns a registry of the `prometheus` crate, which has the families `dynamic` at present.
    #[cfg_attr(not(feature = "prometheus"), expect(dead_code, reason = "for that crate only"))]
    pub(crate) fn foreign<G: Collect + 'static>(
        dynamic: Vec<Desc>,
        gather: impl Fn() -> G + Send + Sync + 'static,
    ) -> Self {
        let make = move |_: &DropLog| -> Arc<dyn Collect> { Arc::new(gather()) };
        let declarations = Declarations { declared: Vec::new(), dynamic, has_dynamic: true };
        let origin = Origin::Function(Arc::new(make));
        Self { is_foreign: true, ..Self::new(FOREIGN_REGISTRY, origin, declarations) }
    }

    /// Returns a collector of these families. A [`Provider`](super::Provider) brings their samples
    /// to a scrape.
    pub(crate) fn provided(name: CollectorName, declarations: Declarations) -> Self {
        Self::new(name, Origin::Provider, declarations)
    }
}

impl Origin {
    pub(super) fn verify(&self, collector: &CollectorName) -> Result<(), RegisterError> {
        let Origin::Kept(kept) = self else {
            return Ok(());
        };
        let error = |error| RegisterError::Field { collector: collector.clone(), error };
        kept.verify().map_err(error)
    }

    /// Returns whether both are the same `Arc`.
    pub(super) fn is(&self, other: &Origin) -> bool {
        match (self, other) {
            (Origin::Kept(one), Origin::Kept(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

/// Refuses, at compile time, a collector whose samples cannot change.
#[track_caller]
pub(crate) const fn assert_live(is_live: bool) {
    assert!(
        is_live,
        "a struct of plain values never changes once it is registered; \
         register a function that makes it: `register_fn(|| …)`"
    );
}

impl<T: Collect + Send + Sync + 'static> IntoCollector for T {
    const IS_LIVE: bool = is_live(T::liveness);

    fn families() -> Option<DeclaredFamilies> {
        families(T::liveness)
    }

    fn into_collector(self) -> Registrable {
        Arc::new(self).into_collector()
    }
}

impl<T: Collect + Send + Sync + 'static> IntoCollector for Arc<T> {
    const IS_LIVE: bool = is_live(T::liveness);

    fn families() -> Option<DeclaredFamilies> {
        families(T::liveness)
    }

    fn into_collector(self) -> Registrable {
        let name = std::any::type_name::<T>();
        let kept = Registrable::new(name, Origin::Kept(self), Declarations::default());
        Registrable { never_blocks: never_blocks(T::liveness), ..kept }
    }
}
