//! The exporter from an operator's view: processes, flags, endpoints, headers, exit statuses.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::net::TcpListener;
use std::process::{Command, Output};

use actix_web::web;
use hello_exporter::{Collector, Gauge, http::Metrics};
use hello_exporter_tests::http::{get, get_accepting, get_with, request, serve};
use hello_exporter_tests::{
    Exporter, HELLO, build, build_example, promtool, registry_of, text, without_time,
};

/// Runs the exporter to its end.
fn run(arguments: &[&str]) -> Output {
    Command::new(build()).args(arguments).output().unwrap()
}

#[test]
fn metrics_of_the_tutorial_are_served() {
    let exporter = Exporter::start(&[]);
    let response = get(exporter.address, "/metrics");
    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert_eq!(response.header("content-length"), Some(&*response.body.len().to_string()));
    assert!(response.body.starts_with(HELLO), "{}", response.body);
}

#[test]
fn openmetrics_is_served_if_preferred() {
    let exporter = Exporter::start(&[]);
    let accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";
    let response = get_accepting(exporter.address, "/metrics", accept);
    assert_eq!(response.status, 200);
    assert_eq!(
        response.header("content-type"),
        Some("application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores")
    );
    assert_eq!(response.header("vary"), Some("Accept, Accept-Encoding"));
    let hello = HELLO.replace("# TYPE b counter", "# TYPE b unknown");
    assert!(response.body.starts_with(&hello), "{}", response.body);
    assert!(response.body.ends_with("\n# EOF\n"), "{}", response.body);
}

#[test]
fn promtool_reports_only_the_name_of_the_tutorials_counter() {
    let exporter = Exporter::start(&[]);
    let complaints = promtool(&get(exporter.address, "/metrics").body);
    assert_eq!(complaints, "b counter metrics should have \"_total\" suffix\n");
}

#[test]
fn values_computed_at_scrape_time_are_served() {
    let exporter = Exporter::start_program(&build_example("hello_exporter", "values"), &[]);
    let body = get(exporter.address, "/metrics").body;
    assert!(body.starts_with(HELLO), "{body}");
}

#[test]
fn exporter_exposes_its_own_metrics() {
    let exporter = Exporter::start(&[]);
    let body = get(exporter.address, "/metrics").body;
    let types: Vec<&str> = body.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    assert_eq!(
        types,
        [
            "a gauge",
            "b counter",
            "hello_exporter_build_info gauge",
            "process_cpu_seconds_total counter",
            "process_max_fds gauge",
            "process_network_receive_bytes_total counter",
            "process_network_transmit_bytes_total counter",
            "process_open_fds gauge",
            "process_resident_memory_bytes gauge",
            "process_start_time_seconds gauge",
            "process_threads gauge",
            "process_virtual_memory_bytes gauge",
            "process_virtual_memory_max_bytes gauge",
            "promhttp_metric_handler_errors_total counter",
            "promhttp_metric_handler_requests_in_flight gauge",
            "promhttp_metric_handler_requests_total counter",
        ]
    );
    let build_info = body.lines().find(|line| line.starts_with("hello_exporter_build_info"));
    assert_eq!(
        build_info.unwrap(),
        format!(
            "hello_exporter_build_info{{version=\"{}\",revision=\"{}\",rustversion=\"{}\",os=\"{}\",\
             arch=\"{}\"}} 1",
            env!("CARGO_PKG_VERSION"),
            option_env!("BUILD_REVISION").unwrap_or("unknown"),
            rust_version(),
            std::env::consts::OS,
            std::env::consts::ARCH,
        )
    );
}

