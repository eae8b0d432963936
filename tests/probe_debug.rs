//! `--probe.debug`: the log of one run of a probe, for the client that requests it.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use hello_exporter_tests::http::{Response, get, get_accepting, request};
use hello_exporter_tests::{Exporter, build, build_example, text, without_time};

fn program() -> PathBuf {
    build_example("hello_exporter_tests", "probe_debug")
}

fn start(arguments: &[&str]) -> Exporter {
    Exporter::start_program(&program(), arguments)
}

/// Starts the exporter with this level of its own log. At some levels, it does not log its address.
fn start_at(level: &str) -> Exporter {
    let level = format!("--log.level={level}");
    Exporter::start_unlogged(&program(), &["--probe.debug", &level])
}

fn debug(exporter: &Exporter, target: &str) -> String {
    let response = get(exporter.address, &format!("/probe?target={target}&debug=true"));
    assert_eq!(response.status, 200);
    stable(&response.body)
}

/// Returns the text with `D` for durations, and without the times of lines.
fn stable(body: &str) -> String {
    let line = |line: &str| {
        let line = if line.starts_with("ts=") { without_time(line) } else { line };
        match line.split_once("duration_seconds=") {
            Some((before, _)) => format!("{before}duration_seconds=D\n"),
            None if line.starts_with(SAMPLE) => format!("{SAMPLE}D\n"),
            None => format!("{line}\n"),
        }
    };
    body.lines().map(line).collect()
}

const SAMPLE: &str = "probe_duration_seconds ";

const START: &str = "debug msg=\"Probe starts\" target=";

const DURATION: &str = "\
# HELP probe_duration_seconds Returns how long the probe took to complete in seconds
# TYPE probe_duration_seconds gauge
probe_duration_seconds D
# HELP probe_success Displays whether or not the probe was a success
# TYPE probe_success gauge
";

const WORDS: &str = "\
# HELP talk_words Words of the target.
# TYPE talk_words gauge
talk_words 2
";

/// Returns the response to a probe with these lines between its first and its last.
fn log(target: &str, timeout: &str, lines: &str, is_success: bool, metrics: &str) -> String {
    let success = u8::from(is_success);
    format!(
        "Logs for the probe:\n\
         {START}{target} module=\"\" timeout={timeout}\n\
         {lines}\
         debug msg=\"Probe finished\" success={is_success} duration_seconds=D\n\n\n\n\
         Metrics that would have been returned:\n\
         {DURATION}probe_success {success}\n{metrics}"
    )
}

