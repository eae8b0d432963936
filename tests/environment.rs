//! Common flags that environment variables set.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Output};

use hello_exporter_tests::http::get;
use hello_exporter_tests::web_config::{Directory, SECRET, users};
use hello_exporter_tests::{Exporter, build, build_example, build_program, text};

/// Returns a command of the example with `SHOP_EXPORTER_…` variables.
fn command(variables: &[(&str, &str)], arguments: &[&str]) -> Command {
    let mut command = Command::new(build_example("hello_exporter_tests", "environment"));
    let names = variables.iter().map(|(name, value)| (format!("SHOP_EXPORTER_{name}"), value));
    command.envs(names).args(arguments);
    command
}

fn run(variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    command(variables, arguments).output().unwrap()
}

/// Starts the example on a free port of the loopback, which a variable sets.
fn start(variables: &[(&str, &str)], arguments: &[&str]) -> Exporter {
    let address = [("WEB_LISTEN_ADDRESS", "127.0.0.1:0")];
    Exporter::start_command(&mut command(&[&address, variables].concat(), arguments))
}

/// Returns the samples that the example's own collectors expose with these flags.
fn samples(variables: &[(&str, &str)], arguments: &[&str]) -> Vec<String> {
    let output = run(variables, &[&["--once"], arguments].concat());
    assert_eq!(text(&output.stderr), "");
    let stdout = text(&output.stdout);
    let is_own = |line: &&str| ["night_", "shops", "staff"].iter().any(|it| line.starts_with(it));
    stdout.lines().filter(is_own).map(str::to_owned).collect()
}

/// Returns the error of the example, which exits with 2.
fn refusal(variables: &[(&str, &str)], arguments: &[&str]) -> String {
    let output = run(variables, arguments);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert_eq!(text(&output.stdout), "");
    text(&output.stderr)
}

#[test]
fn variables_set_flags() {
    let directory = Directory::new();
    let config = directory.write(&users(&[("alice", SECRET)]));
    let mut exporter = start(
        &[
            ("WEB_TELEMETRY_PATH", "/my/metrics"),
            ("WEB_CONFIG_FILE", config.to_str().unwrap()),
            ("LOG_FORMAT", "json"),
            ("LOG_LEVEL", "debug"),
        ],
        &[],
    );
    assert_eq!(get(exporter.address, "/my/metrics").status, 401);
    let line = exporter.next_line_with("/my/metrics");
    assert!(line.starts_with('{') && line.contains("\"level\":\"debug\""), "{line}");

    let exporter = start(
        &[("WEB_DISABLE_EXPORTER_METRICS", "true"), ("WEB_MAX_REQUESTS", "0"), ("LOG_LEVEL", "")],
        &[],
    );
    let body = get(exporter.address, "/metrics").body;
    assert!(body.contains("\nshops 1\n") && !body.contains("promhttp_"), "{body}");
}

#[test]
fn explicit_flags_override_variables() {
    let path = [("WEB_TELEMETRY_PATH", "/a"), ("WEB_DISABLE_EXPORTER_METRICS", "1")];
    let exporter =
        start(&path, &["--web.telemetry-path=/b", "-web.disable-exporter-metrics=false"]);
    assert_eq!(get(exporter.address, "/a").status, 404);
    let body = get(exporter.address, "/b").body;
    assert!(body.contains("promhttp_"), "{body}");
    // The value of an overridden variable does not matter, and that of an address is not added.
    let invalid = [("WEB_LISTEN_ADDRESS", "nonsense"), ("LOG_LEVEL", "loud")];
    let arguments = ["--web.listen-address", "127.0.0.1:0", "-log.level", "info"];
    let exporter = Exporter::start_command(&mut command(&invalid, &arguments));
    assert_eq!(get(exporter.address, "/metrics").status, 200);
}

#[test]
fn variables_enable_and_disable_collectors() {
    let (shops, staff, night) = ("shops 1", "staff 3", "night_staff 3");
    assert_eq!(samples(&[], &[]), [shops, staff]);
    for (on, off) in [("true", "false"), ("1", "0")] {
        let both = [("COLLECTOR_STAFF", off), ("COLLECTOR_NIGHT_SHIFT", on)];
        assert_eq!(samples(&both, &[]), [night, shops]);
        let defaults = ("COLLECTOR_DISABLE_DEFAULTS", on);
        assert_eq!(samples(&[defaults], &[]), [shops]);
        assert_eq!(samples(&[defaults, ("COLLECTOR_STAFF", on)], &[]), [shops, staff]);
        assert_eq!(samples(&[("COLLECTOR_DISABLE_DEFAULTS", off)], &[]), [shops, staff]);
        // Both flags of a collector override its variable.
        assert_eq!(samples(&[("COLLECTOR_STAFF", off)], &["--collector.staff"]), [shops, staff]);
        assert_eq!(samples(&[("COLLECTOR_STAFF", on)], &["-no-collector.staff"]), [shops]);
    }
}

