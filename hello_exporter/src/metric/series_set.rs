//! The series of a family, and the metrics that a family can have.

use super::histogram::{Buckets, Histogram};
use super::start::StartTimestamp;
use super::store::{FullSeries, Snapshot, Store, ValueLayout, ValueLengths};
use super::word::{self, CounterValue, GaugeValue, Word};
use super::{Counter, Gauge};
use crate::collect::Options;
use crate::desc::MetricType;
use crate::encode::{FamilyEncoder, NumberSeries};

/// The series of a [`Family`](crate::Family), without its type parameters. With them, a metric type
/// that a family cannot have would cause a compile error for each method instead of a single one.
pub struct SeriesSet {
    pub(super) store: Store,
    /// The buckets of a histogram; empty for other metrics.
    pub(super) buckets: Buckets,
}

/// A metric that a [`Family`](crate::Family) can have: [`Counter`], [`Gauge`] or [`Histogram`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a metric that a family can have",
    label = "expected `Counter`, `Gauge` or `Histogram`"
)]
pub trait SeriesMetric: sealed::Sealed {
    #[doc(hidden)]
    const TYPE: MetricType;
    #[doc(hidden)]
    const OPTIONS: Options;

    /// Returns the layout of a series.
    #[doc(hidden)]
    fn layout(buckets: &Buckets) -> ValueLayout;

    /// Writes all series.
    #[doc(hidden)]
    fn encode(series: &SeriesSet, encoder: &mut FamilyEncoder<'_>);
}

/// A [`SeriesMetric`] that is one number: [`Counter`] or [`Gauge`].
pub trait NumberMetric: SeriesMetric {
    /// The type of the number, by default `u64` for a [`Counter`] and `f64` for a [`Gauge`].
    type Word: Word;
}

mod sealed {
    pub trait Sealed {}
}

const FAMILY_OPTIONS: Options = Options { series_limits: true, ..Options::NONE };

/// Implements the traits for a metric that is one word.
macro_rules! number_metric {
    ($metric:ident: $value:ident) => {
        impl<T: $value> sealed::Sealed for $metric<T> {}

        impl<T: $value> SeriesMetric for $metric<T> {
            const TYPE: MetricType = MetricType::$metric;
            const OPTIONS: Options = FAMILY_OPTIONS;

            fn layout(_: &Buckets) -> ValueLayout {
                let has_start = Self::TYPE.has_start_timestamp();
                ValueLayout { words: 1, has_start, native: None }
            }

            fn encode(series: &SeriesSet, encoder: &mut FamilyEncoder<'_>) {
                let SeriesSet { store, .. } = series;
                let snapshot = store.snapshot();
                let numbers = snapshot.series().filter_map(|(labels, words)| {
                    Some((labels, word::load::<T>(words.first()?).to_sample()?))
                });
                if store.exemplars.are_wanted(encoder) {
                    encoder.with_buffer(|encoder, buffer| {
                        for series in started_numbers::<T>(&snapshot, encoder.is_kept()) {
                            let labels = series.labels.join(buffer);
                            store.exemplars.encode(labels, series.sample(), encoder);
                        }
                    });
                } else if encoder.takes_start_timestamps() {
                    let is_kept = encoder.is_kept();
                    encoder.rendered_started_numbers(started_numbers::<T>(&snapshot, is_kept));
                } else {
                    encoder.rendered_numbers(&store.labels_prefix, numbers);
                }
            }
        }

        impl<T: $value> NumberMetric for $metric<T> {
            type Word = T;
        }
    };
}

number_metric!(Counter: CounterValue);
number_metric!(Gauge: GaugeValue);

/// Iterates over all series of numbers. They have their start timestamps if the collector
/// `is_kept`.
fn started_numbers<'s, T: Word>(
    snapshot: &'s Snapshot<'_>,
    is_kept: bool,
) -> impl Iterator<Item = NumberSeries<'s, ValueLengths<'s>>> {
    snapshot.full_series().filter_map(move |FullSeries { labels, lengths, value, start }| {
        let number = word::load::<T>(value.words.first()?).to_sample()?;
        let start = start.filter(|_| is_kept);
        let start = start.map(StartTimestamp::milliseconds);
        Some(NumberSeries { labels, lengths, number, start })
    })
}

impl sealed::Sealed for Histogram {}

impl SeriesMetric for Histogram {
    const TYPE: MetricType = MetricType::Histogram;
    const OPTIONS: Options = Options { buckets: true, native: true, ..FAMILY_OPTIONS };

    fn layout(buckets: &Buckets) -> ValueLayout {
        buckets.layout()
    }

    fn encode(series: &SeriesSet, encoder: &mut FamilyEncoder<'_>) {
        let SeriesSet { store, buckets } = series;
        encoder.with_buffer(|encoder, buffer| {
            for FullSeries { labels, value, start, .. } in store.snapshot().full_series() {
                let (counters, labels) = (buckets.counters(value), labels.join(buffer));
                buckets.encode(counters, start, labels, &store.exemplars, encoder);
            }
        });
    }
}
