//! Sources that block threads, panic when they are dropped, or fail with circular errors.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use hello_exporter_tests::http::get_with;
use hello_exporter_tests::{Exporter, build_example, text, without_time};

fn program() -> PathBuf {
    build_example("hello_exporter_tests", "unruly")
}

fn start(arguments: &[&str]) -> Exporter {
    let flags = ["--web.disable-exporter-metrics"].iter().chain(arguments);
    Exporter::start_program(&program(), &flags.copied().collect::<Vec<_>>())
}

/// Scrapes like a Prometheus server with a timeout of 10 s, and returns the samples that start with
/// `prefix`.
fn samples(exporter: &Exporter, prefix: &str) -> Vec<String> {
    let header = "X-Prometheus-Scrape-Timeout-Seconds: 10";
    let response = get_with(exporter.address, "/metrics", header);
    assert_eq!(response.status, 200);
    let lines = response.body.lines().filter(|line| line.starts_with(prefix));
    lines.map(str::to_owned).collect()
}

/// Stops the exporter and returns its log, without times.
fn log_of(exporter: Exporter) -> Vec<String> {
    let (status, log) = exporter.signal("TERM");
    assert_eq!(status.code(), Some(0), "{log:?}");
    log.iter().map(|line| after_level(line)).collect()
}

/// Returns a line of the log, without its time.
fn after_level(line: &str) -> String {
    without_time(line).trim_end().to_owned()
}

/// Returns the log line about a panic in `drop`.
fn panicked(collector: &str) -> String {
    let message = "error msg=\"Collector panicked in `drop`\"";
    format!("{message} collector={collector} error=\"out of cheese")
}

/// Returns the lines of the log that name a collector, without the location of a panic.
fn lines_of(log: &[String], collector: &str) -> Vec<String> {
    let field = format!("collector={collector} ");
    let lines = log.iter().map(|line| line.clone() + " ").filter(|line| line.contains(&field));
    let lines = lines.map(|line| line.split(" (at ").next().unwrap().trim_end().to_owned());
    lines.collect()
}

const SUCCESS: &str = "unruly_scrape_collector_success";
/// Sorted by the names of their metrics.
const GOOD: [&str; 3] = ["good_blocking", "good_turn", "good"];

#[test]
fn hung_sources_fail_alone() {
    let hung: Vec<String> = ["async", "timer", "turn"]
        .iter()
        .flat_map(|kind| (0..40).map(move |number| format!("{kind}_{number}")))
        .collect();
    let flags: Vec<String> = hung.iter().map(|name| format!("--collector.{name}")).collect();
    let exporter = start(&flags.iter().map(String::as_str).collect::<Vec<_>>());
    let mut expected: Vec<String> =
        hung.iter().map(|name| format!("{SUCCESS}{{collector=\"{name}\"}} 0")).collect();
    expected.extend(GOOD.map(|name| format!("{SUCCESS}{{collector=\"{name}\"}} 1")));
    expected.sort();
    for _ in 0..3 {
        let mut success = samples(&exporter, SUCCESS);
        success.sort();
        assert_eq!(success, expected);
        assert_eq!(samples(&exporter, "good"), GOOD.map(|name| format!("{name}_value 1")));
    }
    let log = log_of(exporter);
    let failed = "error msg=\"Collector failed, its metrics are left out\"";
    for name in &hung {
        let expected = format!("{failed} collector={name} error=\"no answer within 300ms\"");
        assert_eq!(lines_of(&log, name), [expected]);
    }
    assert_eq!(log.iter().filter(|line| line.starts_with(failed)).count(), hung.len());
}

#[test]
fn hung_worker_that_polled_the_timers_is_replaced() {
    let exporter = start(&["--collector.timer_0"]);
    let values = GOOD.map(|name| format!("{name}_value 1"));
    assert_eq!(samples(&exporter, "good"), values);
}

#[test]
fn hung_probes_delay_no_other_probe() {
    let exporter = start(&["--collector.disable-defaults"]);
    let probe = |target: &str| {
        let path = format!("/probe?target={target}");
        get_with(exporter.address, &path, "X-Prometheus-Scrape-Timeout-Seconds: 0.2").body
    };
    for _ in 0..20 {
        assert!(probe("blocks").ends_with("probe_success 0\n"));
        let good = probe("good");
        assert!(good.contains("\nprobe_success 1\n") && good.ends_with("\nvalue 1\n"), "{good}");
    }
}

#[test]
fn exporter_ends_after_a_panic_in_drop_of_a_probe() {
    let exporter = start(&["--collector.disable-defaults"]);
    let (ended, log) = exporter.signal("TERM");
    assert_eq!(ended.code(), Some(0), "{log:?}");
    let lines: Vec<_> = log.iter().map(|line| after_level(line)).collect();
    assert!(lines.iter().any(|line| line.starts_with(&panicked("/fused"))), "{log:?}");
    assert!(lines.iter().any(|line| line == "info msg=Stopped"), "{log:?}");
}

#[test]
fn panic_in_drop_is_logged_once_and_loses_nothing() {
    let flags = ["fused", "fused_future", "fused_source", "fused_twin"];
    let exporter =
        start(&flags.map(|name| format!("--collector.{name}")).each_ref().map(|it| &**it));
    let success: BTreeMap<&str, u8> =
        [("fused", 1), ("fused_future", 0), ("fused_source", 1), ("fused_twin", 1)]
            .into_iter()
            .chain(GOOD.map(|name| (name, 1)))
            .collect();
    let expected: Vec<String> = success
        .iter()
        .map(|(name, value)| format!("{SUCCESS}{{collector=\"{name}\"}} {value}"))
        .collect();
    for _ in 0..3 {
        let mut success = samples(&exporter, SUCCESS);
        success.sort();
        assert_eq!(success, expected);
        assert_eq!(
            samples(&exporter, "fused"),
            ["fused 1", "fused_fused 1", "fused_source_value 1", "fused_twin_value 1"]
        );
    }
    let log = log_of(exporter);
    assert_eq!(lines_of(&log, "fused"), [panicked("fused")]);
    assert_eq!(lines_of(&log, "unruly::Fused"), [panicked("unruly::Fused")]);
    let late = "error msg=\"Collector failed, its metrics are left out\" collector=fused_future \
                error=\"no answer within 300ms\"";
    assert_eq!(lines_of(&log, "fused_future"), [late.to_owned(), panicked("fused_future")]);
    assert!(!log.iter().any(|line| line.contains("msg=Panic")), "{log:?}");
}

#[test]
fn disabled_sources_that_panic_in_drop_are_logged() {
    let output = Command::new(program()).arg("--config.check").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let log = text(&output.stderr);
    let log: Vec<String> = log.lines().map(after_level).collect();
    for name in ["fused_source", "fused_twin"] {
        assert_eq!(lines_of(&log, name), [panicked(name)]);
    }
}

#[test]
fn circular_error_is_logged_up_to_a_limit() {
    let exporter = start(&["--collector.circle"]);
    let circle = format!("{SUCCESS}{{collector=\"circle\"}} 0");
    assert!(samples(&exporter, SUCCESS).contains(&circle));
    let log = log_of(exporter);
    let causes = ": its tail: the snake".repeat(8);
    assert_eq!(
        lines_of(&log, "circle"),
        [format!(
            "error msg=\"Collector failed, its metrics are left out\" collector=circle error=\"the \
             snake{causes}: …\""
        )]
    );
}
