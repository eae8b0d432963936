//! The types of the flags that every exporter has, and [`parse_duration`] for an exporter's own
//! flags.
//!
//! [`Exporter::run`](crate::Exporter::run) parses these flags, whose names are those of exporters
//! in Go, together with [the exporter's own](crate::Exporter::with_flags).

mod address;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

pub use address::{ListenAddress, ParseAddressError};

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, ValueEnum};

use crate::internals::ShownFamilies;
use crate::server::filter::Pattern;

/// The flags that every exporter has.
///
/// The id of each argument is the flag itself, so that no field of an exporter's own flags has the
/// same id. There is no group, since its name could clash with a group of the exporter's own flags.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub(crate) struct Flags {
    /// Address to listen on: `host:port`, `:port` for all addresses of the machine, or `unix:PATH`
    /// for a socket file. Repeatable.
    #[arg(id = "web.listen-address", long, value_name = "ADDRESS", default_value = "0.0.0.0:9000")]
    pub(crate) listen_addresses: Vec<ListenAddress>,

    /// Listen on the sockets that systemd has opened, instead of addresses (socket activation).
    #[arg(id = "web.systemd-socket", long)]
    pub(crate) systemd_socket: bool,

    /// Path under which the metrics are served.
    #[arg(id = "web.telemetry-path", long, value_name = "PATH", default_value = "/metrics")]
    pub(crate) telemetry_path: TelemetryPath,

    /// Most concurrent scrapes, and most concurrent probes of each path; 0 is no limit.
    #[arg(id = "web.max-requests", long, value_name = "NUMBER", default_value_t = 40)]
    pub(crate) max_requests: usize,

    /// Leave out the metrics of the exporter's own process and scrapes: `process_*`,
    /// `promhttp_*`.
    #[arg(id = "web.disable-exporter-metrics", long)]
    pub(crate) disable_exporter_metrics: bool,

    /// Expose the start timestamps of counters, histograms and summaries in OpenMetrics, as
    /// samples `_created`. Prometheus stores each as a series of its own.
    #[arg(id = "web.openmetrics-created-samples", long)]
    pub(crate) openmetrics_created_samples: bool,

    /// File with settings for TLS, client certificates, users, headers and a rate limit. Without
    /// the file, connections are plain, and requests need no password.
    // An empty value is the same as no value, as in Go.
    #[arg(
        id = "web.config.file",
        long,
        value_name = "FILE",
        value_parser = OsStringValueParser::new().map(PathBuf::from)
    )]
    pub(crate) web_config_file: Option<PathBuf>,

    /// Do not expose deprecated metrics: neither those that will be removed, nor renamed ones under
    /// their old names.
    #[arg(id = "no-metrics.deprecated", long)]
    pub(crate) hide_deprecated: bool,

    /// Expose only metrics whose names match this regular expression. Repeatable.
    #[arg(id = "metrics.include", long, value_name = "REGEXP")]
    pub(crate) included: Vec<Pattern>,

    /// Do not expose metrics whose names match this regular expression. Repeatable.
    #[arg(id = "metrics.exclude", long, value_name = "REGEXP")]
    pub(crate) excluded: Vec<Pattern>,

    /// Print what the exporter can expose, and exit: a reference (`markdown`, without a FORMAT),
    /// the schema (`json`), a dashboard (`grafana`), alerts (`rules`), or the
    /// `metric_relabel_configs` that keep the old names of renamed metrics (`relabel`).
    #[arg(
        id = "describe",
        long,
        value_name = "FORMAT",
        value_enum,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "markdown",
        hide_possible_values = true
    )]
    pub(crate) describe: Option<Document>,

    /// Print the changes since an older version, whose `--describe=json` wrote FILE, and exit. The
    /// status is 1 if a change breaks queries.
    #[arg(id = "describe.diff", long, value_name = "FILE", conflicts_with = "describe")]
    pub(crate) describe_diff: Option<PathBuf>,

    /// Check the queries of rule files and Grafana dashboards against what the exporter can expose,
    /// and exit. The status is 1 if there are mistakes.
    #[cfg(feature = "check-rules")]
    #[arg(id = "check-rules", long, value_name = "FILE", num_args = 1..)]
    pub(crate) check_rules: Vec<PathBuf>,

    /// Run every enabled collector once, print the metrics, or write them to FILE if there is one,
    /// and exit. The status is 1 if a collector fails.
    #[arg(
        id = "once",
        long,
        value_name = "FILE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "-"
    )]
    pub(crate) once: Option<PathBuf>,

    /// Check whether the exporter would start with these flags and the files that they name, and
    /// exit.
    #[arg(id = "config.check", long)]
    pub(crate) config_check: bool,

    /// Lowest severity of messages to log.
    #[arg(id = "log.level", long, value_name = "LEVEL", value_enum, default_value_t)]
    pub(crate) log_level: LogLevel,

    /// Format of the log, which goes to standard error.
    #[arg(id = "log.format", long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(crate) log_format: LogFormat,
}

impl Flags {
    /// Returns whether the exporter prints documents instead of serving.
    pub(crate) fn wants_documents(&self) -> bool {
        #[cfg(feature = "check-rules")]
        if !self.check_rules.is_empty() {
            return true;
        }
        self.describe.is_some() || self.describe_diff.is_some()
    }