#[test]
fn response_is_the_log_of_the_run_with_its_metrics() {
    let lines = "\
debug msg=Debugged text=\"two\\nlines\"
info msg=Informed empty=\"\"
warn msg=Warned
error msg=Erred number=1.5
";
    let expected = log("levels", "10s", lines, true, WORDS);
    for level in ["debug", "info", "error"] {
        let exporter = start_at(level);
        assert_eq!(debug(&exporter, "levels"), expected, "{level}");
    }
    // The exporter's own format and that of `Accept` do not matter.
    let exporter = start(&["--probe.debug", "--log.format=json"]);
    let path = "/probe?target=levels&debug=true";
    let accepting = get_accepting(exporter.address, path, "application/openmetrics-text");
    assert_eq!(stable(&accepting.body), expected);
    assert_eq!(accepting.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(accepting.header("x-content-type-options"), Some("nosniff"));
    assert!(accepting.body.starts_with("Logs for the probe:\nts=20"), "{}", accepting.body);
    let head = request(exporter.address, "HEAD", path);
    assert_eq!((head.status, &*head.body), (200, ""));
}

#[test]
fn lines_reach_the_log_of_the_exporter_at_its_level() {
    let own = |level: &str| {
        let exporter = start_at(level);
        debug(&exporter, "levels");
        let (_, lines) = exporter.signal("TERM");
        let lines = lines.iter().map(|line| without_time(line).trim_end().to_owned());
        let is_of_probe = |line: &String| {
            let words = ["Probe starts", "Probe finished", "text=", "Informed", "Warned", "Erred"];
            words.iter().any(|word| line.contains(word))
        };
        let lines: Vec<String> = lines.filter(is_of_probe).collect();
        stable(&lines.join("\n"))
    };
    let errors = "error msg=Erred number=1.5\n";
    let infos = format!("info msg=Informed empty=\"\"\nwarn msg=Warned\n{errors}");
    assert_eq!(own("error"), errors);
    assert_eq!(own("info"), infos);
    let debugs = format!(
        "{START}levels module=\"\" timeout=10s\n\
         debug msg=Debugged text=\"two\\nlines\"\n\
         {infos}\
         debug msg=\"Probe finished\" success=true duration_seconds=D\n"
    );
    assert_eq!(own("debug"), debugs);
}

#[test]
fn secrets_are_redacted() {
    let exporter = start(&["--probe.debug"]);
    let lines = "\
debug msg=\"Logging in\" password=<redacted> db_token=<redacted> headers.authorization=<redacted> \
x-api-key=<redacted> user=me
info msg=\"Connecting to http://host/a@b\" url=redis://host:6379/0
info msg=\"Config { password: <redacted>, port: 1 }, host=x password=<redacted>\"
";
    assert_eq!(debug(&exporter, "secrets"), log("secrets", "10s", lines, true, WORDS));
    let lines = "\
warn msg=\"Will fail\"
debug msg=\"Probe failed\" target=failing module=\"\" error=\"cannot log in to \
http://host/?token=<redacted>\"
";
    assert_eq!(debug(&exporter, "failing"), log("failing", "10s", lines, false, ""));
}

#[test]
fn failure_panic_and_timeout_are_in_the_log() {
    let exporter = start(&["--probe.debug"]);
    let lines = "debug msg=\"Probe failed\" target=because module=\"\" error=\"no words\"\n";
    assert_eq!(debug(&exporter, "because"), log("because", "10s", lines, false, WORDS));
    assert_eq!(debug(&exporter, "silent"), log("silent", "10s", "", false, WORDS));

    // Only the first panic is an error of the exporter's own log.
    for line in ["error msg=\"Probe panicked\"", "debug msg=\"Probe failed\""] {
        let lines = format!(
            "warn msg=\"Will panic\"\n{line} target=panicking module=\"\" error=\"panicked: out of \
             words (at tests/programs/probe_debug.rs:LINE)\"\n"
        );
        let body = without_line_of_code(&debug(&exporter, "panicking"));
        assert_eq!(body, log("panicking", "10s", &lines, false, ""));
    }

    for (target, first) in [("hanging", "Will hang"), ("blocking", "Will block")] {
        let response = get(exporter.address, &format!("/hasty?target={target}&debug=true"));
        let lines = format!(
            "warn msg=\"{first}\"\n\
             debug msg=\"Probe failed\" target={target} module=\"\" error=\"no answer within 100ms\"\n"
        );
        assert_eq!(stable(&response.body), log(target, "100ms", &lines, false, ""));
    }

    let response = get(exporter.address, "/whisper?target=x&debug=true");
    let lines = "error msg=\"Collector panicked, metric left out\" collector=/whisper \
                 metric=talk_unspoken error=\"no comment (at tests/programs/probe_debug.rs:LINE)\"\n";
    let body = without_line_of_code(&stable(&response.body));
    assert_eq!(body, log("x", "10s", lines, false, ""));
}

/// Returns the text with `LINE` for the place in a source file.
fn without_line_of_code(text: &str) -> String {
    let (before, after) = text.split_once(".rs:").unwrap();
    let (_, after) = after.split_once(')').unwrap();
    format!("{before}.rs:LINE){after}")
}

#[test]
fn concurrent_runs_have_logs_of_their_own() {
    let exporter = start(&["--probe.debug"]);
    let listen = || TcpListener::bind("127.0.0.1:0").unwrap();
    let targets = [listen(), listen(), listen()];
    let address_of_exporter = exporter.address;
    let runs = targets.iter().zip([true, true, false]).map(|(target, has_log)| {
        let address = target.local_addr().unwrap().to_string();
        let path = format!("/probe?target={address}&debug={has_log}");
        let client = thread::spawn(move || get(address_of_exporter, &path));
        // The run has logged its first line once it connects.
        let (connection, _) = target.accept().unwrap();
        (client, connection, address, has_log)
    });
    let runs: Vec<_> = runs.collect();
    for (client, mut connection, address, has_log) in runs.into_iter().rev() {
        connection.write_all(b"hello").unwrap();
        let body = stable(&client.join().unwrap().body);
        let lines =
            format!("info msg=Before address={address}\ninfo msg=After address={address}\n");
        let expected = match has_log {
            true => log(&address, "10s", &lines, true, WORDS),
            false => format!("{DURATION}probe_success 1\n{WORDS}"),
        };
        assert_eq!(body, expected);
    }
}

#[test]
fn log_is_cut_at_64_kib() {
    let exporter = start(&["--probe.debug"]);
    let body = get(exporter.address, "/probe?target=many&debug=true").body;
    let (lines, end) = body.split_once("level=warn").unwrap();
    let (lines, _) = lines.rsplit_once("ts=").unwrap();
    let length = lines.len() - "Logs for the probe:\n".len();
    assert!((60 << 10..=64 << 10).contains(&length), "{length}");
    assert!(lines.ends_with("x\n"), "a line is whole");
    let end = stable(&format!("ts=0 level=warn{end}"));
    let expected = log("many", "10s", "", true, WORDS);
    let (_, expected) = expected.split_once("10s\n").unwrap();
    let cut = "warn msg=\"The rest of the log is cut, since it is longer than 64 KiB\"\n";
    assert_eq!(end, format!("{cut}{expected}"));
}

#[test]
fn values_are_cut_at_4_kib() {
    let exporter = start(&["--probe.debug"]);
    let words: String = "word ".repeat(1000).chars().take(4096).collect();
    let lines = format!("info msg=Large words=\"{words}…\" word=…\n");
    assert_eq!(debug(&exporter, "large"), log("large", "10s", &lines, true, WORDS));
}

#[test]
fn level_is_raised_only_during_debug_runs() {
    let exporter = start(&["--probe.debug"]);
    let has_debug = |query: &str| {
        let body = get(exporter.address, &format!("/level?target=x{query}")).body;
        body.contains("\nlog_has_debug 1\n")
    };
    assert_eq!([has_debug(""), has_debug("&debug=true"), has_debug("")], [false, true, false]);
}

#[test]
fn parameter_is_refused_without_the_flag_and_with_other_values() {
    let refused = |response: Response| {
        let headers = ["content-type", "x-content-type-options"].map(|it| response.header(it));
        assert_eq!(headers, [Some("text/plain; charset=utf-8"), Some("nosniff")]);
        (response.status, response.body.trim_end().to_owned())
    };
    let other = |value: &str| (400, format!("Invalid debug {value:?}, expected `true` or `false`"));
    let twice = (400, "Debug parameter is given more than once".to_owned());
    let disabled = (403, "logs of probes are disabled, expected the flag --probe.debug".to_owned());
    let not_allowed = (403, "target is not allowed: no --probe.allow-target matches it".to_owned());
    for (flags, expected) in [
        (&["--probe.allow-target=silent"][..], &disabled),
        (&["--probe.allow-target=silent", "--probe.debug"], &not_allowed),
    ] {
        let exporter = start(flags);
        let refused = |query: &str| refused(get(exporter.address, &format!("/probe?{query}")));
        assert_eq!(&refused("target=levels&debug=true"), expected);
        for value in ["", "1", "yes", "TRUE"] {
            assert_eq!(refused(&format!("target=silent&debug={value}")), other(value));
        }
        assert_eq!(refused("target=silent&debug=true&debug=true"), twice);
        let normal = get(exporter.address, "/probe?target=silent&debug=false");
        let metrics = format!("{DURATION}probe_success 0\n{WORDS}");
        assert_eq!((normal.status, stable(&normal.body)), (200, metrics));
    }
}

#[test]
fn flag_exists_only_with_probes() {
    let help = |program: &Path| {
        let output = Command::new(program).arg("--help").env("COLUMNS", "100").output().unwrap();
        text(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let expected = "--probe.debug Respond to probes with `debug=true` with the log of the run, which \
                    can contain errors and addresses ";
    let help_of_probes = help(&program());
    assert!(help_of_probes.contains(expected), "{help_of_probes}");
    assert!(!help(&build()).contains("--probe."));
    let output = Command::new(build()).arg("--probe.debug").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}
