//! Metrics of the `prometheus` crate as fields.

use prometheus::Opts;
use prometheus::core::{
    Atomic, Collector, GenericCounter, GenericCounterVec, GenericGauge, GenericGaugeVec,
};
use prometheus::proto::{LabelPair, MetricFamily};

use super::model;
use crate::collect::{FieldError, Init, LabelShape, Made, Metric};
use crate::desc::{Desc, MetricType};
use crate::encode::FamilyEncoder;

macro_rules! foreign_metrics {
    ($($type:ident: $metric_type:ident, $shape:ident, |$opts:ident, $labels:ident| $make:expr;)*) => {$(
        impl<P: Atomic + 'static> Metric for $type<P> {
            const TYPE: Option<MetricType> = Some(MetricType::$metric_type);
            const LABELS: LabelShape = LabelShape::$shape;
            type Making = Made;

            fn collect(&self, encoder: &mut FamilyEncoder<'_>) {
                for family in Collector::collect(self) {
                    encode(&family, encoder);
                }
            }

            fn verify(&self, desc: &Desc) -> Result<(), FieldError> {
                verify(self, desc)
            }
        }

        impl<P: Atomic + 'static> Init for $type<P> {
            fn init(desc: &Desc) -> Self {
                let $opts = opts(desc);
                let $labels: Vec<&str> = desc.labels().iter().map(AsRef::as_ref).collect();
                match $make {
                    Ok(metric) => metric,
                    // The derive has checked all that the foreign constructor checks.
                    Err(error) => panic!("metric `{}`: {error}", desc.name()),
                }
            }
        }
    )*};
}

foreign_metrics! {
    GenericCounter: Counter, None, |opts, _labels| GenericCounter::with_opts(opts);
    GenericGauge: Gauge, None, |opts, _labels| GenericGauge::with_opts(opts);
    GenericCounterVec: Counter, Any, |opts, labels| GenericCounterVec::new(opts, &labels);
    GenericGaugeVec: Gauge, Any, |opts, labels| GenericGaugeVec::new(opts, &labels);
}

/// Writes what the metric collects, its variable labels in the order of the Desc; the constant ones
/// are written from the Desc.
fn encode(family: &MetricFamily, encoder: &mut FamilyEncoder<'_>) {
    let names = encoder.desc().labels().to_vec();
    for metric in family.get_metric() {
        let pairs = metric.get_label();
        let value_of = |name| pairs.iter().find(|pair| pair.name() == name).map(LabelPair::value);
        let labels = names.iter().map(|name| (&**name, value_of(&**name).unwrap_or_default()));
        model::encode(family.get_field_type(), metric, labels, encoder);
    }
}

fn opts(desc: &Desc) -> Opts {
    let opts = Opts::new(desc.name(), desc.help());
    desc.const_labels()
        .iter()
        .fold(opts, |opts, (name, value)| opts.const_label(name.as_ref(), value.as_ref()))
}

/// Compares what the metric says of itself with what its attribute says.
fn verify(metric: &impl Collector, desc: &Desc) -> Result<(), FieldError> {
    for own in metric.desc() {
        let own_const: Vec<(&str, &str)> =
            own.const_label_pairs.iter().map(|pair| (pair.name(), pair.value())).collect();
        let mut declared: Vec<(&str, &str)> =
            desc.const_labels().iter().map(|(name, value)| (&**name, &**value)).collect();
        declared.sort_unstable();
        let problem = if own.fq_name != desc.name() {
            format!("is called `{}`", own.fq_name)
        } else if own.help != desc.help() {
            format!("was made with help {:?}, and declares {:?}", own.help, desc.help())
        } else if own.variable_labels != desc.labels() {
            let (labels, declared) = (&own.variable_labels, desc.labels());
            format!("was made with labels {labels:?}, and declares {declared:?}")
        } else if own_const != declared {
            format!("was made with constant labels {own_const:?}, and declares {declared:?}")
        } else {
            continue;
        };
        return Err(FieldError::new(desc, problem));
    }
    Ok(())
}
