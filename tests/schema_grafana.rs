//! The Grafana dashboard of a schema: its structure, and its queries in Prometheus.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};

use hello_exporter::http::Metrics;
use hello_exporter::metric::NativeHistogramSnapshot;
use hello_exporter::schema::Schema;
use hello_exporter::{
    Collector, Counter, CounterVec, Family, Gauge, GaugeVec, Histogram, HistogramSnapshot,
    HistogramVec, Info, LabelValue, Labels, Registry, StateSet, SummarySnapshot,
};
use hello_exporter_tests::http::{Server, serve};
use hello_exporter_tests::{PrometheusVersion, assert_golden, dashboard, data, registry_of};
use serde_json::{Value, json};

#[derive(LabelValue)]
enum Mode {
    Open,
    Closed,
}

#[derive(Labels)]
struct Release {
    version: &'static str,
}

#[derive(Labels)]
struct Door {
    door: &'static str,
    state: Mode,
}

/// Has a metric of every type that counts or observes.
#[derive(Collector)]
#[collector(namespace = "shop", utf8)]
struct Shop {
    /// Orders.
    #[metric(labels = ["city", "instance"], const_labels(brand = "north"))]
    orders_total: CounterVec<2>,
    /// Visitors, without the suffix of a counter.
    visitors: Counter,
    /// Bytes sent.
    sent_bytes_total: Counter,
    /// Temperature.
    #[metric(labels = ["room"])]
    temperature_celsius: GaugeVec<1>,
    /// Amount of noise.
    #[metric(unit = "decibels")]
    noise_decibels: Gauge,
    /// Last inventory.
    inventory_timestamp_seconds: Gauge,
    /// Whether the till works.
    till_up: Gauge,
    /// Time to answer, in classic buckets.
    #[metric(labels = ["handler"], unit = "seconds", buckets = [0.25, 2.5])]
    duration_seconds: HistogramVec<1>,
    /// Time to pay, in native buckets.
    #[metric(native)]
    payment_seconds: Histogram,
    /// Time to pack, in both.
    #[metric(labels = ["packer"], native, buckets = [1.0, 10.0])]
    packing_seconds: HistogramVec<1>,
    /// Current mode.
    mode: StateSet<Mode>,
    /// State of each door.
    door_state: Family<Door, Gauge>,
    /// The running release.
    build_info: Info<Release>,
    #[metric(name = "http.requests_total", help = "Requests.", labels = ["http.method"])]
    requests: CounterVec<1>,
    #[metric(name = "http.seconds", help = "Time of requests.", buckets = [0.5])]
    request_seconds: Histogram,
    /// Customers, under two names.
    #[metric(renamed_from = "clients")]
    customers: Gauge,
    /// Removed soon.
    #[metric(deprecated = "use shop_customers")]
    buyers: Gauge,
}

/// Has the types that only values have.
#[derive(Collector)]
#[collector(namespace = "shop")]
struct Values {
    /// Of no type.
    #[metric(untyped)]
    number: i64,
    #[metric(help = "Lengths of pauses.", labels = ["who"])]
    pause_seconds: BTreeMap<&'static str, SummarySnapshot>,
    /// Times of a library, in buckets that only the values know.
    library_seconds: HistogramSnapshot,
    /// Times of another library, in native buckets.
    driver_seconds: NativeHistogramSnapshot,
    #[metric(counter, help = "Without samples.")]
    nothing_total: Option<u64>,
}

fn shop() -> Registry {
    let shop = Shop::new();
    shop.orders_total.with(["Oslo", "web"]).inc_by(3);
    shop.orders_total.with(["Bergen", "web"]).init();
    shop.temperature_celsius.with(["cellar"]).set(12.5);
    shop.till_up.set(1.0);
    shop.duration_seconds.with(["/"]).observe(0.5);
    shop.payment_seconds.observe(3.0);
    shop.packing_seconds.with(["a"]).observe(5.0);
    shop.mode.set(Mode::Open);
    shop.door_state.with(Door { door: "front", state: Mode::Closed }).set(1.0);
    shop.build_info.set(Release { version: "1.2.3" });
    shop.requests.with(["GET"]).inc();
    shop.request_seconds.observe(0.25);
    let registry = registry_of(shop);
    let pause = || SummarySnapshot::new([(0.5, 0.25), (0.99, 1.0)], 1.5, 4).unwrap();
    let values = move || Values {
        number: -7,
        pause_seconds: BTreeMap::from([("Ann", pause())]),
        library_seconds: HistogramSnapshot::new([(0.5, 2)], 9.5, 3).unwrap(),
        driver_seconds: NativeHistogramSnapshot::new(0, 0.25, 0, [(1, 1)], [], 1.5, 1).unwrap(),
        nothing_total: None,
    };
    registry.register_fn(values).unwrap();
    registry
}

