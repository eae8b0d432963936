//! Helpers for the tests of an exporter: compare an exposition, check Prometheus' conventions, read
//! the value of one sample, compare the schema with a file.
//!
//! They need no registry and no server: a test makes the collector, updates it, and calls a helper.
//!
//! ```
//! use hello_exporter::testing::{assert_exposition, lint, value_of};
//! use hello_exporter::{Collector, CounterVec, Gauge};
//!
//! #[derive(Collector)]
//! struct Mail {
//!     /// Mails in the queue.
//!     #[metric(name = "mail_queue_length")]
//!     queued: Gauge<i64>,
//!
//!     #[metric(name = "mail_sent_total", help = "Mails sent.", labels = ["server"])]
//!     sent: CounterVec<1>,
//! }
//!
//! let mail = Mail::new();
//! mail.queued.set(3);
//! mail.sent.with(["mx1"]).inc();
//!
//! assert_exposition(
//!     &mail,
//!     r#"
//!     ## HELP mail_queue_length Mails in the queue.
//!     ## TYPE mail_queue_length gauge
//!     mail_queue_length 3
//!     ## HELP mail_sent_total Mails sent.
//!     ## TYPE mail_sent_total counter
//!     mail_sent_total{server="mx1"} 1
//!     "#,
//! );
//! assert_eq!(lint(&mail), []);
//! assert_eq!(value_of(&mail, "mail_sent_total", &[("server", "mx1")]), Some(1.0));
//! ```

mod clock;
mod diff;
mod exposition;
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub mod fuzzing;
mod lint;
mod missing;
#[cfg(feature = "schema")]
mod schema;
mod text;
mod values;

use std::any::type_name_of_val;
use std::borrow::Cow;

use crate::collect::Collect;
pub use clock::PausedClock;
use exposition::exposition;
pub use lint::{Problem, lint};
#[cfg(feature = "schema")]
pub use schema::assert_schema;
use text::SampleLine;

/// Compares the exposition of a collector, in the text format 0.0.4, with `expected`. Names that
/// only `#[collector(utf8)]` permits are not escaped, but in quotes.
///
/// Empty lines and white space around a line have no meaning in that format, and are ignored, so
/// the literal can be indented like the code around it. The order of families is also ignored, and
/// the order of the series in a family, because a `HashMap` has no order. The order of the lines
/// within a histogram or summary matters.
///
/// ```
/// use hello_exporter::Collector;
/// use hello_exporter::testing::assert_exposition;
/// use std::collections::HashMap;
///
/// #[derive(Collector)]
/// struct Disks {
///     #[metric(help = "Bytes free.", labels = ["disk"])]
///     disk_free_bytes: HashMap<&'static str, u64>,
/// }
///
/// let disks = Disks { disk_free_bytes: HashMap::from([("sda", 1024), ("sdb", 2048)]) };
/// assert_exposition(
///     &disks,
///     r#"
///     ## HELP disk_free_bytes Bytes free.
///     ## TYPE disk_free_bytes gauge
///     disk_free_bytes{disk="sda"} 1024
///     disk_free_bytes{disk="sdb"} 2048
///     "#,
/// );
/// ```
///
/// # Panics
///
/// Panics if the exposition differs; the message shows both, with `-` before expected lines and `+`
/// before exposed ones. Panics also if a registry would refuse the collector, or if a scrape would
/// drop samples of it; the message names the reason. A panic of the collector itself is not caught.
#[track_caller]
pub fn assert_exposition(collector: &(impl Collect + ?Sized), expected: &str) {
    let exposed = exposed_by(collector);
    let [expected, actual] = [expected, &exposed].map(text::lines);
    if expected == actual {
        return;
    }
    let [expected, actual] = [expected, actual].map(|lines| text::sorted(&lines));
    if expected != actual {
        panic!(
            "the exposition of `{}` is not the expected one (`-` expected, `+` actual):\n{}{}",
            type_name_of_val(collector),
            diff::diff(&expected, &actual),
            hint(&expected, &actual),
        );
    }
}

/// Returns the value of the sample with exactly this name and exactly these labels, in any order.
/// The name includes the `_bucket`, `_sum` or `_count` of a histogram. The labels include constant
/// ones and `le`.
///
/// Returns `None` if there is no such sample. It then also prints the samples with this name, or
/// all names if there are none, so that a failing test shows them. Integers past 2⁵³ are rounded,
/// as Prometheus rounds them.
///
/// ```
/// use hello_exporter::testing::value_of;
/// use hello_exporter::{Collector, HistogramVec};
///
/// #[derive(Collector)]
/// struct Queries {
///     #[metric(help = "Time that queries took.", labels = ["table"], buckets = [0.1, 1])]
///     query_duration_seconds: HistogramVec<1>,
/// }
///
/// let queries = Queries::new();
/// queries.query_duration_seconds.with(["users"]).observe(0.25);
///
/// let sum = |table| value_of(&queries, "query_duration_seconds_sum", &[("table", table)]);
/// assert_eq!(sum("users"), Some(0.25));
/// assert_eq!(sum("groups"), None);
///
/// let labels = |le| [("le", le), ("table", "users")];
/// let bucket = |le| value_of(&queries, "query_duration_seconds_bucket", &labels(le));
/// assert_eq!(bucket("0.1"), Some(0.0));
/// assert_eq!(bucket("+Inf"), Some(1.0));
/// ```
///
/// # Panics
///
/// Panics if a registry would refuse the collector, or if a scrape would drop samples of it. A
/// panic of the collector itself is not caught.
#[track_caller]
pub fn value_of(
    collector: &(impl Collect + ?Sized),
    name: &str,
    labels: &[(&str, &str)],
) -> Option<f64> {
    let exposed = exposed_by(collector);
    let mut wanted: Vec<(Cow<'_, str>, Cow<'_, str>)> =
        labels.iter().map(|&(name, value)| (name.into(), value.into())).collect();
    wanted.sort();
    let is_wanted = |sample: &SampleLine<'_>| sample.name == name && sample.labels() == wanted;
    let found = exposed.lines().filter_map(SampleLine::read).find(is_wanted);
    if found.is_none() {
        eprintln!("{}", missing::message(&exposed, name, labels));
    }
    found?.value()
}

/// Returns the exposition of the collector. Panics if a registry would refuse it, or if a scrape
/// would drop samples of it.
#[track_caller]
fn exposed_by(collector: &(impl Collect + ?Sized)) -> String {
    match exposition(collector) {
        Ok(text) => text,
        Err(error) => panic!("{error}"),
    }
}

/// Returns a hint about a frequent cause of the difference.
fn hint(expected: &[&str], actual: &[&str]) -> String {
    let missing = text::family_names(expected)
        .find(|name| text::family_names(actual).all(|exposed| exposed != *name));
    match missing {
        Some(name) => format!(
            "hint: `{name}` is not exposed: a family without samples has no HELP and TYPE lines, \
             and one with labels has no samples before its first update"
        ),
        None => {
            "hint: the order of families, the order of a family's series, and white space around \
                 a line make no difference"
                .to_owned()
        }
    }
}
