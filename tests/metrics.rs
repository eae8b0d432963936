//! Metrics as a program uses them: series come and go, scopes are counted and timed, facts and states are
//! set, snapshots are handed on.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hello_exporter::collect::{
    Collect, Declaration, Desc, Describe, FamilyEncoder, Init, MetricType,
};
use hello_exporter::metric::{exponential_buckets, linear_buckets};
use hello_exporter::{
    Collector, Counter, CounterVec, Family, Gauge, GaugeVec, Histogram, HistogramSnapshot,
    HistogramVec, Info, LabelValue, Labels, Registry, StateSet, SummarySnapshot, Timestamped,
};
use hello_exporter_tests::{
    assert_golden, exposition, exposition_of, exposition_of_fn, open_metrics,
};

#[derive(Collector)]
struct Requests {
    #[metric(help = "Requests.", labels = ["method", "path"])]
    requests_total: CounterVec<2>,
}

/// The exposition of [`Requests`] with these samples.
fn requests(samples: &str) -> String {
    match samples {
        "" => String::new(),
        _ => format!("# HELP requests_total Requests.\n# TYPE requests_total counter\n{samples}"),
    }
}

/// Requests, each with another count, and a registry that exposes them.
fn counted(series: &[[&str; 2]]) -> (Arc<Requests>, Registry) {
    let requests = Arc::new(Requests::new());
    for (at, values) in (1..).zip(series) {
        requests.requests_total.with(*values).inc_by(at);
    }
    let registry = Registry::new();
    registry.register(Arc::clone(&requests)).unwrap();
    (requests, registry)
}

// Removal.

#[test]
fn a_removed_series_is_exposed_no_more() {
    let (metrics, registry) = counted(&[["GET", "/"], ["PUT", "/"], ["GET", "/x"]]);
    assert!(metrics.requests_total.remove(["PUT", "/"]));
    assert!(!metrics.requests_total.remove(["PUT", "/"]));
    assert!(!metrics.requests_total.remove(["PUT", "/never"]));
    assert_eq!(metrics.requests_total.len(), 2);
    assert_eq!(
        exposition(&registry),
        requests(
            "requests_total{method=\"GET\",path=\"/\"} 1\n\
             requests_total{method=\"GET\",path=\"/x\"} 3\n"
        )
    );
}

#[test]
fn a_removed_series_that_is_created_again_starts_at_zero_and_stands_last() {
    let (metrics, registry) = counted(&[["GET", "/"], ["PUT", "/"]]);
    metrics.requests_total.remove(["GET", "/"]);
    assert_eq!(metrics.requests_total.with(["GET", "/"]).get(), 0);
    assert_eq!(metrics.requests_total.len(), 1);
    metrics.requests_total.with(["GET", "/"]).inc_by(7);
    assert_eq!(
        exposition(&registry),
        requests(
            "requests_total{method=\"PUT\",path=\"/\"} 2\n\
             requests_total{method=\"GET\",path=\"/\"} 7\n"
        )
    );
}

#[test]
fn a_cleared_family_leaves_no_help_and_is_filled_again() {
    let (metrics, registry) = counted(&[["GET", "/"], ["PUT", "/"]]);
    assert!(!metrics.requests_total.is_empty());
    metrics.requests_total.clear();
    assert!(metrics.requests_total.is_empty());
    assert_eq!(exposition(&registry), "");
    metrics.requests_total.with(["PUT", "/"]).init();
    assert_eq!(exposition(&registry), requests("requests_total{method=\"PUT\",path=\"/\"} 0\n"));
}

#[test]
fn removal_of_many_series_and_their_return_lose_no_other() {
    let (metrics, registry) = counted(&[]);
    let family = &metrics.requests_total;
    for round in 0..5_u64 {
        (0..1_000_u64).for_each(|at| family.with([at, round]).inc_by(at));
        (0..1_000_u64).filter(|at| at % 100 != 0).for_each(|at| {
            assert!(family.remove([at, round]));
        });
    }
    assert_eq!(family.len(), 50);
    let kept = (0..5).flat_map(|round| (0..10).map(move |at| (at * 100, round)));
    let line = |(at, round)| format!("requests_total{{method=\"{at}\",path=\"{round}\"}} {at}\n");
    assert_eq!(exposition(&registry), requests(&kept.map(line).collect::<String>()));
}

#[test]
fn a_removed_series_takes_its_exemplar_with_it() {
    let (metrics, registry) = counted(&[]);
    let series = metrics.requests_total.with(["GET", "/"]);
    series.inc_by_with_exemplar(1, &[("trace_id", "1")]);
    assert!(open_metrics(&registry).contains("} 1 # {trace_id=\"1\"} 1 "));
    metrics.requests_total.remove(["GET", "/"]);
    series.inc();
    assert_eq!(
        open_metrics(&registry),
        "# HELP requests Requests.\n# TYPE requests counter\n\
         requests_total{method=\"GET\",path=\"/\"} 1\n# EOF\n"
    );
}

