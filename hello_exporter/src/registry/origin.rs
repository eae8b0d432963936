//! The kinds of collectors that can be registered.

use std::borrow::Cow;
use std::sync::Arc;

use super::RegisterError;
use super::momentary::Momentary;
use crate::__private::is_live;
use crate::collect::{Collect, Declared};
use crate::desc::Desc;

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

    /// Returns the form in which a registry keeps the collector.
    #[doc(hidden)]
    fn into_collector(self) -> Registrable;
}

/// The name of a collector in errors, logs and metrics: its type, or the name that it was given.
pub(crate) type CollectorName = Cow<'static, str>;

/// A collector before its registration.
///
/// No other crate can name this type, and so none can implement [`IntoCollector`].
#[doc(hidden)]
pub struct Registrable {
    pub(super) name: CollectorName,
    pub(super) origin: Origin,
    /// Families that its type does not declare, and that are known all the same.
    pub(super) dynamic: Vec<Desc>,
}

/// The name under which errors know a registry of the `prometheus` crate.
#[cfg(any(feature = "prometheus", feature = "server"))]
pub(crate) const FOREIGN_REGISTRY: &str = "prometheus::Registry";

impl Registrable {
    pub(crate) fn made(
        name: &'static str,
        descs: Vec<Desc>,
        maker: impl MakeCollector + 'static,
    ) -> Self {
        let origin = Origin::Made { descs, maker: Arc::new(maker) };
        Self { name: name.into(), origin, dynamic: Vec::new() }
    }

    /// Returns a collector that makes a `T` at every scrape.
    pub(super) fn function<T: Declared + 'static>(
        make: impl Fn() -> T + Send + Sync + 'static,
    ) -> Self {
        Self::made(std::any::type_name::<T>(), T::declared(), make)
    }

    /// Returns a collector of these families, whose samples come with a scrape. The `dynamic` ones
    /// are not known from its type.
    pub(crate) fn provided(name: CollectorName, descs: Vec<Desc>, dynamic: Vec<Desc>) -> Self {
        Self { name, origin: Origin::Provided { descs }, dynamic }
    }
}

/// Where the samples of a registered collector come from.
#[derive(Clone)]
pub(super) enum Origin {
    /// A collector that the registry owns.
    Live(Arc<dyn Collect + Send + Sync>),
    /// A collector that is made at every scrape.
    Made { descs: Vec<Desc>, maker: Arc<dyn MakeCollector> },
    /// A collector that a [`Provider`](super::Provider) brings to a scrape, or does not.
    Provided { descs: Vec<Desc> },
}

/// Makes a collector at every scrape.
pub(crate) trait MakeCollector: Send + Sync {
    fn make(&self) -> Box<dyn Momentary>;

    /// Whether a scrape can bring families that were not registered.
    fn has_late(&self) -> bool;

    /// Whether no other collector may share its families.
    fn is_exclusive(&self) -> bool {
        false
    }
}

impl Origin {
    pub(super) fn describe(&self) -> Vec<Desc> {
        match self {
            Origin::Live(collector) => collector.describe(),
            Origin::Made { descs, .. } | Origin::Provided { descs } => descs.clone(),
        }
    }

    pub(super) fn verify(&self, collector: &CollectorName) -> Result<(), RegisterError> {
        let Origin::Live(live) = self else {
            return Ok(());
        };
        let error = |error| RegisterError::Field { collector: collector.clone(), error };
        live.verify().map_err(error)
    }

    pub(super) fn is_exclusive(&self) -> bool {
        match self {
            Origin::Made { maker, .. } => maker.is_exclusive(),
            Origin::Live(_) | Origin::Provided { .. } => false,
        }
    }

    /// Whether a scrape can bring families that were not registered.
    pub(super) fn has_late(&self) -> bool {
        match self {
            Origin::Made { maker, .. } => maker.has_late(),
            Origin::Live(_) | Origin::Provided { .. } => false,
        }
    }

    /// Whether both are the same `Arc`.
    pub(super) fn is(&self, other: &Origin) -> bool {
        match (self, other) {
            (Origin::Live(one), Origin::Live(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

impl<F: Fn() -> T + Send + Sync, T: Declared + 'static> MakeCollector for F {
    fn make(&self) -> Box<dyn Momentary> {
        Box::new(self())
    }

    fn has_late(&self) -> bool {
        T::HAS_LATE
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

    fn into_collector(self) -> Registrable {
        Arc::new(self).into_collector()
    }
}

impl<T: Collect + Send + Sync + 'static> IntoCollector for Arc<T> {
    const IS_LIVE: bool = is_live(T::liveness);

    fn into_collector(self) -> Registrable {
        let (name, origin) = (std::any::type_name::<T>().into(), Origin::Live(self));
        Registrable { name, origin, dynamic: Vec::new() }
    }
}
