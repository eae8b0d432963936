//! Relabelling rules for operators who still need the old names.

use super::yaml::quoted;
use super::{FamilySchema, Schema};
use crate::desc::MetricType;

impl Schema {
    /// Returns the `metric_relabel_configs` of a scrape configuration that store renamed families
    /// under their old names. They are for exporters that run with `--no-metrics.deprecated`: with
    /// both names exposed, each series would be stored twice.
    ///
    /// ```
    /// use hello_exporter::schema::Schema;
    /// use hello_exporter::{Collector, Counter};
    ///
    /// #[derive(Collector)]
    /// struct Jobs {
    ///     /// Jobs done.
    ///     #[metric(renamed_from = "jobs")]
    ///     jobs_total: Counter,
    /// }
    ///
    /// assert_eq!(
    ///     Schema::of::<Jobs>().relabel(),
    ///     "\
    /// metric_relabel_configs:
    ///   - source_labels: [\"__name__\"]
    ///     regex: \"jobs_total\"
    ///     target_label: \"__name__\"
    ///     replacement: \"jobs\"
    /// ",
    /// );
    /// ```
    pub fn relabel(&self) -> String {
        let mut rules: Vec<String> = Vec::new();
        let probes = self.probes.iter().map(|probe| &probe.families);
        for families in std::iter::once(&self.families).chain(probes) {
            let find = |name: &String| families.iter().find(|family| family.name == *name);
            for family in families {
                let renamed = family.renamed_to.as_ref().and_then(find);
                for rule in renamed.into_iter().flat_map(|new| of_family(family, new)) {
                    // A family may be exposed by several probes.
                    if !rules.contains(&rule) {
                        rules.push(rule);
                    }
                }
            }
        }
        match rules.is_empty() {
            true => "metric_relabel_configs: []\n".to_owned(),
            false => format!("metric_relabel_configs:\n{}", rules.concat()),
        }
    }
}

fn of_family(old: &FamilySchema, new: &FamilySchema) -> Vec<String> {
    let names = old.series_names().zip(new.series_names());
    // The series of native buckets has the name of the family.
    let native = new.is_native.then(|| (old.name.clone(), new.name.clone()));
    let mut rules: Vec<String> =
        names.chain(native).map(|(old, new)| name_rule(&old, &new)).collect();
    if new.metric_type == MetricType::StateSet {
        rules.extend(label_rules(&old.name, &new.name));
    }
    rules
}

fn name_rule(old: &str, new: &str) -> String {
    rule(&["__name__"], &escaped(new), "__name__", &old.replace('$', "$$"))
}

/// Returns the rules for the label of a state set, which has the name of the family.
fn label_rules(old: &str, new: &str) -> [String; 2] {
    [
        rule(&["__name__", new], &format!("{};(.*)", escaped(old)), old, "$1"),
        rule(&["__name__"], &escaped(old), new, ""),
    ]
}

fn rule(sources: &[&str], regex: &str, target: &str, replacement: &str) -> String {
    // In a replacement, `$` begins the name of a group.
    let sources: Vec<String> = sources.iter().map(|name| quoted(name)).collect();
    format!(
        "  - source_labels: [{}]\n    regex: {}\n    target_label: {}\n    replacement: {}\n",
        sources.join(", "),
        quoted(regex),
        quoted(target),
        quoted(replacement)
    )
}

/// Escapes the characters that mean something in a regular expression.
fn escaped(name: &str) -> String {
    let mut escaped = String::new();
    for character in name.chars() {
        if character.is_ascii_punctuation() && character != '_' && character != ':' {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}
