//! A reference of all metrics for operators.

use std::fmt::Write;

use super::{FamilySchema, LabelSchema, Schema};

impl Schema {
    /// Returns the reference as Markdown: a table of the metrics that are part of every scrape, one
    /// for each source, and one for each probe.
    pub fn markdown(&self) -> String {
        let mut page = String::new();
        if !self.exporter.is_empty() {
            page.push_str(&format!("# Metrics of {}\n\n", self.exporter));
        }
        let always: Vec<&FamilySchema> =
            self.families.iter().filter(|family| family.collectors.is_empty()).collect();
        table(&always, &mut page);
        for collector in &self.collectors {
            let default = if collector.enabled_by_default { "enabled" } else { "disabled" };
            let name = &collector.name;
            heading(&format!("Collector `{name}` ({default} by default)"), &mut page);
            let has = |family: &&FamilySchema| family.collectors.contains(name);
            table(&self.families.iter().filter(has).collect::<Vec<_>>(), &mut page);
        }
        if self.has_dynamic {
            page.push_str("\nFurther metrics have names that are known only at run time.\n");
        }
        for probe in &self.probes {
            heading(&format!("Probe at `{}`", probe.path), &mut page);
            table(&probe.families.iter().collect::<Vec<_>>(), &mut page);
            if probe.has_dynamic {
                page.push_str("\nFurther metrics have names that only the target knows.\n");
            }
        }
        page
    }
}

fn heading(text: &str, page: &mut String) {
    let separator = if page.is_empty() || page.ends_with("\n\n") { "" } else { "\n" };
    page.push_str(&format!("{separator}## {text}\n\n"));
}

fn table(families: &[&FamilySchema], page: &mut String) {
    if families.is_empty() {
        return;
    }
    page.push_str("| metric | type | labels | help |\n|---|---|---|---|\n");
    for family in families {
        let labels: Vec<String> = family.labels.iter().map(label).collect();
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} |",
            family.name,
            kind(family),
            labels.join(", "),
            cell(&help(family)),
        );
    }
}

fn kind(family: &FamilySchema) -> String {
    let unit = family.unit.iter().map(|unit| format!(", {unit}"));
    let native = family.is_native.then(|| ", native".to_owned());
    let more: String = unit.chain(native).collect();
    format!("{}{more}", family.metric_type)
}

/// Returns a label, with its values if only these are possible.
fn label(label: &LabelSchema) -> String {
    match &label.values {
        None => format!("`{}`", label.name),
        Some(values) => {
            let values: Vec<String> = values.iter().map(|it| format!("`{}`", cell(it))).collect();
            format!("`{}`: {}", label.name, values.join(" "))
        }
    }
}

fn help(family: &FamilySchema) -> String {
    match &family.deprecated {
        Some(reason) => format!("_Deprecated: {reason}._ {}", family.help),
        None => family.help.clone(),
    }
}

/// Returns a text as the cell of a table has it.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}
