//! The buckets of a histogram, and the counters of one series.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::DEFAULT_BUCKETS;
use crate::collect::Declaration;
use crate::encode::{FamilyEncoder, HistogramPoint, PointValue, RenderedBounds, Sample};
use crate::labels::RenderedLabels;
use crate::metric::exemplar::Exemplars;
use crate::metric::native::{NativeBuckets, NativeHistogram};
use crate::metric::start::StartTimestamp;
use crate::metric::store::{SeriesValue, ValueLayout};
use crate::metric::word::{self, Word};

/// The buckets of a histogram: the classic ones, which have upper bounds, the native ones, or both.
///
/// ```
/// use hello_exporter::Histogram;
/// use hello_exporter::metric::{Buckets, NativeBuckets};
///
/// assert_eq!(Buckets::from(&[0.1, 1.0]).as_slice(), [0.1, 1.0]);
/// assert_eq!(Buckets::new(vec![1.0, 0.1, 1.0, f64::INFINITY]).as_slice(), [0.1, 1.0]);
///
/// let native = Histogram::new(NativeBuckets::new());
/// let both = Histogram::new(Buckets::from(&[0.1, 1.0]).with_native(NativeBuckets::new()));
/// # let _ = (native, both);
/// ```
#[derive(Clone, Debug)]
pub struct Buckets {
    /// The upper bounds of the classic buckets: finite and increasing.
    bounds: Cow<'static, [f64]>,
    rendered: RenderedBounds,
    /// Whether a series has the counters of classic buckets.
    is_classic: bool,
    native: Option<NativeBuckets>,
}

impl Buckets {
    /// Sorts the bounds of classic buckets, and drops repeated and non-finite ones.
    pub fn new(bounds: impl Into<Cow<'static, [f64]>>) -> Self {
        let bounds = bounds.into();
        let increases = bounds.iter().zip(bounds.iter().skip(1)).all(|(one, next)| one < next);
        if increases && bounds.iter().all(|bound| bound.is_finite()) {
            return Self::rendered(bounds);
        }
        let mut bounds: Vec<f64> =
            bounds.iter().copied().filter(|bound| bound.is_finite()).collect();
        bounds.sort_by(f64::total_cmp);
        bounds.dedup();
        Self::rendered(Cow::Owned(bounds))
    }

    fn rendered(bounds: Cow<'static, [f64]>) -> Self {
        Self { rendered: RenderedBounds::new(&bounds), bounds, is_classic: true, native: None }
    }

    /// Adds native buckets. Protobuf exposes both kinds; the text formats expose the classic ones.
    #[must_use]
    pub fn with_native(self, native: NativeBuckets) -> Self {
        Self { native: Some(native), ..self }
    }

    /// Returns the bounds of the classic buckets.
    pub fn as_slice(&self) -> &[f64] {
        &self.bounds
    }

    /// Returns no buckets, for a metric that is not a histogram.
    pub(in crate::metric) fn none() -> Self {
        Self {
            bounds: Cow::Borrowed(&[]),
            rendered: RenderedBounds::default(),
            is_classic: false,
            native: None,
        }
    }

    /// Returns the buckets of an attribute; the default ones if it has neither `buckets` nor
    /// `native`.
    pub(in crate::metric) fn declared(declaration: &Declaration) -> Self {
        match (declaration.buckets(), declaration.native()) {
            (None, None) => Self::default(),
            (None, Some(native)) => Self::from(*native),
            (Some(bounds), None) => Self::new(bounds),
            (Some(bounds), Some(native)) => Self::new(bounds).with_native(*native),
        }
    }

    /// Returns the layout of a series: a counter for each classic bucket and for `+Inf`, and the
    /// sum; without classic buckets, the sum alone.
    pub(in crate::metric) fn layout(&self) -> ValueLayout {
        let words = if self.is_classic { self.bounds.len() + 2 } else { 1 };
        ValueLayout { words, has_start: true, has_native: self.native.is_some() }
    }

    pub(in crate::metric) fn native(&self) -> Option<NativeBuckets> {
        self.native
    }

