//! Sources and probes that share a state, and options from flags, from an operator's view.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use hello_exporter_tests::http::{Response, get};
use hello_exporter_tests::{Exporter, build_example, text};
use tempfile::TempDir;

fn program() -> PathBuf {
    build_example("hello_exporter_tests", "shared_state")
}

/// A configuration file with these names.
struct Config {
    _directory: TempDir,
    flag: String,
}

impl Config {
    fn of(names: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("names");
        std::fs::write(&file, names).unwrap();
        Self { flag: flag(&file), _directory: directory }
    }
}

fn flag(file: &Path) -> String {
    format!("--config.file={}", file.display())
}

fn start(config: &Config, arguments: &[&str]) -> Exporter {
    Exporter::start_program(&program(), &[&[&*config.flag], arguments].concat())
}

/// Runs the program, which must end by itself.
fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(program());
    command.arg("--web.listen-address=127.0.0.1:0").args(arguments).output().unwrap()
}

/// Returns the errors that the program logs, without their times.
fn errors(output: &Output) -> Vec<String> {
    let log = text(&output.stderr);
    let errors = log.lines().filter_map(|line| line.split_once(" level=error "));
    errors.map(|(_, error)| error.to_owned()).collect()
}

/// Returns the samples of a response, without those that every exporter has.
fn samples(response: &Response) -> Vec<&str> {
    let of_exporter = ["#", "process_", "promhttp_", "shared_", "probe_duration_seconds "];
    let is_own = |line: &&str| !of_exporter.iter().any(|prefix| line.starts_with(prefix));
    response.body.lines().filter(is_own).collect()
}

#[test]
fn state_is_created_once_for_all_sources_and_probes() {
    let config = Config::of("first\nsecond\n");
    let exporter = start(&config, &[]);
    let scrape = get(exporter.address, "/metrics");
    assert_eq!(
        samples(&scrape),
        [
            "first{line=\"0\"} 0",
            "late 1",
            "names 2",
            "reads_total 1",
            "runs 1",
            "second{line=\"1\"} 1",
        ]
    );
    let probe = get(exporter.address, "/probe?target=x");
    assert_eq!(samples(&probe), ["names 2", "probe_success 1", "runs 1"]);
    let scrape = get(exporter.address, "/metrics?collect[]=count");
    assert_eq!(samples(&scrape), ["names 2", "reads_total 1"]);
}

#[test]
fn state_is_created_by_blocking_on_a_future() {
    let config = Config::of("first\n");
    let output = run(&[&*config.flag, "--config.blocks", "--config.check"]);
    assert_eq!(output.status.code(), Some(0));
    let exporter = start(&config, &["--config.blocks"]);
    let scrape = get(exporter.address, "/metrics?collect[]=count");
    assert_eq!(samples(&scrape), ["names 1", "reads_total 1"]);
}

#[test]
fn failing_state_is_one_error_with_the_file() {
    let missing = TempDir::new().unwrap().path().join("missing");
    let error = format!(
        "msg=\"cannot start: cannot read {}: No such file or directory (os error 2)\"",
        missing.display()
    );
    for check in [&[][..], &["--config.check"]] {
        let output = run(&[&[&*flag(&missing)], check].concat());
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(errors(&output), [&*error]);
    }
    let output = run(&[]);
    assert_eq!(errors(&output), ["msg=\"cannot start: --config.file is required\""]);
}

#[test]
fn state_is_created_for_a_probe_if_sources_are_disabled() {
    let mut command = Command::new(build_example("hello_exporter_tests", "shared_state"));
    command.args(["--config.check", "--collector.disable-defaults"]);
    // The probe needs the state, which requires `--config.file`.
    assert_eq!(command.output().unwrap().status.code(), Some(1));
    let config = Config::of("first\n");
    let exporter = start(&config, &["--collector.disable-defaults", "--collector.late"]);
    let scrape = get(exporter.address, "/metrics");
    assert_eq!(samples(&scrape), ["late 1", "reads_total 1"]);
}

