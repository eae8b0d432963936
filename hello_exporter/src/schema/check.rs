//! Alert rules and dashboards, compared with what an exporter can expose.
//!
//! The modules follow an expression: `file` finds it, in a `rule_file` or a `dashboard`, whose
//! variables `template` replaces. `walk` goes through its parts, with the rules of `labels` and
//! `selector`. `catalog` has the names of the schema, and `problem` the messages.

mod catalog;
mod dashboard;
mod file;
mod labels;
mod problem;
mod rule_file;
mod selector;
mod series;
mod template;
mod walk;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use super::Schema;
use catalog::Catalog;
use file::Content;
use problem::Problem;
use template::Query;
use walk::Walker;

/// A file of Prometheus rules in YAML, or a Grafana dashboard in JSON.
///
/// A Kubernetes resource of the kind `PrometheusRule` is a file of rules, too.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuleFile {
    /// The path in findings. A file `*.json` is a dashboard, and a file `*.yml` or `*.yaml` has
    /// rules. Other files are dashboards if they begin with `{`.
    pub path: String,
    /// The content.
    pub text: String,
}

/// A file cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read `{}`: {source}", path.display())]
#[non_exhaustive]
pub struct RuleFileError {
    /// The file.
    pub path: PathBuf,
    /// Why it cannot be read.
    pub source: io::Error,
}

impl RuleFile {
    /// Returns a file with this content.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into() }
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be read, or is not UTF-8.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, RuleFileError> {
        let path = path.as_ref();
        match fs::read_to_string(path) {
            Ok(text) => Ok(Self::new(path.display().to_string(), text)),
            Err(source) => Err(RuleFileError { path: path.to_owned(), source }),
        }
    }
}

/// A part of a rule or a dashboard that cannot work. It is displayed as `FILE:LINE: message`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The path of the file.
    pub file: String,
    /// The line, beginning with 1.
    pub line: usize,
    /// The mistake, in one line.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.file, self.line, self.message)
    }
}

impl Schema {
    /// Returns what cannot work in alert rules and dashboards, in the order of the files and their
    /// lines. A file that is neither is one finding.
    ///
    /// These are findings:
    ///
    /// - an expression that does not parse; in a dashboard only if it has a name of the exporter,
    /// - a metric that the exporter cannot have, also in `absent()`. A metric is the exporter's if
    ///   its name begins with the first word of the names of two families, e.g. `redis_`. Other
    ///   names are of other exporters, and so are `process_…`, `go_…`, `http_…` and the like. If
    ///   the schema [has dynamic families](Schema::has_dynamic), an unknown name is a finding only
    ///   if one edit leads to a known one.
    /// - a metric that is deprecated, with its new name,
    /// - a label that another metric of the exporter has, but not this one, and a misspelt label.
    ///   Other labels can be labels of targets, e.g. `cluster`,
    /// - a label value that is impossible, where the schema lists all values,
    /// - `rate()`, `irate()` or `increase()` of a metric that is not a counter,
    /// - a counter in arithmetic or in a comparison without `rate()`, `increase()` or the like,
    /// - `histogram_quantile()` and its relatives of a metric that is not a histogram.
    ///
    /// Names of recording rules in the files are known. What depends on a dashboard's variable is
    /// not judged.
    ///
    /// ```
    /// use hello_exporter::schema::{RuleFile, Schema};
    /// use hello_exporter::{Collector, Counter, Gauge};
    ///
    /// #[derive(Collector)]
    /// #[collector(namespace = "shop")]
    /// struct Shop {
    ///     /// Orders received.
    ///     orders_total: Counter,
    ///     /// Visitors at the moment.
    ///     visitors: Gauge,
    /// }
    ///
    /// let rules = RuleFile::new(
    ///     "shop.rules.yml",
    ///     "
    /// groups:
    ///   - name: shop
    ///     rules:
    ///       - alert: NoOrders
    ///         expr: rate(shop_order_total[5m]) == 0
    ///       - alert: VisitorsLeave
    ///         expr: rate(shop_visitors[5m]) < 0
    /// ",
    /// );
    /// let findings = Schema::of::<Shop>().check_rules(&[rules]);
    /// let findings: Vec<String> = findings.iter().map(ToString::to_string).collect();
    /// assert_eq!(
    ///     findings,
    ///     [
    ///         "shop.rules.yml:6: there is no metric `shop_order_total`, \
    ///          did you mean `shop_orders_total`?",
    ///         "shop.rules.yml:8: `rate()` of `shop_visitors`, which is a gauge, expected a counter",
    ///     ],
    /// );
    /// ```
    pub fn check_rules(&self, files: &[RuleFile]) -> Vec<Finding> {
        let files: Vec<_> = files.iter().map(|file| (file, Content::of(file))).collect();
        let contents = files.iter().filter_map(|(_, content)| content.as_ref().ok());
        let recorded: BTreeSet<&str> =
            contents.flat_map(|content| &content.recorded).map(String::as_str).collect();
        let catalog = Catalog::new(self, recorded);
        files
            .iter()
            .flat_map(|(file, content)| {
                let problems = match content {
                    Ok(content) => content.problems(&catalog),
                    Err((line, error)) => vec![(*line, Problem::File(error.to_string()))],
                };
                problems.into_iter().map(|(line, problem)| Finding {
                    file: file.path.clone(),
                    line,
                    // A name may have characters that a terminal obeys.
                    message: problem.to_string().replace(char::is_control, " "),
                })
            })
            .collect()
    }
}

impl Content<'_> {
    /// Returns the problems of all expressions, with their lines.
    fn problems(&self, catalog: &Catalog<'_>) -> Vec<(usize, Problem)> {
        let mut problems = Vec::new();
        for expression in &self.expressions {
            match Query::parse(expression) {
                Query::Parsed(query) => {
                    problems.extend(Walker::new(catalog, expression).problems(&query));
                }
                // A dashboard may have queries in other languages that are like PromQL.
                Query::Invalid(_)
                    if expression.is_template && !catalog.is_mentioned(&expression.text) => {}
                Query::Invalid(message) => {
                    problems.push((expression.line, Problem::Syntax(message)));
                }
                Query::Unknown => {}
            }
        }
        problems.sort_by_key(|(line, _)| *line);
        problems.dedup();
        problems
    }
}