    /// Returns the counters of a series of a family.
    #[inline]
    pub(in crate::metric) fn counters<'s>(&self, value: SeriesValue<'s>) -> Counters<'s> {
        let native = if self.native.is_some() { value.native() } else { None };
        match native {
            Some((words, native)) => Counters { words, native: Some(native) },
            None => Counters { words: value.words, native: None },
        }
    }

    /// Counts an observation.
    #[inline]
    pub(in crate::metric) fn observe(&self, counters: Counters<'_>, value: f64) {
        match counters.native {
            None => self.observe_classic(counters.words, value),
            Some(native) => {
                if self.is_classic {
                    self.observe_classic(counters.words, value);
                } else if let Some(sum) = counters.words.last() {
                    f64::add(sum, value);
                }
                // Last, so that the classic buckets have all observations of the native ones.
                native.observe(value);
            }
        }
    }

    #[inline]
    fn observe_classic(&self, words: &[AtomicU64], value: f64) {
        if let (Some(bucket), Some(sum)) = (words.get(self.position(value)), words.last()) {
            f64::add(sum, value);
            bucket.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns the classic bucket of a value: the number of bounds below it. NaN is in the last
    /// bucket.
    ///
    /// For few bounds, counting is faster than searching, because it has no branches to mispredict.
    #[inline]
    fn position(&self, value: f64) -> usize {
        const FEW: usize = 64;

        let is_below = |bound: &f64| value <= *bound;
        if self.bounds.len() <= FEW {
            self.bounds.iter().map(|bound| usize::from(!is_below(bound))).sum()
        } else {
            self.bounds.partition_point(|bound| !is_below(bound))
        }
    }

    /// Returns the number of the exemplar that an observation replaces: that of its classic bucket.
    /// Without classic buckets, there are ten exemplars, of values that differ by an eighth or
    /// more.
    pub(in crate::metric) fn exemplar_number(&self, value: f64) -> usize {
        const MOST: u64 = 10;
        /// The bits of the mantissa of an `f64`, except the first three.
        const SMALL_DIFFERENCES: u32 = 49;

        if self.is_classic {
            self.position(value)
        } else {
            (value.to_bits() >> SMALL_DIFFERENCES) as usize % MOST as usize
        }
    }

    pub(in crate::metric) fn count(&self, counters: Counters<'_>) -> u64 {
        match counters.native {
            Some(native) if !self.is_classic => native.count(),
            _ => self.each(counters.words).map(|(_, counter)| word::load::<u64>(counter)).sum(),
        }
    }

    pub(in crate::metric) fn sum(&self, counters: Counters<'_>) -> f64 {
        counters.words.last().map_or(0.0, word::load)
    }

    /// Writes one series. Its count is the last bucket's, so that the two never differ.
    pub(in crate::metric) fn encode(
        &self,
        counters: Counters<'_>,
        start: Option<&AtomicU64>,
        labels: RenderedLabels<'_>,
        exemplars: &Exemplars,
        encoder: &mut FamilyEncoder<'_>,
    ) {
        let started = start.map(|word| StartTimestamp::of(word).milliseconds());
        encoder.with_scratch(|encoder, scratch| {
            exemplars.read(labels, encoder, scratch);
            let is_wanted = !self.is_classic || encoder.takes_native_histograms();
            let native = counters.native.filter(|_| is_wanted).map(|native| {
                native.read(&mut scratch.native);
                scratch.native.point()
            });
            let sum = self.sum(counters);
            let classic = self.accumulate(counters.words, &mut scratch.buckets);
            let count = native.map_or(classic, |native| native.count);
            if native.is_some() {
                agree(&mut scratch.buckets, count);
            }
            let rendered = self.is_classic.then_some(&self.rendered);
            let buckets = &scratch.buckets;
            let point = HistogramPoint { buckets, rendered, native, sum, count };
            let sample = Sample::new(PointValue::Histogram(point)).started_at_milliseconds(started);
            encoder.rendered(labels, &sample.with_exemplars(&scratch.exemplars));
        });
        counters.reset_if_due(start);
    }

    /// Fills `buckets` with the cumulative counts of the classic buckets, and returns the count of
    /// all observations.
    fn accumulate(&self, words: &[AtomicU64], buckets: &mut Vec<(f64, u64)>) -> u64 {
        buckets.clear();
        let mut count = 0;
        buckets.extend(self.each(words).map(|(bound, counter)| {
            count += word::load::<u64>(counter);
            (bound, count)
        }));
        count
    }

    /// Iterates over the bound and the counter of each classic bucket, `+Inf` last.
    fn each<'w>(&self, words: &'w [AtomicU64]) -> impl Iterator<Item = (f64, &'w AtomicU64)> {
        let infinity = self.is_classic.then_some(f64::INFINITY);
        self.bounds.iter().copied().chain(infinity).zip(words)
    }
}

/// Makes classic buckets agree with the count of the native ones, which were read a moment before.
fn agree(buckets: &mut [(f64, u64)], count: u64) {
    buckets.iter_mut().for_each(|(_, bucket)| *bucket = (*bucket).min(count));
    if let Some((_, last)) = buckets.last_mut() {
        *last = count;
    }
}

/// The counters of one series of a histogram.
#[derive(Clone, Copy)]
pub(in crate::metric) struct Counters<'s> {
    /// See [`Buckets::layout`].
    pub(in crate::metric) words: &'s [AtomicU64],
    pub(in crate::metric) native: Option<&'s NativeHistogram>,
}

impl Counters<'_> {
    /// Resets everything if a reset of the native buckets is due. A scrape has just exposed the
    /// values.
    fn reset_if_due(self, start: Option<&AtomicU64>) {
        let Some(native) = self.native.filter(|native| native.is_reset_due(Instant::now())) else {
            return;
        };
        self.words.iter().for_each(|word| word.store(0, Ordering::Relaxed));
        native.reset();
        if let Some(start) = start {
            start.store(StartTimestamp::now().to_bits(), Ordering::Relaxed);
        }
    }
}

/// [`DEFAULT_BUCKETS`].
impl Default for Buckets {
    fn default() -> Self {
        Self::new(DEFAULT_BUCKETS)
    }
}

impl From<&'static [f64]> for Buckets {
    fn from(bounds: &'static [f64]) -> Self {
        Self::new(bounds)
    }
}

impl<const N: usize> From<&'static [f64; N]> for Buckets {
    fn from(bounds: &'static [f64; N]) -> Self {
        Self::new(bounds.as_slice())
    }
}

/// Native buckets alone. The text formats expose a single bucket, `+Inf`.
impl From<NativeBuckets> for Buckets {
    fn from(native: NativeBuckets) -> Self {
        Self::none().with_native(native)
    }
}

impl From<Vec<f64>> for Buckets {
    fn from(bounds: Vec<f64>) -> Self {
        Self::new(bounds)
    }
}
