//! Metrics of the `prometheus` crate as fields.
//!
//! They accept no names that only `#[collector(utf8)]` permits, so they are made with escaped ones.

use prometheus::core::{
    Atomic, Collector, GenericCounter, GenericCounterVec, GenericGauge, GenericGaugeVec,
};
use prometheus::proto::{LabelPair, MetricFamily};
use prometheus::{Histogram, HistogramOpts, HistogramVec, Opts};

use super::model;
use crate::collect::{Declaration, FieldError, Init, LabelShape, Made, Metric, Options};
use crate::desc::{Desc, MetricType};
use crate::encode::FamilyEncoder;
use crate::name::Escaping;

macro_rules! foreign_metrics {
    ($(
        [$($param:tt)*] $type:ty: $metric_type:ident, $shape:ident, $buckets:literal,
        |$declaration:ident, $labels:ident| $make:expr;
    )*) => {$(
        impl<$($param)*> Metric for $type {
            const TYPE: Option<MetricType> = Some(MetricType::$metric_type);
            const LABELS: LabelShape = LabelShape::$shape;
            const OPTIONS: Options = Options { buckets: $buckets, ..Options::NONE };
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

        impl<$($param)*> Init for $type {
            fn init($declaration: &Declaration) -> Self {
                let desc = $declaration.desc().escaped(Escaping::Underscores);
                let $labels: Vec<&str> = desc.labels().iter().map(AsRef::as_ref).collect();
                match $make {
                    Ok(metric) => metric,
                    // The derive has checked everything that the foreign constructor checks.
                    Err(error) => panic!("metric `{}`: {error}", $declaration.desc().name()),
                }
            }
        }
    )*};
}

foreign_metrics! {
    [P: Atomic + 'static] GenericCounter<P>: Counter, None, false,
        |declaration, _labels| GenericCounter::with_opts(opts(declaration));
    [P: Atomic + 'static] GenericGauge<P>: Gauge, None, false,
        |declaration, _labels| GenericGauge::with_opts(opts(declaration));
    [] Histogram: Histogram, None, true,
        |declaration, _labels| Histogram::with_opts(histogram_opts(declaration));
    [P: Atomic + 'static] GenericCounterVec<P>: Counter, Any, false,
        |declaration, labels| GenericCounterVec::new(opts(declaration), &labels);
    [P: Atomic + 'static] GenericGaugeVec<P>: Gauge, Any, false,
        |declaration, labels| GenericGaugeVec::new(opts(declaration), &labels);
    [] HistogramVec: Histogram, Any, true,
        |declaration, labels| HistogramVec::new(histogram_opts(declaration), &labels);
}

fn opts(declaration: &Declaration) -> Opts {
    let desc = declaration.desc().escaped(Escaping::Underscores);
    let opts = Opts::new(desc.name(), desc.exposed_help());
    let const_labels = desc.const_labels().iter();
    const_labels.fold(opts, |opts, (name, value)| opts.const_label(name.as_ref(), value.as_ref()))
}

fn histogram_opts(declaration: &Declaration) -> HistogramOpts {
    let opts = HistogramOpts::from(opts(declaration));
    match declaration.buckets() {
        Some(buckets) => opts.buckets(buckets.to_vec()),
        None => opts,
    }
}

/// Writes the samples of the metric, with its variable labels in the order of the Desc. The encoder
/// adds the constant labels of the Desc.
fn encode(family: &MetricFamily, encoder: &mut FamilyEncoder<'_>) {
    let names: Vec<String> = encoder.own_names().map(str::to_owned).collect();
    // The foreign metric has no labels of a row, and its names are escaped.
    let escaped = encoder.desc().escaped(Escaping::Underscores).labels().to_vec();
    let row_labels = escaped.len() - names.len();
    for metric in family.get_metric() {
        let pairs = metric.get_label();
        let value_of = |name| pairs.iter().find(|pair| pair.name() == name).map(LabelPair::value);
        let own = escaped.iter().skip(row_labels);
        let values = own.map(|name| value_of(&**name).unwrap_or_default());
        let labels = names.iter().map(|name| &**name).zip(values);
        let labels: Vec<(&str, &str)> = labels.collect();
        model::encode(family.get_field_type(), metric, &labels, encoder);
    }
}

/// Compares the metric's own description with the declaration in its attribute.
fn verify(metric: &impl Collector, desc: &Desc) -> Result<(), FieldError> {
    let desc = &*desc.escaped(Escaping::Underscores);
    for own in metric.desc() {
        let own_const: Vec<(&str, &str)> =
            own.const_label_pairs.iter().map(|pair| (pair.name(), pair.value())).collect();
        let mut declared: Vec<(&str, &str)> =
            desc.const_labels().iter().map(|(name, value)| (&**name, &**value)).collect();
        declared.sort_unstable();
        let problem = if own.fq_name != desc.name() {
            format!("is named `{}`", own.fq_name)
        } else if own.help != desc.exposed_help() {
            format!("was made with help {:?}, but declares {:?}", own.help, desc.exposed_help())
        } else if own.variable_labels != desc.labels() {
            let (labels, declared) = (&own.variable_labels, desc.labels());
            format!("was made with labels {labels:?}, but declares {declared:?}")
        } else if own_const != declared {
            format!("was made with constant labels {own_const:?}, but declares {declared:?}")
        } else {
            continue;
        };
        return Err(FieldError::new(desc, problem));
    }
    Ok(())
}