#[test]
fn scrapes_are_counted_as_promhttp_counts_them() {
    let exporter = Exporter::start(&[]);
    let promhttp = |body: &str| -> Vec<String> {
        body.lines().filter(|line| line.contains("promhttp_")).map(str::to_owned).collect()
    };
    let expected = |good: u8, bad: &[&str]| -> Vec<String> {
        let head = [
            "# HELP promhttp_metric_handler_errors_total Total number of internal errors encountered by \
             the promhttp metric handler.",
            "# TYPE promhttp_metric_handler_errors_total counter",
            "promhttp_metric_handler_errors_total{cause=\"encoding\"} 0",
            "promhttp_metric_handler_errors_total{cause=\"gathering\"} 0",
            "# HELP promhttp_metric_handler_requests_in_flight Current number of scrapes being served.",
            "# TYPE promhttp_metric_handler_requests_in_flight gauge",
            "promhttp_metric_handler_requests_in_flight 1",
            "# HELP promhttp_metric_handler_requests_total Total number of scrapes by HTTP status code.",
            "# TYPE promhttp_metric_handler_requests_total counter",
        ];
        let good = format!("promhttp_metric_handler_requests_total{{code=\"200\"}} {good}");
        let zeros = ["500", "503"]
            .map(|code| format!("promhttp_metric_handler_requests_total{{code=\"{code}\"}} 0"));
        let head = head.map(str::to_owned).into_iter();
        head.chain([good]).chain(zeros).chain(bad.iter().map(|&line| line.to_owned())).collect()
    };
    assert_eq!(promhttp(&get(exporter.address, "/metrics").body), expected(0, &[]));
    assert_eq!(get(exporter.address, "/metrics?collect[]=x").status, 400);
    let bad = "promhttp_metric_handler_requests_total{code=\"400\"} 1";
    assert_eq!(promhttp(&get(exporter.address, "/metrics").body), expected(1, &[bad]));
}

#[test]
fn exporter_metrics_can_be_disabled() {
    let exporter = Exporter::start(&["--web.disable-exporter-metrics"]);
    let body = get(exporter.address, "/metrics").body;
    let types: Vec<&str> = body.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    assert_eq!(types, ["a gauge", "b counter", "hello_exporter_build_info gauge"]);
}

#[test]
fn socket_of_systemd_is_served() {
    let exporter = Exporter::start_activated(&build(), &["--web.systemd-socket"]);
    let response = get(exporter.address, "/metrics");
    assert_eq!(response.status, 200);
    assert!(response.body.starts_with(HELLO), "{}", response.body);
    let (status, log) = exporter.signal("TERM");
    assert_eq!(status.code(), Some(0), "{log:?}");

    let output = run(&["--web.systemd-socket"]);
    assert_eq!(output.status.code(), Some(1));
    let expected = "level=error msg=\"--web.systemd-socket: systemd has passed no socket: LISTEN_PID and LISTEN_FDS \
                    are those of another process, or not set\"\n";
    assert!(text(&output.stderr).ends_with(expected), "{}", text(&output.stderr));
}

fn rust_version() -> String {
    let output = Command::new("rustc").arg("--version").output().unwrap();
    text(&output.stdout).split(' ').nth(1).unwrap().to_owned()
}

#[test]
fn head_has_the_headers_of_get_and_no_body() {
    let exporter = Exporter::start(&[]);
    for path in ["/", "/-/healthy", "/-/ready"] {
        let (head, get) = (request(exporter.address, "HEAD", path), get(exporter.address, path));
        assert_eq!((head.status, get.status), (200, 200));
        assert_eq!(head.body, "");
        for header in ["content-type", "content-length"] {
            assert_eq!(head.header(header), get.header(header), "{header} of {path}");
        }
    }
    let head = request(exporter.address, "HEAD", "/metrics");
    assert_eq!((head.status, &*head.body), (200, ""));
    assert_eq!(head.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert!(head.header("content-length").unwrap().parse::<usize>().unwrap() > HELLO.len());
}

#[test]
fn other_methods_are_405_with_allow() {
    let exporter = Exporter::start(&[]);
    for path in ["/metrics", "/", "/-/healthy", "/-/ready"] {
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
            let response = request(exporter.address, method, path);
            assert_eq!(response.status, 405, "{method} {path}");
            assert_eq!(response.header("allow"), Some("GET, HEAD"), "{method} {path}");
        }
    }
}

#[test]
fn unknown_paths_are_404_and_unknown_queries_are_ignored() {
    let exporter = Exporter::start(&[]);
    for path in ["/nope", "/metrics/", "/metricsx", "/-/", "//metrics"] {
        let response = get(exporter.address, path);
        assert_eq!((response.status, &*response.body), (404, "404 page not found\n"), "{path}");
    }
    for path in ["/metrics?x=y", "/metrics?", "/-/healthy?x"] {
        assert_eq!(get(exporter.address, path).status, 200, "{path}");
    }
}

