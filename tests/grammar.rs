//! The whole grammar of the three derives, tested by expositions.

#![allow(clippy::unwrap_used, dead_code, missing_docs, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hello_exporter::collect::Metric;
use hello_exporter::{
    Collector, Counter, CounterVec, Family, Gauge, GaugeVec, Histogram, HistogramVec, LabelValue,
    Labels,
};
use hello_exporter_tests::{
    assert_golden, exposition, exposition_of, exposition_of_fn, registry_of,
};

#[derive(LabelValue, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Method {
    Get,
    #[label(name = "PUT!")]
    Put,
    NotAllowed,
}

#[derive(Labels, Clone, Copy)]
struct Request<'a> {
    method: Method,
    path: &'a str,
    #[label(name = "code")]
    status: Option<u16>,
    #[label(skip)]
    id: u64,
}

fn request(path: &str) -> Request<'_> {
    Request { method: Method::Get, path, status: Some(200), id: 7 }
}

#[test]
fn label_struct_names_the_labels_of_a_family() {
    #[derive(Collector)]
    #[collector(namespace = "http", const_labels(zone = "a"))]
    struct Http {
        /// Requests served.
        #[metric(name = "requests_total")]
        requests: Family<Request<'static>, Counter>,
        /// In flight.
        in_flight: Family<Request<'static>, Gauge<i64>>,
        /// Time to answer.
        #[metric(name = "duration_seconds", unit = "seconds", buckets = [0.1, 1])]
        duration: Family<Request<'static>, Histogram>,
    }

    let http = Arc::new(Http::new());
    let path = String::from("/\"quoted\"");
    http.requests.with(request(&path)).inc_by(2);
    http.requests.with(&request(&path)).inc();
    http.requests.with(Request { method: Method::NotAllowed, status: None, ..request("/") }).init();
    http.in_flight.with(Request { method: Method::Put, ..request("/") }).add(3);
    http.duration.with(request("/")).observe(0.5);
    assert_eq!(http.requests.with(request(&path)).get(), 3);
    assert_golden("expositions/label_struct.txt", &exposition_of(http));
}

#[test]
fn borrowed_label_struct_finds_the_series_of_an_owned_one() {
    #[derive(Labels)]
    struct Key<S> {
        host: S,
    }

    #[derive(Collector)]
    struct Hosts {
        /// Hosts.
        hosts: Family<Key<String>, Counter>,
    }

    let hosts = Hosts::new();
    hosts.hosts.with(Key { host: "a".to_owned() }).inc();
    hosts.hosts.with(Key { host: "a" }).inc();
    assert_eq!(
        exposition_of(hosts),
        "# HELP hosts Hosts.\n# TYPE hosts counter\nhosts{host=\"a\"} 2\n"
    );
}