#[test]
fn repeatable_flags_take_several_values() {
    for addresses in ["127.0.0.1:0,127.0.0.1:0", " 127.0.0.1:0\n127.0.0.1:0,\n"] {
        let variables = [("WEB_LISTEN_ADDRESS", addresses)];
        let mut exporter = Exporter::start_command(&mut command(&variables, &[]));
        let second = exporter.next_address();
        assert_eq!(get(second, "/metrics").status, 200);
    }
    let allowed = [("PROBE_ALLOW_TARGET", "a.example:80, *.b.example:80")];
    let exporter = start(&allowed, &[]);
    let status = |target: &str| get(exporter.address, &format!("/probe?target={target}")).status;
    assert_eq!(
        [status("a.example:80"), status("x.b.example:80"), status("c.example:80")],
        [200, 200, 403]
    );
}

const USAGE: &str = "\n\nUsage: shop_exporter [OPTIONS]";
const MORE: &str = "\n\nFor more information, try '--help'.\n";

#[test]
fn invalid_value_names_the_variable() {
    let invalid = |name: &str, value: &str, rest: &str| {
        format!("error: invalid value '{value}' for 'SHOP_EXPORTER_{name}'{rest}{MORE}")
    };
    let levels = "\n  [possible values: debug, info, warn, error]";
    assert_eq!(refusal(&[("LOG_LEVEL", "loud")], &[]), invalid("LOG_LEVEL", "loud", levels));
    assert_eq!(
        refusal(&[("WEB_MAX_REQUESTS", "many")], &[]),
        invalid("WEB_MAX_REQUESTS", "many", ": invalid digit found in string")
    );
    let second = [("WEB_LISTEN_ADDRESS", ":9000,9001")];
    let error = refusal(&second, &[]);
    let start = "error: invalid value '9001' for 'SHOP_EXPORTER_WEB_LISTEN_ADDRESS': expected \
                 `host:port`";
    assert!(error.starts_with(start), "{error}");
    for name in ["WEB_SYSTEMD_SOCKET", "COLLECTOR_STAFF", "COLLECTOR_DISABLE_DEFAULTS"] {
        for value in ["yes", "TRUE", "on", " 1"] {
            let error = refusal(&[(name, value)], &[]);
            let start = format!(
                "error: invalid value '{value}' for 'SHOP_EXPORTER_{name}': expected `true`, \
                 `false`, `1` or `0`\n"
            );
            assert!(error.starts_with(&start), "{error}");
        }
    }
    let start = "error: invalid value '/probe' for 'SHOP_EXPORTER_WEB_TELEMETRY_PATH': probes are \
                 served at this path, expected another one\n";
    let error = refusal(&[("WEB_TELEMETRY_PATH", "/probe")], &[]);
    assert!(error.starts_with(start), "{error}");
    let error = refusal(&[], &["--web.telemetry-path=/probe"]);
    let start = "error: invalid value '/probe' for '--web.telemetry-path <PATH>': probes are";
    assert!(error.starts_with(start), "{error}");
    // Documents need valid flags, too.
    let error = refusal(&[("LOG_LEVEL", "loud")], &["--describe"]);
    assert_eq!(error, invalid("LOG_LEVEL", "loud", levels));
}

#[test]
fn list_of_separators_alone_is_refused() {
    let names = ["PROBE_ALLOW_TARGET", "WEB_LISTEN_ADDRESS", "METRICS_INCLUDE", "METRICS_EXCLUDE"];
    for name in names {
        for (value, shown) in [(",", ","), (" ", " "), ("\n", "\\n"), (" ,\n, ", " ,\\n, ")] {
            let expected = format!(
                "error: invalid value '{shown}' for 'SHOP_EXPORTER_{name}': expected values \
                 separated by commas or line feeds, or an empty variable{USAGE}{MORE}"
            );
            assert_eq!(refusal(&[(name, value)], &[]), expected);
        }
        // An empty variable counts as unset, and the value of an overridden one is not read.
        assert_eq!(samples(&[(name, "")], &[]), ["shops 1", "staff 3"]);
    }
    let overridden = [("METRICS_INCLUDE", ",")];
    assert_eq!(samples(&overridden, &["--metrics.include=shops"]), ["shops 1"]);
}