fn shop_schema() -> Schema {
    Schema::from(&shop())
}

fn exporter_schema() -> Schema {
    let file = data("schema/exporter.json");
    Schema::from_json(&std::fs::read_to_string(file).unwrap()).unwrap()
}

fn dashboard(schema: &Schema) -> Value {
    serde_json::from_str(&schema.grafana()).unwrap()
}

fn panels(dashboard: &Value) -> &[Value] {
    dashboard["panels"].as_array().unwrap()
}

#[test]
fn every_type_of_metric_has_its_panels() {
    assert_golden("schema/shop.grafana.json", &shop_schema().grafana());
}

#[test]
fn sources_and_probes_have_rows() {
    assert_golden("schema/exporter.grafana.json", &exporter_schema().grafana());
}

#[test]
fn rows_name_source_and_probe_and_leave_out_deprecated_families() {
    let dashboard = dashboard(&exporter_schema());
    let titles: Vec<&str> =
        panels(&dashboard).iter().map(|panel| panel["title"].as_str().unwrap()).collect();
    assert_eq!(
        titles,
        [
            "Every scrape",
            "a.b_up",
            "process_start_time_seconds",
            "redis_exporter_scrape_collector_success",
            "redis_up",
            "redis_wake_up (rate)",
            "Collector info",
            "redis_build_info",
            "redis_commands_total (rate)",
            "redis_link_up",
            "Collector slowlog (disabled by default)",
            "redis_slow_commands_bytes (heatmap)",
            "redis_slow_commands_bytes (quantiles)",
            "redis_slow_commands_bytes (rate)",
            "Probe /scrape",
            "a-b_up",
            "redis_up",
        ],
    );
}

#[test]
fn dashboard_of_nothing_has_no_rows() {
    let dashboard = dashboard(&Schema::default());
    let keys = ["title", "description", "uid", "panels"].map(|key| &dashboard[key]);
    let expected = [json!("Metrics"), json!("Metrics of an exporter."), json!(null), json!([])];
    assert_eq!(keys, [&expected[0], &expected[1], &expected[2], &expected[3]]);
}

