//! Why a push fails.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why a [`Pushgateway`](super::Pushgateway) cannot be used, or why a request to it failed.
///
/// No message contains a password. The URLs in messages are those of requests, such as
/// `http://pushgateway:9091/metrics/job/backup`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// The URL is invalid. The message does not quote it, because it may contain a secret.
    #[error("invalid URL of a Pushgateway: {reason}, expected e.g. `http://pushgateway:9091`")]
    #[non_exhaustive]
    Url {
        /// The mistake.
        reason: String,
    },
    /// The URL contains `@`, so it may contain a password, which messages would show.
    #[error("the URL of a Pushgateway contains `@`, expected user and password in `basic_auth`")]
    UserInUrl,
    /// The name of the job is empty.
    #[error("the job has no name, expected e.g. `backup`")]
    EmptyJob,
    /// A label cannot be part of the grouping key.
    #[error("invalid grouping label `{name}`, {expected}")]
    #[non_exhaustive]
    GroupingLabel {
        /// The label.
        name: String,
        /// The accepted form.
        expected: &'static str,
    },
    /// The user contains a colon, which basic authentication cannot express.
    #[error("the user of the Pushgateway contains `:`, expected a user without it")]
    ColonInUser,
    /// The file of certificate authorities cannot be read, or its PEM is malformed.
    #[error("cannot read {}: {source}", path.display())]
    #[non_exhaustive]
    CaFile {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A metric has a label of the grouping key, whose value the Pushgateway would overwrite.
    #[error(
        "metric `{metric}` has the label `{label}` already, \
         expected metrics without the labels of the grouping key and without `job`"
    )]
    #[non_exhaustive]
    LabelOfGroup {
        /// The name of the family.
        metric: String,
        /// The label.
        label: String,
    },
    /// The Pushgateway was not reached, or the connection failed.
    #[error("cannot {action} {url}: {source}")]
    #[non_exhaustive]
    Connection {
        /// The requested operation: `push to`, `add to` or `delete`.
        action: &'static str,
        /// The URL of the request.
        url: String,
        /// The reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The Pushgateway did not respond in time. It may have stored the metrics nevertheless.
    #[error("cannot {action} {url}: no response within {timeout:?}")]
    #[non_exhaustive]
    Timeout {
        /// The requested operation: `push to`, `add to` or `delete`.
        action: &'static str,
        /// The URL of the request.
        url: String,
        /// The [timeout](super::Pushgateway::timeout).
        timeout: Duration,
    },
    /// The Pushgateway responded with an error, or with a redirect, which is not followed.
    #[error("cannot {action} {url}: the Pushgateway responded {status}{}", after_colon(body))]
    #[non_exhaustive]
    Status {
        /// The requested operation: `push to`, `add to` or `delete`.
        action: &'static str,
        /// The URL of the request.
        url: String,
        /// The status code, e.g. 401 if the password is wrong, 400 if the metrics contradict
        /// others.
        status: u16,
        /// The start of the response's body, at most 1 KiB, on one line.
        body: String,
    },
    /// The thread of the request cannot be started, or has panicked.
    #[error("cannot send the request to the Pushgateway on a thread of its own: {source}")]
    #[non_exhaustive]
    Thread {
        /// The error of the system.
        source: io::Error,
    },
}

fn after_colon(body: &str) -> String {
    if body.is_empty() { String::new() } else { format!(": {body}") }
}
