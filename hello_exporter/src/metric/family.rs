//! Metrics with labels.

#[cfg(test)]
mod tests;

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use super::histogram::{Buckets, Histogram};
use super::series::Series;
use super::series_set::{NumberMetric, SeriesMetric, SeriesSet};
use super::store::{Limits, Store};
use super::view::SeriesView;
use super::{Counter, Gauge};
use crate::collect::{Declaration, FieldError, Init, LabelShape, Made, Metric, Options};
use crate::desc::{Desc, MetricType};
use crate::encode::FamilyEncoder;
use crate::labels::{self, ClosedValues, LabelValue, Labels};

/// A metric with labels: one series of `M` for every label set that the program has updated.
///
/// `L` is a struct with [`#[derive(Labels)]`](macro@crate::Labels), which names the labels; the
/// short forms [`CounterVec`], [`GaugeVec`] and [`HistogramVec`] take label values by position. For
/// a single label, `L` can also be an enum with [`#[derive(LabelValue)]`](macro@crate::LabelValue);
/// then the attribute names the label. Series are exposed in the order of their creation.
///
/// ```
/// use hello_exporter::{Collector, Counter, Family, LabelValue, Labels};
///
/// #[derive(Labels)]
/// struct Request<'a> {
///     method: Method,
///     path: &'a str,
/// }
///
/// #[derive(LabelValue)]
/// enum Method {
///     Get,
///     Put,
/// }
///
/// #[derive(Collector)]
/// struct Http {
///     /// Requests served.
///     #[metric(name = "requests_total")]
///     requests: Family<Request<'static>, Counter>,
/// }
///
/// let http = Http::new();
/// let path = String::from("/");
/// http.requests.with(Request { method: Method::Get, path: &path }).inc();
/// # let _ = Method::Put;
/// ```
pub struct Family<L, M> {
    series: SeriesSet,
    kind: PhantomData<fn() -> (L, M)>,
}

/// Label sets of `N` values, given by position.
#[derive(Debug)]
pub struct Positional<const N: usize>;

/// A [`Counter`] for every set of `N` label values.
///
/// ```
/// use hello_exporter::CounterVec;
///
/// let requests = CounterVec::new(["method", "code"]);
/// requests.with(["GET", "200"]).inc_by(2);
/// assert_eq!(requests.with(["GET", "200"]).get(), 2);
/// ```
///
/// A wrong number of values does not compile:
///
/// ```compile_fail,E0308
/// # let requests = hello_exporter::CounterVec::new(["method", "code"]);
/// requests.with(["GET"]).inc();
/// ```
pub type CounterVec<const N: usize, T = u64> = Family<Positional<N>, Counter<T>>;

/// A [`Gauge`] for every set of `N` label values.
///
/// ```
/// use hello_exporter::GaugeVec;
///
/// let temperature = GaugeVec::new(["room"]);
/// temperature.with(["kitchen"]).set(21.5);
/// assert_eq!(temperature.with(["kitchen"]).get(), 21.5);
/// ```
pub type GaugeVec<const N: usize, T = f64> = Family<Positional<N>, Gauge<T>>;

/// A [`Histogram`] for every set of `N` label values.
///
/// ```
/// use hello_exporter::HistogramVec;
///
/// let seconds = HistogramVec::new(["path"], &[0.1, 1.0]);
/// seconds.with(["/"]).observe(0.25);
/// assert_eq!(seconds.with(["/"]).count(), 1);
/// ```
pub type HistogramVec<const N: usize> = Family<Positional<N>, Histogram>;

impl<const N: usize> CounterVec<N> {
    /// Makes an empty family of `u64` counters with these label names.
    pub fn new(label_names: [&str; N]) -> Self {
        Self::of(label_names, Buckets::none(), Limits::default())
    }
}

impl<const N: usize> GaugeVec<N> {
    /// Makes an empty family of `f64` gauges with these label names.
    pub fn new(label_names: [&str; N]) -> Self {
        Self::of(label_names, Buckets::none(), Limits::default())
    }
}

impl<const N: usize> HistogramVec<N> {
    /// Makes an empty family of histograms with these label names and buckets.
    pub fn new(label_names: [&str; N], buckets: impl Into<Buckets>) -> Self {
        Self::of(label_names, buckets.into(), Limits::default())
    }
}

