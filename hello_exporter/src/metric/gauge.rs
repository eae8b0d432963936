//! Values that go up and down.

use std::marker::PhantomData;
use std::sync::atomic::AtomicU64;
use std::time::SystemTime;

use super::guard::{GaugeGuard, Level};
use super::value::unix_seconds;
use super::word::{self, GaugeValue};
use crate::collect::{Declaration, Init, LabelShape, Made, Metric};
use crate::desc::MetricType;
use crate::encode::{FamilyEncoder, Sample};

/// A [gauge](https://prometheus.io/docs/concepts/metric_types/#gauge): it goes up and down.
///
/// It holds an `f64`; `Gauge<i64>` is exact for integers past 2⁵³ and cheaper to add to.
///
/// ```
/// use hello_exporter::Gauge;
///
/// let temperature = Gauge::new();
/// temperature.set(20.5);
/// temperature.sub(1.0);
/// assert_eq!(temperature.get(), 19.5);
/// ```
#[derive(Debug, Default)]
pub struct Gauge<T = f64> {
    word: AtomicU64,
    value: PhantomData<T>,
}

impl Gauge {
    /// A gauge at zero, of `f64`.
    pub const fn new() -> Self {
        Self { word: AtomicU64::new(0), value: PhantomData }
    }
}

impl<T: GaugeValue> Gauge<T> {
    /// Sets the value.
    pub fn set(&self, value: T) {
        word::store(&self.word, value);
    }

    /// Adds one.
    pub fn inc(&self) {
        self.add(T::ONE);
    }

    /// Subtracts one.
    pub fn dec(&self) {
        self.sub(T::ONE);
    }

    /// Adds `amount`.
    pub fn add(&self, amount: T) {
        T::add(&self.word, amount);
    }

    /// Subtracts `amount`.
    pub fn sub(&self, amount: T) {
        T::add(&self.word, amount.negated());
    }

    /// Adds one now, and subtracts it when the guard is dropped: on every way out of a function, a
    /// panic and a cancelled future included.
    ///
    /// ```
    /// use hello_exporter::Gauge;
    ///
    /// let in_flight = Gauge::new();
    /// {
    ///     let _request = in_flight.inc_guard();
    ///     assert_eq!(in_flight.get(), 1.0);
    /// }
    /// assert_eq!(in_flight.get(), 0.0);
    /// ```
    pub fn inc_guard(&self) -> GaugeGuard<&Self> {
        GaugeGuard::new(self)
    }

    /// The current value.
    pub fn get(&self) -> T {
        word::load(&self.word)
    }
}

impl<T: GaugeValue> Level for &Gauge<T> {
    fn rise(&self) -> bool {
        self.inc();
        true
    }

    fn fall(&self) {
        self.dec();
    }
}

impl Gauge {
    /// Sets the gauge to the current time, in seconds since the Unix epoch: when a job ran last, say.
    ///
    /// ```
    /// use hello_exporter::Gauge;
    ///
    /// let last_success = Gauge::new();
    /// last_success.set_to_current_time();
    /// assert!(last_success.get() > 1.7e9);
    /// ```
    pub fn set_to_current_time(&self) {
        self.set(unix_seconds(SystemTime::now()));
    }
}

impl<T: GaugeValue> Metric for Gauge<T> {
    const TYPE: Option<MetricType> = Some(MetricType::Gauge);
    const LABELS: LabelShape = LabelShape::None;
    type Making = Made;

    fn collect(&self, encoder: &mut FamilyEncoder<'_>) {
        encoder.only(MetricType::Gauge, &Sample::from(self.get().into()));
    }
}

impl<T: GaugeValue> Init for Gauge<T> {
    fn init(_: &Declaration) -> Self {
        // The bits of zero are zero in every type of `Word`.
        Self { word: AtomicU64::new(0), value: PhantomData }
    }
}
