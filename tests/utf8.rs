//! Structs whose names are any UTF-8 text, in all formats and escaping schemes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use hello_exporter::http::Metrics;
use hello_exporter::interop::Shared;
use hello_exporter::registry::{Encoding, Escaping};
use hello_exporter::testing::{assert_exposition, lint, value_of};
use hello_exporter::{
    Collector, Counter, CounterVec, DynamicFamilies, Family, Format, Gauge, Histogram,
    HistogramVec, Info, LabelValue, Labels, Registry, Rows, Started, StateSet, SummarySnapshot,
};
use hello_exporter_tests::http::{get, send, serve};
use hello_exporter_tests::{Sample, assert_golden, exposition, registry_of, samples};

const SCHEMES: [Escaping; 4] =
    [Escaping::AllowUtf8, Escaping::Underscores, Escaping::Dots, Escaping::Values];

#[derive(Labels)]
#[label(utf8)]
struct Request<'a> {
    #[label(name = "http.method")]
    method: &'a str,
    path: &'a str,
}

#[derive(Labels)]
#[label(utf8)]
struct Disk {
    #[label(name = "disk.name")]
    name: &'static str,
}

#[derive(LabelValue)]
enum Role {
    Leader,
    #[label(name = "a \"follower\"")]
    Follower,
}

/// The values of plain fields.
#[derive(Collector)]
#[collector(utf8, const_labels("service.name" = "shop", zone = "a"))]
struct Shop {
    #[metric(name = "http.requests_total", help = "Requests.")]
    requests: Family<Request<'static>, Counter>,
    #[metric(name = "legacy_total", help = "A \"quoted\" help.\nIn two lines.", labels = ["k.v"])]
    legacy: CounterVec<1>,
    #[metric(name = "temperature in °C", help = "Temperature.")]
    temperature: Gauge,
    #[metric(
        name = "http.duration_seconds",
        help = "Durations.",
        labels = ["http.route"],
        unit = "seconds",
        buckets = [0.5, 1],
    )]
    durations: HistogramVec<1>,
    #[metric(name = "queue.length", help = "Lengths.", buckets = [1])]
    lengths: Histogram,
    #[metric(name = "gc.pauses", help = "Pauses.", labels = ["gc-kind"])]
    pauses: BTreeMap<&'static str, SummarySnapshot>,
    #[metric(name = "build.version_info", help = "A version.")]
    version: Info<Request<'static>>,
    #[metric(name = "cluster.role", help = "A role.")]
    role: StateSet<Role>,
    #[metric(name = "back\\slash\n\"quote\"_total", help = "Nasty.")]
    nasty: Started<u64>,
    #[metric(flatten, prefix = "db.")]
    pool: Pool,
    /// A name that needs no quotes.
    plain: Gauge<i64>,
}

#[derive(Collector)]
struct Pool {
    /// Connections in use.
    connections: Gauge<i64>,
}

fn shop() -> Shop {
    let start = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let pauses = SummarySnapshot::new([(0.5, 0.25)], 1.5, 4).unwrap();
    let shop = Shop {
        pauses: BTreeMap::from([("minor \"gc\"", pauses)]),
        nasty: Started::new(7, start),
        ..Shop::new()
    };
    shop.requests.with(Request { method: "GET", path: "/\n" }).inc();
    shop.requests.with(Request { method: "P\"UT", path: "" }).inc_by(2);
    shop.legacy.with(["a=\"b\","]).inc();
    shop.temperature.set(21.5);
    shop.durations.with(["/"]).observe(0.75);
    shop.durations.with(["/cart"]).observe(7.0);
    shop.lengths.observe(1.0);
    shop.version.set(Request { method: "none", path: "1.2" });
    shop.role.set(Role::Follower);
    let _ = Role::Leader;
    shop
}

fn encoded(registry: &Registry, format: Format, escaping: Escaping) -> Vec<u8> {
    let mut buffer = Vec::new();
    registry.encode(Encoding::new(format).escaping(escaping), &mut buffer);
    buffer
}

