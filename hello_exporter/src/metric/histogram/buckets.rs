//! The buckets of a histogram, and the counters of one series.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use super::DEFAULT_BUCKETS;
use crate::collect::Declaration;
use crate::encode::{FamilyEncoder, HistogramPoint, PointValue, RenderedBounds, Reset, Sample};
use crate::labels::RenderedLabels;
use crate::metric::exemplar::Exemplars;
use crate::metric::native::{NativeBuckets, NativeHistogram, NativeLayout, Totals};
use crate::metric::start::StartTimestamp;
use crate::metric::store::{SeriesValue, ValueLayout};
use crate::metric::word::{self, Word};
use crate::sync::modelled::{AtomicU64, Ordering};

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
    /// sum. A histogram with native buckets has everything in a [`NativeHistogram`].
    pub(in crate::metric) fn layout(&self) -> ValueLayout {
        let classic = if self.is_classic { self.bounds.len() + 1 } else { 0 };
        let native = self.native.map(|options| NativeLayout { options, classic });
        let words = if native.is_some() { 0 } else { classic + 1 };
        ValueLayout { words, has_start: native.is_none(), native }
    }

    /// Returns the counters of a series of a family.
    #[inline]
    pub(in crate::metric) fn counters<'s>(&self, value: SeriesValue<'s>) -> Counters<'s> {
        match self.native.and_then(|_| value.native()) {
            Some(native) => Counters::Native(native),
            None => Counters::Classic(value.words),
        }
    }

    /// Counts an observation.
    #[inline]
    pub(in crate::metric) fn observe(&self, counters: Counters<'_>, value: f64) {
        match counters {
            Counters::Classic(words) => {
                if let (Some(bucket), Some(sum)) = (words.get(self.position(value)), words.last()) {
                    f64::add(sum, value);
                    bucket.fetch_add(1, Ordering::Relaxed);
                }
            }
            Counters::Native(native) => self.observe_native(native, value),
        }
    }

    /// Counts an observation in native buckets, and in classic ones if there are any.
    ///
    /// It is not inlined, so that it does not slow down histograms without native buckets.
    #[inline(never)]
    fn observe_native(&self, native: &NativeHistogram, value: f64) {
        f64::add(&native.sum, value);
        if !native.classic.is_empty()
            && let Some(bucket) = native.classic.get(self.position(value))
        {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        // Last, so that the classic buckets have all observations of the native ones.
        native.observe(value);
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
    /// Without classic buckets, there are ten. Values in the same eighth of an octave share one;
    /// others may share one, too.
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
        match counters {
            Counters::Classic(words) => {
                let counters = self.bounds_to_infinity().zip(words);
                counters.map(|(_, counter)| word::load::<u64>(counter)).sum()
            }
            Counters::Native(native) => native.count(),
        }
    }

    pub(in crate::metric) fn sum(&self, counters: Counters<'_>) -> f64 {
        match counters {
            Counters::Classic(words) => words.last().map_or(0.0, word::load),
            Counters::Native(native) => word::load(&native.sum),
        }
    }

    /// Writes one series. `start` is its start timestamp; native buckets have their own.
    pub(in crate::metric) fn encode(
        &self,
        counters: Counters<'_>,
        start: Option<StartTimestamp>,
        labels: RenderedLabels<'_>,
        exemplars: &Exemplars,
        encoder: &mut FamilyEncoder<'_>,
    ) {
        match counters {
            Counters::Classic(words) => {
                self.encode_classic(words, start, labels, exemplars, encoder);
            }
            Counters::Native(native) => self.encode_native(native, labels, exemplars, encoder),
        }
    }

    /// Writes one series. Its count is the last bucket's, so that the two never differ.
    #[inline]
    fn encode_classic(
        &self,
        words: &[AtomicU64],
        start: Option<StartTimestamp>,
        labels: RenderedLabels<'_>,
        exemplars: &Exemplars,
        encoder: &mut FamilyEncoder<'_>,
    ) {
        let start = start.and_then(|start| encoder.live_start(start.milliseconds()));
        let sum = words.last().map_or(0.0, word::load);
        encoder.with_scratch(|encoder, scratch| {
            exemplars.read(labels, encoder, scratch);
            let counts = words.iter().map(word::load::<u64>);
            let count = self.accumulate(counts, &mut scratch.buckets);
            let rendered = Some(&self.rendered);
            let buckets = &scratch.buckets;
            let point = HistogramPoint { buckets, rendered, native: None, sum, count };
            let sample = Sample::new(PointValue::Histogram(point)).started_at_milliseconds(start);
            encoder.rendered(labels, &sample.with_exemplars(&scratch.exemplars));
        });
    }

    /// Writes one series with native buckets. They have all observations, so their count is that of
    /// the series.
    #[inline(never)]
    fn encode_native(
        &self,
        native: &Arc<NativeHistogram>,
        labels: RenderedLabels<'_>,
        exemplars: &Exemplars,
        encoder: &mut FamilyEncoder<'_>,
    ) {
        encoder.with_scratch(|encoder, scratch| {
            exemplars.read(labels, encoder, scratch);
            let Totals { sum, start } = native.read(&mut scratch.native, &mut scratch.counts);
            let count = scratch.native.count;
            let start = encoder.live_start(start.milliseconds());
            scratch.buckets.clear();
            if self.is_classic {
                self.accumulate(scratch.counts.iter().copied(), &mut scratch.buckets);
                agree(&mut scratch.buckets, count);
            }
            let rendered = self.is_classic.then_some(&self.rendered);
            let (buckets, native) = (&scratch.buckets, Some(&scratch.native));
            let point = HistogramPoint { buckets, rendered, native, sum, count };
            let sample = Sample::new(PointValue::Histogram(point)).started_at_milliseconds(start);
            encoder.rendered(labels, &sample.with_exemplars(&scratch.exemplars));
        });
        if encoder.takes_native_histograms() && native.is_reset_due(Instant::now) {
            encoder.reset_later(Arc::clone(native) as Arc<dyn Reset>);
        }
    }

    /// Fills `buckets` with cumulative counts, and returns the count of all observations.
    fn accumulate(&self, counts: impl Iterator<Item = u64>, buckets: &mut Vec<(f64, u64)>) -> u64 {
        buckets.clear();
        let mut total = 0;
        buckets.extend(self.bounds_to_infinity().zip(counts).map(|(bound, count)| {
            total += count;
            (bound, total)
        }));
        total
    }

    /// Iterates over the bounds of the classic buckets, `+Inf` last.
    fn bounds_to_infinity(&self) -> impl Iterator<Item = f64> {
        self.bounds.iter().copied().chain([f64::INFINITY])
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
pub(in crate::metric) enum Counters<'s> {
    /// A counter for each bucket and for `+Inf`, and the sum.
    Classic(&'s [AtomicU64]),
    Native(&'s Arc<NativeHistogram>),
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
