//! Tests of the file of queries, and of the values of columns.

use std::sync::Arc;

use tempfile::NamedTempFile;

use super::{Queries, number};
use crate::postgres::Postgres;

fn server() -> Arc<Postgres> {
    Arc::new(Postgres::new("host=localhost".parse().unwrap()))
}

fn error_of(text: &str) -> String {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let error = Queries::read(file.path(), server()).err().unwrap();
    error.replace(&file.path().display().to_string(), "FILE")
}

#[test]
fn numbers_booleans_and_timestamps_are_values() {
    for (text, value) in [
        ("12345678901234", Some(12345678901234.0)),
        ("0.5", Some(0.5)),
        ("-Infinity", Some(f64::NEG_INFINITY)),
        ("t", Some(1.0)),
        ("f", Some(0.0)),
        ("1970-01-01 00:00:00+00", Some(0.0)),
        ("2026-11-28 13:34:46.996+00", Some(1_795_872_886.0)),
        ("2026-11-28T13:34:46.996+00:00", Some(1_795_872_886.0)),
        ("2026-11-28 13:34:46", Some(1_795_872_886.0)),
        ("2026-13-28 13:34:46", None),
        ("idle", None),
        ("", None),
    ] {
        assert_eq!(number(text), value, "{text}");
    }
}

#[test]
fn invalid_file_is_refused_with_its_name_and_what_is_accepted() {
    let query = "a:\n  query: SELECT 1\n";
    for (text, message) in [
        (
            format!("{query}  metrics:\n    - b:\n        usage: HISTOGRAM\n"),
            "unknown variant `HISTOGRAM`, expected one of LABEL, COUNTER, GAUGE, UNTYPED, DISCARD at line 5, column 16",
        ),
        (query.to_owned(), "missing field `metrics` at line 2, column 3"),
        (
            format!("{query}  metrics: []\n  cache_seconds: 3\n"),
            "unknown field `cache_seconds`, expected one of query, metrics, master at line 4, column 3",
        ),
        (
            "2nd:\n  query: SELECT 1\n  metrics:\n    - a: {usage: GAUGE}\n".to_owned(),
            "`2nd_a` is not a metric name: letters, digits and `_` are accepted, but no leading digit",
        ),
        ("- a\n".to_owned(), "expected mapping start at line 1, column 1"),
    ] {
        assert_eq!(error_of(&text), format!("FILE: {message}"));
    }
}

#[test]
fn missing_file_is_named() {
    let error = Queries::read("nowhere.yaml".as_ref(), server()).err().unwrap();
    assert_eq!(error, "nowhere.yaml: No such file or directory (os error 2)");
}

#[test]
fn built_in_queries_are_valid() {
    assert!(Queries::built_in(server()).unwrap().0.contains_key("pg_stat_database"));
}