fn text(registry: &Registry, escaping: Escaping) -> String {
    String::from_utf8(encoded(registry, Format::Text, escaping)).unwrap()
}

#[test]
fn every_type_is_exposed_in_both_text_formats_and_all_schemes() {
    let registry = registry_of(shop());
    for (format, end) in [(Format::Text, "txt"), (Format::OpenMetrics, "openmetrics")] {
        for escaping in SCHEMES {
            let body = String::from_utf8(encoded(&registry, format, escaping)).unwrap();
            assert_golden(&format!("expositions/utf8_{escaping}.{end}"), &body);
        }
    }
}

/// The name of a sample, and its labels.
type Series = (String, BTreeMap<String, String>);

fn series(format: Format, body: &[u8]) -> Vec<Series> {
    samples(format, body).into_iter().map(|sample| (sample.name, sample.labels)).collect()
}

/// The text under the other schemes has no quoted names, so that any parser reads it.
#[test]
fn protobuf_has_the_names_of_the_text_format() {
    let registry = registry_of(shop());
    for escaping in [Escaping::Underscores, Escaping::Dots, Escaping::Values] {
        let [text, protobuf] = [Format::Text, Format::Protobuf]
            .map(|format| series(format, &encoded(&registry, format, escaping)));
        assert_eq!(protobuf, text, "{escaping}");
    }
    let body = encoded(&registry, Format::Protobuf, Escaping::AllowUtf8);
    let line =
        |sample: &Sample| format!("{:?} {:?} {}\n", sample.name, sample.labels, sample.value);
    let decoded: String = samples(Format::Protobuf, &body).iter().map(line).collect();
    assert_golden("expositions/utf8_allow-utf-8.protobuf.txt", &decoded);
}

#[test]
fn start_timestamps_have_the_escaped_name() {
    let registry = registry_of(shop());
    let created = |escaping| {
        let encoding = Encoding::new(Format::OpenMetrics).created_samples(true).escaping(escaping);
        let mut buffer = Vec::new();
        registry.encode(encoding, &mut buffer);
        let body = String::from_utf8(buffer).unwrap();
        let mut lines = body.lines().filter(|line| line.contains("_created"));
        lines.find(|line| line.contains("1700000000")).unwrap().to_owned()
    };
    assert_eq!(
        created(Escaping::AllowUtf8),
        r#"{"back\\slash\n\"quote\"_created","service.name"="shop",zone="a"} 1700000000.000"#
    );
    assert_eq!(
        created(Escaping::Underscores),
        r#"back_slash__quote__created{service_name="shop",zone="a"} 1700000000.000"#
    );
}

#[test]
fn series_are_found_and_removed_by_labels_with_quoted_names() {
    let shop = shop();
    let request = Request { method: "P\"UT", path: "" };
    assert_eq!(shop.requests.with(&request).get(), 2);
    shop.requests.with(&request).inc();
    assert_eq!(shop.requests.len(), 2);
    let methods: Vec<_> = shop.requests.iter().map(|series| series.label("http.method")).collect();
    assert_eq!(methods, [Some("GET".to_owned()), Some("P\"UT".to_owned())]);
    shop.requests.retain(|series| series.label("http.method").as_deref() != Some("GET"));
    assert_eq!(shop.requests.len(), 1);
    assert!(shop.requests.remove(request));
    assert!(shop.requests.is_empty());
}

