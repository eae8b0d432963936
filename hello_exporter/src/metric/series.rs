//! One series of a family: a handle that looks it up at every use.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::SystemTime;

use super::exemplar::exemplar;
use super::guard::{self, GaugeGuard, Level, Observe, Timer};
use super::histogram::{Buckets, Histogram};
use super::series_set::{NumberMetric, SeriesSet};
use super::store::{CachedLookup, SeriesValue};
use super::value::unix_seconds;
use super::word::{self, CounterValue, GaugeValue, Word};
use super::{Counter, Gauge};
use crate::encode::{Exemplar, SampleValue};
use crate::labels::Labels;
use crate::sync::modelled::AtomicU64;

/// A handle to one series of a [`Family`](crate::Family). Every use looks the series up.
///
/// It holds no lock and no reference to the series, so that it can be kept across an `await`. An
/// update creates the series, at zero, if it does not exist or was removed.
#[must_use = "a series does nothing until it is updated; `init()` exposes it at zero"]
pub struct Series<'f, L, M, P = Uncached> {
    series: &'f SeriesSet,
    labels: L,
    lookup: P,
    kind: PhantomData<fn() -> M>,
}

/// A [`Series`] that caches its lookup; [`Series::pin`] makes one.
///
/// Threads can share it. Like any other handle, it stays usable after the removal of its series,
/// and keeps no memory of the family alive.
pub type PinnedSeries<'f, L, M> = Series<'f, L, M, Cached>;

/// Looks the series up at every use.
#[derive(Debug)]
pub struct Uncached;

/// Caches the lookup of the series.
pub struct Cached(CachedLookup);

impl fmt::Debug for Cached {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Cached")
    }
}

/// The lookup strategy of a [`Series`]: [`Uncached`] or [`Cached`].
pub trait Lookup: sealed::Update {}

impl Lookup for Uncached {}
impl Lookup for Cached {}

mod sealed {
    use super::{Labels, SeriesSet, SeriesValue};

    pub trait Update {
        #[doc(hidden)]
        fn update<L: Labels>(
            &self,
            series: &SeriesSet,
            labels: &L,
            operation: impl Fn(SeriesValue<'_>),
        ) -> bool;
    }
}

impl sealed::Update for Uncached {
    #[inline]
    fn update<L: Labels>(
        &self,
        series: &SeriesSet,
        labels: &L,
        operation: impl Fn(SeriesValue<'_>),
    ) -> bool {
        labels.with_values(|values| series.store.update(values, operation)).is_some()
    }
}

impl sealed::Update for Cached {
    #[inline]
    fn update<L: Labels>(
        &self,
        series: &SeriesSet,
        labels: &L,
        operation: impl Fn(SeriesValue<'_>),
    ) -> bool {
        series.store.update_cached(&self.0, &operation)
            || labels
                .with_values(|values| series.store.update_and_cache(&self.0, values, operation))
                .is_some()
    }
}

impl<'f, L, M> Series<'f, L, M> {
    pub(super) fn new(series: &'f SeriesSet, labels: L) -> Self {
        Self { series, labels, lookup: Uncached, kind: PhantomData }
    }

    /// Caches the lookup, for code that updates the series again and again.
    ///
    /// ```
    /// use hello_exporter::CounterVec;
    ///
    /// let requests = CounterVec::new(["path"]);
    /// let index = requests.with(["/"]).pin();
    /// for _ in 0..3 {
    ///     index.inc();
    /// }
    /// assert_eq!(index.get(), 3);
    /// ```
    pub fn pin(self) -> PinnedSeries<'f, L, M> {
        let Self { series, labels, kind, .. } = self;
        Series { series, labels, lookup: Cached(CachedLookup::new()), kind }
    }
}

impl<L: Labels, M, P: Lookup> Series<'_, L, M, P> {
    /// Creates the series at zero, so that it is exposed before its first update.
    pub fn init(&self) {
        self.update(|_, _| ());
    }

