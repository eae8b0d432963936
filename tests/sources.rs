//! Sources from an operator's view: flags, queries, success values, the log.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;

use hello_exporter_tests::http::{Response, get, get_with};
use hello_exporter_tests::{
    Exporter, Prometheus, assert_golden, build_example, text, without_time,
};

fn program() -> PathBuf {
    build_example("hello_exporter_tests", "sources")
}

fn start(arguments: &[&str]) -> Exporter {
    Exporter::start_program(&program(), arguments)
}

/// Runs the program, which must end by itself.
fn run(arguments: &[&str]) -> Output {
    Command::new(program())
        .arg("--web.listen-address=127.0.0.1:0")
        .args(arguments)
        .output()
        .unwrap()
}

/// Scrapes like a Prometheus server with a timeout of one second.
fn scrape(address: SocketAddr, query: &str) -> Response {
    let path = format!("/metrics{query}");
    get_with(address, &path, "X-Prometheus-Scrape-Timeout-Seconds: 1")
}

/// Returns the exposition without lines that differ from run to run.
fn own(response: &Response) -> String {
    let differs =
        ["process_", "promhttp_", "build_info", "_duration_seconds{", "_runs_total", "alive"];
    let lines = response.body.lines().filter(|line| !differs.iter().any(|it| line.contains(it)));
    lines.map(|line| line.to_owned() + "\n").collect()
}

/// Returns only the lines with samples, without the numbers of series.
fn samples(response: &Response) -> Vec<String> {
    let is_wanted = |line: &&str| !line.starts_with('#') && !line.contains("_series{");
    own(response).lines().filter(is_wanted).map(str::to_owned).collect()
}

/// Returns one value from a scrape that runs no source.
fn value(address: SocketAddr, name: &str) -> String {
    let body = get(address, &format!("/metrics?name[]={name}")).body;
    let line = body.lines().find(|line| line.starts_with(&format!("{name} ")));
    line.unwrap_or_else(|| panic!("{name} in {body}"))[name.len() + 1..].to_owned()
}

const SUCCESS: &str = "sources_scrape_collector_success";

#[test]
fn failing_sources_are_reported_and_others_exposed() {
    let exporter = start(&[]);
    let response = scrape(exporter.address, "");
    assert_eq!(response.status, 200);
    assert_golden("expositions/failing_sources.txt", &own(&response));
    let durations = response.body.lines().filter(|line| line.contains("_duration_seconds{"));
    assert_eq!(durations.count(), 6);
}

#[test]
fn failure_is_logged_once_with_its_causes_and_not_sent_to_clients() {
    let exporter = start(&["--no-collector.hanging"]);
    for _ in 0..4 {
        let body = scrape(exporter.address, "").body;
        assert!(!body.contains("fire") && !body.contains("digit"), "{body}");
    }
    let (status, log) = exporter.signal("TERM");
    assert_eq!(status.code(), Some(0));
    let lines = |name: &str| -> Vec<String> {
        let of_source = log.iter().filter(|line| line.contains(&format!("collector={name}")));
        of_source.map(|line| without_time(line).to_owned()).collect()
    };
    assert_eq!(
        lines("failing"),
        [
            "error msg=\"Collector failed, its metrics are left out\" collector=failing error=\"cannot query the \
          backend: it is\\non fire\"\n"
        ]
    );
    let panicking = lines("panicking");
    assert_eq!(panicking.len(), 1, "{log:?}");
    let expected = "error msg=\"Collector failed, its metrics are left out\" collector=panicking \
                    error=\"panicked: a number: ParseIntError { kind: InvalidDigit } (at tests/programs/sources.rs:";
    assert!(panicking[0].starts_with(expected), "{panicking:?}");
    let failed = "error msg=\"Collector failed, its metrics are left out\" collector=flapping error=\"not now\"\n";
    let works = "info msg=\"Collector works again\" collector=flapping\n";
    assert_eq!(lines("flapping"), [failed, works, failed]);
    assert!(!log.iter().any(|line| line.contains("msg=Panic")), "{log:?}");
}

