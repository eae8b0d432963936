//! Checks the queries of rule files and dashboards against a schema.

mod dashboard;
mod names;
mod query;
mod rules;
mod values;
mod variables;

use std::collections::BTreeSet;
use std::fmt;

use super::Schema;
use names::Names;
use query::Checker;

/// A Prometheus rule file in YAML, or a Grafana dashboard in JSON.
#[derive(Clone, Debug)]
pub struct QueryFile {
    /// Its name in findings.
    pub name: String,
    /// Its content.
    pub text: String,
}

/// A mistake in a file with queries.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The name of the file.
    pub file: String,
    /// The line on which the query begins, from 1 on.
    pub line: u64,
    /// What is wrong, and what would be right, in one line.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.file, self.line, self.message)
    }
}

/// A query, and where it is.
struct Query {
    line: u64,
    text: String,
    /// The name of the series that a recording rule makes of it.
    record: Option<String>,
    /// Whether it may contain variables of Grafana.
    has_variables: bool,
}

/// Why a file cannot be read, and where.
struct Unreadable {
    line: u64,
    message: String,
}

impl Schema {
    /// Returns what is wrong in the queries of rule files and dashboards, in the order of the files
    /// and lines.
    ///
    /// Findings are about metrics of this exporter: metrics, labels and label values that cannot
    /// exist, deprecated metrics, `rate()` of a gauge, a counter without `rate()`,
    /// `histogram_quantile()` of what is no histogram. A metric belongs to the exporter if its name
    /// begins like one of the families, up to the first `_`. Names of recording rules in the files
    /// exist. A matcher with a variable of Grafana is not judged.
    ///
    /// A query that cannot be parsed is a finding, and so is a file that contains neither rules nor
    /// a dashboard.
    ///
    /// ```
    /// use hello_exporter::schema::{QueryFile, Schema};
    /// use hello_exporter::{Collector, Counter};
    ///
    /// #[derive(Collector)]
    /// struct Jobs {
    ///     /// Jobs done.
    ///     jobs_done_total: Counter,
    /// }
    ///
    /// let text = "\
    /// groups:
    ///   - name: jobs
    ///     rules:
    ///       - alert: NoJobs
    ///         expr: rate(jobs_doen_total[5m]) == 0
    /// ";
    /// let file = QueryFile { name: "jobs.yml".to_owned(), text: text.to_owned() };
    /// let findings = Schema::of::<Jobs>().check_rules(&[file]);
    /// assert_eq!(
    ///     findings[0].to_string(),
    ///     "jobs.yml:5: `jobs_doen_total` does not exist, did you mean `jobs_done_total`?",
    /// );
    /// ```
    pub fn check_rules(&self, files: &[QueryFile]) -> Vec<Finding> {
        let read: Vec<_> = files.iter().map(|file| (file, queries(file))).collect();
        let queries = read.iter().filter_map(|(_, queries)| queries.as_ref().ok()).flatten();
        let recorded: BTreeSet<&str> =
            queries.filter_map(|query| query.record.as_deref()).collect();
        let names = Names::new(self, &recorded);
        let findings = read.iter().flat_map(|(file, queries)| {
            let mut found: Vec<(u64, String)> = match queries {
                Ok(queries) => queries.iter().flat_map(|query| check(&names, query)).collect(),
                Err(Unreadable { line, message }) => vec![(*line, message.clone())],
            };
            // The parts of a dashboard are read in another order.
            found.sort_by_key(|(line, _)| *line);
            found.into_iter().map(|(line, message)| {
                let message = message.replace(['\n', '\r'], " ");
                Finding { file: file.name.clone(), line, message }
            })
        });
        findings.collect()
    }
}

fn queries(file: &QueryFile) -> Result<Vec<Query>, Unreadable> {
    match file.text.trim_start().starts_with('{') {
        true => dashboard::queries(&file.text),
        false => rules::queries(&file.text),
    }
}

/// Returns the mistakes of a query, each with its line.
fn check(names: &Names<'_>, query: &Query) -> Vec<(u64, String)> {
    let parsed = match query.has_variables {
        true => variables::parse(&query.text),
        false => promql_parser::parser::parse(&query.text).map(Some),
    };
    let messages = match parsed {
        Ok(Some(expr)) => Checker::check(names, &expr),
        Ok(None) => Vec::new(),
        Err(error) => vec![format!("the query is invalid: {error}")],
    };
    let mut seen = BTreeSet::new();
    let new = messages.into_iter().filter(|message| seen.insert(message.clone()));
    new.map(|message| (query.line, message)).collect()
}