/// Makes an empty family of counters or gauges with any type of number and these label names.
///
/// ```
/// use hello_exporter::CounterVec;
///
/// let busy = CounterVec::<1, f64>::from(["cpu"]);
/// busy.with([0]).inc_by(0.25);
/// assert_eq!(busy.with([0]).get(), 0.25);
/// ```
impl<M: NumberMetric, const N: usize> From<[&str; N]> for Family<Positional<N>, M> {
    fn from(label_names: [&str; N]) -> Self {
        Self::of(label_names, Buckets::none(), Limits::default())
    }
}

impl<M: SeriesMetric, const N: usize> Family<Positional<N>, M> {
    /// Returns a handle to the series with these label values, to update or read it.
    ///
    /// The handle looks the series up when it is used, and creates it, at zero, on its first
    /// update.
    #[inline]
    pub fn with<V: LabelValue>(&self, values: [V; N]) -> Series<'_, [V; N], M> {
        Series::new(&self.series, values)
    }

    /// Removes the series with these label values, and returns whether it existed. It is no longer
    /// exposed until an update creates it again, at zero. To remove many series,
    /// [`retain`](Self::retain) is cheaper, because every removal waits for the current updates of
    /// the family.
    ///
    /// ```
    /// use hello_exporter::GaugeVec;
    ///
    /// let celsius = GaugeVec::new(["device"]);
    /// celsius.with(["sda"]).set(41.0);
    /// assert!(celsius.remove(["sda"]));
    /// assert!(!celsius.remove(["sda"]));
    /// ```
    pub fn remove<V: LabelValue>(&self, values: [V; N]) -> bool {
        values.with_values(|values| self.series.store.remove(values))
    }
}

impl<L: Labels, M: SeriesMetric> Family<L, M> {
    /// Returns a handle to the series with these labels, to update or read it; see [`Series`].
    ///
    /// The labels are the struct `L` or a reference to it, with any lifetimes and type parameters,
    /// or another struct with the same label names. So a struct that borrows its values finds a
    /// series that a struct with owned values created. Other names, or another number of labels,
    /// are a compile error.
    #[inline]
    pub fn with<K: Labels>(&self, labels: K) -> Series<'_, K, M> {
        const { labels::assert_same::<L, K>() };
        Series::new(&self.series, labels)
    }

    /// Removes the series with these labels, and returns whether it existed. It is no longer
    /// exposed until an update creates it again, at zero.
    ///
    /// ```
    /// use hello_exporter::{Family, Gauge, Labels};
    ///
    /// #[derive(Labels)]
    /// struct Disk<'a> {
    ///     device: &'a str,
    /// }
    ///
    /// # #[derive(hello_exporter::Collector)]
    /// # struct Disks {
    /// #     /// Temperature of a disk.
    /// #     celsius: Family<Disk<'static>, Gauge>,
    /// # }
    /// # let celsius = Disks::new().celsius;
    /// celsius.with(Disk { device: "sda" }).set(41.0);
    /// assert!(celsius.remove(Disk { device: "sda" }));
    /// assert!(!celsius.remove(Disk { device: "sda" }));
    /// ```
    pub fn remove<K: Labels>(&self, labels: K) -> bool {
        const { labels::assert_same::<L, K>() };
        labels.with_values(|values| self.series.store.remove(values))
    }
}

