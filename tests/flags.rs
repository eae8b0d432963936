//! Flags as an operator writes them: one dash or two, and paths that clients can request.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::path::Path;
use std::process::{Command, Output};

use hello_exporter_tests::http::{get, get_accepting};
use hello_exporter_tests::{Exporter, build, build_example, text};

fn run(program: &Path, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).output().unwrap()
}

/// Returns the exit status of the exporter, and its error message about the flags.
fn refusal(program: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = run(program, arguments);
    assert_eq!(text(&output.stdout), "");
    (output.status.code(), text(&output.stderr))
}

#[test]
fn long_flags_with_one_dash_are_accepted() {
    let mut exporter = Exporter::start(&[
        "-web.listen-address=127.0.0.1:0",
        "-web.telemetry-path",
        "/my/metrics",
        "-web.disable-exporter-metrics=true",
        "-web.systemd-socket=false",
        "-log.level=debug",
    ]);
    let second = exporter.next_address();
    for address in [exporter.address, second] {
        let response = get(address, "/my/metrics");
        assert_eq!(response.status, 200);
        assert!(response.body.contains("\nb{hello=\"world\",hostname=\"Hi\"} 2\n"));
        assert!(!response.body.contains("promhttp_"));
    }
}

#[test]
fn own_and_collector_flags_with_one_dash_are_accepted() {
    let program = build_example("hello_exporter_tests", "sources");
    let arguments = ["-collector.disable-defaults", "-collector.spare", "-spare.value", "7"];
    let exporter = Exporter::start_program(&program, &arguments);
    let body = get(exporter.address, "/metrics?name[]=spare").body;
    assert_eq!(
        body,
        "# HELP spare A source that is disabled by default.\n# TYPE spare gauge\nspare 7\n"
    );
}

#[test]
fn help_and_version_with_one_dash_are_accepted() {
    for (one, two) in [("-help", "--help"), ("-version", "--version")] {
        let [one, two] = [one, two].map(|flag| run(&build(), &[flag]));
        assert_eq!((one.status.code(), text(&one.stderr)), (Some(0), String::new()));
        assert_eq!(text(&one.stdout), text(&two.stdout));
    }
}

#[test]
fn invalid_flags_with_one_dash_exit_with_status_2() {
    for (argument, message) in [
        ("-bogus", "error: unexpected argument '--bogus' found"),
        ("-web.listen-adress=:9000", "error: unexpected argument '--web.listen-adress' found"),
        ("-web.listen-address=9000", "expected `host:port`"),
        ("-web.listen-address", "a value is required for '--web.listen-address <ADDRESS>'"),
        ("-web.systemd-socket=yes", "unexpected value 'yes' for '--web.systemd-socket' found"),
        ("-log.level=loud", "invalid value 'loud' for '--log.level <LEVEL>'"),
        ("-x", "error: unexpected argument '-x' found"),
    ] {
        let (status, stderr) = refusal(&build(), &[argument]);
        assert_eq!(status, Some(2), "{argument}");
        assert!(stderr.contains(message), "{argument}: {stderr}");
    }
    let program = build_example("hello_exporter_tests", "sources");
    let (status, stderr) = refusal(&program, &["-no-collector.nope"]);
    assert_eq!(status, Some(2));
    assert!(stderr.contains("unknown collector 'nope', expected one of: blocking, "), "{stderr}");
}

#[test]
fn path_that_no_client_can_request_is_refused() {
    const RULE: &str = "expected a path that begins with `/`, of letters, digits and `/-_.~`, without \
                        empty segments, `.` and `..`, and not below `/-/`, where the health \
                        endpoints are";
    for path in [
        "",
        "metrics",
        "//",
        "//metrics",
        "/metrics//",
        "/a//b",
        "/.",
        "/..",
        "/./metrics",
        "/x/../metrics",
        "/metrics/..",
        "/metrics/./",
        "/-",
        "/-/",
        "/-/healthy",
        "/-/metrics",
        "/metrics?x",
        "/metrics#x",
        "/%6detrics",
        "/me trics",
        "/metrics\t",
        "/metrics\n",
        "/mé",
        "/{x}",
        "/a\\b",
        "/a;b",
        "/a:b",
        "/a*",
        "http://localhost/metrics",
    ] {
        let (status, stderr) = refusal(&build(), &[&format!("--web.telemetry-path={path}")]);
        let expected = format!(
            "error: invalid value '{path}' for '--web.telemetry-path <PATH>': {RULE}\n\n\
             For more information, try '--help'.\n"
        );
        match path {
            // clap's own message reports this.
            "" => assert!(stderr.starts_with("error: "), "{stderr}"),
            _ => assert_eq!(stderr, expected),
        }
        assert_eq!(status, Some(2), "{path:?}");
    }
}

