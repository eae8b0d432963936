//! Values that go up and down.

use std::marker::PhantomData;
use std::time::SystemTime;

use super::guard::{GaugeGuard, Level, sealed};
use super::value::unix_seconds;
use super::word::{self, GaugeValue};
use crate::collect::{Declaration, Init, LabelShape, Made, Metric};
use crate::desc::MetricType;
use crate::encode::{FamilyEncoder, Sample};
use crate::sync::modelled::{AtomicU64, zero_word};

/// A [gauge](https://prometheus.io/docs/concepts/metric_types/#gauge): a value that goes up and
/// down.
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
///
/// `Gauge<Option<f64>>` and `Gauge<Option<i64>>` start at `None`, which is not exposed, and are
/// unset by `set(None)`. Adding to `None` adds to zero.
///
/// ```
/// use hello_exporter::{Collector, Gauge, testing};
///
/// #[derive(Collector)]
/// struct Backup {
///     /// When the backup last succeeded.
///     last_success_timestamp_seconds: Gauge<Option<f64>>,
/// }
///
/// let backup = Backup::new();
/// testing::assert_exposition(&backup, "");
/// backup.last_success_timestamp_seconds.set(Some(1.7e9));
/// testing::assert_exposition(
///     &backup,
///     "
///     ## HELP last_success_timestamp_seconds When the backup last succeeded.
///     ## TYPE last_success_timestamp_seconds gauge
///     last_success_timestamp_seconds 1700000000
///     ",
/// );
/// ```
///
/// A `Gauge<Option<i64>>` stores [`i64::MIN`] as `i64::MIN + 1`.
#[derive(Debug, Default)]
pub struct Gauge<T = f64> {
    word: AtomicU64,
    value: PhantomData<T>,
}

impl Gauge {
    /// Creates an `f64` gauge at zero. For other types, use [`Default`].
    pub const fn new() -> Self {
        Self { word: zero_word(), value: PhantomData }
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

    /// Adds one, and subtracts it when the guard is dropped: at every exit of a function, including
    /// panics and cancelled futures.
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

    /// Returns the current value.
    pub fn get(&self) -> T {
        word::load(&self.word)
    }
}

impl<T> sealed::Sealed for &Gauge<T> {}

impl<T: GaugeValue> Level for &Gauge<T> {
    fn rise(&self) -> bool {
        self.inc();
        true
    }

    fn fall(&self) {
        self.dec();
    }
}

impl<T: GaugeValue + From<f64>> Gauge<T> {
    /// Sets the gauge to the current time, in seconds since the Unix epoch, e.g. when a job ends.
    ///
    /// ```
    /// use hello_exporter::Gauge;
    ///
    /// let last_success = Gauge::new();
    /// last_success.set_to_current_time();
    /// assert!(last_success.get() > 1.7e9);
    /// ```
    pub fn set_to_current_time(&self) {
        self.set(unix_seconds(SystemTime::now()).into());
    }
}

impl<T: GaugeValue> Metric for Gauge<T> {
    const TYPE: Option<MetricType> = Some(MetricType::Gauge);
    const LABELS: LabelShape = LabelShape::None;
    const NEVER_BLOCKS: bool = true;
    type Making = Made;

    fn collect(&self, encoder: &mut FamilyEncoder<'_>) {
        if let Some(value) = self.get().to_sample() {
            encoder.only(MetricType::Gauge, &Sample::from(value));
        }
    }
}

impl<T: GaugeValue> Init for Gauge<T> {
    fn init(_: &Declaration) -> Self {
        // Zero bits are the initial value of every `Word`: zero, or `None`.
        Self { word: AtomicU64::new(0), value: PhantomData }
    }
}