#[test]
fn helpers_of_tests_take_names_as_they_are_declared() {
    #[derive(Collector)]
    #[collector(utf8)]
    struct Mail {
        #[metric(name = "mail.queue length", help = "Mails.", labels = ["mail.server", "b"])]
        queued: BTreeMap<[&'static str; 2], u64>,
        #[metric(name = "mail.size_bytes", help = "Sizes.", labels = ["k"], buckets = [1])]
        sizes: HistogramVec<1>,
        #[metric(name = "mail.sentMails", help = "Sent.")]
        sent: Counter,
    }

    let mail =
        Mail { queued: BTreeMap::from([(["mx1", "}"], 3), (["mx2", ""], 4)]), ..Mail::new() };
    mail.sizes.with(["a"]).observe(7.0);
    assert_exposition(
        &mail,
        r#"
        # HELP "mail.queue length" Mails.
        # TYPE "mail.queue length" gauge
        {"mail.queue length","mail.server"="mx2",b=""} 4
        {"mail.queue length","mail.server"="mx1",b="}"} 3
        # HELP "mail.sentMails" Sent.
        # TYPE "mail.sentMails" counter
        {"mail.sentMails"} 0
        # HELP "mail.size_bytes" Sizes.
        # TYPE "mail.size_bytes" histogram
        {"mail.size_bytes_bucket",k="a",le="1"} 0
        {"mail.size_bytes_bucket",k="a",le="+Inf"} 1
        {"mail.size_bytes_sum",k="a"} 7
        {"mail.size_bytes_count",k="a"} 1
        "#,
    );
    let queued =
        |server, b| value_of(&mail, "mail.queue length", &[("b", b), ("mail.server", server)]);
    assert_eq!(queued("mx1", "}"), Some(3.0));
    assert_eq!(queued("mx3", "}"), None);
    assert_eq!(value_of(&mail, "mail.sentMails", &[]), Some(0.0));
    let problems: Vec<String> = lint(&mail).iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [
            "mail.sentMails: counter metrics should have \"_total\" suffix",
            "mail.sentMails: metric names should be written in 'snake_case' not 'camelCase'",
        ]
    );
}

#[test]
fn rows_and_dynamic_families_have_quoted_names() {
    #[derive(Collector)]
    #[collector(utf8)]
    struct Metrics {
        #[metric(name = "disk.reads_total", help = "Reads.", labels = ["disk.zone"])]
        reads: CounterVec<1>,
    }

    #[derive(Collector)]
    struct Disks {
        #[metric(flatten)]
        disks: Rows<Disk, Metrics>,
        #[metric(flatten)]
        found: DynamicFamilies,
    }

    let make = || {
        let metrics = Metrics::new();
        metrics.reads.with(["a"]).inc();
        let mut found = DynamicFamilies::new().utf8();
        found.gauge("found.x", "Found.").sample([("k.v", "1"), ("k", "2")], 3);
        Disks { disks: Rows::from_iter([(Disk { name: "sda" }, metrics)]), found }
    };
    let registry = Registry::new();
    registry.register_fn(make).unwrap();
    assert_eq!(
        text(&registry, Escaping::AllowUtf8),
        r#"# HELP "disk.reads_total" Reads.
# TYPE "disk.reads_total" counter
{"disk.reads_total","disk.name"="sda","disk.zone"="a"} 1
# HELP "found.x" Found.
# TYPE "found.x" gauge
{"found.x","k.v"="1",k="2"} 3
"#
    );
    assert_eq!(
        text(&registry, Escaping::Values),
        r#"# HELP U__disk_2e_reads__total Reads.
# TYPE U__disk_2e_reads__total counter
U__disk_2e_reads__total{U__disk_2e_name="sda",U__disk_2e_zone="a"} 1
# HELP U__found_2e_x Found.
# TYPE U__found_2e_x gauge
U__found_2e_x{U__k_2e_v="1",k="2"} 3
"#
    );
}