#[derive(Labels)]
struct Disk<S> {
    device: S,
    partition: u8,
}

#[derive(Collector)]
struct Disks {
    /// Temperature.
    disk_celsius: Family<Disk<String>, Gauge>,
}

#[test]
fn a_series_of_a_label_struct_is_removed_by_an_owned_or_a_borrowed_one() {
    let disks = Disks::new();
    let owned = |partition| Disk { device: "sda".to_owned(), partition };
    for partition in 1..=4 {
        disks.disk_celsius.with(owned(partition)).set(f64::from(partition));
    }
    assert!(disks.disk_celsius.remove(owned(1)));
    let second = owned(2);
    assert!(disks.disk_celsius.remove(&second));
    assert!(!disks.disk_celsius.remove(&second));
    assert!(disks.disk_celsius.remove(Disk { device: "sda", partition: 3 }));
    assert!(!disks.disk_celsius.remove(Disk { device: "sda", partition: 3 }));
    assert!(!disks.disk_celsius.remove(&Disk { device: "sd", partition: 4 }));
    assert_eq!(
        exposition_of(disks),
        "# HELP disk_celsius Temperature.\n# TYPE disk_celsius gauge\n\
         disk_celsius{device=\"sda\",partition=\"4\"} 4\n"
    );
}

#[derive(Collector)]
struct Sizes {
    #[metric(help = "Sizes.", labels = ["x"], buckets = [1, 2])]
    sizes: HistogramVec<1>,
}

#[test]
fn a_removed_histogram_is_created_again_without_observations() {
    let sizes = Sizes::new();
    for value in ["a", "b"] {
        sizes.sizes.with([value]).observe(1.5);
        sizes.sizes.with([value]).observe(2.5);
    }
    assert!(sizes.sizes.remove(["a"]));
    assert_eq!((sizes.sizes.with(["a"]).count(), sizes.sizes.with(["a"]).sum()), (0, 0.0));
    sizes.sizes.with(["a"]).init();
    assert_golden("expositions/histogram_created_again.txt", &exposition_of(sizes));
}

#[test]
fn histograms_are_kept_by_what_they_counted() {
    let sizes = Sizes::new();
    for (value, size) in [("a", 0.5), ("b", 1.5), ("c", 2.5)] {
        sizes.sizes.with([value]).observe(size);
    }
    let all: Vec<_> = sizes.sizes.iter().map(|series| (series.count(), series.sum())).collect();
    assert_eq!(all, [(1, 0.5), (1, 1.5), (1, 2.5)]);
    sizes.sizes.retain(|series| series.sum() > 1.0 && series.sum() < 2.0);
    assert_eq!(
        exposition_of(sizes),
        r#"# HELP sizes Sizes.
# TYPE sizes histogram
sizes_bucket{x="b",le="1"} 0
sizes_bucket{x="b",le="2"} 1
sizes_bucket{x="b",le="+Inf"} 1
sizes_sum{x="b"} 1.5
sizes_count{x="b"} 1
"#
    );
}

// Iteration.

/// Values that come back from a label block only if it is read as it was written.
const NASTY: [&str; 9] =
    ["", "\"", "\\", "\n", "\\n", "\\\\n", "\",path=\"x", "a=\"b\",c=\"d\"", "é\\\""];

#[test]
fn a_view_decodes_its_labels() {
    let family = CounterVec::new(["method", "path"]);
    for value in NASTY {
        family.with([value, "plain"]).inc();
        family.with(["plain", value]).inc_by(2);
    }
    let pairs = |value: &str| {
        [(value.to_owned(), "plain".to_owned(), 1), ("plain".to_owned(), value.to_owned(), 2)]
    };
    let seen: Vec<_> = family
        .iter()
        .map(|series| {
            assert_eq!(series.label("other"), None);
            (series.label("method").unwrap(), series.label("path").unwrap(), series.get())
        })
        .collect();
    assert_eq!(seen, NASTY.iter().copied().flat_map(pairs).collect::<Vec<_>>());
}

#[test]
fn nasty_series_are_rejected_one_by_one() {
    let family = CounterVec::new(["x"]);
    for value in NASTY {
        family.with([value]).inc();
    }
    for (at, value) in NASTY.iter().enumerate() {
        family.retain(|series| series.label("x").as_deref() != Some(value));
        assert_eq!(family.len(), NASTY.len() - at - 1, "{value:?}");
        assert_eq!(family.with([*value]).get(), 0, "{value:?}");
    }
}

