//! The whole way: a declaration, the built exporter, a Prometheus server, its database.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use hello_exporter_tests::{Exporter, Prometheus};
use serde_json::{Value, json};

/// The only value of a query's result, and its labels without those of the target.
fn single(result: &Value) -> Option<(Value, String)> {
    let [series] = result.as_array()?.as_slice() else {
        return None;
    };
    let mut labels = series["metric"].clone();
    for target in ["instance", "job"] {
        labels.as_object_mut()?.remove(target);
    }
    Some((labels, series["value"][1].as_str()?.to_owned()))
}

#[test]
fn a_prometheus_server_stores_what_the_tutorial_declares() {
    let exporter = Exporter::start(&[]);
    let prometheus = Prometheus::scraping(exporter.address);
    let value = |query: &str, expected: &str| {
        let is_there = |result: &Value| single(result).is_some_and(|(_, value)| value == expected);
        single(&prometheus.query(query, is_there)).unwrap().0
    };

    assert_eq!(value("up", "1"), json!({"__name__": "up"}));
    assert_eq!(value("a", "1"), json!({"__name__": "a"}));
    assert_eq!(value("b", "2"), json!({"__name__": "b", "hello": "world", "hostname": "Hi"}));
    assert_eq!(prometheus.metadata("a"), ("gauge".to_owned(), "Display a.".to_owned()));
    // It asks for OpenMetrics, in which a counter's samples end in `_total`, or else it is unknown.
    assert_eq!(prometheus.metadata("b"), ("unknown".to_owned(), "Display b.".to_owned()));
    assert_eq!(prometheus.metadata("process_cpu_seconds").0, "counter");
}