/// Error pages have the headers that Go's `http.Error` sets. 401 and 429 are in
/// web_config_passwords.rs, 503 in probe.rs and sources.rs.
#[test]
fn error_pages_have_the_headers_of_go() {
    let exporter = Exporter::start(&[]);
    let address = exporter.address;
    for (response, status, body) in [
        (get(address, "/nope"), 404, "404 page not found\n"),
        (request(address, "POST", "/metrics"), 405, "method not allowed\n"),
        (get(address, "/metrics?collect[]=a&exclude[]=b"), 400, COMBINED),
        (
            get(address, &format!("/metrics?{}", "a&".repeat(1000))),
            400,
            "query has more than 1000 parameters\n",
        ),
        (get(address, &format!("/{}", "a".repeat(9000))), 414, "URL is longer than 8192 bytes\n"),
        (
            get_with(address, "/metrics", &format!("X: {}", "a".repeat(40_000))),
            431,
            "header section is longer than 32768 bytes\n",
        ),
    ] {
        assert_eq!((response.status, &*response.body), (status, body));
        assert_eq!(response.header("content-type"), Some("text/plain; charset=utf-8"), "{status}");
        assert_eq!(response.header("x-content-type-options"), Some("nosniff"), "{status}");
    }
}

const COMBINED: &str = "Combined collect and exclude queries are not allowed.\n";

#[test]
fn health_is_plain_text() {
    let exporter = Exporter::start(&[]);
    for (path, body) in [("/-/healthy", "healthy\n"), ("/-/ready", "ready\n")] {
        let response = get(exporter.address, path);
        assert_eq!((response.status, &*response.body), (200, body));
        assert_eq!(response.header("content-type"), Some("text/plain; charset=utf-8"));
    }
}

#[test]
fn landing_page_names_the_exporter_and_links_to_its_metrics() {
    let exporter = Exporter::start(&["--web.telemetry-path=/my/metrics"]);
    let response = get(exporter.address, "/");
    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type"), Some("text/html; charset=utf-8"));
    for part in [
        "<h1>hello_exporter</h1>",
        concat!("Version: ", env!("CARGO_PKG_VERSION"), " (revision: <code>"),
        "<a href=\"./my/metrics\">",
        "<a href=\"./-/healthy\">",
        "<a href=\"./-/ready\">",
    ] {
        assert!(response.body.contains(part), "{part} in {}", response.body);
    }
    assert!(get(exporter.address, "/my/metrics").body.starts_with(HELLO));
    assert_eq!(get(exporter.address, "/metrics").status, 404);
}

#[test]
fn metrics_at_the_root_replace_the_landing_page() {
    let exporter = Exporter::start(&["--web.telemetry-path=/"]);
    assert!(get(exporter.address, "/").body.starts_with(HELLO));
}

#[test]
fn sigterm_and_sigint_exit_with_status_0() {
    for signal in ["TERM", "INT"] {
        let exporter = Exporter::start(&[]);
        assert_eq!(get(exporter.address, "/-/ready").status, 200);
        let (status, log) = exporter.signal(signal);
        assert_eq!(status.code(), Some(0));
        let last = log.last().unwrap();
        assert!(last.ends_with("level=info msg=Stopped\n"), "{log:?}");
    }
}

#[test]
fn port_in_use_is_one_line_and_exit_status_1() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let output = run(&[&format!("--web.listen-address={address}")]);
    assert_eq!(output.status.code(), Some(1));
    let stderr = text(&output.stderr);
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    let expected = format!(
        "level=error msg=\"cannot listen on {address}: Address already in use (os error 98)\"\n"
    );
    assert!(stderr.ends_with(&expected), "{stderr}");
    assert_eq!(text(&output.stdout), "");
}

#[test]
fn invalid_flags_exit_with_status_2() {
    let address = "expected `host:port`, `:port` or `[ipv6]:port`, with a port from 0 to 65535, or `unix:PATH`";
    for (flag, message) in [
        ("--bogus", "error: unexpected argument '--bogus' found"),
        ("--web.listen-address=9000", address),
        ("--web.listen-address=:port", address),
        ("--web.listen-address=:65536", address),
        ("--web.listen-address=::1:9000", address),
        ("--web.listen-address=[::1:9000", address),
        ("--web.listen-address=256.1.1.1:9000", address),
        ("--web.telemetry-path=metrics", "expected a path that begins with `/`"),
        ("--web.telemetry-path=/-/healthy", "expected a path that begins with `/`"),
        ("--web.telemetry-path=/{x}", "expected a path that begins with `/`"),
        ("--log.level=loud", "invalid value 'loud' for '--log.level <LEVEL>'"),
        ("--log.format=xml", "invalid value 'xml' for '--log.format <FORMAT>'"),
    ] {
        let output = run(&[flag]);
        assert_eq!(output.status.code(), Some(2), "{flag}");
        assert!(text(&output.stderr).contains(message), "{flag}: {}", text(&output.stderr));
        assert_eq!(text(&output.stdout), "");
    }
}

