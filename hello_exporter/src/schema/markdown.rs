//! A reference of all metrics for operators.

use super::{FamilySchema, LabelSchema, Schema};

impl Schema {
    /// Returns the reference as Markdown: a table of the metrics that are part of every scrape, one
    /// for each source, and one for each probe.
    ///
    /// ```
    /// use hello_exporter::schema::Schema;
    /// use hello_exporter::{Collector, Counter};
    ///
    /// #[derive(Collector)]
    /// struct Jobs {
    ///     /// Jobs done.
    ///     jobs_total: Counter,
    /// }
    ///
    /// assert_eq!(
    ///     Schema::of::<Jobs>().markdown(),
    ///     "\
    /// | metric | type | labels | help |
    /// |---|---|---|---|
    /// | `jobs_total` | counter |  | Jobs done. |
    /// ",
    /// );
    /// ```
    pub fn markdown(&self) -> String {
        let mut blocks = Vec::new();
        if !self.exporter.is_empty() {
            blocks.push(format!("# Metrics of {}\n", escaped(&self.exporter)));
        }
        blocks.extend(table(self.families.iter().filter(|family| family.collectors.is_empty())));
        if self.has_dynamic {
            blocks.push("Further metrics have names that are known only at run time.\n".to_owned());
        }
        for collector in &self.collectors {
            let default = if collector.enabled_by_default { "enabled" } else { "disabled" };
            let name = &collector.name;
            blocks.push(format!("## Collector {} ({default} by default)\n", code(name)));
            let has = |family: &&FamilySchema| family.collectors.contains(name);
            let none = match self.has_dynamic {
                true => "Its metrics, if any, have names that are known only at run time.\n",
                false => "It has no metrics.\n",
            };
            let table = table(self.families.iter().filter(has));
            blocks.push(table.unwrap_or_else(|| none.to_owned()));
        }
        for probe in &self.probes {
            blocks.push(format!("## Probe at {}\n", code(&probe.path)));
            let table = table(probe.families.iter());
            let more = match (&table, probe.has_dynamic) {
                (Some(_), true) => Some("Further metrics have names that only the target knows.\n"),
                (None, true) => Some("Its metrics have names that only the target knows.\n"),
                (Some(_), false) => None,
                (None, false) => Some("It has no metrics.\n"),
            };
            blocks.extend(table);
            blocks.extend(more.map(str::to_owned));
        }
        blocks.join("\n")
    }
}

/// Returns the table of these families, if there are any.
fn table<'f>(families: impl Iterator<Item = &'f FamilySchema>) -> Option<String> {
    let rows: String = families.map(row).collect();
    (!rows.is_empty())
        .then(|| format!("| metric | type | labels | help |\n|---|---|---|---|\n{rows}"))
}

fn row(family: &FamilySchema) -> String {
    let labels: Vec<String> = family.labels.iter().map(label).collect();
    let cells = [code(&family.name), kind(family), labels.join(", "), help(family)];
    // A `|` separates cells also in code.
    format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | "))
}

fn kind(family: &FamilySchema) -> String {
    let unit = family.unit.iter().map(|unit| format!(", {}", escaped(unit)));
    let native = family.is_native.then(|| ", native".to_owned());
    let more: String = unit.chain(native).collect();
    format!("{}{more}", family.metric_type)
}

/// Returns a label, with its values if only these are possible.
fn label(label: &LabelSchema) -> String {
    let name = code(&label.name);
    match &label.values {
        None => name,
        Some(values) => {
            let values: Vec<String> = values.iter().map(|value| code(value)).collect();
            format!("{name}: {}", values.join(" "))
        }
    }
}

fn help(family: &FamilySchema) -> String {
    let help = escaped(&family.help);
    match &family.deprecated {
        Some(reason) => {
            let reason = escaped(reason.trim_end_matches('.'));
            format!("**Deprecated: {reason}.** {help}")
        }
        None => help,
    }
}

/// Returns a text as code. Its fence is longer than each run of backticks in it.
fn code(text: &str) -> String {
    if text.trim().is_empty() {
        // Markdown has no empty code.
        return format!("\"{text}\"");
    }
    let text = on_one_line(text);
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// Returns a text that is shown as it is, except that backticks mark code as in doc comments.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut is_code = false;
    let mut before = ' ';
    let text = on_one_line(text);
    let has_code = text.matches('`').count().is_multiple_of(2);
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        // Within a word, `_` has no meaning.
        let is_in_word =
            before.is_alphanumeric() && rest.peek().is_some_and(|next| next.is_alphanumeric());
        let is_special = match character {
            '\\' | '*' | '<' | '[' | '~' | '&' => true,
            '_' => !is_in_word,
            '`' => !has_code,
            _ => false,
        };
        is_code ^= character == '`' && has_code;
        if is_special && !is_code {
            escaped.push('\\');
        }
        escaped.push(character);
        before = character;
    }
    escaped
}

fn on_one_line(text: &str) -> String {
    text.replace("\r\n", " ").replace(['\n', '\r'], " ")
}