/// A key, and whether a value is of its type.
type Key = (&'static str, fn(&Value) -> bool);

/// Asserts that a value has exactly these keys, and that each has a value of its type.
#[track_caller]
fn assert_keys(value: &Value, keys: &[Key]) {
    let object = value.as_object().unwrap();
    let names: BTreeSet<&str> = object.keys().map(String::as_str).collect();
    assert_eq!(names, keys.iter().map(|(name, _)| *name).collect(), "{value}");
    for (name, is_valid) in keys {
        assert!(is_valid(&value[*name]), "{name} of {value}");
    }
}

fn is_nullable_string(value: &Value) -> bool {
    value.is_null() || value.is_string()
}

fn is_data_source(value: &Value) -> bool {
    *value == json!({"type": "prometheus", "uid": "${datasource}"})
}

/// From the documentation of the dashboard's JSON model, and the types of Grafana 11.
fn assert_model(dashboard: &Value) {
    assert_keys(
        dashboard,
        &[
            ("annotations", |it| it["list"].is_array()),
            ("description", Value::is_string),
            ("editable", Value::is_boolean),
            ("fiscalYearStartMonth", Value::is_u64),
            ("graphTooltip", |it| it.as_u64().is_some_and(|it| it <= 2)),
            ("id", Value::is_null),
            ("links", Value::is_array),
            ("panels", Value::is_array),
            ("refresh", Value::is_string),
            ("schemaVersion", |it| *it == json!(39)),
            ("tags", Value::is_array),
            ("templating", |it| it["list"].is_array()),
            ("time", |it| it["from"].is_string() && it["to"].is_string()),
            ("timepicker", Value::is_object),
            ("timezone", Value::is_string),
            ("title", |it| it.as_str().is_some_and(|it| !it.is_empty())),
            ("uid", is_nullable_string),
            ("version", Value::is_u64),
            ("weekStart", Value::is_string),
        ],
    );
    for panel in panels(dashboard) {
        match panel["type"].as_str().unwrap() {
            "row" => assert_row(panel),
            "timeseries" | "heatmap" | "state-timeline" | "table" => assert_panel(panel),
            other => panic!("Grafana has no panel `{other}`"),
        }
    }
}

fn assert_row(row: &Value) {
    assert_keys(
        row,
        &[
            ("collapsed", |it| *it == json!(false)),
            ("gridPos", |it| it["w"] == 24 && it["h"] == 1 && it["x"] == 0),
            ("id", Value::is_u64),
            ("panels", |it| *it == json!([])),
            ("title", Value::is_string),
            ("type", Value::is_string),
        ],
    );
}

fn assert_panel(panel: &Value) {
    assert_keys(
        panel,
        &[
            ("datasource", is_data_source),
            ("description", Value::is_string),
            ("fieldConfig", |it| it["defaults"].is_object() && it["overrides"].is_array()),
            ("gridPos", Value::is_object),
            ("id", Value::is_u64),
            ("options", Value::is_object),
            ("targets", |it| it.as_array().is_some_and(|it| !it.is_empty())),
            ("title", Value::is_string),
            ("transformations", Value::is_array),
            ("type", Value::is_string),
        ],
    );
    let targets = panel["targets"].as_array().unwrap();
    let ids: BTreeSet<&str> = targets.iter().map(|it| it["refId"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), targets.len(), "{panel}");
    for target in targets {
        assert_keys(
            target,
            &[
                ("datasource", is_data_source),
                ("editorMode", |it| *it == json!("code")),
                ("expr", |it| it.as_str().is_some_and(|it| !it.is_empty())),
                ("format", |it| {
                    ["time_series", "heatmap", "table"].contains(&it.as_str().unwrap())
                }),
                ("instant", Value::is_boolean),
                ("legendFormat", Value::is_string),
                ("range", Value::is_boolean),
                ("refId", Value::is_string),
            ],
        );
    }
}

/// Asserts that identifiers are unique, and that no two panels share a cell of the grid.
fn assert_layout(dashboard: &Value) {
    let mut ids = BTreeSet::new();
    let mut cells = BTreeSet::new();
    for panel in panels(dashboard) {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "the identifier is not new: {panel}");
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|key| panel["gridPos"][key].as_u64().unwrap());
        assert!(w > 0 && h > 0 && x + w <= 24, "{panel}");
        for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
            assert!(cells.insert(cell), "{cell:?} is taken: {panel}");
        }
    }
}

/// Returns the variables that a text mentions.
fn mentioned(text: &str) -> BTreeSet<String> {
    let names = text.split('$').skip(1).map(|rest| {
        let rest = rest.trim_start_matches('{');
        rest.chars().take_while(|it| *it == '_' || it.is_ascii_alphanumeric()).collect()
    });
    names.collect()
}

/// Asserts that all variables are defined before they are used.
fn assert_variables(dashboard: &Value) {
    let mut defined = BTreeSet::from(["__all".to_owned()]);
    for variable in dashboard["templating"]["list"].as_array().unwrap() {
        assert!(mentioned(&variable.to_string()).is_subset(&defined), "{variable}");
        assert!(["query", "datasource"].contains(&variable["type"].as_str().unwrap()));
        defined.insert(variable["name"].as_str().unwrap().to_owned());
    }
    defined.insert("__rate_interval".to_owned());
    let used = mentioned(&dashboard["panels"].to_string());
    assert!(used.is_subset(&defined), "{used:?}");
}

#[test]
fn dashboards_have_the_structure_that_grafana_reads() {
    for schema in [shop_schema(), exporter_schema(), Schema::default()] {
        let dashboard = dashboard(&schema);
        assert_model(&dashboard);
        assert_layout(&dashboard);
        assert_variables(&dashboard);
    }
}

