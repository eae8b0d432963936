//! The formats and codings of responses, for requests of many clients. Each server that serves a
//! registry at `/metrics` passes all assertions.
//!
//! The programs gzip and zstd decompress the bodies.

use std::net::SocketAddr;
use std::process::Command;
use std::thread;

use hello_exporter::{Format, Registry};

use crate::hello::Hello;
use crate::http::{Response, send};
use crate::process::output_of;
use crate::registry_of;

use Coding::{Gzip, Identity, Zstd};
use Format::{OpenMetrics, Protobuf, Text};

/// The coding of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Identity,
    Gzip,
    Zstd,
}

impl Coding {
    fn name(self) -> Option<&'static str> {
        match self {
            Identity => None,
            Gzip => Some("gzip"),
            Zstd => Some("zstd"),
        }
    }

    fn decoded(self, body: &[u8]) -> Vec<u8> {
        self.name().map_or_else(|| body.to_vec(), |program| decompressed(program, body))
    }
}

/// Decompresses a body with a program of the system.
fn decompressed(program: &str, body: &[u8]) -> Vec<u8> {
    let output = output_of(Command::new(program).args(["--decompress", "--stdout"]), body);
    assert!(output.status.success(), "{program} decompresses the body");
    output.stdout
}

fn content_type(format: Format) -> &'static str {
    match format {
        OpenMetrics => {
            "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"
        }
        Protobuf => {
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; \
             encoding=delimited"
        }
        _ => "text/plain; version=0.0.4; charset=utf-8",
    }
}

/// Returns a registry with a gauge and a counter of `series` series, whose values never change.
pub fn registry_with_series(series: u32) -> Registry {
    let hello = Hello::new();
    hello.a.set(1.0);
    (0..series).for_each(|number| hello.b.with([&*format!("Hi{number}")]).inc_by(2));
    registry_of(hello)
}

fn exposition(registry: &Registry, format: Format) -> Vec<u8> {
    let mut buffer = Vec::new();
    registry.encode(format, &mut buffer);
    buffer
}

/// Returns the headers of a response, sorted and without its date.
fn headers(response: &Response) -> Vec<(&str, &str)> {
    let headers = response.headers.iter().filter(|(name, _)| name != "date");
    let mut headers: Vec<_> = headers.map(|(name, value)| (&**name, &**value)).collect();
    headers.sort_unstable();
    headers
}

const PROMETHEUS_2: &str = "\
Accept: application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r
Accept-Encoding: gzip\r
User-Agent: Prometheus/2.42.0\r
X-Prometheus-Scrape-Timeout-Seconds: 10\r
";
const PROMETHEUS_2_NATIVE_HISTOGRAMS: &str = "\
Accept: application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r
Accept-Encoding: gzip\r
";
const PROMETHEUS_3: &str = "\
Accept: application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2\r
Accept-Encoding: gzip\r
";
const PROMETHEUS_3_NATIVE_HISTOGRAMS: &str = "\
Accept: application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2\r
Accept-Encoding: gzip\r
";
const PROMETHEUS_3_TEXT_1: &str = "\
Accept: text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2\r
Accept-Encoding: gzip\r
";
const VMAGENT: &str = "\
Accept: text/plain;version=0.0.4;q=1,*/*;q=0.1\r
Accept-Encoding: gzip\r
";
const TELEGRAF: &str = "\
Accept: application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,text/plain;version=0.0.4;q=0.3\r
Accept-Encoding: gzip\r
";
const CHROME: &str = "\
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7\r
Accept-Encoding: gzip, deflate, br, zstd\r
";
const FIREFOX: &str = "\
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r
Accept-Encoding: gzip, deflate, br, zstd\r
";
const SAFARI: &str = "\
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r
Accept-Encoding: gzip, deflate, br\r
";
const PROTOBUF_TEXT: &str = "\
Accept: application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text\r
";
const PROTOBUF_OF_ANOTHER_MESSAGE: &str = "\
Accept: application/vnd.google.protobuf;proto=io.prometheus.client.Metric;encoding=delimited\r
";
const PROTOBUF_IN_SPACES: &str = "\
Accept: application/vnd.google.protobuf ; encoding = delimited ; proto = io.prometheus.client.MetricFamily\r
";

