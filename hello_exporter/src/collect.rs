//! The traits between a declaration and an exposition: Describe, Collect, Metric.

mod declaration;
pub(crate) mod live;
pub(crate) mod new;

use std::borrow::Cow;

pub use crate::desc::{Desc, DescError, MetricType};
pub use crate::encode::{FamilyEncoder, Sample, SampleValue};
pub use crate::labels::ClosedValues;
use crate::labels::Labels;
pub use crate::metric::to_sample::ToSample;
pub use declaration::{Declaration, FieldError};
use live::{Live, Liveness, of_declared};
use new::{New, WithNew};

/// Describes the metric families that a collector exposes.
///
/// The derive implements this trait. [`Collect`] has an example of an implementation by hand.
pub trait Describe {
    /// Returns the families. [`Collect::collect`] takes the index of a family in this list.
    ///
    /// A registry calls this when it registers the collector. For a collector that is made at a
    /// scrape and can have dynamic families, it calls this at that scrape instead. A
    /// `prometheus::Registry` calls it at registration and whenever it gathers.
    fn describe(&self) -> Vec<Desc>;
}

/// Writes the samples of a collector's families at every scrape.
///
/// The derive implements this trait. For metrics whose names are known only at run time, use
/// [`DynamicFamilies`](crate::DynamicFamilies), or implement the trait by hand:
///
/// ```
/// use hello_exporter::collect::{Collect, Desc, Describe, FamilyEncoder, MetricType};
/// use hello_exporter::{Format, Registry};
///
/// /// Sensors found when the program starts, each a metric of its own.
/// struct Sensors(Vec<(String, f64)>);
///
/// impl Describe for Sensors {
///     fn describe(&self) -> Vec<Desc> {
///         let desc = |(name, _): &(String, f64)| {
///             Desc::new(format!("sensor_{name}_celsius"), "Temperature.", MetricType::Gauge)
///         };
///         self.0.iter().map(desc).collect()
///     }
/// }
///
/// impl Collect for Sensors {
///     fn collect(&self, index: usize, encoder: &mut FamilyEncoder<'_>) {
///         if let Some((_, temperature)) = self.0.get(index) {
///             encoder.value(*temperature);
///         }
///     }
/// }
///
/// let registry = Registry::new();
/// registry.register(Sensors(vec![("cpu".to_owned(), 48.5)]))?;
/// let mut buffer = Vec::new();
/// registry.encode(Format::Text, &mut buffer);
/// assert_eq!(
///     String::from_utf8_lossy(&buffer),
///     "# HELP sensor_cpu_celsius Temperature.\n# TYPE sensor_cpu_celsius gauge\nsensor_cpu_celsius 48.5\n",
/// );
/// # Ok::<(), hello_exporter::RegisterError>(())
/// ```
pub trait Collect: Describe {
    /// Writes all samples of the family that [`describe`](Describe::describe) returned at `index`.
    ///
    /// The scrape waits for it, so it must not block. A panic loses only the samples of this
    /// family; in the result of a source or a probe, it loses all samples.
    fn collect(&self, index: usize, encoder: &mut FamilyEncoder<'_>);

    /// Checks that the fields match the declarations in their attributes.
    ///
    /// The derive implements this. Registration calls it once; for a collector that is made at a
    /// scrape, the scrape calls it. Only fields whose types have a name or labels of their own can
    /// differ.
    ///
    /// # Errors
    ///
    /// Returns the first field that differs from the declaration in its attribute.
    fn verify(&self) -> Result<(), FieldError> {
        Ok(())
    }

    /// Says whether the samples can change while the collector is registered. The derive implements
    /// this.
    ///
    /// It is a function because `dyn Collect` would not exist if the trait had a constant.
    #[doc(hidden)]
    fn liveness() -> impl Liveness
    where
        Self: Sized,
    {
        Live
    }
}

/// A collector whose type declares its families. A value can add dynamic ones, see
/// [`DynamicFamilies`](crate::DynamicFamilies).
///
/// The derive implements this trait. A function that makes such a collector at every scrape can be
/// registered, see [`Registry::register_fn`](crate::Registry::register_fn).
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not derive `Collector`",
    label = "expected a struct with `#[derive(Collector)]`",
    note = "`register_fn` takes a function that returns the struct itself; \
            a function that can fail or must wait is a source: `Exporter::source_fn` if it is `async`, `Exporter::blocking_source_fn` if it is not"
)]
pub trait Declared: Collect {
    /// The number of families.
    const FAMILIES: usize;

