//! Metrics with labels.

use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::AtomicU64;

use super::counter::increase;
use super::store::Store;
use super::word::{self, CounterValue, GaugeValue, Word};
use super::{Counter, Gauge};
use crate::collect::{FieldError, Init, LabelShape, Made, Metric};
use crate::desc::{Desc, MetricType};
use crate::encode::{FamilyEncoder, Number};
use crate::labels::{LabelValue, Labels};

/// A metric with labels: one series of `M` for every label set of `L` that the program has used.
///
/// Usually spelled by its short forms [`CounterVec`] and [`GaugeVec`]. Series are exposed in the
/// order in which they were created.
pub struct Family<L, M> {
    store: Store,
    kind: PhantomData<fn() -> (L, M)>,
}

/// Label sets of `N` values that are told apart by their position.
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

/// What a [`Family`] can be a family of: [`Counter`] and [`Gauge`].
pub trait SeriesMetric: sealed::Sealed {
    #[doc(hidden)]
    type Word: Word;
    #[doc(hidden)]
    const TYPE: MetricType;
}

mod sealed {
    pub trait Sealed {}
}

impl<T: CounterValue> sealed::Sealed for Counter<T> {}
impl<T: CounterValue> SeriesMetric for Counter<T> {
    type Word = T;
    const TYPE: MetricType = MetricType::Counter;
}

impl<T: GaugeValue> sealed::Sealed for Gauge<T> {}
impl<T: GaugeValue> SeriesMetric for Gauge<T> {
    type Word = T;
    const TYPE: MetricType = MetricType::Gauge;
}

impl<const N: usize> CounterVec<N> {
    /// A family without series, of `u64` counters with these label names.
    pub fn new(label_names: [&str; N]) -> Self {
        Self::with_label_names(label_names)
    }
}

impl<const N: usize> GaugeVec<N> {
    /// A family without series, of `f64` gauges with these label names.
    pub fn new(label_names: [&str; N]) -> Self {
        Self::with_label_names(label_names)
    }
}

impl<M: SeriesMetric, const N: usize> Family<Positional<N>, M> {
    /// The series with these label values, to be updated or read.
    ///
    /// The result is a handle that looks the series up when it is used, and creates it, at zero, on
    /// its first update.
    pub fn with<V: LabelValue>(&self, values: [V; N]) -> Series<'_, [V; N], M> {
        Series { store: &self.store, labels: values, kind: PhantomData }
    }
}

impl<L, M> Family<L, M> {
    fn with_label_names<'n>(label_names: impl IntoIterator<Item = &'n str>) -> Self {
        Self { store: Store::new(label_names, 1), kind: PhantomData }
    }

    fn label_names(&self) -> impl Iterator<Item = &str> {
        self.store.label_names()
    }
}

impl<L, M> fmt::Debug for Family<L, M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.label_names().collect();
        formatter.debug_struct("Family").field("labels", &names).finish_non_exhaustive()
    }
}

/// One series of a [`Family`], looked up at every use.
///
/// It holds no lock and no reference to the series, so that it can be kept across an `await`.
#[must_use = "a series does nothing until it is updated"]
pub struct Series<'f, L, M> {
    store: &'f Store,
    labels: L,
    kind: PhantomData<fn() -> M>,
}

impl<L: Labels, M: SeriesMetric> Series<'_, L, M> {
    /// Creates the series at zero, so that it is exposed before its first update.
    pub fn init(self) {
        self.update(|_| ());
    }

    /// The current value; zero, without creating it, where the series does not exist.
    pub fn get(&self) -> M::Word {
        let read = |values: &[&str]| self.store.operate(values, false, load::<M>).flatten();
        self.labels.with_values(read).unwrap_or(M::Word::from_bits(0))
    }

    fn update(&self, operation: impl Fn(&AtomicU64)) {
        self.labels.with_values(|values| {
            self.store.operate(values, true, |words| {
                words.iter().for_each(&operation);
            });
        });
    }
}

fn load<M: SeriesMetric>(words: &[AtomicU64]) -> Option<M::Word> {
    words.first().map(word::load)
}

impl<L: Labels, T: CounterValue> Series<'_, L, Counter<T>> {
    /// Adds one.
    pub fn inc(self) {
        self.inc_by(T::ONE);
    }

    /// Adds `amount`, see [`Counter::inc_by`].
    pub fn inc_by(self, amount: T) {
        self.update(|word| increase(word, amount));
    }
}

impl<L: Labels, T: GaugeValue> Series<'_, L, Gauge<T>> {
    /// Sets the value.
    pub fn set(self, value: T) {
        self.update(|word| word::store(word, value));
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
        self.update(|word| T::add(word, amount));
    }

    /// Subtracts `amount`.
    pub fn sub(self, amount: T) {
        self.add(amount.negated());
    }
}