    /// Returns the families that the exporter exposes.
    pub(crate) fn shown_families(&self) -> ShownFamilies {
        let given = |patterns: &[Pattern]| -> Vec<Pattern> {
            patterns.iter().filter(|pattern| !pattern.as_str().is_empty()).cloned().collect()
        };
        let (included, excluded) = (given(&self.included), given(&self.excluded));
        let matches = |patterns: &[Pattern], name: &str| patterns.iter().any(|it| it.matches(name));
        let has = move |name: &str| {
            (included.is_empty() || matches(&included, name)) && !matches(&excluded, name)
        };
        ShownFamilies { hides_deprecated: self.hide_deprecated, by_name: Some(Arc::new(has)) }
    }

    /// Returns the web configuration file, if there is one.
    pub(crate) fn web_config_file(&self) -> Option<&Path> {
        self.web_config_file.as_deref().filter(|file| !file.as_os_str().is_empty())
    }
}

/// A document about what an exporter can expose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Document {
    /// A reference of all metrics.
    Markdown,
    /// The schema.
    Json,
    /// A dashboard for Grafana.
    Grafana,
    /// Alerting rules for Prometheus.
    Rules,
    /// Relabelling rules for Prometheus.
    Relabel,
}

/// Severity of a log message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogLevel {
    /// Details for developers of the exporter.
    Debug,
    /// Normal events.
    #[default]
    Info,
    /// Problems that the exporter works around.
    Warn,
    /// Failures.
    Error,
}

/// Format of the log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// `key=value` pairs.
    #[default]
    Logfmt,
    /// One JSON object per line.
    Json,
}

/// A path on the server, such as `/metrics`, that clients can request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TelemetryPath(String);

/// The path of a probe, or of `--web.telemetry-path`, cannot be served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a path that begins with `/`, of letters, digits and `/-_.~`, without empty segments, \
     `.` and `..`, and not below `/-/`, where the health endpoints are"
)]
pub struct ParsePathError;

impl FromStr for TelemetryPath {
    type Err = ParsePathError;

    fn from_str(text: &str) -> Result<Self, ParsePathError> {
        let path = text.strip_prefix('/').ok_or(ParsePathError)?;
        // A trailing slash is accepted: it makes another path.
        let mut segments = path.strip_suffix('/').unwrap_or(path).split('/');
        let is_accepted =
            path.is_empty() || path.split('/').next() != Some("-") && segments.all(is_segment);
        is_accepted.then(|| Self(text.to_owned())).ok_or(ParsePathError)
    }
}

/// Returns whether clients send this part of a path unchanged: browsers and proxies resolve `.` and
/// `..`, many merge slashes, and some escape characters other than letters, digits and `-_.~`.
fn is_segment(segment: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    !matches!(segment, "" | "." | "..") && segment.bytes().all(is_plain)
}

impl TelemetryPath {
    /// Returns the path.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TelemetryPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A duration is invalid. The message says only what is expected, since clap and the web
/// configuration add that the value is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected e.g. `1s`, `1m30s` or `500ms`")]
pub struct ParseDurationError;

/// Parses a duration in the format of Go: `1s`, `1m30s`, `2.5ms`, `0`.
///
/// As the parser of a flag, it produces messages such as:
///
/// ```text
/// error: invalid value '90' for '--timeout <TIMEOUT>': expected e.g. `1s`, `1m30s` or `500ms`
/// ```
///
/// ```
/// use std::time::Duration;
///
/// #[derive(clap::Args)]
/// struct Flags {
///     /// How long to wait for the server.
///     #[arg(long, default_value = "1m30s", value_parser = hello_exporter::cli::parse_duration)]
///     timeout: Duration,
/// }
///
/// assert_eq!(hello_exporter::cli::parse_duration("1m30s")?, Duration::from_secs(90));
/// assert!(hello_exporter::cli::parse_duration("90").is_err());
/// # Ok::<(), hello_exporter::cli::ParseDurationError>(())
/// ```
///
/// # Errors
///
/// Returns an error for a number without a unit, except `0`, for a unit other than `ns`, `us` or
/// `µs`, `ms`, `s`, `m` and `h`, and for a negative or huge duration.
pub fn parse_duration(text: &str) -> Result<Duration, ParseDurationError> {
    let duration = if text == "0" { Some(Duration::ZERO) } else { sum_of_parts(text) };
    duration.ok_or(ParseDurationError)
}

/// Returns the sum of numbers with units.
fn sum_of_parts(mut text: &str) -> Option<Duration> {
    let mut sum = Duration::ZERO;
    loop {
        let end = text.find(|character: char| !character.is_ascii_digit() && character != '.')?;
        let (number, rest) = text.split_at(end);
        let end = rest.find(|character: char| character.is_ascii_digit() || character == '.');
        let (unit, rest) = rest.split_at(end.unwrap_or(rest.len()));
        let seconds = number.parse::<f64>().ok()? * seconds(unit)?;
        sum = sum.checked_add(Duration::try_from_secs_f64(seconds).ok()?)?;
        if rest.is_empty() {
            return Some(sum);
        }
        text = rest;
    }
}

/// Returns the length of a unit in seconds.
fn seconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1e-9,
        "us" | "µs" | "μs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::TelemetryPath;

    #[test]
    fn only_paths_that_clients_send_unchanged_are_accepted() {
        for accepted in ["/metrics", "/metrics/", "/a/b.c/~d", "/"] {
            assert!(accepted.parse::<TelemetryPath>().is_ok(), "{accepted}");
        }
        for refused in ["metrics", "//", "/a//b", "/a/../b", "/-/healthy", "/%61", "/a?b", "/a b"] {
            assert!(refused.parse::<TelemetryPath>().is_err(), "{refused}");
        }
    }
}
