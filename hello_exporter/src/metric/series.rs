//! One series of a family: a handle that looks it up whenever it is used.

use std::marker::PhantomData;
use std::sync::atomic::AtomicU64;

use super::counter::increase;
use super::family::{NumberMetric, SeriesSet};
use super::histogram::{Bounds, Histogram};
use super::word::{self, CounterValue, GaugeValue, Word};
use super::{Counter, Gauge};
use crate::labels::Labels;

/// One series of a [`Family`](crate::Family), looked up at every use.
///
/// It holds no lock and no reference to the series, so that it can be kept across an `await`.
#[must_use = "a series does nothing until it is updated"]
pub struct Series<'f, L, M> {
    series: &'f SeriesSet,
    labels: L,
    kind: PhantomData<fn() -> M>,
}

impl<'f, L, M> Series<'f, L, M> {
    pub(super) fn new(series: &'f SeriesSet, labels: L) -> Self {
        Self { series, labels, kind: PhantomData }
    }
}

impl<L: Labels, M> Series<'_, L, M> {
    /// Creates the series at zero, so that it is exposed before its first update.
    pub fn init(self) {
        self.update(|_, _| ());
    }

    fn update(&self, operation: impl Fn(&Bounds, &[AtomicU64])) {
        let SeriesSet { store, bounds } = self.series;
        self.labels.with_values(|values| {
            store.operate(values, true, |words| operation(bounds, words));
        });
    }

    /// What `operation` reads of the series, if there is one.
    fn read<R>(&self, operation: impl Fn(&Bounds, &[AtomicU64]) -> R) -> Option<R> {
        let SeriesSet { store, bounds } = self.series;
        self.labels
            .with_values(|values| store.operate(values, false, |words| operation(bounds, words)))
    }
}

impl<L: Labels, M: NumberMetric> Series<'_, L, M> {
    /// The current value; zero, without creating it, where the series does not exist.
    pub fn get(&self) -> M::Word {
        let value = self.read(|_, words| words.first().map(word::load)).flatten();
        value.unwrap_or(M::Word::from_bits(0))
    }

    /// Runs an operation on the series' word.
    fn with_word(&self, operation: impl Fn(&AtomicU64)) {
        self.update(|_, words| words.iter().for_each(&operation));
    }
}

impl<L: Labels, T: CounterValue> Series<'_, L, Counter<T>> {
    /// Adds one.
    pub fn inc(self) {
        self.inc_by(T::ONE);
    }

    /// Adds `amount`, see [`Counter::inc_by`].
    pub fn inc_by(self, amount: T) {
        self.with_word(|word| increase(word, amount));
    }
}

impl<L: Labels, T: GaugeValue> Series<'_, L, Gauge<T>> {
    /// Sets the value.
    pub fn set(self, value: T) {
        self.with_word(|word| word::store(word, value));
    }

    /// Adds one.
    pub fn inc(self) {
        self.add(T::ONE);
    }

    /// Subtracts one.
    pub fn dec(self) {
        self.sub(T::ONE);
    }

    /// Adds `amount`.
    pub fn add(self, amount: T) {
        self.with_word(|word| T::add(word, amount));
    }

    /// Subtracts `amount`.
    pub fn sub(self, amount: T) {
        self.add(amount.negated());
    }
}

impl<L: Labels> Series<'_, L, Histogram> {
    /// Counts an observation, see [`Histogram::observe`].
    pub fn observe(self, value: f64) {
        self.update(|bounds, words| bounds.observe(words, value));
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
