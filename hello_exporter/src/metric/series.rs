//! One series of a family: a handle that looks it up whenever it is used.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::SystemTime;

use super::exemplar::exemplar;
use super::family::{NumberMetric, SeriesSet};
use super::guard::{GaugeGuard, Level, Observe, Timer};
use super::histogram::{Bounds, Histogram};
use super::store::Pin;
use super::value::unix_seconds;
use super::word::{self, CounterValue, GaugeValue, Word};
use super::{Counter, Gauge};
use crate::encode::{Exemplar, SampleValue};
use crate::labels::Labels;

/// One series of a [`Family`](crate::Family), looked up at every use.
///
/// It holds no lock and no reference to the series, so that it can be kept across an `await`. An update
/// creates the series, at zero, where there is none: not yet, or not any more.
#[must_use = "a series does nothing until it is updated; `init()` exposes it at zero"]
pub struct Series<'f, L, M, P = LookUp> {
    series: &'f SeriesSet,
    labels: L,
    way: P,
    kind: PhantomData<fn() -> M>,
}

/// A [`Series`] that keeps its look-up: [`Series::pin`] makes one.
///
/// It can be shared by threads, survives the removal of its series as any other handle does, and
/// holds on to no memory of the family.
pub type PinnedSeries<'f, L, M> = Series<'f, L, M, Pinned>;

/// How a [`Series`] is found: by a look-up.
#[derive(Debug)]
pub struct LookUp;

/// How a [`Series`] is found: where it was found before.
pub struct Pinned(Pin);

impl fmt::Debug for Pinned {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pinned")
    }
}

/// The way from labels to a series.
pub trait Way: sealed::Way {}

impl Way for LookUp {}
impl Way for Pinned {}

mod sealed {
    use super::{AtomicU64, Labels, SeriesSet};

    pub trait Way {
        #[doc(hidden)]
        fn update<L: Labels>(
            &self,
            series: &SeriesSet,
            labels: &L,
            operation: impl Fn(&[AtomicU64]),
        ) -> bool;
    }
}

impl sealed::Way for LookUp {
    #[inline]
    fn update<L: Labels>(
        &self,
        series: &SeriesSet,
        labels: &L,
        operation: impl Fn(&[AtomicU64]),
    ) -> bool {
        labels.with_values(|values| series.store.update(values, operation)).is_some()
    }
}

impl sealed::Way for Pinned {
    #[inline]
    fn update<L: Labels>(
        &self,
        series: &SeriesSet,
        labels: &L,
        operation: impl Fn(&[AtomicU64]),
    ) -> bool {
        series.store.update_pinned(&self.0, &operation)
            || labels
                .with_values(|values| series.store.update_and_pin(&self.0, values, operation))
                .is_some()
    }
}

impl<'f, L, M> Series<'f, L, M> {
    pub(super) fn new(series: &'f SeriesSet, labels: L) -> Self {
        Self { series, labels, way: LookUp, kind: PhantomData }
    }

    /// The same series with its look-up kept, for a place that updates it again and again.
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
        Series { series, labels, way: Pinned(Pin::new()), kind }
    }
}

impl<L: Labels, M, P: Way> Series<'_, L, M, P> {
    /// Creates the series at zero, so that it is exposed before its first update.
    pub fn init(&self) {
        self.update(|_, _| ());
    }

    /// Whether the series is there, or could be created.
    #[inline]
    fn update(&self, operation: impl Fn(&Bounds, &[AtomicU64])) -> bool {
        let bounds = &self.series.bounds;
        self.way.update(self.series, &self.labels, |words| operation(bounds, words))
    }

    /// What `operation` reads of the series, if there is one.
    fn read<R>(&self, operation: impl Fn(&Bounds, &[AtomicU64]) -> R) -> Option<R> {
        let SeriesSet { store, bounds } = self.series;
        self.labels.with_values(|values| store.read(values, |words| operation(bounds, words)))
    }

    /// Updates the series, and keeps an exemplar in the place that the operation names.
    fn update_with_exemplar(
        &self,
        exemplar: Option<Arc<Exemplar>>,
        operation: impl Fn(&Bounds, &[AtomicU64]) -> usize,
    ) {
        let names = &self.series.store.label_names;
        let block = self.labels.with_values(|values| names.render(values));
        self.update(|bounds, words| {
            let place = operation(bounds, words);
            if let Some(exemplar) = &exemplar {
                self.series.store.exemplars.set(block.as_bytes(), place, exemplar);
            }
        });
    }
}

