//! The value of one sample, and the list of samples if it is missing.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::env;
use std::process::Command;

use hello_exporter::testing::value_of;
use hello_exporter::{Collector, CounterVec, Gauge, HistogramVec};
use hello_exporter_tests::text;

#[derive(Collector)]
struct Mail {
    /// Mails in the queue.
    queue_length: Gauge,

    #[metric(help = "Mails sent.", labels = ["server", "port"])]
    sent_total: CounterVec<2>,

    #[metric(help = "Time.", labels = ["server"], buckets = [1])]
    send_seconds: HistogramVec<1>,
}

/// The variable that selects the assertion of the failing test.
const CASE: &str = "MISSING_SAMPLE";

#[test]
#[ignore = "run by `missing_sample_lists_the_existing_ones`, which reads its output"]
fn missing_sample() {
    let mail = Mail::new();
    mail.sent_total.with(["mx1", "25"]).inc();
    mail.sent_total.with(["mx\"2", "25"]).inc_by(7);
    mail.send_seconds.with(["mx1"]).observe(0.5);
    mail.send_seconds.with(["mx2"]).observe(1.5);
    let sent = [("server", "mx3"), ("port", "25")];
    match env::var(CASE).unwrap().as_str() {
        "labels" => assert_eq!(value_of(&mail, "sent_total", &sent), None),
        "name" => assert_eq!(value_of(&mail, "send_seconds", &[("server", "mx1")]), None),
        "nothing" => {
            assert_eq!(value_of(&hello_exporter::DynamicFamilies::new(), "sent", &sent[..1]), None);
        }
        _ => {
            for port in 0..21 {
                mail.sent_total.with(["mx4", &port.to_string()]).inc();
            }
            assert_eq!(value_of(&mail, "sent_total", &[]), None);
        }
    }
}

/// Runs `missing_sample` as a test runner does, and returns what it prints for the case.
fn printed(case: &str) -> String {
    let arguments = ["--exact", "missing_sample", "--ignored", "--nocapture"];
    let mut command = Command::new(env::current_exe().unwrap());
    let output = command.args(arguments).env(CASE, case).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    text(&output.stderr)
}

#[test]
fn missing_sample_lists_the_existing_ones() {
    assert_eq!(
        printed("labels"),
        r#"no sample `sent_total{server="mx3",port="25"}` is exposed; the samples of `sent_total` are:
  sent_total{server="mx1",port="25"} 1
  sent_total{server="mx\"2",port="25"} 7
"#
    );
    assert_eq!(
        printed("name"),
        r#"no sample `send_seconds{server="mx1"}` is exposed; the names of samples are:
  queue_length
  send_seconds_bucket
  send_seconds_sum
  send_seconds_count
  sent_total
"#
    );
    assert_eq!(printed("nothing"), "no sample `sent{server=\"mx3\"}` is exposed, nor any other\n");
    let many = printed("many");
    assert_eq!(many.lines().count(), 22);
    assert!(many.ends_with("\n  and 3 more\n"), "{many}");
}
