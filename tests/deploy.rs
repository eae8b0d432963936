//! Files for operators: units, an image, Prometheus' configuration, rules, and documents.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use hello_exporter_tests::{
    Exporter, Prometheus, build, build_example, http, read, repository, text,
};
use tempfile::TempDir;

/// Runs a command, and returns whether it succeeded, and its standard output and error.
fn run_command(command: &mut Command) -> (bool, String) {
    let Output { status, stdout, stderr } = command.output().unwrap_or_else(|error| {
        panic!("cannot run {:?} (tests/run installs it): {error}", command.get_program())
    });
    (status.success(), text(&[stdout, stderr].concat()))
}

/// Installs the units, which start the exporter that the tests build, with or without the socket.
fn units(with_socket: bool) -> TempDir {
    let directory = TempDir::new().unwrap();
    let program = build();
    let install = |from: &str, to: &str| {
        let text = read(&format!("deploy/systemd/{from}"));
        let text =
            text.replace("/usr/local/bin/hello_exporter ", &format!("{} ", program.display()));
        fs::write(directory.path().join(to), text).unwrap();
    };
    install("hello_exporter.service", "hello_exporter.service");
    if with_socket {
        install("hello_exporter.socket", "hello_exporter.socket");
        fs::create_dir(directory.path().join("hello_exporter.service.d")).unwrap();
        install("socket-activation.conf", "hello_exporter.service.d/socket-activation.conf");
    }
    directory
}

fn systemd_analyze(units: &TempDir, arguments: &[&str]) -> (bool, String) {
    // The trailing colon adds systemd's own units.
    let path = format!("{}:", units.path().display());
    run_command(Command::new("systemd-analyze").env("SYSTEMD_UNIT_PATH", path).args(arguments))
}

#[test]
fn systemd_accepts_the_units() {
    let silent = (true, String::new());
    assert_eq!(systemd_analyze(&units(false), &["verify", "hello_exporter.service"]), silent);
    let both = ["verify", "hello_exporter.service", "hello_exporter.socket"];
    assert_eq!(systemd_analyze(&units(true), &both), silent);
}

#[test]
fn service_has_little_exposure_and_less_with_a_socket() {
    for (with_socket, threshold) in [(false, "--threshold=15"), (true, "--threshold=8")] {
        let arguments =
            ["security", "--offline=true", "--no-pager", threshold, "hello_exporter.service"];
        let (is_below, report) = systemd_analyze(&units(with_socket), &arguments);
        assert!(is_below, "{report}");
    }
}

/// Returns the arguments of each instruction `name` of a Containerfile.
fn instructions<'t>(file: &'t str, name: &str) -> Vec<Vec<&'t str>> {
    let lines = file.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    lines.map(|line| line.split_whitespace().collect()).collect()
}

#[test]
fn image_is_built_from_existing_files() {
    let file = read("deploy/Containerfile");
    let toolchain = read("rust-toolchain.toml");
    let version = toolchain.split("channel = \"").nth(1).unwrap().split('"').next().unwrap();
    let from = instructions(&file, "FROM");
    let build_image = format!("docker.io/library/rust:{version}-slim-bookworm");
    assert_eq!(from[0], [&*build_image, "AS", "build"]);
    assert_eq!(from[1], ["gcr.io/distroless/cc-debian12:nonroot"]);

    // The copied files suffice for cargo: it resolves the workspace, and finds the program.
    let source = TempDir::new().unwrap();
    let copies = instructions(&file, "COPY");
    let (copied, to_image): (Vec<_>, Vec<_>) =
        copies.iter().partition(|words| !words[0].starts_with("--from"));
    for path in copied.iter().flat_map(|words| &words[..words.len() - 1]) {
        let copy = Command::new("cp").arg("-r").arg(repository(path)).arg(source.path()).status();
        assert!(copy.unwrap().success(), "{path}");
    }
    let run = &instructions(&file, "RUN")[0];
    let at = run.iter().position(|word| *word == "cargo").unwrap();
    assert_eq!(
        run[at..],
        [
            "cargo",
            "build",
            "--release",
            "--locked",
            "--package",
            "hello_exporter",
            "--bin",
            "hello_exporter"
        ]
    );
    let mut tree = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    tree.current_dir(source.path()).args(["tree", "--locked", "--offline", "--depth=0"]);
    let (is_resolved, tree) = run_command(tree.args(["--package", "hello_exporter"]));
    assert!(is_resolved && tree.starts_with("hello_exporter v"), "{tree}");
    assert!(source.path().join("hello_exporter/src/main.rs").exists());

    // The image runs the built program, as an unprivileged user and without a shell.
    let program = "/usr/local/bin/hello_exporter";
    assert_eq!(to_image, [&["--from=build", "/source/target/release/hello_exporter", program]]);
    assert_eq!(instructions(&file, "ENTRYPOINT"), [[&*format!("[\"{program}\"]")]]);
    assert_eq!(instructions(&file, "USER"), [["65532:65532"]]);
    assert_eq!(instructions(&file, "EXPOSE"), [["9000"]]);
}