impl<L: Labels, M: NumberMetric, P: Way> Series<'_, L, M, P> {
    /// The current value; zero, without creating it, where the series does not exist.
    pub fn get(&self) -> M::Word {
        let value = self.read(|_, words| words.first().map(word::load)).flatten();
        value.unwrap_or(M::Word::from_bits(0))
    }

    /// Runs an operation on the series' word.
    #[inline]
    fn with_word(&self, operation: impl Fn(&AtomicU64)) -> bool {
        self.update(|_, words| {
            if let Some(word) = words.first() {
                operation(word);
            }
        })
    }
}

impl<L: Labels, T: CounterValue, P: Way> Series<'_, L, Counter<T>, P> {
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

    /// Adds `amount` with an example, see [`Counter::inc_by_with_exemplar`].
    pub fn inc_by_with_exemplar(&self, amount: T, labels: &[(&str, &str)]) {
        if amount.is_increment() {
            self.update_with_exemplar(exemplar(amount.into(), labels), |_, words| {
                words.iter().for_each(|word| T::add(word, amount));
                0
            });
        }
    }
}

impl<L: Labels, T: GaugeValue, P: Way> Series<'_, L, Gauge<T>, P> {
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

    /// Adds one until the guard is dropped, see [`Gauge::inc_guard`].
    ///
    /// Nothing is subtracted where nothing was added, because the family is full, or where the series was
    /// removed meanwhile. One that was created again is taken for the same.
    pub fn inc_guard(self) -> GaugeGuard<Self> {
        GaugeGuard::new(self)
    }
}

impl<L: Labels, P: Way> Series<'_, L, Gauge, P> {
    /// Sets the series to the current time, see [`Gauge::set_to_current_time`].
    pub fn set_to_current_time(&self) {
        self.set(unix_seconds(SystemTime::now()));
    }
}

impl<L: Labels, T: GaugeValue, P: Way> Level for Series<'_, L, Gauge<T>, P> {
    fn rise(&self) -> bool {
        self.with_word(|word| T::add(word, T::ONE))
    }

    /// A series that was removed meanwhile is not created to go below zero.
    fn fall(&self) {
        self.read(|_, words| words.iter().for_each(|word| T::add(word, T::ONE.negated())));
    }
}

impl<L: Labels, P: Way> Series<'_, L, Histogram, P> {
    /// Counts an observation, see [`Histogram::observe`].
    #[inline]
    pub fn observe(&self, value: f64) {
        self.update(|bounds, words| {
            bounds.observe(words, value);
        });
    }

    /// Counts an observation with an example, see [`Histogram::observe_with_exemplar`].
    pub fn observe_with_exemplar(&self, value: f64, labels: &[(&str, &str)]) {
        let exemplar = exemplar(SampleValue::F64(value), labels);
        self.update_with_exemplar(exemplar, |bounds, words| bounds.observe(words, value));
    }

    /// Observes, when the timer is dropped, how many seconds have passed; see
    /// [`Histogram::start_timer`].
    pub fn start_timer(self) -> Timer<Self> {
        Timer::new(self)
    }

    /// How many observations there were; zero, without creating it, where the series does not exist.
    pub fn count(&self) -> u64 {
        self.read(Bounds::count).unwrap_or_default()
    }

    /// The sum of all observations; zero, without creating it, where the series does not exist.
    pub fn sum(&self) -> f64 {
        self.read(Bounds::sum).unwrap_or_default()
    }
}

impl<L: Labels, P: Way> Observe for Series<'_, L, Histogram, P> {
    fn observe(&self, seconds: f64) {
        Series::observe(self, seconds);
    }
}

impl<L, M, P> fmt::Debug for Series<'_, L, M, P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Series")
    }
}