    /// Runs an operation on the series, and returns whether it exists or could be created.
    #[inline]
    fn update(&self, operation: impl Fn(&Buckets, SeriesValue<'_>)) -> bool {
        let buckets = &self.series.buckets;
        self.lookup.update(self.series, &self.labels, |value| operation(buckets, value))
    }

    /// Returns the result of `operation` on the series, or `None` if the series does not exist.
    fn read<R>(&self, operation: impl Fn(&Buckets, SeriesValue<'_>) -> R) -> Option<R> {
        let SeriesSet { store, buckets } = self.series;
        self.labels.with_values(|values| store.read(values, |value| operation(buckets, value)))
    }

    /// Updates the series, and keeps an exemplar under `number`, 0 for a counter.
    fn update_with_exemplar(
        &self,
        exemplar: Option<Arc<Exemplar>>,
        number: usize,
        operation: impl Fn(&Buckets, SeriesValue<'_>),
    ) {
        let names = &self.series.store.label_names;
        let labels = self.labels.with_values(|values| names.render(values));
        self.update(|buckets, value| {
            operation(buckets, value);
            if let Some(exemplar) = &exemplar {
                self.series.store.exemplars.set(labels.as_bytes(), number, exemplar);
            }
        });
    }
}

impl<L: Labels, M: NumberMetric, P: Lookup> Series<'_, L, M, P> {
    /// Returns the current value, or the initial value if the series does not exist. It does not
    /// create the series.
    pub fn get(&self) -> M::Word {
        let value = self.read(|_, value| value.words.first().map(word::load)).flatten();
        value.unwrap_or(M::Word::from_bits(0))
    }

    /// Runs an operation on the series' word.
    #[inline]
    fn with_word(&self, operation: impl Fn(&AtomicU64)) -> bool {
        self.update(|_, value| {
            if let Some(word) = value.words.first() {
                operation(word);
            }
        })
    }
}

impl<L: Labels, T: CounterValue, P: Lookup> Series<'_, L, Counter<T>, P> {
    /// Adds one.
    #[inline]
    pub fn inc(&self) {
        self.inc_by(T::ONE);
    }

    /// Adds `amount`, see [`Counter::inc_by`].
    #[inline]
    pub fn inc_by(&self, amount: T /* fractions need a `Counter<f64>` */) {
        if amount.is_increment() {
            self.with_word(|word| T::add(word, amount));
        }
    }

    /// Adds `amount` with an exemplar, see [`Counter::inc_by_with_exemplar`].
    pub fn inc_by_with_exemplar(&self, amount: T, labels: &[(&str, &str)]) {
        if amount.is_increment() {
            self.update_with_exemplar(exemplar(amount.into(), labels), 0, |_, value| {
                value.words.iter().for_each(|word| T::add(word, amount));
            });
        }
    }
}

impl<L: Labels, T: GaugeValue, P: Lookup> Series<'_, L, Gauge<T>, P> {
    /// Sets the value.
    #[inline]
    pub fn set(&self, value: T) {
        self.with_word(|word| word::store(word, value));
    }

    /// Adds one.
    #[inline]
    pub fn inc(&self) {
        self.add(T::ONE);
    }

    /// Subtracts one.
    #[inline]
    pub fn dec(&self) {
        self.sub(T::ONE);
    }

    /// Adds `amount`.
    #[inline]
    pub fn add(&self, amount: T) {
        self.with_word(|word| T::add(word, amount));
    }

    /// Subtracts `amount`.
    #[inline]
    pub fn sub(&self, amount: T) {
        self.add(amount.negated());
    }

    /// Adds one, and subtracts it when the guard is dropped, see [`Gauge::inc_guard`].
    ///
    /// The guard subtracts nothing if nothing was added because the family is full, or if the
    /// series was removed meanwhile. It does subtract from a series that was removed and created
    /// again.
    pub fn inc_guard(self) -> GaugeGuard<Self> {
        GaugeGuard::new(self)
    }
}

impl<L: Labels, T: GaugeValue + From<f64>, P: Lookup> Series<'_, L, Gauge<T>, P> {
    /// Sets the series to the current time, see [`Gauge::set_to_current_time`].
    pub fn set_to_current_time(&self) {
        self.set(unix_seconds(SystemTime::now()).into());
    }
}

impl<L, M, P> guard::sealed::Sealed for Series<'_, L, M, P> {}

impl<L: Labels, T: GaugeValue, P: Lookup> Level for Series<'_, L, Gauge<T>, P> {
    fn rise(&self) -> bool {
        self.update(|_, value| {
            value.words.iter().for_each(|word| T::add(word, T::ONE));
            value.last_update.inspect(|last_update| last_update.add_guard());
        })
    }

    /// Subtracts one, unless the series was removed meanwhile: a new series would go below zero.
    fn fall(&self) {
        self.read(|_, value| {
            value.words.iter().for_each(|word| T::add(word, T::ONE.negated()));
            value.last_update.inspect(|last_update| last_update.remove_guard());
        });
    }
}

impl<L: Labels, P: Lookup> Series<'_, L, Histogram, P> {
    /// Counts an observation, see [`Histogram::observe`].
    #[inline]
    pub fn observe(&self, value: f64) {
        self.update(|buckets, series| buckets.observe(buckets.counters(series), value));
    }

    /// Counts an observation with an exemplar, see [`Histogram::observe_with_exemplar`].
    pub fn observe_with_exemplar(&self, value: f64, labels: &[(&str, &str)]) {
        let exemplar = exemplar(SampleValue::F64(value), labels);
        let number = self.series.buckets.exemplar_number(value);
        self.update_with_exemplar(exemplar, number, |buckets, series| {
            buckets.observe(buckets.counters(series), value);
        });
    }

    /// Starts a timer that observes the elapsed seconds when it is dropped; see
    /// [`Histogram::start_timer`].
    pub fn start_timer(self) -> Timer<Self> {
        Timer::new(self)
    }

    /// Returns the number of observations, or zero if the series does not exist. It does not create
    /// the series.
    pub fn count(&self) -> u64 {
        self.read(|buckets, value| buckets.count(buckets.counters(value))).unwrap_or_default()
    }

    /// Returns the sum of all observations, or zero if the series does not exist. It does not
    /// create the series.
    pub fn sum(&self) -> f64 {
        self.read(|buckets, value| buckets.sum(buckets.counters(value))).unwrap_or_default()
    }
}

impl<L: Labels, P: Lookup> Observe for Series<'_, L, Histogram, P> {
    fn observe(&self, seconds: f64) {
        Series::observe(self, seconds);
    }
}

impl<L, M, P> fmt::Debug for Series<'_, L, M, P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Series")
    }
}