/// The headers of a request, and the format and coding of its response.
const ROWS: &[(&str, Format, Coding)] = &[
    ("", Text, Identity),
    // The headers of real clients.
    (PROMETHEUS_2, OpenMetrics, Gzip),
    (PROMETHEUS_2_NATIVE_HISTOGRAMS, Protobuf, Gzip),
    (PROMETHEUS_3_NATIVE_HISTOGRAMS, Protobuf, Gzip),
    (VMAGENT, Text, Gzip),
    (TELEGRAF, Protobuf, Gzip),
    (CHROME, Text, Gzip),
    (FIREFOX, Text, Gzip),
    (SAFARI, Text, Gzip),
    // curl, without and with --compressed; wget; Go's client; Python's package requests.
    ("User-Agent: curl/7.88.1\r\nAccept: */*\r\n", Text, Identity),
    ("Accept: */*\r\nAccept-Encoding: deflate, gzip, br, zstd\r\n", Text, Gzip),
    ("Accept: */*\r\nAccept-Encoding: identity\r\n", Text, Identity),
    ("User-Agent: Go-http-client/1.1\r\nAccept-Encoding: gzip\r\n", Text, Gzip),
    ("Accept-Encoding: gzip, deflate\r\nAccept: */*\r\n", Text, Gzip),
    // Formats.
    ("Accept:\r\n", Text, Identity),
    ("Accept: */*\r\n", Text, Identity),
    ("Accept: text/*\r\n", Text, Identity),
    ("Accept: application/*\r\n", Text, Identity),
    ("Accept: image/png\r\n", Text, Identity),
    ("Accept: application/json\r\n", Text, Identity),
    ("Accept: text/plain\r\n", Text, Identity),
    ("Accept: text/plain;version=0.0.4\r\n", Text, Identity),
    ("Accept: text/plain;version=9\r\n", Text, Identity),
    ("Accept: application/openmetrics-text\r\n", OpenMetrics, Identity),
    ("Accept: application/openmetrics-text;version=1.0.0\r\n", OpenMetrics, Identity),
    (
        "Accept: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n",
        OpenMetrics,
        Identity,
    ),
    ("Accept: application/openmetrics-text;version=\"1.0.0\"\r\n", OpenMetrics, Identity),
    ("Accept: application/openmetrics-text;version=2.0.0\r\n", Text, Identity),
    ("Accept: application/openmetrics-text;escaping=underscores\r\n", OpenMetrics, Identity),
    ("ACCEPT: APPLICATION/OPENMETRICS-TEXT;VERSION=1.0.0;Q=0.9\r\n", OpenMetrics, Identity),
    ("Accept: application/vnd.google.protobuf\r\n", Text, Identity),
    (PROTOBUF_TEXT, Text, Identity),
    (PROTOBUF_OF_ANOTHER_MESSAGE, Text, Identity),
    (PROTOBUF_IN_SPACES, Protobuf, Identity),
    // Weights of formats: the first of equal ones wins.
    ("Accept: application/openmetrics-text,text/plain\r\n", OpenMetrics, Identity),
    ("Accept: text/plain,application/openmetrics-text\r\n", Text, Identity),
    ("Accept: text/plain;q=0.2,application/openmetrics-text;q=0.3\r\n", OpenMetrics, Identity),
    ("Accept: text/plain;q=0.999,application/openmetrics-text;q=1.000\r\n", OpenMetrics, Identity),
    ("Accept: */*;q=0.9,application/openmetrics-text;q=0.5\r\n", Text, Identity),
    ("Accept: application/openmetrics-text;q=0\r\n", Text, Identity),
    ("Accept: application/openmetrics-text;q=0.000,*/*\r\n", Text, Identity),
    ("Accept: application/openmetrics-text;q=abc,text/plain;q=0.9\r\n", OpenMetrics, Identity),
    ("Accept: application/openmetrics-text;q=,text/plain;q=0.9\r\n", OpenMetrics, Identity),
    ("Accept: application/openmetrics-text;q=7,text/plain;q=0.9\r\n", OpenMetrics, Identity),
    ("Accept: text/plain;q=0.9, application/openmetrics-text;q=NaN\r\n", OpenMetrics, Identity),
    ("Accept: ,;,=;q=,/,;;q=1\r\n", Text, Identity),
    ("Accept: text/html;x=\"a,application/openmetrics-text\"\r\n", Text, Identity),
    ("Accept: \u{fe}\r\n", Text, Identity),
    // Repeated headers are joined.
    ("Accept: text/plain;q=0.5\r\nAccept: application/openmetrics-text\r\n", OpenMetrics, Identity),
    ("Accept-Encoding: br\r\nAccept-Encoding: gzip;q=0.5\r\n", Text, Gzip),
    ("Accept-Encoding: gzip;q=0.5\r\nAccept-Encoding: zstd\r\n", Text, Zstd),
    // Codings.
    ("Accept-Encoding:\r\n", Text, Identity),
    ("Accept-Encoding: gzip\r\n", Text, Gzip),
    ("Accept-Encoding: x-gzip\r\n", Text, Gzip),
    ("accept-encoding: GZIP\r\n", Text, Gzip),
    ("Accept-Encoding: zstd\r\n", Text, Zstd),
    ("Accept-Encoding: ZStd\r\n", Text, Zstd),
    ("Accept-Encoding: identity\r\n", Text, Identity),
    ("Accept-Encoding: br\r\n", Text, Identity),
    ("Accept-Encoding: deflate, compress, br\r\n", Text, Identity),
    ("Accept-Encoding: gzipped\r\n", Text, Identity),
    ("Accept-Encoding: *\r\n", Text, Identity),
    ("Accept-Encoding: *;q=0.1\r\n", Text, Identity),
    // Weights of codings: gzip wins among equal ones.
    ("Accept-Encoding: zstd, gzip\r\n", Text, Gzip),
    ("Accept-Encoding: zstd;q=0.5, gzip;q=0.5\r\n", Text, Gzip),
    ("Accept-Encoding: identity, zstd\r\n", Text, Zstd),
    ("Accept-Encoding: identity, gzip\r\n", Text, Gzip),
    ("Accept-Encoding: *, gzip\r\n", Text, Gzip),
    ("Accept-Encoding: gzip;q=0.9, zstd;q=1.0\r\n", Text, Zstd),
    ("Accept-Encoding: gzip;q=0.001, br;q=1\r\n", Text, Gzip),
    ("Accept-Encoding: gzip;q=0.5, identity;q=0.6\r\n", Text, Identity),
    ("Accept-Encoding: gzip;q=0.5, *;q=0.6\r\n", Text, Identity),
    ("Accept-Encoding: gzip;q=0\r\n", Text, Identity),
    ("Accept-Encoding: gzip;q=0, zstd\r\n", Text, Zstd),
    ("Accept-Encoding: gzip;q=0.000, zstd;q=0.001\r\n", Text, Zstd),
    ("Accept-Encoding: identity;q=0\r\n", Text, Identity),
    ("Accept-Encoding: identity;q=0, gzip;q=0.1\r\n", Text, Gzip),
    ("Accept-Encoding: *;q=0\r\n", Text, Identity),
    ("Accept-Encoding: identity;q=0, br, *;q=0\r\n", Text, Identity),
    ("Accept-Encoding: gzip;q=abc\r\n", Text, Identity),
    ("Accept-Encoding: gzip;q=1.5, zstd;q=0.2\r\n", Text, Zstd),
    ("Accept-Encoding: gzip;q=-1\r\n", Text, Identity),
    ("Accept-Encoding: gzip;q=\r\n", Text, Identity),
    ("Accept-Encoding: gzip;level=1\r\n", Text, Identity),
    ("Accept-Encoding:   gzip ;  q=0.5  ,zstd; q = 0.4\r\n", Text, Gzip),
    ("Accept-Encoding: ,,gzip,,\r\n", Text, Gzip),
    ("Accept-Encoding: gzip zstd\r\n", Text, Identity),
    ("Accept-Encoding: ;q=1\r\n", Text, Identity),
    ("Accept-Encoding: \u{fe}\r\nAccept-Encoding: gzip\r\n", Text, Gzip),
    // Codings of OpenMetrics.
    ("Accept: application/openmetrics-text\r\nAccept-Encoding: zstd\r\n", OpenMetrics, Zstd),
    ("Accept: application/openmetrics-text\r\nAccept-Encoding: br\r\n", OpenMetrics, Identity),
];

