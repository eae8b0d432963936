//! Checks values of samples for `lint`.

use crate::collect::Collect;
use crate::desc::MetricType;
use crate::encode::{Encoder, FamilyEncoder, PointValue, Prepared, Sample, SampleValue, Written};
use crate::labels::RenderedLabels;

/// Returns the name of each family that has a counter value that is negative or NaN, with the first
/// such value.
pub(super) fn invalid_counters(collector: &(impl Collect + ?Sized)) -> Vec<(String, SampleValue)> {
    let mut written = Written::default();
    let families = collector.describe().into_iter().map(Prepared::new).enumerate();
    let invalid = families.filter_map(|(index, metric)| {
        let mut check = CounterCheck::default();
        collector.collect(index, &mut FamilyEncoder::new(&metric, &mut check, &mut written));
        Some((metric.desc.name().to_owned(), check.invalid?))
    });
    invalid.collect()
}

/// Finds the first invalid value of a counter.
#[derive(Default)]
struct CounterCheck {
    invalid: Option<SampleValue>,
}

impl Encoder for CounterCheck {
    fn begin_family(&mut self, _: &Prepared) {}

    fn sample(&mut self, metric: &Prepared, _: RenderedLabels<'_>, sample: &Sample<'_>) {
        let is_counter = metric.desc.metric_type() == MetricType::Counter;
        if let PointValue::Number(value) = sample.value
            && is_counter
            && !is_valid(value)
        {
            self.invalid.get_or_insert(value);
        }
    }

    fn mark(&self) -> usize {
        0
    }

    fn rollback(&mut self, _: usize) {}
}

/// Returns whether the value is at least zero, which NaN is not.
fn is_valid(counter: SampleValue) -> bool {
    counter.as_f64() >= 0.0
}