#[test]
fn version_and_help_go_to_standard_output() {
    let version = run(&["--version"]);
    assert_eq!(version.status.code(), Some(0));
    let expected = concat!("hello_exporter, version ", env!("CARGO_PKG_VERSION"), " (revision: ");
    assert!(text(&version.stdout).starts_with(expected), "{}", text(&version.stdout));
    for flag in ["-h", "--help"] {
        let help = run(&[flag]);
        assert_eq!(help.status.code(), Some(0));
        for flag in [
            "--web.listen-address",
            "[default: 0.0.0.0:9000]",
            "--web.telemetry-path",
            "--web.config.file <FILE>",
            "--config.check",
            "[default: /metrics]",
            "--log.level",
            "--log.format",
            "--version",
        ] {
            assert!(text(&help.stdout).contains(flag), "{flag} in {}", text(&help.stdout));
        }
    }
}

#[test]
fn several_addresses_are_served() {
    let mut exporter = Exporter::start(&["--web.listen-address=127.0.0.1:0"]);
    let second = exporter.next_address();
    assert_ne!(second, exporter.address);
    for address in [exporter.address, second] {
        assert_eq!(get(address, "/metrics").status, 200);
    }
}

#[test]
fn log_is_logfmt_or_json_of_the_given_level() {
    let (_, log) = Exporter::start(&["--log.format=json"]).signal("TERM");
    let last: serde_json::Value = serde_json::from_str(log.last().unwrap()).unwrap();
    assert_eq!((&last["level"], &last["msg"]), (&"info".into(), &"Stopped".into()));
    let warn = Exporter::start_unlogged(&build(), &["--log.level=warn"]);
    assert_eq!(warn.signal("TERM").1, [""; 0]);
    let debug = Exporter::start(&["--log.level=debug"]).signal("TERM").1;
    assert!(debug.iter().any(|line| line.contains(" level=debug ")), "{debug:?}");
}

#[test]
fn requests_are_logged_at_debug() {
    let exporter = Exporter::start(&["--log.level=debug"]);
    assert_eq!(get(exporter.address, "/nope?x=%22%0a=").status, 404);
    let (_, log) = exporter.signal("TERM");
    let line = log.iter().find(|line| line.contains("msg=Responded")).unwrap();
    let (before, after) = without_time(line).split_once("peer=127.0.0.1:").unwrap();
    assert_eq!(before, "debug msg=Responded ");
    let (_, after) = after.split_once(' ').unwrap();
    let (after, _) = after.split_once("duration=").unwrap();
    assert_eq!(after, "method=GET uri=\"/nope?x=%22%0a=\" status=404 ");
}

#[test]
fn passwords_of_requests_are_not_logged() {
    let exporter = Exporter::start(&["--log.level=debug"]);
    let targets =
        ["http://ops:secret@host", "http%3A%2F%2Fops%3Asecret%40host", "ops:sec&secret@host"];
    for target in targets {
        assert_eq!(get(exporter.address, &format!("/probe?target={target}")).status, 404);
    }
    assert_eq!(get(exporter.address, "http://ops:secret@host/nope?a=b").status, 404);
    let (_, log) = exporter.signal("TERM");
    let uris = log.iter().filter_map(|line| line.split_once(" uri=")?.1.split_once(" status="));
    let uris: Vec<&str> = uris.map(|(uri, _)| uri).collect();
    let probe = "\"/probe?target=***@host\"";
    assert_eq!(uris, [probe, probe, probe, "\"/nope?a=b\""]);
    assert!(!log.iter().any(|line| line.contains("sec")), "{log:?}");
}

/// An application with its own routes mounts the metrics next to them.
#[test]
fn metrics_are_mounted_into_an_application() {
    #[derive(Collector)]
    struct Visits {
        /// Visits.
        visits: Gauge,
    }

    let registry = registry_of(Visits::new());
    let server = serve(move |config| {
        let hello = web::get().to(|| async { "hello" });
        let metrics = Metrics::new(registry.clone()).path("/internal/metrics");
        config.route("/hello", hello).service(metrics);
    });
    let hello = get(server.address, "/hello");
    let metrics = get(server.address, "/internal/metrics");
    assert_eq!(hello.body, "hello");
    assert_eq!(metrics.body, "# HELP visits Visits.\n# TYPE visits gauge\nvisits 0\n");
}
