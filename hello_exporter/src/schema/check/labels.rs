//! The labels that series can have.

use super::catalog::{Catalog, nearest};
use super::problem::Problem;
use super::series::Value;
use super::template::has_variable;

/// Labels that targets often have. They are neither misspelt nor labels of another metric.
const OF_TARGETS: [&str; 38] = [
    "account",
    "app",
    "az",
    "cluster",
    "component",
    "container",
    "datacenter",
    "dc",
    "endpoint",
    "env",
    "environment",
    "group",
    "host",
    "hostname",
    "id",
    "name",
    "namespace",
    "node",
    "node_id",
    "node_name",
    "nodename",
    "pod",
    "project",
    "prometheus",
    "rack",
    "region",
    "replica",
    "role",
    "service",
    "service_name",
    "site",
    "stage",
    "team",
    "tier",
    "type",
    "vendor",
    "version",
    "zone",
];

impl Catalog<'_> {
    /// Returns the problem of a label that the series of a value cannot have. A label that no
    /// metric has can be a label of the target, unless it is a misspelt label of these series.
    pub(super) fn label_problem(&self, value: &Value<'_>, label: &str) -> Option<Problem> {
        let Value { series, is_open, created, .. } = value;
        let is_possible = *is_open
            || series.is_empty()
            || created.contains(label)
            || has_variable(label)
            || is_of_every_target(label)
            || OF_TARGETS.contains(&label)
            || series.iter().any(|series| series.has_label(label));
        if is_possible {
            return None;
        }
        let limit = if label.chars().count() <= 5 { 1 } else { 2 };
        let known = series.iter().flat_map(|series| series.labels());
        let suggestion = nearest(label, known, limit);
        let is_of_metric = matches!(label, "le" | "quantile") || self.has_label(label);
        let problem = || Problem::Label {
            names: value.names(),
            label: label.to_owned(),
            suggestion: suggestion.clone(),
        };
        (is_of_metric || suggestion.is_some()).then(problem)
    }
}

/// Prometheus adds `job` and `instance`, and `exported_` to labels that the target has, too.
fn is_of_every_target(label: &str) -> bool {
    matches!(label, "job" | "instance") || label.starts_with("__") || label.starts_with("exported_")
}
