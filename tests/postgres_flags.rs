//! The flags of the example postgres_exporter, and errors at its start.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::process::Command;

use hello_exporter_tests::build_program;
use tempfile::NamedTempFile;

/// Returns the errors and the status of an exporter that only checks its flags.
fn check(server: &str, flags: &[&str]) -> (String, i32) {
    let program = build_program("postgres_exporter", ["--bin", "postgres_exporter"]);
    let mut command = Command::new(program);
    let output = command.env("DATA_SOURCE_NAME", server).arg("--config.check").args(flags).output();
    let output = output.unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    let errors = log.lines().filter_map(|line| line.split_once("level=error msg="));
    let errors: Vec<&str> = errors.map(|(_, error)| error.trim_matches('"')).collect();
    (errors.join("\n"), output.status.code().unwrap())
}

fn file(text: &str) -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

/// Checks a file of queries, and returns the errors with FILE in place of its path.
fn check_queries(text: &str) -> (String, i32) {
    let file = file(text);
    let path = file.path().display().to_string();
    let (errors, status) = check("host=db", &[&format!("--extend.query-path={path}")]);
    (errors.replace(&path, "FILE"), status)
}

#[test]
fn invalid_server_is_one_error_without_its_password() {
    let error = "cannot start: invalid connection string: invalid value for option `port`";
    assert_eq!(check("host=db port=x password=secret", &[]), (error.to_owned(), 1));
}

#[test]
fn invalid_name_in_a_file_of_queries_is_one_error_with_the_file() {
    let (errors, status) =
        check_queries("2nd:\n  query: SELECT 1\n  metrics:\n    - a: {usage: GAUGE}\n");
    assert_eq!(
        errors,
        "source `queries` cannot be made: FILE: `2nd_a` is not a metric name: letters, digits and \
         `_` are accepted, but no leading digit"
    );
    assert_eq!(status, 1);
    let (errors, status) = check_queries(
        "shop:\n  query: SELECT 1\n  metrics:\n    - __a: {usage: LABEL}\n    - b: {usage: GAUGE}\n",
    );
    let expected = "source `queries` cannot be made: FILE: `__a` of `shop_b` is not a label name: ";
    assert!(errors.starts_with(expected), "{errors}");
    assert_eq!(status, 1);
}

#[test]
fn metric_of_another_collector_is_refused() {
    let (errors, status) =
        check_queries("pg_locks:\n  query: SELECT 1\n  metrics:\n    - count: {usage: GAUGE}\n");
    assert_eq!(
        errors,
        "metric `pg_locks_count` of collector `queries` is registered already, by collector \
         `statistics`"
    );
    assert_eq!(status, 1);
}

#[test]
fn missing_file_is_one_error_unless_its_collector_is_disabled() {
    let path = "--extend.query-path=nowhere.yaml";
    let error =
        "source `queries` cannot be made: nowhere.yaml: No such file or directory (os error 2)";
    assert_eq!(check("host=db", &[path]), (error.to_owned(), 1));
    assert_eq!(check("host=db", &[path, "--no-collector.queries"]), (String::new(), 0));
}

#[test]
fn timeout_of_0_is_refused() {
    let error = "source `database` cannot be made: the timeout is 0, expected a longer one";
    assert_eq!(check("host=db", &["--database.timeout=0s"]), (error.to_owned(), 1));
}