    /// `WithNew` if `new()` takes no parameters, so that an outer struct can make this one;
    /// otherwise `WithoutNew`.
    #[doc(hidden)]
    type New;

    /// Returns the families, in the order of [`Describe::describe`].
    fn declared() -> Vec<Desc>;

    /// Collects the family at `index` and returns `true`. Returns `false` if the index is past the
    /// last family, and subtracts the number of families from it.
    #[doc(hidden)]
    fn collect_flattened(&self, index: &mut usize, encoder: &mut FamilyEncoder<'_>) -> bool {
        match index.checked_sub(Self::FAMILIES) {
            None => {
                self.collect(*index, encoder);
                true
            }
            Some(rest) => {
                *index = rest;
                false
            }
        }
    }

    /// Whether a value can have dynamic families, see [`DynamicFamilies`](crate::DynamicFamilies).
    /// [`Describe::describe`] returns them after the declared ones.
    #[doc(hidden)]
    const HAS_DYNAMIC: bool = false;

    /// Whether the samples can change while the collector is registered.
    #[doc(hidden)]
    const IS_LIVE: bool = true;

    /// Whether [`Collect::collect`] only reads memory, and runs no code of an author.
    #[doc(hidden)]
    const NEVER_BLOCKS: bool = false;

    /// Returns the number of dynamic families.
    #[doc(hidden)]
    fn count_dynamic(&self) -> usize {
        0
    }

    /// Returns the dynamic families, for a flattened field.
    #[doc(hidden)]
    fn describe_dynamic(&self) -> Vec<Desc> {
        let described = if Self::HAS_DYNAMIC { self.describe() } else { Vec::new() };
        described.into_iter().skip(Self::FAMILIES).collect()
    }

    /// Collects the dynamic family at `index` and returns `true`. Returns `false` if the index is
    /// past the last of them, and subtracts their number from it.
    #[doc(hidden)]
    fn collect_dynamic(&self, index: &mut usize, encoder: &mut FamilyEncoder<'_>) -> bool {
        match index.checked_sub(self.count_dynamic()) {
            None => {
                self.collect(Self::FAMILIES + *index, encoder);
                true
            }
            Some(rest) => {
                *index = rest;
                false
            }
        }
    }

    /// Does what [`Collect::verify`] does, for a flattened field.
    #[doc(hidden)]
    fn verify_flattened(&self) -> Result<(), FieldError> {
        self.verify()
    }
}

/// The families of `M`. `None` has no samples.
impl<M: Declared> Describe for Option<M> {
    fn describe(&self) -> Vec<Desc> {
        self.as_ref().map_or_else(M::declared, M::describe)
    }
}

impl<M: Declared> Collect for Option<M> {
    fn collect(&self, index: usize, encoder: &mut FamilyEncoder<'_>) {
        if let Some(metrics) = self {
            metrics.collect(index, encoder);
        }
    }

    fn verify(&self) -> Result<(), FieldError> {
        self.as_ref().map_or(Ok(()), M::verify)
    }

    fn liveness() -> impl Liveness {
        of_declared::<Self>()
    }
}

impl<M: Declared> Declared for Option<M> {
    const FAMILIES: usize = M::FAMILIES;
    const HAS_DYNAMIC: bool = M::HAS_DYNAMIC;
    const IS_LIVE: bool = M::IS_LIVE;
    const NEVER_BLOCKS: bool = M::NEVER_BLOCKS;
    type New = WithNew;

    fn declared() -> Vec<Desc> {
        M::declared()
    }

    fn count_dynamic(&self) -> usize {
        self.as_ref().map_or(0, M::count_dynamic)
    }
}

impl<M> New for Option<M> {
    fn make() -> Self {
        None
    }
}

/// The labels that distinguish the series of a metric.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LabelShape {
    /// One series, no labels.
    None,
    /// This number of labels, in a fixed order. The attribute names them.
    Positional(usize),
    /// These labels. The type names them.
    Named(&'static [Cow<'static, str>]),
    /// One series for each of this number of states. Their label has the name of the metric.
    StateSet(usize),
    /// One or more labels. The attribute names them.
    Any,
}

impl LabelShape {
    /// Returns the shape of a metric with labels `L`.
    pub(crate) const fn of<L: Labels + ?Sized>() -> Self {
        match L::NAMES {
            Some(names) => LabelShape::Named(names),
            None => LabelShape::Positional(L::COUNT),
        }
    }
}

/// The attribute options that a metric type takes.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Whether it takes `buckets`.
    pub buckets: bool,
    /// Whether it takes `native`.
    pub native: bool,
    /// Whether it takes `max_series` and `expire_after`.
    pub series_limits: bool,
}