impl<M: SeriesMetric, const N: usize> Metric for Family<Positional<N>, M> {
    const TYPE: Option<MetricType> = Some(M::TYPE);
    const LABELS: LabelShape = LabelShape::Positional(N);
    type Making = Made;

    fn collect(&self, encoder: &mut FamilyEncoder<'_>) {
        self.store.for_each(|block, words| {
            let value: Option<Number> = load::<M>(words).map(Into::into);
            encoder.rendered(block, value.unwrap_or(Number::U64(0)));
        });
    }

    fn verify(&self, desc: &Desc) -> Result<(), FieldError> {
        if self.label_names().eq(desc.labels().iter().map(AsRef::as_ref)) {
            return Ok(());
        }
        let own: Vec<&str> = self.label_names().collect();
        let problem = format!("was made with labels {own:?}, and declares {:?}", desc.labels());
        Err(FieldError::new(desc, problem))
    }
}

impl<M: SeriesMetric, const N: usize> Init for Family<Positional<N>, M> {
    fn init(desc: &Desc) -> Self {
        Self::with_label_names(desc.labels().iter().map(AsRef::as_ref))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::thread;

    use super::*;

    /// Every series as its block and value.
    fn series(family: &CounterVec<2>) -> Vec<(String, u64)> {
        let mut all = Vec::new();
        family.store.for_each(|block, words| {
            let mut text = Vec::new();
            block.append_to(&mut text);
            all.push((String::from_utf8(text).unwrap(), word::load(&words[0])));
        });
        all
    }

    #[test]
    fn label_values_are_not_concatenated_to_a_key() {
        let family = CounterVec::new(["x", "y"]);
        family.with(["ab", "c"]).inc();
        family.with(["a", "bc"]).inc_by(2);
        family.with(["", "abc"]).inc_by(4);
        let expected = [(r#"x="ab",y="c""#, 1), (r#"x="a",y="bc""#, 2), (r#"x="",y="abc""#, 4)];
        assert_eq!(series(&family), expected.map(|(block, value)| (block.to_owned(), value)));
    }

    #[test]
    fn a_value_that_looks_like_an_escaped_one_is_another_series() {
        let family = CounterVec::new(["x", "y"]);
        let values = ["a\"b", "a\\\"b", "a\\b", "a\\\\b", "a\nb", "a\\nb"];
        for round in 0..2 {
            for (at, value) in values.iter().enumerate() {
                family.with([*value, "q\",y=\""]).inc_by(at as u64 + round);
            }
        }
        for (at, value) in values.iter().enumerate() {
            assert_eq!(family.with([*value, "q\",y=\""]).get(), 2 * at as u64 + 1, "{value:?}");
        }
        assert_eq!(series(&family).len(), values.len());
    }

    #[test]
    fn every_length_of_value_is_told_apart() {
        let family = CounterVec::new(["x", "y"]);
        let long = "0123456789abcdefghijklmnopqrstuvwxyz";
        for end in 0..long.len() {
            for start in 0..=end {
                family.with([&long[start..end], &long[..start]]).inc();
            }
        }
        let all = series(&family);
        assert!(all.iter().all(|(_, value)| *value >= 1));
        assert_eq!(all.iter().map(|(_, value)| value).sum::<u64>(), 36 * 37 / 2);
        let distinct: BTreeMap<_, _> = all.iter().cloned().collect();
        assert_eq!(distinct.len(), all.len());
    }

    #[test]
    fn an_overlong_value_is_cut_at_a_character() {
        let family = CounterVec::new(["x", "y"]);
        let long = "é".repeat(40_000);
        family.with([&long[..], ""]).inc();
        family.with([&long[..70_000], ""]).inc();
        let all = series(&family);
        assert_eq!(all, [(format!("x=\"{}\",y=\"\"", "é".repeat(32_767)), 2)]);
    }

    #[test]
    fn increments_of_many_threads_are_all_there_while_the_family_grows() {
        const THREADS: u64 = 4;
        const SERIES: u64 = 5_000;
        let family = CounterVec::new(["x", "y"]);
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let family = &family;
                scope.spawn(move || {
                    for step in 0..SERIES {
                        let at = (step * 7 + thread * 1_009) % SERIES;
                        family.with([at, at / 3]).inc();
                    }
                });
            }
            let seen = scope.spawn(|| (0..50).map(|_| series(&family).len()).collect::<Vec<_>>());
            assert!(seen.join().unwrap().is_sorted());
        });
        let all = series(&family);
        assert_eq!(all.len() as u64, SERIES);
        assert!(all.iter().all(|(_, value)| *value == THREADS));
    }
}
