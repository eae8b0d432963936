//! Alerts for Prometheus.

mod exporter;

use std::collections::{BTreeMap, BTreeSet};

use super::yaml::quoted;
use super::{FamilySchema, Schema, promql};
use crate::desc::MetricType;
use crate::name::NameKind;

/// The part of the file before the alerts.
const HEAD: &str = "\
# Alerts about the exporter, and about the systems that it monitors. Every job has the metric `up`:
# restrict the expression of ExporterDown with `job` if other files have alerts for other jobs.
";

impl Schema {
    /// Returns a Prometheus rule file in YAML. It has an alert for each gauge whose name ends in
    /// `_up`, unless the gauge is deprecated, and alerts about the exporter itself: it cannot be
    /// scraped; a source fails, has lost all its series, or has many more of them than a day ago;
    /// its TLS certificate expires; it cannot use its changed web configuration, or its changed
    /// configuration file. Alerts about metrics that the exporter does not have are left out.
    ///
    /// `deploy/prometheus/exporters.rules.yml`, in the repository, has more alerts about exporters,
    /// and all those about the exporter itself under the same names.
    ///
    /// ```
    /// use hello_exporter::schema::Schema;
    /// use hello_exporter::{Collector, Gauge};
    ///
    /// #[derive(Collector)]
    /// struct Redis {
    ///     /// Whether the server responds.
    ///     redis_up: Gauge,
    /// }
    ///
    /// let rules = Schema::of::<Redis>().rules();
    /// assert!(rules.ends_with(
    ///     r#"
    ///       - alert: "RedisDown"
    ///         expr: "redis_up == 0"
    ///         for: 5m
    ///         labels: { severity: critical }
    ///         annotations:
    ///           summary: "{{ $labels.instance }} reports that redis is down"
    ///           description: "redis_up is 0. Its help: Whether the server responds."
    /// "#,
    /// ));
    /// ```
    pub fn rules(&self) -> String {
        let group = if self.exporter.is_empty() { "exporter" } else { &self.exporter };
        let mut file = format!("{HEAD}\ngroups:\n  - name: {}\n    rules:\n", quoted(group));
        let rules: Vec<String> = self.alerts().iter().map(Alert::yaml).collect();
        file.push_str(&rules.join("\n"));
        file
    }

    fn alerts(&self) -> Vec<Alert> {
        let mut alerts = self.alerts_about_exporter();
        // A probe can have a family of the path for metrics.
        let families: BTreeMap<&str, &FamilySchema> =
            self.all_families().filter(|it| is_up(it)).map(|it| (&*it.name, it)).collect();
        let mut names: BTreeSet<String> = alerts.iter().map(|alert| alert.name.clone()).collect();
        for family in families.into_values() {
            let name = unused(&alert_name(family), &names);
            names.insert(name.clone());
            alerts.push(down(name, family));
        }
        alerts
    }
}

/// Returns whether a family says that something is up.
fn is_up(family: &FamilySchema) -> bool {
    let is_current = family.is_current();
    family.metric_type == MetricType::Gauge && is_current && family.name.ends_with("_up")
}

fn down(name: String, family: &FamilySchema) -> Alert {
    let labels: Vec<String> = promql::series_labels(family)
        .map(|label| format!("{} {}", escaped(&label), label_value(&label)))
        .collect();
    let labels =
        if labels.is_empty() { String::new() } else { format!(" ({})", labels.join(", ")) };
    let subject = escaped(subject(family));
    Alert {
        name,
        expr: format!("{} == 0", promql::selector(&family.name, "")),
        wait: "5m",
        severity: "critical",
        summary: format!("{{{{ $labels.instance }}}} reports that {subject} is down{labels}"),
        description: format!("{} is 0. Its help: {}", escaped(&family.name), escaped(&family.help)),
    }
}

/// Returns what is up: `redis` of `redis_up`.
fn subject(family: &FamilySchema) -> &str {
    family.name.strip_suffix("_up").unwrap_or(&family.name)
}

/// Returns the name of the alert about a family: `RedisDown` for `redis_up`.
fn alert_name(family: &FamilySchema) -> String {
    let mut name = String::new();
    for word in subject(family).split(|it: char| !it.is_ascii_alphanumeric()) {
        let (first, rest) = word.split_at(word.len().min(1));
        name.extend([first.to_ascii_uppercase().as_str(), rest]);
    }
    name + "Down"
}

/// Returns the name, with a number if an alert has it already.
fn unused(name: &str, names: &BTreeSet<String>) -> String {
    let mut unused = name.to_owned();
    let mut number = 2;
    while names.contains(&unused) {
        unused = format!("{name}{number}");
        number += 1;
    }
    unused
}

/// Returns the expression for the value of a label in an annotation.
fn label_value(label: &str) -> String {
    match NameKind::Label.is_plain(label) {
        true => format!("{{{{ $labels.{label} }}}}"),
        false => format!("{{{{ index $labels {} }}}}", quoted(label)),
    }
}

/// Returns a text as it is written in an annotation, which is a template.
fn escaped(text: &str) -> String {
    text.replace("{{", r#"{{ "{{" }}"#)
}

/// An alert of the rule file.
struct Alert {
    name: String,
    expr: String,
    /// How long the expression must hold.
    wait: &'static str,
    severity: &'static str,
    summary: String,
    description: String,
}

impl Alert {
    fn yaml(&self) -> String {
        format!(
            "      - alert: {}\n        expr: {}\n        for: {}\n        \
             labels: {{ severity: {} }}\n        annotations:\n          \
             summary: {}\n          description: {}\n",
            quoted(&self.name),
            quoted(&self.expr),
            self.wait,
            self.severity,
            quoted(&self.summary),
            quoted(&self.description)
        )
    }
}