#[test]
fn query_selects_sources_and_families() {
    let exporter = start(&["--no-collector.hanging"]);
    let of = |query: &str| samples(&scrape(exporter.address, query));
    let success = |name: &str, value: u8| format!("{SUCCESS}{{collector=\"{name}\"}} {value}");

    assert_eq!(of("?collect[]=good"), ["good 1", &success("good", 1)]);
    assert_eq!(
        of("?collect%5B%5D=good&collect[]=failing&collect[]=good"),
        ["good 1", &success("good", 1), &success("failing", 0)]
    );
    assert_eq!(
        of("?exclude[]=slow&exclude[]=flapping&exclude[]=panicking"),
        ["good 1", &success("good", 1), &success("failing", 0)]
    );
    let all = ["good", "slow", "failing", "panicking", "flapping"];
    let none = all.map(|name| format!("exclude[]={name}")).join("&");
    assert_eq!(of(&format!("?{none}")), [""; 0]);

    // Only sources that have the family are run.
    let slow_runs = value(exporter.address, "slow_runs_total");
    assert_eq!(of("?name[]=good"), ["good 1"]);
    assert_eq!(of("?name[]=good&name[]=goo&name[]=slow&exclude[]=slow"), ["good 1"]);
    assert_eq!(of(&format!("?name[]={SUCCESS}&collect[]=failing")), [success("failing", 0)]);
    assert_eq!(value(exporter.address, "slow_runs_total"), slow_runs);

    let nothing = get(exporter.address, "/metrics?name[]=nothing");
    assert_eq!((nothing.status, &*nothing.body), (200, ""));
    let accept = "Accept: application/openmetrics-text; version=1.0.0";
    let nothing = get_with(exporter.address, "/metrics?name[]=nothing", accept);
    assert_eq!((nothing.status, &*nothing.body), (200, "# EOF\n"));
}

#[test]
fn query_for_an_unknown_source_is_refused() {
    let exporter = start(&["--no-collector.hanging", "--no-collector.failing"]);
    for (query, body) in [
        ("collect[]=good&exclude[]=slow", "Combined collect and exclude queries are not allowed."),
        ("exclude[]=slow&collect[]=slow", "Combined collect and exclude queries are not allowed."),
        (
            "collect[]=nope",
            "unknown collector \"nope\", expected one of: flapping, good, panicking, slow",
        ),
        ("exclude[]=", "unknown collector \"\", expected one of: flapping, good, panicking, slow"),
        ("collect[]=failing", "disabled collector \"failing\": `--collector.failing` enables it"),
        (
            "exclude[]=good&exclude[]=spare",
            "disabled collector \"spare\": `--collector.spare` enables it",
        ),
    ] {
        let response = get(exporter.address, &format!("/metrics?{query}"));
        let body = format!("{body}\n");
        assert_eq!((response.status, &response.body), (400, &body), "{query}");
        assert_eq!(response.header("content-type"), Some("text/plain; charset=utf-8"));
    }
    let tutorial = Exporter::start(&[]);
    let response = get(tutorial.address, "/metrics?collect[]=a");
    let body = "unknown collector \"a\": no collector is enabled\n";
    assert_eq!((response.status, &*response.body), (400, body));
}

#[test]
fn flags_select_the_sources() {
    let enabled = |arguments: &[&str]| -> Vec<String> {
        let exporter = start(arguments);
        let response = scrape(exporter.address, "");
        let names = samples(&response).into_iter().filter_map(|line| {
            let (_, label) = line.split_once("_success{collector=\"")?;
            Some(label.split_once('"').unwrap().0.to_owned())
        });
        names.collect()
    };
    assert_eq!(
        enabled(&["--no-collector.hanging", "--no-collector.slow"]),
        ["good", "failing", "panicking", "flapping"]
    );
    assert_eq!(enabled(&["--collector.disable-defaults"]), [""; 0]);
    assert_eq!(
        enabled(&["--collector.disable-defaults", "--collector.good", "--collector.failing"]),
        ["good", "failing"]
    );
    assert_eq!(
        enabled(&[
            "--collector.spare",
            "--spare.value=7",
            "--collector.disable-defaults",
            "--no-collector.good",
            "--collector.good",
            "--collector.slow",
            "--no-collector.slow",
        ]),
        ["good", "spare"]
    );
}