#[test]
fn path_that_clients_can_request_is_served() {
    for path in
        ["/", "/m", "/metrics/", "/a/b/c", "/.metrics", "/...", "/a..b", "/-a", "/a/-", "/~_"]
    {
        let exporter = Exporter::start(&[&format!("--web.telemetry-path={path}")]);
        let response = get(exporter.address, path);
        assert_eq!(response.status, 200, "{path}");
        assert!(response.body.starts_with("# HELP a Display a.\n"), "{path}");
    }
}

#[test]
fn path_of_a_probe_is_refused() {
    let program = build_example("hello_exporter_tests", "landing");
    let (status, stderr) = refusal(&program, &["--web.telemetry-path=/probe"]);
    assert_eq!(status, Some(2));
    let expected = "error: invalid value '/probe' for '--web.telemetry-path <PATH>': probes are served \
                    at this path, expected another one\n\n";
    assert!(stderr.starts_with(expected), "{stderr}");
}

/// Returns the names of the families of a response.
fn families(exposition: &str) -> Vec<&str> {
    let lines = exposition.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    lines.filter_map(|line| line.split(' ').next()).collect()
}

#[test]
fn metrics_are_included_and_excluded_by_their_names() {
    let program = build_example("hello_exporter_tests", "renamed");
    let start = |flags: &[&str]| Exporter::start_program(&program, flags);
    let of = |exporter: &Exporter, path: &str| {
        families(&get(exporter.address, path).body)
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let exporter = start(&["--metrics.include=^shop_(jobs|steps)", "--metrics.include=_up$"]);
    let expected = ["shop_jobs", "shop_jobs_total", "shop_steps", "shop_steps_total", "shop_up"];
    assert_eq!(of(&exporter, "/metrics"), expected);
    // A query selects among them.
    assert_eq!(of(&exporter, "/metrics?name[]=shop_up&name[]=shop_waiting"), ["shop_up"]);
    assert_eq!(of(&exporter, "/probe?target=a"), Vec::<String>::new());

    let exporter = start(&["--metrics.include=^shop_j", "--metrics.exclude=_total$"]);
    assert_eq!(of(&exporter, "/metrics"), ["shop_jobs"]);

    let exporter = start(&["--metrics.exclude=.", "--metrics.include="]);
    assert_eq!(get(exporter.address, "/metrics").body, "");
    let accept = "application/openmetrics-text;version=1.0.0";
    assert_eq!(get_accepting(exporter.address, "/metrics", accept).body, "# EOF\n");

    let exporter = start(&["--metrics.exclude=^(process|promhttp|shop_exporter)_"]);
    let all = of(&exporter, "/metrics");
    assert!(all.iter().all(|name| name.starts_with("shop_")), "{all:?}");
    let probed = of(&exporter, "/probe?target=a");
    assert!(probed.contains(&"probe_success".to_owned()), "{probed:?}");

    let output = run(&program, &["--once", "--metrics.include=^shop_up$"]);
    assert_eq!(families(&text(&output.stdout)), ["shop_up"]);
}

#[test]
fn dynamic_families_are_excluded_by_their_names() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("names");
    std::fs::write(&file, "first\nsecond\n").unwrap();
    let program = build_example("hello_exporter_tests", "shared_state");
    let file = format!("--config.file={}", file.display());
    let exporter = Exporter::start_program(&program, &[&file, "--metrics.include=^(first|reads)"]);
    let body = get(exporter.address, "/metrics").body;
    assert_eq!(families(&body), ["first", "reads_total"]);
}

#[test]
fn invalid_expression_is_refused() {
    let (status, message) = refusal(&build(), &["--metrics.exclude=("]);
    assert_eq!(status, Some(2));
    let expected = "error: invalid value '(' for '--metrics.exclude <REGEXP>': ";
    assert!(message.starts_with(expected), "{message}");
}