#[test]
fn enum_looks_up_a_series_with_one_label() {
    #[derive(Collector)]
    struct Methods {
        #[metric(help = "Help.", labels = ["method"])]
        by_method: Family<Method, Counter>,
        #[metric(help = "Help.", labels = ["method", "code"])]
        by_tuple: Family<(Method, u16), Counter>,
    }

    let methods = Methods::new();
    methods.by_method.with(Method::Get).inc();
    methods.by_tuple.with((Method::Get, 200)).inc();
    methods.by_tuple.with(["get", "200"]).inc();
    assert_eq!(
        exposition_of(methods),
        "\
# HELP by_method Help.
# TYPE by_method counter
by_method{method=\"get\"} 1
# HELP by_tuple Help.
# TYPE by_tuple counter
by_tuple{method=\"get\",code=\"200\"} 2
"
    );
}

#[test]
fn rename_all_renames_labels_and_values() {
    #[derive(Labels)]
    #[label(rename_all = "SCREAMING_SNAKE_CASE")]
    struct Shouted<'a> {
        host_name: &'a str,
        kind: Kind,
        r#type: bool,
    }

    #[derive(LabelValue)]
    #[label(rename_all = "kebab-case")]
    enum Kind {
        HttpServer,
    }

    #[derive(Collector)]
    struct Metrics {
        #[metric(help = "Help.")]
        gauge: Family<Shouted<'static>, Gauge>,
    }

    let metrics = Metrics::new();
    let labels = Shouted { host_name: "h", kind: Kind::HttpServer, r#type: true };
    metrics.gauge.with(labels).set(1.0);
    assert_eq!(
        exposition_of(metrics),
        "# HELP gauge Help.\n# TYPE gauge gauge\n\
         gauge{HOST_NAME=\"h\",KIND=\"http-server\",TYPE=\"true\"} 1\n"
    );
}

#[test]
fn maps_and_lists_of_label_structs_enums_and_tuples_are_values() {
    #[derive(Labels, PartialEq, Eq, PartialOrd, Ord)]
    struct Disk {
        device: String,
    }

    #[derive(Collector)]
    struct Values {
        #[metric(counter, help = "By a label struct.")]
        a_total: BTreeMap<Disk, u64>,
        #[metric(help = "By an enum.", labels = ["method"])]
        b: BTreeMap<Method, Duration>,
        #[metric(help = "A list; the second of two alike is dropped.", labels = ["x", "y"])]
        c: Vec<((&'static str, u8), f64)>,
        #[metric(help = "A list of label structs.")]
        d: Vec<(Disk, Option<bool>)>,
    }

    let disk = |device: &str| Disk { device: device.to_owned() };
    let values = move || Values {
        a_total: BTreeMap::from([(disk("sda"), 1)]),
        b: BTreeMap::from([(Method::Put, Duration::from_secs(2))]),
        c: vec![(("a", 1), 0.5), (("a", 1), 1.5), (("a", 2), 2.5)],
        d: vec![(disk("sda"), Some(true)), (disk("sdb"), None)],
    };
    assert_golden("expositions/maps_and_lists.txt", &exposition_of_fn(values));
}

const BOUNDS: &[f64] = &[1.0, 2.0];
const fn bounds() -> [f64; 2] {
    [-1.0, 1.0]
}

#[test]
fn buckets_are_literals_constants_or_calls() {
    #[derive(Collector)]
    struct Buckets {
        #[metric(help = "Literals.", buckets = [-0.5, 1, 2.5e3])]
        a: Histogram,
        #[metric(help = "A constant slice.", buckets = BOUNDS)]
        b: Histogram,
        #[metric(help = "A call.", buckets = bounds(), labels = ["x"])]
        c: HistogramVec<1>,
        #[metric(help = "A reference.", buckets = &[0.5])]
        d: Histogram,
        #[metric(help = "The defaults.")]
        e: Histogram,
    }

    let buckets = Buckets::new();
    buckets.c.with(["y"]).observe(0.0);
    let text = exposition_of(buckets);
    let bounds: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split_once("le=\"")?.1.split_once('"'))
        .map(|(bound, _)| bound)
        .collect();
    assert_eq!(
        bounds,
        [
            "-0.5", "1", "2500", "+Inf", "1", "2", "+Inf", "-1", "1", "+Inf", "0.5", "+Inf",
            "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"
        ]
    );
}

#[test]
fn family_has_at_most_max_series() {
    const MOST: usize = 1;

    #[derive(Collector)]
    struct Limited {
        #[metric(help = "Help.", labels = ["x"], max_series = 2)]
        literal: CounterVec<1>,
        #[metric(help = "Help.", labels = ["x"], max_series = MOST)]
        constant: GaugeVec<1>,
    }

    let limited = Limited::new();
    for value in ["a", "b", "c", "a"] {
        limited.literal.with([value]).inc();
        limited.constant.with([value]).inc();
    }
    assert_eq!(limited.literal.with(["c"]).get(), 0);
    assert_eq!(
        exposition_of(limited),
        "\
# HELP constant Help.
# TYPE constant gauge
constant{x=\"a\"} 2
# HELP literal Help.
# TYPE literal counter
literal{x=\"a\"} 2
literal{x=\"b\"} 1
"
    );
}

#[derive(Collector)]
struct Pool {
    /// Connections in use.
    #[metric(name = "in_use")]
    in_use: Gauge,
    #[metric(name = "waits_total", help = "Waits.", labels = ["reason"], const_labels(kind = "pool"))]
    waits: CounterVec<1>,
}

#[derive(Collector)]
struct Nested {
    #[metric(flatten, prefix = "inner_")]
    pool: Pool,
    /// A gauge of its own.
    depth: Gauge,
}

#[test]
fn flattened_collectors_are_exposed() {
    #[derive(Collector)]
    #[collector(namespace = "app", const_labels(zone = "a"))]
    struct App {
        #[metric(flatten, prefix = "read_")]
        read: Pool,
        /// Up.
        up: Gauge,
        #[metric(flatten, prefix = "write_")]
        write: Pool,
        #[metric(flatten)]
        nested: Nested,
        #[metric(skip)]
        name: &'static str,
    }

    let app = Arc::new(App::new("app"));
    app.read.in_use.set(1.0);
    app.write.waits.with(["full"]).inc();
    app.nested.pool.in_use.set(2.0);
    assert_golden("expositions/flattened_collectors.txt", &exposition_of(Arc::clone(&app)));
    let foreign = prometheus::Registry::new();
    foreign.register(Box::new(hello_exporter::interop::Shared(app))).unwrap();
    let text = prometheus::TextEncoder::new().encode_to_string(&foreign.gather()).unwrap();
    assert!(
        text.contains("app_write_waits_total{kind=\"pool\",reason=\"full\",zone=\"a\"} 1\n"),
        "{text}"
    );
}

#[test]
fn foreign_histograms_are_fields() {
    #[derive(Collector)]
    struct Foreign {
        #[metric(name = "a_seconds", help = "Help.", buckets = [1, 2], const_labels(k = "v"))]
        histogram: prometheus::Histogram,
        #[metric(name = "b_seconds", help = "Help.", labels = ["x"], buckets = [0.5])]
        histograms: prometheus::HistogramVec,
    }

    let foreign = Foreign::new();
    foreign.histogram.observe(1.5);
    foreign.histograms.with_label_values(&["y"]).observe(0.25);
    assert_golden("expositions/foreign_histograms.txt", &exposition_of(foreign));
}

#[test]
fn derive_works_in_macros_in_functions_and_twice_in_a_scope() {
    macro_rules! gauge_struct {
        ($vis:vis $name:ident { $field:ident: $ty:ty = $help:literal }) => {
            #[derive(hello_exporter::Collector)]
            #[collector(crate = $crate::renamed, namespace = "made")]
            $vis struct $name {
                #[metric(help = $help)]
                $field: $ty,
            }
        };
    }

    gauge_struct!(One { same: Gauge = "One." });
    mod other {
        use hello_exporter::{Collector, Gauge};
        #[derive(Collector)]
        pub(crate) struct One {
            /// Another one.
            pub(crate) same: Gauge,
        }
    }

    let registry = registry_of(One::new());
    registry.register(other::One::new()).unwrap();
    assert_eq!(
        exposition(&registry),
        "\
# HELP made_same One.
# TYPE made_same gauge
made_same 0
# HELP same Another one.
# TYPE same gauge
same 0
"
    );
}

/// The library under another name, as in a crate that renames its dependency.
pub(crate) use hello_exporter as renamed;

#[test]
fn renamed_dependency_is_used_by_its_path() {
    #[derive(renamed::Collector)]
    #[collector(crate = crate::renamed)]
    struct Renamed<T: Metric> {
        /// Generic.
        a: Option<T>,
        /// By label.
        b: renamed::Family<By, renamed::Counter>,
    }

    #[derive(renamed::Labels)]
    #[label(crate = crate::renamed)]
    struct By {
        kind: Kind,
    }

    #[derive(renamed::LabelValue)]
    #[label(crate = crate::renamed)]
    enum Kind {
        A,
    }

    let metrics = Renamed::<f64>::new();
    metrics.b.with(By { kind: Kind::A }).inc();
    assert_eq!(exposition_of(metrics), "# HELP b By label.\n# TYPE b counter\nb{kind=\"a\"} 1\n");
}

#[test]
fn constants_of_generic_types_are_constant_labels() {
    struct Table<const A: u8, const B: u8>;
    impl<const A: u8, const B: u8> Table<A, B> {
        const NAME: &'static str = "table";
    }

    #[derive(Collector)]
    struct Labelled {
        #[metric(help = "Help.", const_labels(r = Table::<1, 2>::NAME, s = <Table<1, 2>>::NAME, t = if 1 > 0 { "yes" } else { "no" }))]
        a: f64,
    }

    assert_eq!(
        exposition_of_fn(Labelled::new),
        "# HELP a Help.\n# TYPE a gauge\na{r=\"table\",s=\"table\",t=\"yes\"} 0\n"
    );
}
