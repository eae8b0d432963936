//! An exporter in a program that has a runtime.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::process::Command;

use hello_exporter_tests::http::get;
use hello_exporter_tests::{Exporter, build_example, free_address, poll, text};

const ARGUMENTS: [&str; 1] = ["--web.listen-address=127.0.0.1:0"];

fn command(mode: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(build_example("hello_exporter_tests", "embedded"));
    command.env("EMBEDDED", mode).args(arguments);
    command
}

/// Starts an exporter next to a server that greets its first client, and returns both addresses.
fn start_with_greeter() -> (Exporter, SocketAddr) {
    let greeter = free_address();
    let mut command = command("select", &ARGUMENTS);
    (Exporter::start_command(command.env("GREETER", greeter.to_string())), greeter)
}

#[test]
fn select_ends_with_the_other_server() {
    let (exporter, greeter) = start_with_greeter();
    assert!(get(exporter.address, "/metrics").body.contains("\na 0\n"));
    let mut greeting = String::new();
    let mut client = poll(|| TcpStream::connect(greeter).ok()).unwrap();
    client.read_to_string(&mut greeting).unwrap();
    assert_eq!(greeting, "hello");
    let (ended, _) = exporter.wait();
    assert_eq!(ended.code(), Some(0));
}

#[test]
fn signal_ends_an_exporter_in_a_select() {
    let (exporter, _) = start_with_greeter();
    assert_eq!(get(exporter.address, "/-/healthy").status, 200);
    let (ended, log) = exporter.signal("TERM");
    assert_eq!(ended.code(), Some(0));
    let [.., draining, stopped] = &*log else { panic!("{log:?}") };
    assert!(draining.ends_with(" level=info msg=Draining signal=SIGTERM\n"), "{draining}");
    assert!(stopped.ends_with(" level=info msg=Stopped\n"), "{stopped}");
}

#[test]
fn exporter_runs_as_a_task_with_its_own_arguments() {
    // The exporter does not read the program's flags.
    let exporter = Exporter::start_command(&mut command("spawn", &["--flag-of-the-program"]));
    assert!(get(exporter.address, "/metrics").body.contains("\na 0\n"));
}

#[test]
fn invalid_flags_are_returned_as_an_error() {
    let output = command("select", &["--web.listen"]).env("GREETER", "127.0.0.1:0").output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = text(&output.stderr);
    assert!(error.starts_with("error: unexpected argument '--web.listen' found\n"), "{error}");
    let output = command("select", &["--help"]).env("GREETER", "127.0.0.1:0").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("Usage: embedded [OPTIONS]\n"));
}

#[test]
fn run_within_a_runtime_is_an_error() {
    let output = command("run", &ARGUMENTS).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let log = text(&output.stderr);
    let error = " level=error msg=\"`run` starts a runtime of its own and cannot be called in \
                 another; await `serve` there\"\n";
    assert!(log.ends_with(error) && log.lines().count() == 1, "{log}");
}