/// The headers of a request whose response is OpenMetrics, and the parameters of the content type,
/// which are the same as those of client_golang.
const OPEN_METRICS: &[(&str, &str)] = &[
    (PROMETHEUS_2, "version=1.0.0; charset=utf-8; escaping=underscores"),
    (PROMETHEUS_3, "version=1.0.0; charset=utf-8; escaping=allow-utf-8"),
    (
        "Accept: application/openmetrics-text;version=1.0.0\r\n",
        "version=1.0.0; charset=utf-8; escaping=underscores",
    ),
    (
        "Accept: application/openmetrics-text;version=1.0.0;escaping=allow-utf-8\r\n",
        "version=1.0.0; charset=utf-8; escaping=allow-utf-8",
    ),
    (
        "Accept: application/openmetrics-text; version=1.0.0; escaping=\"dots\"; q=0.5\r\n",
        "version=1.0.0; charset=utf-8; escaping=dots",
    ),
    (
        "Accept: application/openmetrics-text;Escaping=values;version=1.0.0\r\n",
        "version=1.0.0; charset=utf-8; escaping=values",
    ),
    (
        "Accept: application/openmetrics-text;version=1.0.0;escaping=underscores\r\n",
        "version=1.0.0; charset=utf-8; escaping=underscores",
    ),
    // An unknown scheme, or no scheme.
    (
        "Accept: application/openmetrics-text;version=1.0.0;escaping=backslash\r\n",
        "version=1.0.0; charset=utf-8; escaping=underscores",
    ),
    (
        "Accept: application/openmetrics-text;version=1.0.0;escaping=\r\n",
        "version=1.0.0; charset=utf-8; escaping=underscores",
    ),
    // The scheme of the winning range applies, else the last one of the ranges before it.
    (
        "Accept: text/plain;version=2.0.0;escaping=allow-utf-8,application/openmetrics-text;version=1.0.0;q=0.5\r\n",
        "version=1.0.0; charset=utf-8; escaping=allow-utf-8",
    ),
    (
        "Accept: text/plain;version=2.0.0;escaping=values,application/openmetrics-text;version=1.0.0;q=0.5;escaping=dots\r\n",
        "version=1.0.0; charset=utf-8; escaping=dots",
    ),
    (
        "Accept: application/openmetrics-text;version=1.0.0,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.5\r\n",
        "version=1.0.0; charset=utf-8; escaping=underscores",
    ),
    // The first version is older than `escaping`.
    ("Accept: application/openmetrics-text;version=0.0.1\r\n", "version=0.0.1; charset=utf-8"),
    ("Accept: application/openmetrics-text; version=\"0.0.1\"\r\n", "version=0.0.1; charset=utf-8"),
    (
        "Accept: application/openmetrics-text;version=0.0.1;escaping=allow-utf-8\r\n",
        "version=0.0.1; charset=utf-8",
    ),
    (
        "Accept: application/openmetrics-text;version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n",
        "version=0.0.1; charset=utf-8",
    ),
    (
        "Accept: application/openmetrics-text;version=0.0.1,application/openmetrics-text;version=1.0.0\r\n",
        "version=0.0.1; charset=utf-8",
    ),
    (
        "Accept: application/openmetrics-text;version=0.0.1;q=0.5,application/openmetrics-text;version=1.0.0\r\n",
        "version=1.0.0; charset=utf-8; escaping=underscores",
    ),
    (
        "Accept: application/openmetrics-text;version=2.0.0,application/openmetrics-text;version=0.0.1;q=0.5\r\n",
        "version=0.0.1; charset=utf-8",
    ),
];