/// Copies Prometheus' files to a directory, and creates the keys and passwords that they name.
fn prometheus_directory() -> TempDir {
    let directory = TempDir::new().unwrap();
    let from = repository("deploy/prometheus/.");
    assert!(
        Command::new("cp").arg("-r").arg(from).arg(directory.path()).status().unwrap().success()
    );
    for name in ["prometheus.yml", "sharded.yml"] {
        let config = fs::read_to_string(directory.path().join(name)).unwrap();
        let secrets = config.lines().filter_map(|line| line.split_once("_file: "));
        for (_, path) in secrets {
            let path = directory.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
    }
    directory
}

fn promtool(arguments: &[&str]) -> (bool, String) {
    run_command(Command::new("promtool").current_dir(prometheus_directory().path()).args(arguments))
}

#[test]
fn prometheus_accepts_the_configurations() {
    for file in ["prometheus.yml", "sharded.yml"] {
        let (is_good, report) = promtool(&["check", "config", file]);
        assert!(is_good && !report.contains("FAILED"), "{report}");
        assert!(
            report.contains(&format!("{file} is valid prometheus config file syntax")),
            "{report}"
        );
    }
}

#[test]
fn rules_are_valid_and_every_alert_is_tested() {
    let alerts = alerts();
    let (is_good, report) = promtool(&["check", "rules", "exporters.rules.yml"]);
    assert!(is_good, "{report}");
    assert!(report.contains(&format!("SUCCESS: {} rules found", alerts.len())), "{report}");
    let (is_good, report) = promtool(&["test", "rules", "exporters.test.yml"]);
    assert!(is_good, "{report}");
    let tests = read("deploy/prometheus/exporters.test.yml");
    for (name, _) in alerts {
        let line = format!("alertname: {name}\n");
        let mut raised = tests.split(&line).skip(1);
        assert!(raised.any(|test| next_lines(test).contains("exp_alerts")), "{name}");
    }
}

/// Returns the lines before the next expectation.
fn next_lines(test: &str) -> &str {
    test.split("- alertname").next().unwrap()
}

/// Returns the names of all alerts, and their expressions.
fn alerts() -> Vec<(String, String)> {
    let rules = read("deploy/prometheus/exporters.rules.yml");
    let alerts = rules.split("- alert: ").skip(1);
    let alert = |text: &str| {
        let expression = text.split_once("expr: ").unwrap().1.lines().next().unwrap();
        (text.lines().next().unwrap().to_owned(), expression.trim_matches('\'').to_owned())
    };
    alerts.map(alert).collect()
}

#[test]
fn alerts_fire_for_failing_sources() {
    let program = build_example("hello_exporter_tests", "sources");
    let exporter = Exporter::start_program(&program, &[]);
    let prometheus = Prometheus::scraping(exporter.address);
    let expression = |name: &str| {
        let alerts = alerts();
        alerts.into_iter().find(|(alert, _)| alert == name).unwrap().1
    };
    let names_failing = |result: &serde_json::Value| {
        let series = result.as_array().unwrap().iter();
        let mut names = series.filter_map(|series| series["metric"]["collector"].as_str());
        names.any(|name| name == "failing")
    };
    prometheus.query(&expression("ExporterCollectorFailing"), names_failing);
    // The counters of these alerts exist and are zero.
    for name in ["ExporterScrapesRefused", "ExporterScrapesFailing"] {
        let increase = expression(name).replace(" > 0", "");
        prometheus.query(&increase, |result| result[0]["value"][1] == "0");
    }
    let share = expression("ExporterFileDescriptorsRunningOut").replace(" > 0.8", "");
    prometheus.query(&share, |result| result[0].is_object());
}

fn operating() -> String {
    read("docs/operating.md")
}

#[test]
fn every_flag_is_documented() {
    let operating = operating();
    let (landing, sources) = (
        build_example("hello_exporter_tests", "landing"),
        build_example("hello_exporter_tests", "sources"),
    );
    for program in [build(), landing, sources] {
        let (_, help) = run_command(Command::new(program).arg("--help"));
        for flag in help.lines().filter_map(flag) {
            let name = generic(flag);
            let is_own = flag.starts_with("--spare.");
            assert!(is_own || operating.contains(&format!("`{name}`")), "{name}");
        }
    }
}

/// Returns the flag that a line of `--help` begins with, without its value.
fn flag(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = line.strip_prefix("-h, ").unwrap_or(line);
    line.starts_with("--").then(|| line.split([' ', '[']).next())?
}

/// Returns the flag with `NAME` in place of a collector's name.
fn generic(flag: &str) -> String {
    match flag.split_once("collector.") {
        Some((before, name)) if name != "disable-defaults" => format!("{before}collector.NAME"),
        _ => flag.to_owned(),
    }
}

#[test]
fn every_own_metric_and_alert_is_documented() {
    let operating = operating();
    let program = build_example("hello_exporter_tests", "landing");
    let exporter = Exporter::start_program(&program, &["--no-collector.gate"]);
    let scrape = |path| {
        http::get_with(exporter.address, path, "X-Prometheus-Scrape-Timeout-Seconds: 1").body
    };
    let text = scrape("/metrics") + &scrape("/metrics") + &scrape("/probe?target=x");
    let families = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let families: Vec<&str> = families.filter_map(|line| line.split(' ').next()).collect();
    let own = ["warehouse_exporter_", "process_", "promhttp_", "probe_"];
    let own: Vec<&str> = families
        .into_iter()
        .filter(|name| own.iter().any(|prefix| name.starts_with(prefix)))
        .collect();
    assert!(own.len() > 15, "{own:?}");
    for name in own {
        let name = name.replace("warehouse_exporter_", "<exporter>_");
        assert!(operating.contains(&format!("`{name}`")), "{name}");
    }
    for (name, _) in alerts() {
        assert!(operating.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn links_of_documents_have_targets() {
    let pages =
        ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md"].map(PathBuf::from);
    let docs = fs::read_dir(repository("docs")).unwrap();
    let docs = docs.map(|entry| Path::new("docs").join(entry.unwrap().file_name()));
    for page in pages.into_iter().chain(docs) {
        let text = read(page.to_str().unwrap());
        let links = text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
        for link in links.filter(|link| !link.starts_with("http")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => page.clone(),
                _ => page.parent().unwrap().join(file),
            };
            assert!(repository(target.to_str().unwrap()).exists(), "{}: {link}", page.display());
            let is_found =
                anchor.is_empty() || anchors(&read(target.to_str().unwrap())).contains(anchor);
            assert!(is_found, "{}: {link}", page.display());
        }
    }
}

/// Returns the anchors of a page's headings, as GitHub generates them.
fn anchors(page: &str) -> HashSet<String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    let headings = headings.map(|line| line.trim_start_matches('#').trim().to_lowercase());
    let is_kept = |letter: &char| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_');
    let anchor = |heading: String| heading.chars().filter(is_kept).collect::<String>();
    headings.map(|heading| anchor(heading).replace(' ', "-")).collect()
}
