//! The metadata of a family, the lines HELP, TYPE and UNIT, rendered in the text formats.

use crate::desc::{Desc, MetricType, has_unit};
use crate::escape;
use crate::name::NameKind;

/// OpenMetrics' type for metrics of unknown type.
const UNKNOWN: &str = "unknown";

/// Renders the metadata in the text format.
pub(super) fn text(desc: &Desc) -> String {
    let name = NameKind::Metric.rendered(desc.name());
    let mut metadata = format!("# HELP {name} ");
    escape::help(&desc.exposed_help(), &mut metadata);
    metadata.push_str(&format!("\n# TYPE {name} {}\n", text_type(desc.metric_type())));
    metadata
}

/// Returns the type in the text format, where an info or a state set is a gauge.
fn text_type(metric_type: MetricType) -> &'static str {
    match metric_type {
        MetricType::Info | MetricType::StateSet => MetricType::Gauge.as_str(),
        other => other.as_str(),
    }
}

/// Renders the metadata in OpenMetrics.
pub(super) fn open_metrics(desc: &Desc) -> String {
    open_metrics_as(desc, desc.family_name(), open_metrics_type(desc))
}

/// Renders the metadata in OpenMetrics for a family of unknown type, which has the name of its
/// samples.
pub(super) fn open_metrics_unknown(desc: &Desc) -> String {
    open_metrics_as(desc, desc.name(), UNKNOWN)
}

fn open_metrics_as(desc: &Desc, family: &str, type_name: &str) -> String {
    let name = NameKind::Metric.rendered(family);
    let mut metadata = format!("# HELP {name} ");
    escape::label_value(&desc.exposed_help(), &mut metadata);
    metadata.push_str(&format!("\n# TYPE {name} {type_name}\n"));
    // OpenMetrics requires that the name of the family ends in the unit. An escaped name may not.
    if let Some(unit) = desc.unit().filter(|unit| has_unit(family, unit)) {
        metadata.push_str(&format!("# UNIT {name} {unit}\n"));
    }
    metadata
}

/// Returns the type in OpenMetrics. A counter whose name lacks `_total` has the type `unknown`, so
/// that its series keeps its name in every format.
fn open_metrics_type(desc: &Desc) -> &'static str {
    match desc.metric_type() {
        _ if desc.is_unsuffixed_counter() => UNKNOWN,
        MetricType::Untyped => UNKNOWN,
        other => other.as_str(),
    }
}
