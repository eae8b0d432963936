//! `promhttp_metric_handler_errors_total`: scrapes with a failure.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::net::SocketAddr;

use hello_exporter_tests::http::get;
use hello_exporter_tests::{Exporter, build_example};

const NAME: &str = "promhttp_metric_handler_errors_total";

/// Returns the samples of errors. This scrape selects only them, so it runs no failing collector.
fn exposed(address: SocketAddr) -> String {
    get(address, &format!("/metrics?name[]={NAME}")).body
}

fn errors(encoding: u64, gathering: u64) -> String {
    format!(
        "# HELP {NAME} Total number of internal errors encountered by the promhttp metric handler.\n\
         # TYPE {NAME} counter\n\
         {NAME}{{cause=\"encoding\"}} {encoding}\n\
         {NAME}{{cause=\"gathering\"}} {gathering}\n"
    )
}

#[test]
fn scrape_with_failing_collectors_counts_one_error() {
    let program = build_example("hello_exporter_tests", "gathering");
    let exporter = Exporter::start_program(&program, &[]);
    assert_eq!(exposed(exporter.address), errors(0, 0));
    let mut expected = 0;
    for (query, fails) in [
        ("name[]=good", false),
        ("name[]=good&collect[]=good", false),
        ("name[]=failing&collect[]=failing", true),
        ("name[]=panicking&collect[]=panicking", true),
        ("name[]=late&collect[]=late", true),
        ("name[]=sour&collect[]=sour", true),
        ("name[]=live", true),
        ("name[]=made", true),
        ("name[]=live&name[]=other&name[]=made", true),
        ("name[]=no_such_family", false),
        ("collect[]=no_such_collector", false),
        ("", true),
    ] {
        get(exporter.address, &format!("/metrics?{query}"));
        expected += u64::from(fails);
        assert_eq!(exposed(exporter.address), errors(0, expected), "{query}");
    }
}

#[test]
fn scrape_without_a_failure_counts_no_error() {
    let exporter = Exporter::start(&[]);
    for _ in 0..3 {
        get(exporter.address, "/metrics");
    }
    assert_eq!(exposed(exporter.address), errors(0, 0));
}

#[test]
fn handler_error_metric_can_be_disabled() {
    let exporter = Exporter::start(&["--web.disable-exporter-metrics"]);
    assert_eq!(exposed(exporter.address), "");
}