/// The headers of a request whose response is text 1.0.0 or protobuf, its format, and the content
/// type.
const ESCAPING: &[(&str, Format, &str)] = &[
    (PROMETHEUS_3_TEXT_1, Text, "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8"),
    (
        "Accept: text/plain;version=1.0.0\r\n",
        Text,
        "text/plain; version=1.0.0; charset=utf-8; escaping=underscores",
    ),
    (
        "Accept: text/plain; version=\"1.0.0\"; escaping=dots; charset=utf-8\r\n",
        Text,
        "text/plain; version=1.0.0; charset=utf-8; escaping=dots",
    ),
    (
        "Accept: text/plain;version=1.0.0;escaping=other\r\n",
        Text,
        "text/plain; version=1.0.0; charset=utf-8; escaping=underscores",
    ),
    (
        "Accept: application/json;escaping=values,text/plain;version=1.0.0;q=0.5\r\n",
        Text,
        "text/plain; version=1.0.0; charset=utf-8; escaping=values",
    ),
    // Text 0.0.4 is older than `escaping`.
    (
        "Accept: text/plain;version=0.0.4;escaping=allow-utf-8\r\n",
        Text,
        "text/plain; version=0.0.4; charset=utf-8",
    ),
    (
        "Accept: application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;escaping=allow-utf-8\r\n",
        Protobuf,
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; \
         encoding=delimited; escaping=allow-utf-8",
    ),
    (
        "Accept: application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;escaping=underscores\r\n",
        Protobuf,
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; \
         encoding=delimited; escaping=underscores",
    ),
];

/// Asserts that each request gets its preferred format and coding.
pub fn assert_formats_and_codings(address: SocketAddr, registry: &Registry) {
    for (request, format, coding) in ROWS {
        let content_type = content_type(*format);
        assert_answered(address, registry, request, *format, content_type, *coding);
    }
}

