//! Live metrics that are created from the flags, and a state that nothing uses.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::process::Command;

use hello_exporter_tests::http::get;
use hello_exporter_tests::{Exporter, build_example, poll};

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(build_example("hello_exporter_tests", "register_with"));
    command.arg("--web.listen-address=127.0.0.1:0").args(arguments);
    command
}

/// Runs the program to its end, and returns the errors in its log without their times.
fn errors(command: &mut Command) -> Vec<String> {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let log = String::from_utf8(output.stderr).unwrap();
    let errors = log.lines().filter_map(|line| line.split_once(" level=error "));
    errors.map(|(_, error)| error.to_owned()).collect()
}

#[test]
fn collector_from_flags_can_spawn_tasks() {
    let exporter = Exporter::start_command(&mut command(&["--jobs.limit=7"]));
    let exposition = poll(|| {
        let body = get(exporter.address, "/metrics").body;
        body.contains("jobs_started").then_some(body)
    })
    .unwrap();
    assert!(exposition.contains(
        "# HELP jobs_limit Jobs that may run at once.\n# TYPE jobs_limit gauge\njobs_limit 7\n\
         # HELP jobs_started Whether a task has begun.\n# TYPE jobs_started gauge\njobs_started 1\n"
    ));
}

#[test]
fn error_from_register_with_stops_the_exporter() {
    for check in [&[][..], &["--config.check"]] {
        assert_eq!(
            errors(&mut command(&[&["--jobs.limit=101"], check].concat())),
            ["msg=\"a collector cannot be made: --jobs.limit is 101, expected at most 100\""]
        );
    }
}

#[test]
fn state_that_nothing_uses_is_an_error() {
    assert_eq!(
        errors(command(&[]).env("UNUSED_STATE", "1")),
        [
            "msg=\"nothing uses the state: expected a `source_with`, `probe_with` or `register_with` \
          after `state` or `with_config`\""
        ]
    );
}
