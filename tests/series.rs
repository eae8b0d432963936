//! Series that are created, removed, iterated, pinned and limited.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::borrow::Cow;
use std::sync::Arc;

use hello_exporter::{
    Collector, Counter, CounterVec, Family, Gauge, GaugeVec, HistogramVec, Labels, Registry,
};
use hello_exporter_tests::{assert_golden, exposition, exposition_of, open_metrics, registry_of};

#[derive(Collector)]
struct Requests {
    #[metric(help = "Requests.", labels = ["method", "path"])]
    requests_total: CounterVec<2>,
}

/// Returns the exposition of [`Requests`] with these samples.
fn requests(samples: &str) -> String {
    match samples {
        "" => String::new(),
        _ => format!("# HELP requests_total Requests.\n# TYPE requests_total counter\n{samples}"),
    }
}

/// Returns requests whose first series is at 1, the second at 2, and so on, and a registry that
/// exposes them.
fn counted(series: &[[&str; 2]]) -> (Arc<Requests>, Registry) {
    let requests = Arc::new(Requests::new());
    for (at, values) in (1..).zip(series) {
        requests.requests_total.with(*values).inc_by(at);
    }
    let registry = registry_of(Arc::clone(&requests));
    (requests, registry)
}

// Removal.

#[test]
fn removed_series_is_not_exposed() {
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
fn recreated_series_starts_at_zero_and_comes_last() {
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
fn cleared_family_has_no_help_and_is_filled_again() {
    let (metrics, registry) = counted(&[["GET", "/"], ["PUT", "/"]]);
    assert!(!metrics.requests_total.is_empty());
    metrics.requests_total.clear();
    assert!(metrics.requests_total.is_empty());
    assert_eq!(exposition(&registry), "");
    metrics.requests_total.with(["PUT", "/"]).init();
    assert_eq!(exposition(&registry), requests("requests_total{method=\"PUT\",path=\"/\"} 0\n"));
}

#[test]
fn removing_and_recreating_many_series_keeps_the_others() {
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
fn removed_series_loses_its_exemplar() {
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
fn series_is_removed_by_an_owned_or_borrowed_label_struct() {
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
fn recreated_histogram_has_no_observations() {
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
fn histograms_are_retained_by_sum() {
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

/// Label values that only an exact decoder reads back.
const NASTY: [&str; 9] =
    ["", "\"", "\\", "\n", "\\n", "\\\\n", "\",path=\"x", "a=\"b\",c=\"d\"", "é\\\""];

#[test]
fn view_decodes_its_labels() {
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
fn retain_removes_exactly_the_rejected_series() {
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
fn view_reads_the_current_value_and_the_last_one_after_removal() {
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
fn series_are_iterated_in_order_of_creation() {
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
fn retain_visits_each_series_once() {
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
fn retain_can_use_its_own_family() {
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
fn empty_family_is_iterated_and_retained() {
    let family = CounterVec::new(["x"]);
    assert_eq!(family.iter().count(), 0);
    family.retain(|_| false);
    family.clear();
    assert_eq!((family.len(), family.is_empty()), (0, true));
}

// Pins.

#[test]
fn pinned_handle_follows_removal_and_creation() {
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
fn pinned_handle_follows_clear_retain_and_other_removals() {
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
fn pinned_handle_and_lookup_update_one_series_while_the_family_grows() {
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
fn max_series_counts_current_series() {
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
fn pinned_handle_respects_max_series() {
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

/// Handwritten labels whose number of values can differ from `COUNT`.
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
fn update_with_a_wrong_number_of_label_values_is_dropped() {
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