/// Asserts that OpenMetrics has the preferred version and escaping.
pub fn assert_open_metrics_versions(address: SocketAddr, registry: &Registry) {
    for (request, parameters) in OPEN_METRICS {
        let content_type = format!("application/openmetrics-text; {parameters}");
        let coding = if request.contains("gzip") { Gzip } else { Identity };
        assert_answered(address, registry, request, OpenMetrics, &content_type, coding);
    }
}

/// Asserts that the content type has the preferred escaping.
pub fn assert_escapings(address: SocketAddr, registry: &Registry) {
    for (request, format, content_type) in ESCAPING {
        let coding = if request.contains("gzip") { Gzip } else { Identity };
        assert_answered(address, registry, request, *format, content_type, coding);
    }
}

/// Asserts headers and bodies of the responses to GET and HEAD.
fn assert_answered(
    address: SocketAddr,
    registry: &Registry,
    request: &str,
    format: Format,
    content_type: &str,
    coding: Coding,
) {
    let response = send(address, "GET", "/metrics", request);
    assert_eq!(response.status, 200, "{request}");
    let length = response.bytes.len().to_string();
    let mut expected = vec![
        ("connection", "close"),
        ("content-length", &*length),
        ("content-type", content_type),
        ("vary", "Accept, Accept-Encoding"),
    ];
    expected.extend(coding.name().map(|name| ("content-encoding", name)));
    expected.sort_unstable();
    assert_eq!(headers(&response), expected, "{request}");
    let body = coding.decoded(&response.bytes);
    assert!(body == exposition(registry, format), "{request}");

    let head = send(address, "HEAD", "/metrics", request);
    assert_eq!((head.status, headers(&head)), (200, expected), "HEAD {request}");
    assert!(head.bytes.is_empty(), "HEAD {request}");
}

/// Asserts that the exposition of an empty registry is compressed.
pub fn assert_empty_exposition(address: SocketAddr) {
    for coding in [Identity, Gzip, Zstd] {
        let response = send(address, "GET", "/metrics", &accepting(coding));
        assert_eq!((response.status, response.header("content-encoding")), (200, coding.name()));
        assert_eq!(response.header("vary"), Some("Accept, Accept-Encoding"));
        assert_eq!(coding.decoded(&response.bytes), b"");
    }
}

fn accepting(coding: Coding) -> String {
    format!("Accept-Encoding: {}\r\n", coding.name().unwrap_or("identity"))
}

/// Asserts that concurrent scrapes, which reuse each other's buffers, get the exposition of their
/// own registry.
pub fn assert_concurrent_scrapes(servers: &[(&Registry, SocketAddr)]) {
    let scrape = |registry: &Registry, address: SocketAddr, at: usize| {
        let coding = [Gzip, Identity, Zstd][at % 3];
        let response = send(address, "GET", "/metrics", &accepting(coding));
        let body = coding.decoded(&response.bytes);
        assert!(body == exposition(registry, Text), "{coding:?}, {} bytes", body.len());
    };
    thread::scope(|scope| {
        for thread in 0..3 * servers.len() {
            let (registry, address) = servers[thread % servers.len()];
            let first = thread / servers.len();
            scope.spawn(move || (0..6).for_each(|at| scrape(registry, address, first + at)));
        }
    });
}

/// Tests the negotiation of a server. `$serving` serves a registry at `/metrics`, and returns a
/// server that has an `address`.
#[macro_export]
macro_rules! negotiation_tests {
    ($serving:path) => {
        #[test]
        fn request_gets_its_preferred_format_and_coding() {
            let registry = $crate::negotiation::registry_with_series(1);
            $crate::negotiation::assert_formats_and_codings($serving(&registry).address, &registry);
        }

        #[test]
        fn openmetrics_has_the_preferred_version_and_escaping() {
            let registry = $crate::negotiation::registry_with_series(1);
            let server = $serving(&registry);
            $crate::negotiation::assert_open_metrics_versions(server.address, &registry);
        }

        #[test]
        fn content_type_has_the_preferred_escaping() {
            let registry = $crate::negotiation::registry_with_series(1);
            $crate::negotiation::assert_escapings($serving(&registry).address, &registry);
        }

        #[test]
        fn empty_exposition_is_compressed() {
            let server = $serving(&::hello_exporter::Registry::new());
            $crate::negotiation::assert_empty_exposition(server.address);
        }

        #[test]
        fn concurrent_scrapes_do_not_mix() {
            let registries = [10, 100_000, 100_000].map($crate::negotiation::registry_with_series);
            let servers = registries.each_ref().map($serving);
            let addresses = servers.iter().map(|server| server.address);
            let servers: Vec<_> = registries.iter().zip(addresses).collect();
            $crate::negotiation::assert_concurrent_scrapes(&servers);
        }
    };
}
