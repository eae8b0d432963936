//! Relabelling rules for operators who still need the old names.

use super::Schema;

impl Schema {
    /// Returns the `metric_relabel_configs` of a scrape configuration that store renamed families
    /// under their old names. They are for exporters that run with `--no-metrics.deprecated`, or
    /// no longer expose the old names.
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
    ///   - source_labels: [__name__]
    ///     regex: 'jobs_total'
    ///     target_label: __name__
    ///     replacement: 'jobs'
    /// ",
    /// );
    /// ```
    pub fn relabel(&self) -> String {
        let mut rules = String::new();
        for family in self.all_families() {
            let Some(new) = &family.renamed_to else { continue };
            let Some(renamed) = self.family(new) else { continue };
            for (old, new) in family.series_names().zip(renamed.series_names()) {
                rules.push_str(&rule(&old, &new));
            }
            // The series of native buckets has the name of the family.
            if renamed.is_native {
                rules.push_str(&rule(&family.name, &renamed.name));
            }
        }
        match rules.is_empty() {
            true => "metric_relabel_configs: []\n".to_owned(),
            false => format!("metric_relabel_configs:\n{rules}"),
        }
    }
}

fn rule(old: &str, new: &str) -> String {
    format!(
        "  - source_labels: [__name__]\n    regex: {}\n    target_label: __name__\n    replacement: {}\n",
        quoted(&escaped(new)),
        // In a replacement, `$` begins the name of a group.
        quoted(&old.replace('$', "$$"))
    )
}

/// Escapes the characters that mean something in a regular expression.
fn escaped(name: &str) -> String {
    let mut escaped = String::new();
    for character in name.chars() {
        if !character.is_alphanumeric() && character != '_' && character != ':' {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// Returns a string of YAML in single quotes.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