/// Returns the queries of the dashboard of a schema.
fn queries(schema: &Schema, instance: &str) -> Vec<String> {
    dashboard::queries(&schema.grafana(), instance)
}

fn serve_shop() -> Server {
    let registry = shop();
    serve(move |config| {
        config.service(Metrics::new(registry.clone()));
    })
}

/// Asserts that each query of the shop returns series, except for those that `is_empty` names.
fn assert_data(version: PrometheusVersion, flags: &[&str], is_empty: fn(&str) -> bool) {
    let server = serve_shop();
    let prometheus = version.scraping(server.address, flags, "");
    let mut queries = queries(&shop_schema(), &server.address.to_string());
    // Version 2 cannot parse quoted names.
    queries.retain(|query| version == PrometheusVersion::V3 || !is_utf8(query));
    let (empty, full): (Vec<&String>, Vec<&String>) =
        queries.iter().partition(|query| query.contains("nothing_total") || is_empty(query));
    assert!(full.len() > 30, "{full:?}");
    for query in full {
        prometheus.query(query, |result| result.as_array().is_some_and(|it| !it.is_empty()));
    }
    for query in empty {
        prometheus.query(query, |result| *result == json!([]));
    }
}

const NATIVE: &str = "--enable-feature=native-histograms";

fn is_utf8(query: &str) -> bool {
    query.contains("{\"")
}

/// Without native histograms, Prometheus stores only the count and the sum of this one.
fn is_native(query: &str) -> bool {
    query.contains("payment_seconds")
}

#[test]
fn prometheus_3_has_data_for_the_queries_of_native_histograms() {
    // It requests protobuf without names in UTF-8.
    assert_data(PrometheusVersion::V3, &[NATIVE], is_utf8);
}

#[test]
fn prometheus_3_has_data_for_the_queries_of_classic_histograms_and_utf8_names() {
    assert_data(PrometheusVersion::V3, &[], is_native);
}

#[test]
fn prometheus_2_has_data_for_the_queries_of_plain_names() {
    assert_data(PrometheusVersion::V2, &[NATIVE], |_| false);
    assert_data(PrometheusVersion::V2, &[], is_native);
}

/// The words that the parsers of both versions know.
const WORDS: [&str; 45] = [
    "and",
    "anchored",
    "atan2",
    "avg",
    "bool",
    "bottomk",
    "by",
    "count",
    "count_values",
    "end",
    "fill",
    "fill_left",
    "fill_right",
    "group",
    "group_left",
    "group_right",
    "ignoring",
    "inf",
    "Inf",
    "limit_ratio",
    "limitk",
    "max",
    "min",
    "nan",
    "NaN",
    "offset",
    "on",
    "or",
    "ON",
    "quantile",
    "rate",
    "range",
    "schema",
    "smoothed",
    "start",
    "stddev",
    "stdvar",
    "step",
    "sum",
    "time",
    "topk",
    "unless",
    "vector",
    "without",
    "x",
];

/// Returns a schema with a counter, a gauge and a histogram under each of these names.
fn schema_of_names(names: &[&str]) -> Schema {
    let family = |name: &&str| {
        ["counter", "gauge", "histogram"]
            .map(|it| json!({"name": name, "type": it, "help": "", "is_native": true}))
    };
    let families: Vec<Value> = names.iter().flat_map(family).collect();
    let schema = json!({"version": 1, "exporter": "words", "families": families});
    Schema::from_json(&schema.to_string()).unwrap()
}

#[test]
fn words_of_the_query_language_are_names_of_metrics() {
    let server = serve_shop();
    for version in PrometheusVersion::ALL {
        let prometheus = version.scraping(server.address, &[], "");
        for query in queries(&schema_of_names(&WORDS), "a:1") {
            prometheus.query(&query, |result| *result == json!([]));
        }
    }
}

#[test]
fn any_text_is_the_name_of_a_metric() {
    let names = ["a\"b", "a\\b", "a\nb", "a\u{7f}b", "$job", "[[job]]", "${job}", "°{}", " "];
    let server = serve_shop();
    let prometheus = PrometheusVersion::V3.scraping(server.address, &[], "");
    for query in queries(&schema_of_names(&names), "a:1") {
        assert!(!query.contains("[["), "{query}");
        prometheus.query(&query, |result| *result == json!([]));
    }
}