#[test]
fn timeout_comes_from_a_flag() {
    let config = Config::of("");
    let mut exporter = start(&config, &["--late.timeout=50ms", "--late.hangs", "--probe.second"]);
    let scrape = get(exporter.address, "/metrics?collect[]=late");
    assert!(scrape.body.contains("shared_scrape_collector_success{collector=\"late\"} 0\n"));
    exporter.next_line_with("no answer within 50ms");
    let probe = get(exporter.address, "/second?target=x");
    assert_eq!(samples(&probe), ["probe_success 0"]);
    let output = run(&[&*config.flag, "--late.timeout=0"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        errors(&output),
        ["msg=\"source `late` cannot be made: the timeout is 0, expected a longer one\""]
    );
}

#[test]
fn cache_comes_from_a_flag() {
    let config = Config::of("");
    let runs = |exporter: &Exporter| {
        let scrape = || get(exporter.address, "/metrics?collect[]=cached");
        [scrape(), scrape()].map(|response| samples(&response).pop().unwrap().to_owned())
    };
    assert_eq!(runs(&start(&config, &[])), ["runs 1", "runs 2"]);
    assert_eq!(runs(&start(&config, &["--cached.cache=1h"])), ["runs 1", "runs 1"]);
}

#[test]
fn invalid_configured_name_is_an_error_before_the_first_scrape() {
    for (names, error) in [
        (
            "good\nbad-name\n",
            "msg=\"collector `named`: `bad-name` is not a metric name: letters, digits and `_` are \
             accepted, but no leading digit\"",
        ),
        (
            "reads_total\n",
            "msg=\"metric `reads_total` of collector `named` is registered already, by collector \
             `shared_state::Reads`\"",
        ),
        (
            "twice\ntwice\n",
            "msg=\"metric `twice` of collector `named` is registered already, by collector `named`\"",
        ),
    ] {
        let config = Config::of(names);
        for check in [&[][..], &["--config.check"]] {
            let output = run(&[&[&*config.flag], check].concat());
            assert_eq!(output.status.code(), Some(1), "{names:?}");
            assert_eq!(errors(&output), [error]);
        }
    }
    let output = run(&[&*Config::of("good\n").flag, "--config.check"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stdout), "the flags are valid\n");
}

#[test]
fn many_and_long_configured_families_are_served() {
    let long = "long".repeat(300);
    let numbered: String = (2..12_000).map(|number| format!("f{number}\n")).collect();
    let exporter = start(&Config::of(&format!("{long}\nsecond\n{numbered}")), &[]);
    let scrape = get(exporter.address, "/metrics?collect[]=named");
    let mut values: Vec<(&str, usize)> = samples(&scrape)
        .iter()
        .filter_map(|line| line.split_once("{line=\""))
        .map(|(name, rest)| (name, rest.split_once(' ').unwrap().1.parse().unwrap()))
        .collect();
    values.sort_by_key(|(_, value)| *value);
    let named = (2..12_000).map(|number| format!("f{number}"));
    let names: Vec<String> = [long, "second".to_owned()].into_iter().chain(named).collect();
    let expected: Vec<(&str, usize)> = names.iter().map(String::as_str).zip(0..).collect();
    assert!(values == expected, "{:?}", values.iter().zip(expected).find(|(a, b)| *a != b));
}

#[test]
fn source_that_the_flags_leave_out_is_reported_as_left_out() {
    let exporter = start(&Config::of("first\n"), &["--count.none"]);
    let response = get(exporter.address, "/metrics?collect[]=count");
    let body =
        "collector \"count\" is left out: with the current flags, it has nothing to collect\n";
    assert_eq!((response.status, &*response.body), (400, body));
}

#[test]
fn probe_omits_the_parts_of_disabled_sources() {
    let config = Config::of("first\n");
    for flag in ["--no-collector.count", "--count.none"] {
        let exporter = start(&config, &[flag]);
        let probe = get(exporter.address, "/probe?target=x");
        assert_eq!(samples(&probe), ["probe_success 1", "runs 0"], "{flag}");
    }
}

#[test]
fn probe_refuses_a_selection_of_collectors() {
    let config = Config::of("first\n");
    let exporter = start(&config, &[]);
    for name in ["collect[]", "exclude[]", "name[]"] {
        let response = get(exporter.address, &format!("/probe?target=x&{name}=count"));
        assert_eq!(response.status, 400);
        assert_eq!(response.body, format!("{name} cannot be used with a probe\n"));
    }
}

#[test]
fn disabled_probe_is_not_served() {
    let config = Config::of("first\n");
    let exporter = start(&config, &[]);
    assert_eq!(get(exporter.address, "/second?target=x").status, 404);
    let page = get(exporter.address, "/").body;
    assert!(page.contains("/probe") && !page.contains("/second"), "{page}");
    let exporter = start(&config, &["--probe.second"]);
    assert_eq!(get(exporter.address, "/second").status, 400);
}