impl Options {
    /// No options.
    pub const NONE: Self = Self { buckets: false, native: false, series_limits: false };
}

/// Facts about a family that the type of its field determines.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct MetricFacts {
    /// See [`Metric::TYPE`].
    pub metric_type: Option<MetricType>,
    /// See [`Metric::LABELS`].
    pub labels: LabelShape,
    /// The values that the labels can have, in their order.
    pub values: &'static [ClosedValues],
    /// See [`Metric::OPTIONS`].
    pub options: Options,
}

/// A type that can be a field of a struct that derives [`Collector`](crate::Collector).
///
/// Live metrics ([`Counter`](crate::Counter), [`Gauge`](crate::Gauge),
/// [`Histogram`](crate::Histogram), [`Info`](crate::Info), [`StateSet`](crate::StateSet), families
/// of them, and those of the `prometheus` crate), plain values (numbers, `bool`,
/// [`Duration`](std::time::Duration), [`SystemTime`](std::time::SystemTime), atomics, snapshots),
/// and maps from labels to plain values.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a metric",
    label = "expected a metric, a plain value, or a map from labels to plain values",
    note = "a struct with `#[derive(Collector)]` takes `#[metric(flatten)]`, which exposes its metrics",
    note = "a text is a label, not a value: `Info<L>` exposes it, or a map with the text as its key",
    note = "metrics are `Counter`, `Gauge`, `Histogram`, `Info<L>`, `StateSet<E>`, `CounterVec<N>`, `GaugeVec<N>`, `HistogramVec<N>`, `Family<L, M>` and those of the `prometheus` crate",
    note = "plain values are numbers, `bool`, `Duration`, `SystemTime`, atomics, snapshots, and `Option<T>`, `Timestamped<T>` and `Started<T>` of them",
    note = "a field that is not a metric takes `#[metric(skip)]`"
)]
pub trait Metric {
    /// The metric type, if the field's type determines it. `None` for a plain value: its attribute
    /// sets the type.
    const TYPE: Option<MetricType>;

    /// The labels of the metric, and whether the attribute or the type names them.
    const LABELS: LabelShape;

    /// The values that the labels can have, in their order.
    #[doc(hidden)]
    const VALUES: &'static [ClosedValues] = &[];

    /// The attribute options that the type takes.
    const OPTIONS: Options = Options::NONE;

    /// The facts that a declaration needs.
    #[doc(hidden)]
    const FACTS: MetricFacts = MetricFacts {
        metric_type: Self::TYPE,
        labels: Self::LABELS,
        values: Self::VALUES,
        options: Self::OPTIONS,
    };

    /// Whether the samples can change while the metric is registered.
    #[doc(hidden)]
    const IS_LIVE: bool = true;

    /// Whether [`collect`](Self::collect) only reads memory, and runs no code of an author.
    #[doc(hidden)]
    const NEVER_BLOCKS: bool = false;

    /// [`Made`] if the metric can be made from its declaration, [`Borrowed`] if it cannot.
    type Making;

    /// Writes all samples.
    fn collect(&self, encoder: &mut FamilyEncoder<'_>);

    /// Checks that this is the metric that `desc` declares.
    ///
    /// # Errors
    ///
    /// Returns an error if the metric has a name or labels of its own that differ from `desc`.
    fn verify(&self, desc: &Desc) -> Result<(), FieldError> {
        let _ = desc;
        Ok(())
    }
}

/// A metric that can be made from its declaration alone: a live metric at zero, or a plain value
/// that is zero or empty.
pub trait Init: Metric<Making = Made> {
    /// Returns the metric that a field declares.
    fn init(declaration: &Declaration) -> Self;
}

/// Makes the initial value of a metric type, see [`Metric::Making`].
#[diagnostic::on_unimplemented(
    message = "`new()` cannot make a `{M}`",
    label = "borrowed, or a type parameter that is not bound by `Init`",
    note = "leave `new()` out with `#[collector(no_new)]`, or bind the parameter: `T: Init`"
)]
#[doc(hidden)]
pub trait Make<M> {
    /// Returns the metric that a field declares.
    fn make(declaration: &Declaration) -> M;
}

/// [`Metric::Making`] of the types that implement [`Init`].
#[doc(hidden)]
#[derive(Debug)]
pub struct Made;

/// [`Metric::Making`] of references.
#[doc(hidden)]
#[derive(Debug)]
pub struct Borrowed;

impl<M: Init> Make<M> for Made {
    fn make(declaration: &Declaration) -> M {
        M::init(declaration)
    }
}