#[test]
fn unknown_source_exits_with_status_2_and_help_lists_the_sources() {
    for flag in ["collector.nope", "no-collector.nope"] {
        let output = run(&[&format!("--{flag}")]);
        assert_eq!(output.status.code(), Some(2));
        let expected = "error: unknown collector 'nope', expected one of: blocking, double, failing, flapping, good, \
                        hanging, panicking, slow, spare, twin\n";
        assert!(text(&output.stderr).starts_with(expected), "{}", text(&output.stderr));
    }
    let help = String::from_utf8(run(&["--help"]).stdout).unwrap();
    for part in [
        "Collectors:",
        "--collector.good",
        "--no-collector.good",
        "--collector.spare",
        "Enable the collector (default: enabled)",
        "Enable the collector (default: disabled)",
        "--collector.disable-defaults",
        "--spare.value",
    ] {
        assert!(help.contains(part), "{part} in {help}");
    }
    assert!(!help.contains("--probe.allow-target"), "{help}");
}

#[test]
fn source_is_created_from_flags_only_if_enabled() {
    let exporter = start(&["--collector.disable-defaults", "--collector.spare", "--spare.value=7"]);
    let samples = samples(&scrape(exporter.address, ""));
    assert_eq!(samples[0], "spare 7");

    let output = run(&["--collector.spare"]);
    assert_eq!(output.status.code(), Some(1));
    let stderr = text(&output.stderr);
    let expected =
        "level=error msg=\"source `spare` cannot be made: `--spare.value` is required\"\n";
    assert!(stderr.ends_with(expected), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}

#[test]
fn clashing_sources_are_refused_at_startup() {
    let output = run(&["--collector.spare", "--spare.value=1", "--collector.twin"]);
    assert_eq!(output.status.code(), Some(1));
    let stderr = text(&output.stderr);
    let expected = "level=error msg=\"metric `spare` of collector `twin` is registered already, by collector \
                    `spare`\"\n";
    assert!(stderr.ends_with(expected), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");

    // A source can clash with a registered collector too; other errors are still reported.
    let output = run(&["--collector.double", "--collector.spare"]);
    assert_eq!(output.status.code(), Some(1));
    let stderr = text(&output.stderr);
    let lines: Vec<&str> = stderr.lines().map(without_time).collect();
    assert_eq!(
        lines,
        [
            "error msg=\"source `spare` cannot be made: `--spare.value` is required\"",
            "error msg=\"metric `alive` of collector `double` is registered already, by collector \
             `sources::Counts`\"",
        ]
    );
}

#[test]
fn prometheus_sees_the_exporter_up_throughout() {
    let exporter = start(&[]);
    let prometheus = Prometheus::configured(&format!(
        "global:\n  scrape_interval: 1s\n  scrape_timeout: 1s\n\
         scrape_configs:\n- job_name: exporter\n  static_configs:\n  - targets: ['{}']\n",
        exporter.address
    ));
    let value = |query: &str, is_there: &dyn Fn(f64) -> bool| {
        let number = |result: &serde_json::Value| -> Option<f64> {
            result[0]["value"][1].as_str()?.parse().ok()
        };
        let result = prometheus.query(query, |result| number(result).is_some_and(is_there));
        number(&result).unwrap()
    };
    value("count_over_time(up[1m])", &|count| count >= 8.0);
    assert_eq!(value("min_over_time(up[1m])", &|_| true), 1.0);
    let failed = "sum(max_over_time(sources_scrape_collector_success{collector=~\"failing|panicking|hanging\"}[1m]))";
    assert_eq!(value(failed, &|_| true), 0.0);
    let good = "sum(min_over_time(sources_scrape_collector_success{collector=~\"good|slow\"}[1m]))";
    assert_eq!(value(good, &|_| true), 2.0);
    for (bound, expected) in [("min", 0.0), ("max", 1.0)] {
        let query = format!(
            "{bound}_over_time(sources_scrape_collector_success{{collector=\"flapping\"}}[1m])"
        );
        assert_eq!(value(&query, &|_| true), expected, "it works every other time");
    }
}

/// Waits for at most 30 seconds, and returns whether the condition holds.
fn wait_until(holds: impl Fn() -> bool) -> bool {
    (0..300).any(|_| {
        let holds = holds();
        if !holds {
            thread::sleep(Duration::from_millis(100));
        }
        holds
    })
}

#[test]
fn client_that_disconnects_cancels_nothing_and_leaks_nothing() {
    let exporter = start(&["--no-collector.hanging"]);
    let address = exporter.address;
    let descriptors = || value(address, "process_open_fds").parse::<u32>().unwrap();
    // One scrape starts all threads that scrapes need; its connection is closed soon.
    scrape(address, "");
    assert_eq!(value(address, "slow_runs_total"), "1");
    let mut before = descriptors();
    assert!(wait_until(|| value(address, "alive") == "0"));
    before = before.min(descriptors());

    let gone: Vec<TcpStream> = (0..20)
        .map(|_| {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
            stream
        })
        .collect();
    let runs = || value(address, "slow_runs_total").parse::<u32>().unwrap();
    assert!(wait_until(|| runs() == 2), "the clients have not started a run: {} runs", runs());
    drop(gone);
    // The run continues to its end.
    let slow = get_with(address, "/metrics?name[]=slow", "X-Prometheus-Scrape-Timeout-Seconds: 10");
    assert!(samples(&slow)[0].starts_with("slow "), "{}", slow.body);

    // Once everything has ended there are as many values and connections as before.
    assert!(
        wait_until(|| value(address, "alive") == "0" && descriptors() <= before),
        "{} instead of {before}",
        descriptors()
    );
}

#[test]
fn blocking_source_has_one_thread_and_one_run() {
    let exporter =
        start(&["--collector.disable-defaults", "--collector.blocking", "--collector.good"]);
    let address = exporter.address;
    let expected = [
        "good 1",
        "sources_scrape_collector_success{collector=\"good\"} 1",
        "sources_scrape_collector_success{collector=\"blocking\"} 0",
    ];
    assert_eq!(samples(&scrape(address, "")), expected);
    let threads = || value(address, "process_threads").parse::<u32>().unwrap();
    let before = threads();
    for _ in 0..20 {
        assert_eq!(samples(&scrape(address, "")), expected);
    }
    // The number of the HTTP server's threads varies.
    assert!(threads() < before + 10, "{} {before}", threads());
    assert_eq!(value(address, "blocking_runs_total"), "1");
    // The exporter ends nevertheless.
    assert_eq!(exporter.signal("TERM").0.code(), Some(0));
}

#[test]
fn requests_over_the_limit_are_503() {
    let exporter = start(&["--web.max-requests=1", "--no-collector.hanging"]);
    let address = exporter.address;
    // This scrape may itself be refused, if one of the requests below is faster.
    let long = thread::spawn(move || (0..1000).any(|_| scrape(address, "").status == 200));
    // The limit applies to filtered requests too, until the slow source has returned.
    let refused = (0..1000)
        .map(|_| get(address, "/metrics?name[]=alive"))
        .find(|response| response.status != 200);
    let refused = refused.unwrap();
    let body = "Limit of concurrent requests reached (1), try again later.\n";
    assert_eq!((refused.status, &*refused.body), (503, body));
    assert_eq!(refused.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(refused.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(get(address, "/-/healthy").status, 200);
    assert!(long.join().unwrap());
    assert_eq!(get(address, "/metrics?name[]=alive").status, 200);
}

#[test]
fn collector_flags_take_no_value() {
    for (flag, message) in [
        ("--collector.good=false", "unexpected value 'false' for '--collector.good' found"),
        ("-no-collector.good=true", "unexpected value 'true' for '--no-collector.good' found"),
    ] {
        let output = run(&[flag]);
        assert_eq!(output.status.code(), Some(2), "{flag}");
        assert!(text(&output.stderr).contains(message), "{}", text(&output.stderr));
    }
}