/// The text encoder of the `prometheus` crate writes names without quotes.
#[test]
fn foreign_registry_gets_escaped_names() {
    let foreign = prometheus::Registry::new();
    foreign.register(Box::new(Shared(shop().into()))).unwrap();
    let through = prometheus::TextEncoder::new().encode_to_string(&foreign.gather()).unwrap();
    let in_order = |text: &str| {
        let all = series(Format::Text, text.as_bytes()).into_iter();
        all.collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(in_order(&through), in_order(&exposition(&registry_of(shop()))));
}

#[test]
fn foreign_fields_have_quoted_names() {
    #[derive(Collector)]
    #[collector(utf8, const_labels("a.zone" = "north"))]
    struct Foreign {
        #[metric(name = "jobs.done_total", help = "Jobs.", labels = ["job.name"])]
        jobs: prometheus::IntCounterVec,
        #[metric(name = "jobs.running", help = "Jobs.")]
        running: prometheus::IntGauge,
    }

    let foreign = Foreign::new();
    foreign.jobs.with_label_values(&["a"]).inc();
    foreign.running.set(2);
    assert_exposition(
        &foreign,
        r#"
        # HELP "jobs.done_total" Jobs.
        # TYPE "jobs.done_total" counter
        {"jobs.done_total","a.zone"="north","job.name"="a"} 1
        # HELP "jobs.running" Jobs.
        # TYPE "jobs.running" gauge
        {"jobs.running","a.zone"="north"} 2
        "#,
    );
}

#[test]
fn scrape_has_the_names_that_its_header_requests() {
    let registry = registry_of(shop());
    let metrics = Metrics::new(registry.clone());
    let server = serve(move |config| {
        config.service(metrics.clone());
    });
    let body = |accept: &str| {
        send(server.address, "GET", "/metrics", &format!("Accept: {accept}\r\n")).bytes
    };
    for escaping in SCHEMES {
        for (media_type, format) in [
            ("text/plain;version=0.0.4", Format::Text),
            ("text/plain;version=1.0.0", Format::Text),
            ("application/openmetrics-text;version=1.0.0", Format::OpenMetrics),
            ("application/openmetrics-text;version=0.0.1", Format::OpenMetrics),
            (
                "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;\
                 encoding=delimited",
                Format::Protobuf,
            ),
        ] {
            let accept = format!("{media_type};escaping={escaping}");
            assert!(body(&accept) == encoded(&registry, format, escaping), "{accept}");
        }
    }
}

#[test]
fn query_selects_families_by_their_names_without_quotes() {
    let registry = registry_of(shop());
    let metrics = Metrics::new(registry.clone());
    let server = serve(move |config| {
        config.service(metrics.clone());
    });
    let names = |query: &str| {
        let body = get(server.address, &format!("/metrics?{query}")).body;
        let types = body.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        types.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        names("name[]=http.requests_total&name[]=temperature%20in%20%C2%B0C"),
        ["http_requests_total counter", "temperature_in__C gauge"]
    );
    assert_eq!(names("name[]=http_requests_total"), [""; 0]);
}

#[test]
fn foreign_fields_of_rows_have_the_labels_of_their_row() {
    #[derive(Collector)]
    #[collector(utf8)]
    struct Counts {
        /// Errors.
        errors_total: prometheus::IntCounter,
    }

    #[derive(Collector)]
    #[collector(utf8)]
    struct Disks {
        #[metric(flatten)]
        disks: Rows<Disk, Counts>,
    }

    let disks = Rows::from_iter([(Disk { name: "sda" }, Counts::new())]);
    assert_exposition(
        &Disks { disks },
        r#"
        # HELP errors_total Errors.
        # TYPE errors_total counter
        errors_total{"disk.name"="sda"} 0
        "#,
    );
}

/// Prometheus refuses an exposition with a unit in which the name of its family does not end.
#[test]
fn unit_is_left_out_where_the_escaped_name_does_not_end_in_it() {
    #[derive(Collector)]
    #[collector(utf8)]
    struct Network {
        #[metric(name = "net.io_bytes_total", help = "Bytes.", unit = "bytes")]
        bytes: Counter,
    }

    let registry = registry_of(Network::new());
    let unit = |escaping| {
        let mut buffer = Vec::new();
        registry.encode(Encoding::new(Format::OpenMetrics).escaping(escaping), &mut buffer);
        let text = String::from_utf8(buffer).unwrap();
        text.lines().find(|line| line.starts_with("# UNIT")).map(str::to_owned)
    };
    assert_eq!(
        SCHEMES.map(unit),
        [
            Some("# UNIT \"net.io_bytes\" bytes".to_owned()),
            Some("# UNIT net_io_bytes bytes".to_owned()),
            None,
            None,
        ]
    );
}