impl<L, M: SeriesMetric> Family<L, M> {
    fn of<'n>(
        label_names: impl IntoIterator<Item = &'n str>,
        buckets: Buckets,
        limits: Limits,
    ) -> Self {
        let store = Store::new(label_names, M::layout(&buckets), limits);
        Self { series: SeriesSet { store, buckets }, kind: PhantomData }
    }

    fn declared(declaration: &Declaration) -> Self {
        let buckets =
            if M::OPTIONS.buckets { Buckets::declared(declaration) } else { Buckets::none() };
        let limits = Limits {
            max_series: declaration.max_series(),
            expire_after: declaration.expire_after(),
        };
        Self::of(declaration.label_names(), buckets, limits)
    }

    /// Returns this family with an `expire_after` that is known only at run time, e.g. from a flag.
    /// Zero disables the expiry. The returned family is empty: series that exist already are
    /// dropped.
    ///
    /// ```
    /// use hello_exporter::{Collector, GaugeVec};
    /// use std::time::Duration;
    ///
    /// #[derive(Collector)]
    /// struct Peers {
    ///     /// Number of blocks by which the peer lags.
    ///     #[metric(labels = ["peer"])]
    ///     peer_lag_blocks: GaugeVec<1>,
    /// }
    ///
    /// # let flag = Duration::from_secs(600);
    /// let mut peers = Peers::new();
    /// peers.peer_lag_blocks = peers.peer_lag_blocks.expire_after(flag);
    /// ```
    #[must_use]
    pub fn expire_after(self, expire_after: Duration) -> Self {
        let Self { series: SeriesSet { store, buckets }, .. } = self;
        let expire_after = Some(expire_after).filter(|after| !after.is_zero());
        let limits = Limits { expire_after, ..store.limits() };
        Self::of(store.label_names.iter(), buckets, limits)
    }

    fn label_names(&self) -> impl Iterator<Item = &str> {
        self.series.store.label_names.iter()
    }

    fn encode(&self, encoder: &mut FamilyEncoder<'_>) {
        let store = &self.series.store;
        store.remove_expired();
        if encoder.begin_rendered(M::TYPE, self.label_names()) {
            M::encode(&self.series, encoder);
        }
        encoder.dropped(store.dropped());
    }

    /// Returns the number of series, including expired ones that no scrape has removed yet.
    pub fn len(&self) -> usize {
        self.series.store.len()
    }

    /// Returns whether the family has no series.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes all series.
    pub fn clear(&self) {
        self.series.store.clear();
    }

    /// Iterates over all series, in the order of their creation. Expired series that no scrape has
    /// removed yet are included; series that are created meanwhile are not.
    ///
    /// No lock is held: the loop can use and change the family.
    ///
    /// ```
    /// use hello_exporter::CounterVec;
    ///
    /// let requests = CounterVec::new(["method", "path"]);
    /// requests.with(["GET", "/"]).inc_by(3);
    /// requests.with(["PUT", "/"]).inc();
    /// let all = requests.iter();
    /// let puts = all.filter(|series| series.label("method").as_deref() == Some("PUT"));
    /// assert_eq!(puts.map(|series| series.get()).sum::<u64>(), 1);
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = SeriesView<'_, M>> {
        let handles = self.series.store.handles();
        handles.map(|handle| SeriesView::new(&self.series, handle))
    }

    /// Removes the series for which `keep` returns false. Their memory is freed once removed series
    /// take up more than half of the family's memory, and more than 4 KiB.
    ///
    /// No lock is held while `keep` runs. An update between `keep` and the removal is lost.
    ///
    /// ```
    /// use hello_exporter::GaugeVec;
    ///
    /// let celsius = GaugeVec::new(["device"]);
    /// celsius.with(["sda"]).set(41.0);
    /// celsius.with(["sdb"]).set(43.0);
    /// let present = ["sdb"];
    /// celsius.retain(|disk| disk.label("device").is_some_and(|it| present.contains(&&*it)));
    /// assert_eq!(celsius.len(), 1);
    /// ```
    pub fn retain(&self, mut keep: impl FnMut(&SeriesView<'_, M>) -> bool) {
        let rejected = self.iter().filter(|series| !keep(series));
        let rejected: Vec<String> = rejected.map(|series| series.rendered_labels()).collect();
        self.series.store.remove_rendered(&rejected);
    }
}

impl<L, M> fmt::Debug for Family<L, M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.series.store.label_names.iter().collect();
        formatter.debug_struct("Family").field("labels", &names).finish_non_exhaustive()
    }
}

/// Implements the traits of a field, for label values by position and for label structs.
macro_rules! family_metric {
    ([$($param:tt)*] $labels:ty, $shape:expr, $values:expr) => {
        impl<M: SeriesMetric, $($param)*> Metric for Family<$labels, M> {
            const TYPE: Option<MetricType> = Some(M::TYPE);
            const LABELS: LabelShape = $shape;
            const VALUES: &'static [ClosedValues] = $values;
            const OPTIONS: Options = M::OPTIONS;
            const NEVER_BLOCKS: bool = true;
            type Making = Made;

            fn collect(&self, encoder: &mut FamilyEncoder<'_>) {
                self.encode(encoder);
            }

            fn verify(&self, desc: &Desc) -> Result<(), FieldError> {
                FieldError::check_labels(self.label_names(), desc)
            }
        }

        impl<M: SeriesMetric, $($param)*> Init for Family<$labels, M> {
            fn init(declaration: &Declaration) -> Self {
                Self::declared(declaration)
            }
        }
    };
}

family_metric!([const N: usize] Positional<N>, LabelShape::Positional(N), &[]);
family_metric!([L: Labels] L, LabelShape::of::<L>(), L::VALUES);
