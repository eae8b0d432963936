//! The panels of a family, with their queries.

use super::panel::{Panel, Query, Shape};
use super::unit;
use crate::desc::MetricType;
use crate::schema::{FamilySchema, promql};

/// The quantiles of a histogram, with their legends.
const QUANTILES: [(&str, &str); 3] = [("0.5", "p50"), ("0.9", "p90"), ("0.99", "p99")];

/// The endings of the names of gauges that are 0 or 1, and what 0 and 1 mean.
const BOOLEANS: [(&str, [&str; 2]); 3] = [
    ("_up", ["down", "up"]),
    ("_success", ["failed", "successful"]),
    ("_successful", ["failed", "successful"]),
];

/// Returns the panels of a family.
pub(super) fn panels(family: &FamilySchema) -> Vec<Panel<'_>> {
    match family.metric_type {
        MetricType::Counter => vec![rate_of_counter(family)],
        MetricType::Gauge | MetricType::Untyped => vec![gauge(family)],
        MetricType::Histogram => {
            vec![heatmap(family), quantiles(family), rate_of_observations(family)]
        }
        MetricType::Summary => vec![summary(family), rate_of_observations(family)],
        MetricType::StateSet => vec![states(family, Shape::States)],
        MetricType::Info => vec![info(family)],
    }
}

fn rate_of_counter(family: &FamilySchema) -> Panel<'_> {
    let query = Query::new(rate(family, ""), legend(family));
    let panel = Panel::new(family, Shape::TimeSeries, vec![query]);
    panel.titled("rate").in_unit(unit::of_rate(family))
}

fn gauge(family: &FamilySchema) -> Panel<'_> {
    if let Some((_, [zero, one])) = BOOLEANS.iter().find(|(end, _)| family.name.ends_with(end)) {
        return states(family, Shape::Booleans(zero, one));
    }
    if is_state(family) {
        return states(family, Shape::States);
    }
    let (query, unit) = match unit::is_date(family) {
        true => (format!("1000 * {}", series(family, "")), unit::DATE.to_owned()),
        false => (series(family, ""), unit::of_values(family)),
    };
    Panel::new(family, Shape::TimeSeries, vec![Query::new(query, legend(family))]).in_unit(unit)
}

/// Returns whether each series of a gauge is a state of a closed set, as in
/// `door_state{state="open"}`.
fn is_state(family: &FamilySchema) -> bool {
    let is_state = |name: &str| {
        let rest = family.name.strip_suffix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('_'))
    };
    let mut labels = family.labels.iter();
    labels.any(|label| !label.is_constant && label.values.is_some() && is_state(&label.name))
}

fn states(family: &FamilySchema, shape: Shape) -> Panel<'_> {
    Panel::new(family, shape, vec![Query::new(series(family, ""), legend(family))])
}

fn info(family: &FamilySchema) -> Panel<'_> {
    Panel::new(family, Shape::Table, vec![Query::new(series(family, ""), String::new())])
}

fn heatmap(family: &FamilySchema) -> Panel<'_> {
    let native = format!("sum({})", rate(family, ""));
    let query = either(family, native, classic_buckets(family), "or on ()");
    let query = Query::new(query, "{{le}}".to_owned());
    Panel::new(family, Shape::Heatmap, vec![query])
        .titled("heatmap")
        .in_unit(unit::of_values(family))
}

fn quantiles(family: &FamilySchema) -> Panel<'_> {
    let queries = QUANTILES.iter().map(|(quantile, legend)| {
        let of = |buckets: &str| format!("histogram_quantile({quantile}, {buckets})");
        let native = of(&format!("sum({})", rate(family, "")));
        let query = either(family, native, of(&classic_buckets(family)), "or");
        Query::new(query, (*legend).to_owned())
    });
    Panel::new(family, Shape::TimeSeries, queries.collect())
        .titled("quantiles")
        .in_unit(unit::of_values(family))
}

fn classic_buckets(family: &FamilySchema) -> String {
    format!("sum by (le) ({})", rate(family, "_bucket"))
}

fn summary(family: &FamilySchema) -> Panel<'_> {
    let quantiles = Query::new(series(family, ""), format!("{} {{{{quantile}}}}", legend(family)));
    let mean = format!("{} / {}", rate(family, "_sum"), rate(family, "_count"));
    let mean = Query::new(mean, format!("{} mean", legend(family)));
    Panel::new(family, Shape::TimeSeries, vec![quantiles, mean])
        .titled("quantiles")
        .in_unit(unit::of_values(family))
}

/// Shows the series of a histogram or a summary one by one.
fn rate_of_observations(family: &FamilySchema) -> Panel<'_> {
    let classic = rate(family, "_count");
    let query = match family.metric_type {
        MetricType::Histogram => {
            let native = format!("histogram_count({})", rate(family, ""));
            either(family, native, classic, "or")
        }
        _ => classic,
    };
    Panel::new(family, Shape::TimeSeries, vec![Query::new(query, legend(family))])
        .titled("rate")
        .in_unit(unit::EVENTS.to_owned())
}

/// Returns the query for the buckets that a histogram has. If it can have both kinds, Prometheus
/// stores the native ones or the classic ones, as it is configured.
fn either(family: &FamilySchema, native: String, classic: String, or: &str) -> String {
    match (family.is_native, family.buckets.is_empty()) {
        (false, false) => classic,
        (true, true) => native,
        // Without a declaration of either kind, only the values know their buckets.
        (true, false) | (false, true) => format!("{native} {or} {classic}"),
    }
}

/// Returns the selector of the family's series with this suffix.
fn series(family: &FamilySchema, suffix: &str) -> String {
    let name = format!("{}{suffix}", family.name);
    promql::selector(&name, r#"job="$job",instance=~"$instance""#)
}

fn rate(family: &FamilySchema, suffix: &str) -> String {
    format!("rate({}[$__rate_interval])", series(family, suffix))
}

/// Returns the legend of a series: its instance and its labels.
fn legend(family: &FamilySchema) -> String {
    let labels = promql::series_labels(family).map(|label| format!(" {{{{{label}}}}}"));
    format!("{{{{instance}}}}{}", labels.collect::<String>())
}