#[test]
fn value_has_to_be_utf8() {
    let mut command = command(&[], &["--config.check"]);
    command.env("SHOP_EXPORTER_WEB_CONFIG_FILE", OsStr::from_bytes(b"\xff"));
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let stderr = text(&output.stderr);
    let start = "error: invalid value in 'SHOP_EXPORTER_WEB_CONFIG_FILE': expected UTF-8\n";
    assert!(stderr.starts_with(start), "{stderr}");
}

#[test]
fn flags_that_print_and_exit_have_no_variables() {
    let variables = ["DESCRIBE", "DESCRIBE_DIFF", "CHECK_RULES", "ONCE", "CONFIG_CHECK", "VERSION"];
    let variables = variables.map(|name| (name, "1"));
    let exporter = start(&variables, &[]);
    assert_eq!(get(exporter.address, "/metrics").status, 200);
    // Own flags have no variables unless their author names them.
    assert_eq!(samples(&[("SHOPS", "2")], &[]), ["shops 1", "staff 3"]);
}

#[test]
fn help_shows_the_variables() {
    let output = run(&[("LOG_LEVEL", "loud")], &["--help"]);
    assert_eq!(output.status.code(), Some(0));
    let help = text(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    for expected in [
        "Most concurrent scrapes, and most concurrent probes of each path; 0 is no limit [env: \
         SHOP_EXPORTER_WEB_MAX_REQUESTS] [default: 40]",
        "Lowest severity of messages to log [env: SHOP_EXPORTER_LOG_LEVEL] Possible values: - debug: \
         Details for developers of the exporter",
        "Enable the collector (default: enabled) [env: SHOP_EXPORTER_COLLECTOR_STAFF]",
        "Disable it --collector.night-shift Enable the collector (default: disabled) [env: \
         SHOP_EXPORTER_COLLECTOR_NIGHT_SHIFT]",
        "Number of shops [default: 1]",
    ] {
        assert!(help.contains(expected), "{expected:?} is not in {help}");
    }
    let variables = help.split(' ').filter(|word| word.starts_with("SHOP_EXPORTER_"));
    let variables: Vec<&str> = variables.map(|word| word.trim_end_matches(']')).collect();
    assert_eq!(
        variables,
        [
            "SHOP_EXPORTER_WEB_LISTEN_ADDRESS",
            "SHOP_EXPORTER_WEB_SYSTEMD_SOCKET",
            "SHOP_EXPORTER_WEB_TELEMETRY_PATH",
            "SHOP_EXPORTER_WEB_MAX_REQUESTS",
            "SHOP_EXPORTER_WEB_DISABLE_EXPORTER_METRICS",
            "SHOP_EXPORTER_WEB_OPENMETRICS_CREATED_SAMPLES",
            "SHOP_EXPORTER_WEB_CONFIG_FILE",
            "SHOP_EXPORTER_NO_METRICS_DEPRECATED",
            "SHOP_EXPORTER_METRICS_INCLUDE",
            "SHOP_EXPORTER_METRICS_EXCLUDE",
            "SHOP_EXPORTER_LOG_LEVEL",
            "SHOP_EXPORTER_LOG_FORMAT",
            "SHOP_EXPORTER_PROBE_ALLOW_TARGET",
            "SHOP_EXPORTER_PROBE_DEBUG",
            "SHOP_EXPORTER_COLLECTOR_STAFF",
            "SHOP_EXPORTER_COLLECTOR_NIGHT_SHIFT",
            "SHOP_EXPORTER_COLLECTOR_DISABLE_DEFAULTS",
        ]
    );
    for flag in ["-h", "--version"] {
        let output = run(&[("LOG_LEVEL", "loud")], &[flag]);
        assert_eq!(output.status.code(), Some(0), "{flag}");
    }
}

#[test]
fn exporter_without_a_prefix_reads_no_variables() {
    let mut command = Command::new(build());
    command.arg("--config.check").env("HELLO_EXPORTER_LOG_LEVEL", "loud");
    assert_eq!(command.output().unwrap().status.code(), Some(0));
    let help = text(&Command::new(build()).arg("--help").output().unwrap().stdout);
    assert!(!help.contains("[env:"), "{help}");
}

#[test]
fn redis_exporter_has_the_variables_of_the_original() {
    let program = build_program("redis_exporter", ["--bin", "redis_exporter"]);
    let mut command = Command::new(program);
    command.env("REDIS_EXPORTER_WEB_LISTEN_ADDRESS", "127.0.0.1:0");
    command.env("REDIS_EXPORTER_WEB_TELEMETRY_PATH", "/m").env("REDIS_ADDR", "");
    let exporter = Exporter::start_command(&mut command);
    assert_eq!(get(exporter.address, "/m").status, 200);
}