#[test]
fn a_view_reads_the_current_value_and_the_last_one_of_a_removed_series() {
    let family = CounterVec::new(["x"]);
    family.with(["a"]).inc();
    let view = family.iter().next().unwrap();
    family.with(["a"]).inc();
    assert_eq!(view.get(), 2);
    family.remove(["a"]);
    family.with(["a"]).inc_by(7);
    assert_eq!((view.get(), view.label("x").as_deref()), (2, Some("a")));
    assert_eq!(format!("{view:?}"), r#"SeriesView("x=\"a\"")"#);
}

#[test]
fn series_are_iterated_in_the_order_of_their_creation() {
    let family = CounterVec::new(["x"]);
    for value in ["b", "a", "c"] {
        family.with([value]).inc();
    }
    family.remove(["b"]);
    family.with(["b"]).inc();
    let values: Vec<_> = family.iter().map(|series| series.label("x").unwrap()).collect();
    assert_eq!(values, ["a", "c", "b"]);
}

#[test]
fn retain_sees_each_series_once_however_many_there_are() {
    let family = GaugeVec::new(["x"]);
    for at in 0..2_000_u32 {
        family.with([at]).set(f64::from(at));
    }
    let mut seen = Vec::new();
    family.retain(|series| {
        seen.push(series.get());
        seen.len() % 2 == 0
    });
    assert_eq!(seen, (0..2_000_u32).map(f64::from).collect::<Vec<_>>());
    let kept: Vec<f64> = family.iter().map(|series| series.get()).collect();
    assert_eq!(kept, (0..1_000_u32).map(|at| f64::from(at * 2 + 1)).collect::<Vec<_>>());
}

#[test]
fn retain_may_use_the_family_itself() {
    let (metrics, registry) = counted(&[["GET", "/"], ["PUT", "/"], ["GET", "/x"]]);
    let family = &metrics.requests_total;
    family.retain(|series| {
        family.with(["GET", "/"]).inc_by(10);
        family.remove(["PUT", "/"]);
        series.label("path").as_deref() == Some("/")
    });
    assert_eq!(exposition(&registry), requests("requests_total{method=\"GET\",path=\"/\"} 21\n"));
}

#[test]
fn a_family_without_series_is_iterated_and_retained_from() {
    let family = CounterVec::new(["x"]);
    assert_eq!(family.iter().count(), 0);
    family.retain(|_| false);
    family.clear();
    assert_eq!((family.len(), family.is_empty()), (0, true));
}

// Pins.

#[test]
fn a_pinned_handle_follows_removal_and_creation() {
    let (metrics, registry) = counted(&[]);
    let family = &metrics.requests_total;
    let pinned = family.with(["GET", "/"]).pin();
    assert_eq!((pinned.get(), family.len()), (0, 0));
    pinned.inc_by(5);
    family.with(["PUT", "/"]).inc();
    assert!(family.remove(["GET", "/"]));
    assert_eq!(pinned.get(), 0);
    pinned.inc_by(2);
    family.with(["GET", "/"]).inc_by(4);
    assert_eq!(pinned.get(), 6);
    assert_eq!(
        exposition(&registry),
        requests(
            "requests_total{method=\"PUT\",path=\"/\"} 1\n\
             requests_total{method=\"GET\",path=\"/\"} 6\n"
        )
    );
}

#[test]
fn a_pinned_handle_follows_clear_retain_and_the_removal_of_others() {
    let (metrics, registry) = counted(&[]);
    let family = &metrics.requests_total;
    let pinned = family.with(["GET", "/"]).pin();
    pinned.inc();
    family.clear();
    (0..500).for_each(|at| family.with([at, at]).inc());
    pinned.inc();
    family.retain(|series| series.label("path").as_deref() == Some("/"));
    pinned.inc();
    family.with(["PUT", "/"]).inc();
    family.remove(["PUT", "/"]);
    pinned.inc();
    assert_eq!(exposition(&registry), requests("requests_total{method=\"GET\",path=\"/\"} 3\n"));
}

#[test]
fn a_pinned_handle_and_a_look_up_update_one_series_while_the_family_grows() {
    let family = HistogramVec::new(["x"], &[1.0]);
    let pinned = family.with(["a"]).pin();
    for at in 0..2_000 {
        pinned.observe(0.5);
        family.with(["a"]).observe(1.5);
        family.with([at]).init();
    }
    assert_eq!((pinned.count(), pinned.sum()), (4_000, 4_000.0));
}

// `max_series`.

#[derive(Collector)]
struct Limited {
    #[metric(help = "Limited.", labels = ["x"], max_series = 2)]
    limited_total: CounterVec<1>,
}

fn limited(samples: &str) -> String {
    format!("# HELP limited_total Limited.\n# TYPE limited_total counter\n{samples}")
}

#[test]
fn max_series_counts_those_that_are_there() {
    let limited_total = Limited::new().limited_total;
    let full = |value: &str| {
        limited_total.with([value]).inc();
        limited_total.with([value]).get() == 0
    };
    assert!(!full("a") && !full("b") && full("c"));
    limited_total.remove(["a"]);
    assert!(!full("c") && full("a"));
    limited_total.retain(|series| series.label("x").as_deref() != Some("b"));
    assert!(!full("d") && full("b"));
    limited_total.clear();
    assert!(!full("a") && !full("b") && full("c"));
    let metrics = Limited { limited_total };
    assert_eq!(
        exposition_of(metrics),
        limited("limited_total{x=\"a\"} 1\nlimited_total{x=\"b\"} 1\n")
    );
}

#[test]
fn a_pinned_handle_holds_to_max_series() {
    let metrics = Limited::new();
    let pinned = metrics.limited_total.with(["c"]).pin();
    for value in ["a", "b"] {
        metrics.limited_total.with([value]).inc();
    }
    pinned.inc();
    assert_eq!((pinned.get(), metrics.limited_total.len()), (0, 2));
    metrics.limited_total.remove(["a"]);
    pinned.inc();
    metrics.limited_total.with(["a"]).inc();
    pinned.inc();
    assert_eq!(
        exposition_of(metrics),
        limited("limited_total{x=\"b\"} 1\nlimited_total{x=\"c\"} 2\n")
    );
}

// Guards and timers.

#[test]
fn a_guard_holds_a_gauge_up_until_it_is_dropped() {
    let (float, integer) = (Gauge::new(), Gauge::<i64>::default());
    {
        let _first = float.inc_guard();
        let _second = float.inc_guard();
        let _third = integer.inc_guard();
        assert_eq!((float.get(), integer.get()), (2.0, 1));
    }
    assert_eq!((float.get(), integer.get()), (0.0, 0));
}

#[test]
fn a_guard_of_a_series_holds_that_series_up() {
    let levels = GaugeVec::new(["x"]);
    let pinned = levels.with(["b"]).pin();
    let guards = (levels.with(["a"]).inc_guard(), levels.with(["a"]).inc_guard());
    let guard = pinned.inc_guard();
    assert_eq!((levels.with(["a"]).get(), levels.with(["b"]).get()), (2.0, 1.0));
    drop(guards);
    drop(guard);
    assert_eq!((levels.with(["a"]).get(), levels.with(["b"]).get()), (0.0, 0.0));
    assert_eq!(levels.len(), 2);
}

#[test]
fn a_guard_is_dropped_on_a_panic() {
    let gauge = Gauge::new();
    let levels = GaugeVec::<1, i64>::from(["x"]);
    catch_unwind(AssertUnwindSafe(|| {
        let _guard = gauge.inc_guard();
        let _series = levels.with(["a"]).inc_guard();
        assert_eq!((gauge.get(), levels.with(["a"]).get()), (1.0, 1));
        panic!("a fault");
    }))
    .unwrap_err();
    assert_eq!((gauge.get(), levels.with(["a"]).get()), (0.0, 0));
}

#[test]
fn a_timer_observes_once_however_it_ends() {
    let seconds = Histogram::new(&[60.0]);
    drop(seconds.start_timer());
    let elapsed = seconds.start_timer().stop();
    assert!((0.0..60.0).contains(&elapsed));
    seconds.start_timer().discard();
    assert_eq!(seconds.count(), 2);
    assert!(seconds.sum() >= elapsed);
}

#[test]
fn a_timer_of_a_series_observes_there() {
    let seconds = HistogramVec::new(["x"], &[60.0]);
    drop(seconds.with(["a"]).start_timer());
    seconds.with(["a"]).pin().start_timer().stop();
    seconds.with(["b"]).start_timer().discard();
    assert_eq!((seconds.with(["a"]).count(), seconds.len()), (2, 1));
}

#[test]
fn a_timer_observes_on_a_panic() {
    let seconds = Histogram::default();
    let by_path = HistogramVec::new(["path"], &[60.0]);
    catch_unwind(AssertUnwindSafe(|| {
        let _timer = seconds.start_timer();
        let _series = by_path.with(["/"]).start_timer();
        panic!("a fault");
    }))
    .unwrap_err();
    assert_eq!((seconds.count(), by_path.with(["/"]).count()), (1, 1));
}

#[test]
fn a_gauge_is_set_to_the_current_time() {
    let unix = || SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs_f64();
    let (gauge, series) = (Gauge::new(), GaugeVec::new(["x"]));
    let before = unix();
    gauge.set_to_current_time();
    series.with(["a"]).set_to_current_time();
    series.with(["b"]).pin().set_to_current_time();
    let after = unix();
    let [a, b] = ["a", "b"].map(|value| series.with([value]).get());
    assert!([before, gauge.get(), a, b, after].is_sorted());
}

// Numbers.

#[test]
fn a_counter_does_not_go_down_nor_to_infinity() {
    let counter = Counter::<f64>::default();
    let family = CounterVec::<1, f64>::from(["x"]);
    for amount in [1.5, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, 0.25] {
        counter.inc_by(amount);
        counter.inc_by_with_exemplar(amount, &[]);
        family.with(["a"]).inc_by(amount);
        family.with(["a"]).inc_by_with_exemplar(amount, &[]);
        family.with(["a"]).pin().inc_by(amount);
    }
    assert_eq!((counter.get(), family.with(["a"]).get()), (3.5, 5.25));
}

#[test]
fn an_increment_that_is_refused_makes_no_series() {
    let family = CounterVec::<1, f64>::from(["x"]);
    family.with(["a"]).inc_by(-1.0);
    family.with(["b"]).inc_by_with_exemplar(f64::NAN, &[]);
    assert!(family.is_empty());
}

#[test]
fn buckets_are_computed_in_the_declaration() {
    const WIDTH: f64 = 2.5;

    #[derive(Collector)]
    struct Computed {
        #[metric(help = "Linear.", buckets = linear_buckets::<3>(-2.5, WIDTH))]
        linear: Histogram,

        #[metric(help = "Exponential.", labels = ["x"], buckets = exponential_buckets::<4>(0.5, 2.0))]
        exponential: HistogramVec<1>,
    }

    let computed = Computed::new();
    computed.linear.observe(-2.5);
    computed.linear.observe(2.0);
    computed.exponential.with(["a"]).observe(3.0);
    assert_golden("expositions/computed_buckets.txt", &exposition_of(computed));
}

#[test]
fn openmetrics_has_sum_and_count_of_a_histogram_whose_sum_can_fall() {
    #[derive(Collector)]
    struct Signed {
        #[metric(help = "Below zero.", buckets = [-1, 1])]
        below: Histogram,
        #[metric(help = "Above zero, but for an observation.", buckets = [1])]
        fallen: Histogram,
        #[metric(help = "Zero.", buckets = [0])]
        zero: Histogram,
    }

    let signed = Signed::new();
    signed.below.observe(0.5);
    signed.fallen.observe(-0.5);
    let registry = Registry::new();
    registry.register(signed).unwrap();
    assert_golden(
        "expositions/histograms_whose_sum_can_fall.openmetrics",
        &open_metrics(&registry),
    );
}

// Exemplars.

#[test]
fn a_counter_that_openmetrics_does_not_know_as_one_has_no_exemplar() {
    #[derive(Collector)]
    struct Untotalled {
        /// Requests.
        requests: Counter,
        #[metric(help = "By path.", labels = ["path"])]
        by_path: CounterVec<1>,
    }

    let untotalled = Arc::new(Untotalled::new());
    untotalled.requests.inc_by_with_exemplar(1, &[("trace_id", "1")]);
    untotalled.by_path.with(["/"]).inc_by_with_exemplar(1, &[("trace_id", "1")]);
    let registry = Registry::new();
    registry.register(untotalled).unwrap();
    assert_eq!(
        open_metrics(&registry),
        "\
# HELP by_path By path.
# TYPE by_path unknown
by_path{path=\"/\"} 1
# HELP requests Requests.
# TYPE requests unknown
requests 1
# EOF
"
    );
}

// Facts and states.

#[derive(Labels)]
struct Release<S> {
    version: S,
    build: u32,
}

#[derive(LabelValue)]
enum Role {
    Leader,
    Follower,
    #[label(name = "stand \"by\"")]
    Standby,
}

#[derive(Collector)]
#[collector(namespace = "db", const_labels(zone = "a"))]
struct Node {
    /// What it is.
    release_info: Info<Release<String>>,

    /// What it does.
    role: StateSet<Role>,
}

fn node(samples: &str) -> String {
    let roles = "# HELP db_role What it does.\n# TYPE db_role gauge\n";
    match samples.split_once("db_role{") {
        Some((info, states)) if !info.is_empty() => format!(
            "# HELP db_release_info What it is.\n# TYPE db_release_info gauge\n{info}{roles}db_role{{{states}"
        ),
        _ => format!("{roles}{samples}"),
    }
}

const ALL_OFF: &str = r#"db_role{zone="a",db_role="leader"} 0
db_role{zone="a",db_role="follower"} 0
db_role{zone="a",db_role="stand \"by\""} 0
"#;

#[test]
fn an_info_is_set_replaced_and_cleared() {
    let metrics = Arc::new(Node::new());
    let registry = Registry::new();
    registry.register(Arc::clone(&metrics)).unwrap();
    let exposed =
        |info: &str| assert_eq!(exposition(&registry), node(&(info.to_owned() + ALL_OFF)));
    exposed("");
    metrics.release_info.set(Release { version: "7.\"2\"\n".to_owned(), build: 5 });
    exposed("db_release_info{zone=\"a\",version=\"7.\\\"2\\\"\\n\",build=\"5\"} 1\n");
    metrics.release_info.set(&Release { version: "8", build: 6 });
    exposed("db_release_info{zone=\"a\",version=\"8\",build=\"6\"} 1\n");
    metrics.release_info.clear();
    exposed("");
}

#[test]
fn states_are_set_enabled_and_disabled() {
    let metrics = Arc::new(Node::new());
    let registry = Registry::new();
    registry.register(Arc::clone(&metrics)).unwrap();
    let exposed = |states: [u8; 3]| {
        let labels = ["leader", "follower", "stand \\\"by\\\""].iter().zip(states);
        let line =
            |(state, on): (&&str, u8)| format!("db_role{{zone=\"a\",db_role=\"{state}\"}} {on}\n");
        assert_eq!(exposition(&registry), node(&labels.map(line).collect::<String>()));
    };
    exposed([0, 0, 0]);
    metrics.role.set(Role::Leader);
    exposed([1, 0, 0]);
    metrics.role.enable(Role::Standby);
    exposed([1, 0, 1]);
    metrics.role.disable(Role::Leader);
    metrics.role.disable(Role::Follower);
    exposed([0, 0, 1]);
    assert!(metrics.role.is_enabled(Role::Standby) && !metrics.role.is_enabled(Role::Leader));
    metrics.role.set(Role::Follower);
    exposed([0, 1, 0]);
}

#[test]
fn the_label_of_a_state_set_has_the_prefix_of_the_registration_too() {
    let metrics = Node::new();
    metrics.release_info.set(Release { version: "7", build: 5 });
    metrics.role.set(Role::Leader);
    let registry = Registry::new();
    registry.scope().prefix("my_").const_label("rack", "r").register(metrics).unwrap();
    let samples = |head: [&str; 2], [info, role]: [&str; 2]| {
        format!(
            "\
# HELP {info} What it is.
# TYPE {info} {}
my_db_release_info{{zone=\"a\",rack=\"r\",version=\"7\",build=\"5\"}} 1
# HELP {role} What it does.
# TYPE {role} {}
my_db_role{{zone=\"a\",rack=\"r\",my_db_role=\"leader\"}} 1
my_db_role{{zone=\"a\",rack=\"r\",my_db_role=\"follower\"}} 0
my_db_role{{zone=\"a\",rack=\"r\",my_db_role=\"stand \\\"by\\\"\"}} 0
",
            head[0], head[1]
        )
    };
    assert_eq!(exposition(&registry), samples(["gauge"; 2], ["my_db_release_info", "my_db_role"]));
    assert_eq!(
        open_metrics(&registry),
        samples(["info", "stateset"], ["my_db_release", "my_db_role"]) + "# EOF\n"
    );
}

#[test]
fn an_info_made_with_other_labels_than_declared_is_refused() {
    #[derive(Collector)]
    #[collector(no_new)]
    struct Server {
        #[metric(help = "Help.", labels = ["version"])]
        server_info: Info<String>,
    }

    let desc = Desc::new("server_info", "Help.", MetricType::Info);
    let server = |label: &'static str| Server {
        server_info: Init::init(&Declaration::new(desc.clone().with_labels([label]))),
    };
    assert_eq!(
        Registry::new().register(server("release")).unwrap_err().to_string(),
        "collector `metrics::an_info_made_with_other_labels_than_declared_is_refused::Server`: field of \
         metric `server_info` was made with labels [\"release\"], and declares [\"version\"]"
    );
    let server = server("version");
    server.server_info.set("7");
    assert_eq!(
        exposition_of(server),
        "# HELP server_info Help.\n# TYPE server_info gauge\nserver_info{version=\"7\"} 1\n"
    );
}

// Snapshots.

fn histogram(buckets: &[(f64, u64)], count: u64) -> Result<HistogramSnapshot, String> {
    let buckets = buckets.iter().copied();
    HistogramSnapshot::new(buckets, 1.5, count).map_err(|error| error.to_string())
}

fn summary(quantiles: &[(f64, f64)]) -> Result<SummarySnapshot, String> {
    SummarySnapshot::new(quantiles.iter().copied(), 1.5, 3).map_err(|error| error.to_string())
}

#[test]
fn a_histogram_that_cannot_be_is_an_error() {
    let bounds = |bound: &str, next: &str| {
        Err(format!("`{next}` follows `{bound}`: bounds and quantiles must increase strictly"))
    };
    assert_eq!(histogram(&[(1.0, 1), (1.0, 2)], 2), bounds("1", "1"));
    assert_eq!(histogram(&[(1.0, 1), (0.5, 2)], 2), bounds("1", "0.5"));
    assert_eq!(histogram(&[(f64::NAN, 1)], 2), bounds("NaN", "+Inf"));
    assert_eq!(histogram(&[(f64::INFINITY, 1), (1.0, 1)], 2), bounds("+Inf", "1"));
    let counts = |bound: &str, next: u64, count: u64| {
        Err(format!(
            "the bucket up to `{bound}` counts {next} observations, the one before it {count}: \
             cumulative counts must not decrease"
        ))
    };
    assert_eq!(histogram(&[(1.0, 2), (2.0, 1)], 3), counts("2", 1, 2));
    assert_eq!(histogram(&[(1.0, 2), (2.0, 4)], 3), counts("+Inf", 3, 4));
}

#[test]
fn the_last_bucket_of_a_histogram_holds_all() {
    let closed = histogram(&[(1.0, 2), (f64::INFINITY, 3)], 3);
    assert_eq!(closed, histogram(&[(1.0, 2)], 3));
    assert_eq!(histogram(&[], 3), histogram(&[(f64::INFINITY, 3)], 3));
    let message = |bucket, count| {
        Err(format!("the bucket up to `+Inf` counts {bucket} observations, but there are {count}"))
    };
    assert_eq!(histogram(&[(1.0, 2), (f64::INFINITY, 3)], 4), message(3, 4));
    assert_eq!(histogram(&[(1.0, 2), (f64::INFINITY, 3)], 2), message(3, 2));
}

#[test]
fn a_summary_that_cannot_be_is_an_error() {
    let quantile = |at: &str| Err(format!("`{at}` is not a quantile: they are from 0 to 1"));
    assert_eq!(summary(&[(0.5, 1.0), (1.5, 2.0)]), quantile("1.5"));
    assert_eq!(summary(&[(-0.5, 1.0)]), quantile("-0.5"));
    assert_eq!(summary(&[(f64::NAN, 1.0)]), quantile("NaN"));
    assert_eq!(summary(&[(f64::INFINITY, 1.0)]), quantile("+Inf"));
    let bounds = |bound: &str, next: &str| {
        Err(format!("`{next}` follows `{bound}`: bounds and quantiles must increase strictly"))
    };
    assert_eq!(summary(&[(0.5, 1.0), (0.5, 2.0)]), bounds("0.5", "0.5"));
    assert_eq!(summary(&[(0.5, 1.0), (0.25, 2.0)]), bounds("0.5", "0.25"));
    assert!(summary(&[(0.0, f64::NAN), (1.0, f64::NAN)]).is_ok());
}

#[derive(Collector)]
struct Snapshots {
    #[metric(help = "Histograms.", labels = ["x"])]
    a: BTreeMap<String, HistogramSnapshot>,

    #[metric(help = "Summaries.", labels = ["x", "y"], const_labels(zone = "z"))]
    b: Vec<((&'static str, u8), SummarySnapshot)>,

    /// At another time.
    c: Option<Timestamped<f64>>,

    #[metric(help = "At other times.", labels = ["x"])]
    d: BTreeMap<&'static str, Timestamped<Option<u64>>>,

    /// A histogram of another time.
    e: Timestamped<HistogramSnapshot>,
}

/// Half a second past an even one.
fn then() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_500)
}

fn snapshots() -> Snapshots {
    let at = |value| Timestamped::new(value, then());
    Snapshots {
        a: BTreeMap::from([
            ("one".to_owned(), histogram(&[(0.5, 2)], 3).unwrap()),
            ("two".to_owned(), HistogramSnapshot::default()),
        ]),
        b: vec![
            (("one", 1), summary(&[(0.5, f64::NAN), (1.0, 0.25)]).unwrap()),
            (("two", 2), SummarySnapshot::default()),
            (("one", 1), SummarySnapshot::default()),
        ],
        c: Some(at(0.5)),
        d: BTreeMap::from([
            ("none", Timestamped::new(None, then())),
            ("past", Timestamped::new(Some(7), SystemTime::UNIX_EPOCH - Duration::from_millis(50))),
        ]),
        e: Timestamped::new(histogram(&[], 3).unwrap(), then()),
    }
}

#[test]
fn snapshots_and_timestamps_are_fields_and_values_of_maps() {
    assert_golden("expositions/snapshots.txt", &exposition_of_fn(snapshots));
}

#[test]
fn openmetrics_has_seconds_and_bounds_with_a_point() {
    let registry = Registry::new();
    registry.register_fn(snapshots).unwrap();
    assert_golden("expositions/snapshots.openmetrics", &open_metrics(&registry));
}

#[test]
fn new_makes_snapshots_without_observations_and_values_of_the_time_of_the_scrape() {
    assert_eq!(
        exposition_of_fn(Snapshots::new),
        r#"# HELP e A histogram of another time.
# TYPE e histogram
e_bucket{le="+Inf"} 0
e_sum 0
e_count 0
"#
    );
}

// What cannot be exposed.

#[test]
fn counter_value_that_is_negative_or_nan_is_exposed() {
    #[derive(Collector)]
    struct Counters {
        /// Negative.
        #[metric(counter)]
        negative_total: i64,
        /// Negative, and of another time.
        #[metric(counter)]
        past_total: Timestamped<f64>,
        /// Without the suffix.
        #[metric(counter)]
        plain: f64,
        #[metric(counter, help = "Some.", labels = ["x"])]
        some_total: BTreeMap<u8, f64>,
    }

    let some = [-0.5, f64::NAN, f64::NEG_INFINITY, f64::INFINITY, 0.5];
    let counters = move || Counters {
        negative_total: -1,
        past_total: Timestamped::new(-1.0, then()),
        plain: f64::NAN,
        some_total: (0..).zip(some).collect(),
    };
    let registry = Registry::new();
    registry.register_fn(counters).unwrap();
    assert_golden("expositions/negative_and_nan_counters.txt", &exposition(&registry));
    assert_golden("expositions/negative_and_nan_counters.openmetrics", &open_metrics(&registry));
}

/// Writes to a family of each type a number, a histogram and a summary.
struct Misfit;

impl Describe for Misfit {
    fn describe(&self) -> Vec<Desc> {
        let desc = |(name, metric_type)| Desc::new(name, "Help.", metric_type);
        let descs = [
            ("counter_total", MetricType::Counter),
            ("gauge", MetricType::Gauge),
            ("histogram", MetricType::Histogram),
            ("summary", MetricType::Summary),
            ("untyped", MetricType::Untyped),
        ];
        descs.map(desc).map(|desc| desc.with_labels(["x"])).to_vec()
    }
}

impl Collect for Misfit {
    fn collect(&self, _: usize, encoder: &mut FamilyEncoder<'_>) {
        encoder.sample(["number"], 1);
        encoder.sample(["histogram"], &histogram(&[(1.0, 2)], 3).unwrap());
        encoder.sample(["summary"], &summary(&[(0.5, 2.0)]).unwrap());
    }
}

#[test]
fn a_point_of_another_type_is_dropped() {
    assert_golden("expositions/samples_of_another_type.txt", &exposition_of(Misfit));
}

/// Writes numbers to an info and to a state set.
struct Numbers;

impl Describe for Numbers {
    fn describe(&self) -> Vec<Desc> {
        let info = Desc::new("server_info", "Help.", MetricType::Info).with_labels(["x"]);
        let states = Desc::new("role", "Help.", MetricType::StateSet);
        vec![info, states.clone(), Desc::new("other", "Help.", MetricType::StateSet)]
    }
}

impl Collect for Numbers {
    fn collect(&self, index: usize, encoder: &mut FamilyEncoder<'_>) {
        use hello_exporter::collect::Metric;
        match index {
            0 => {
                for value in [0.0, 0.5, 1.0, f64::NAN] {
                    encoder.sample([value.to_string()], value);
                }
                encoder.sample(["integer"], 1);
            }
            1 => encoder.value(1),
            _ => StateSet::<Role>::new().collect(encoder),
        }
    }
}

#[test]
fn the_value_of_an_info_is_one_and_a_state_set_has_states_alone() {
    let registry = Registry::new();
    registry.register(Numbers).unwrap();
    assert_eq!(
        open_metrics(&registry),
        r#"# HELP other Help.
# TYPE other stateset
other{other="leader"} 0
other{other="follower"} 0
other{other="stand \"by\""} 0
# HELP server Help.
# TYPE server info
server_info{x="1"} 1
server_info{x="integer"} 1
# EOF
"#
    );
}

/// Labels by hand that are not as many as they say.
struct Miscounted(&'static [&'static str]);

impl Labels for Miscounted {
    const COUNT: usize = 2;
    const NAMES: Option<&'static [Cow<'static, str>]> =
        Some(&[Cow::Borrowed("method"), Cow::Borrowed("path")]);

    fn with_values<R>(&self, read: impl FnOnce(&[&str]) -> R) -> R {
        read(self.0)
    }
}

#[test]
fn an_update_with_another_number_of_label_values_is_dropped() {
    #[derive(Collector)]
    struct ByHand {
        /// Requests.
        by_hand_total: Family<Miscounted, Counter>,
    }

    let by_hand = ByHand::new();
    for values in [&["1"][..], &["1", "2", "3", "4", "5"], &["x"; 9], &[]] {
        by_hand.by_hand_total.with(Miscounted(values)).inc();
        by_hand.by_hand_total.with(Miscounted(values)).pin().inc();
        assert!(!by_hand.by_hand_total.remove(Miscounted(values)));
    }
    by_hand.by_hand_total.with(Miscounted(&["GET", "/"])).inc();
    assert_eq!(
        exposition_of(by_hand),
        "\
# HELP by_hand_total Requests.
# TYPE by_hand_total counter
by_hand_total{method=\"GET\",path=\"/\"} 1
"
    );
}

#[test]
fn a_guard_subtracts_nothing_from_what_was_removed_or_never_there() {
    #[derive(Collector)]
    struct Limited {
        #[metric(help = "Jobs.", labels = ["queue"], max_series = 1)]
        jobs: GaugeVec<1>,
    }

    let limited = Limited::new();
    let removed = limited.jobs.with(["a"]).inc_guard();
    limited.jobs.clear();
    drop(removed);
    assert!(limited.jobs.is_empty());

    limited.jobs.with(["a"]).set(1.0);
    let refused = limited.jobs.with(["b"]).inc_guard();
    limited.jobs.remove(["a"]);
    drop(refused);
    assert!(limited.jobs.is_empty());
}
