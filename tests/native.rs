//! Native histograms: what each format exposes, limits and resets, families, snapshots.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use hello_exporter::collect::{Collect, Desc, Describe, FamilyEncoder, MetricType};
use hello_exporter::metric::{Buckets, NativeBuckets, NativeHistogramSnapshot};
use hello_exporter::{
    Collector, DynamicFamilies, Format, Histogram, HistogramVec, Labels, Registry, Rows, Started,
};
use hello_exporter_tests::model::{self, Metric};
use hello_exporter_tests::{
    assert_golden, exposition, open_metrics, registry_of, registry_of_fn, until,
};

/// Returns the only family of an exposition in protobuf.
fn protobuf(registry: &Registry) -> Vec<Metric> {
    let mut buffer = Vec::new();
    registry.encode(Format::Protobuf, &mut buffer);
    let families: [_; 1] = model::families(&buffer).try_into().unwrap();
    let [family] = families;
    family.metric
}

fn histogram(registry: &Registry) -> model::Histogram {
    let metrics: [_; 1] = protobuf(registry).try_into().unwrap();
    let [metric] = metrics;
    metric.histogram.unwrap()
}

#[derive(Collector)]
struct Times {
    /// Native alone.
    #[metric(native)]
    native_seconds: Histogram,
    #[metric(help = "Both.", labels = ["path"], native(factor = 2), buckets = [0.5, 1])]
    both_seconds: HistogramVec<1>,
}

const VALUES: [f64; 7] = [0.25, 0.5, 0.75, 1.0, 8.0, 0.0, -3.0];

fn times() -> Arc<Times> {
    let times = Times::new();
    for value in VALUES {
        times.native_seconds.observe(value);
        times.both_seconds.with(["/"]).observe(value);
    }
    times.both_seconds.with(["/none"]).init();
    Arc::new(times)
}

#[test]
fn text_formats_expose_classic_buckets() {
    let registry = registry_of(times());
    assert_golden("expositions/native.txt", &exposition(&registry));
    assert_golden("expositions/native.openmetrics", &open_metrics(&registry));
}

#[derive(Collector)]
struct One {
    /// Observations.
    #[metric(native(factor = 2, max_buckets = 4, zero_threshold = 1e-3))]
    values: Histogram,
}

#[test]
fn protobuf_exposes_native_buckets() {
    let one = One::new();
    for value in [0.25, 0.3, 8.0, -3.0, -3.5, 1e-3, -1e-4, f64::NAN] {
        one.values.observe(value);
    }
    let histogram = histogram(&registry_of(one));
    assert_eq!((histogram.schema, histogram.zero_threshold, histogram.zero_count), (0, 1e-3, 2));
    assert_eq!(histogram.positive(), [(-2, 1), (-1, 1), (3, 1)].into());
    assert_eq!(histogram.negative(), [(2, 2)].into());
    assert_eq!(histogram.sample_count, 8);
    assert!(histogram.sample_sum.is_nan());
    assert_eq!(histogram.bucket, []);
}

#[test]
fn both_kinds_count_the_same_observations() {
    let times = Times::new();
    VALUES.iter().for_each(|value| times.both_seconds.with(["/"]).observe(*value));
    let registry = Registry::new();
    registry.register(times).unwrap();
    let mut buffer = Vec::new();
    registry.encode(Format::Protobuf, &mut buffer);
    let families = model::families(&buffer);
    let histogram = families[0].metric[0].histogram.as_ref().unwrap();
    let classic: Vec<_> =
        histogram.bucket.iter().map(|it| (it.upper_bound, it.cumulative_count)).collect();
    assert_eq!(classic, [(0.5, 4), (1.0, 6), (f64::INFINITY, 7)]);
    assert_eq!(histogram.positive(), [(-2, 1), (-1, 1), (0, 2), (3, 1)].into());
    assert_eq!((histogram.sample_count, histogram.sample_sum), (7, 7.5));
}

#[test]
fn histogram_without_observations_is_native() {
    let histogram = histogram(&registry_of(One::new()));
    // Prometheus takes a histogram with a zero threshold for a native one.
    assert_eq!((histogram.sample_count, histogram.zero_threshold), (0, 1e-3));
}

#[test]
fn resolution_is_halved_beyond_max_buckets() {
    let one = One::new();
    (0..5).for_each(|power| one.values.observe(2_f64.powi(power)));
    let histogram = histogram(&registry_of(one));
    assert_eq!(histogram.schema, -1);
    assert_eq!(histogram.positive(), [(0, 1), (1, 2), (2, 2)].into());
}

/// Returns a histogram that can be reset two milliseconds after it was made.
fn resetting() -> Arc<One> {
    let buckets = NativeBuckets::new().factor(2.0).max_buckets(2);
    Arc::new(One { values: Histogram::new(buckets.min_reset(Duration::from_millis(2))) })
}

/// A collector that panics when its family is written.
struct Panicking;

impl Describe for Panicking {
    fn describe(&self) -> Vec<Desc> {
        vec![
            Desc::new("values", "Observations.", MetricType::Histogram)
                .with_const_labels([("a", "b")]),
        ]
    }
}

impl Collect for Panicking {
    fn collect(&self, _: usize, _: &mut FamilyEncoder<'_>) {
        panic!("collected");
    }
}

#[test]
fn panic_of_another_collector_does_not_reset_a_histogram_unseen() {
    let one = resetting();
    (0..5).for_each(|power| one.values.observe(2_f64.powi(power)));
    let start = Instant::now();
    until(|| start.elapsed() > Duration::from_millis(2));
    let registry = Registry::new();
    registry.scope().const_label("a", "c").register(Arc::clone(&one)).unwrap();
    registry.register(Panicking).unwrap();
    assert_eq!(histogram(&registry).sample_count, 5);
    assert_eq!(histogram(&registry).sample_count, 0);
}

#[test]
fn histogram_is_reset_after_the_scrape_that_exposed_it() {
    let one = resetting();
    let registry = registry_of(Arc::clone(&one));
    (0..5).for_each(|power| one.values.observe(2_f64.powi(power)));
    let widened = histogram(&registry);
    assert_eq!((widened.schema, widened.sample_count, widened.sample_sum), (-2, 5, 31.0));
    // The text format does not reset, since it does not expose the native buckets.
    assert!(exposition(&registry).contains("values_count 5\n"));
    assert!(exposition(&registry).contains("values_count 5\n"));
    until(|| histogram(&registry).sample_count == 0);
    one.values.observe(3.0);
    let reset = histogram(&registry);
    assert_eq!((reset.schema, reset.sample_count, reset.sample_sum), (0, 1, 3.0));
    let start = |of: &model::Histogram| of.created_timestamp.unwrap().milliseconds();
    assert!(start(&reset) > start(&widened));
}

#[derive(Collector)]
struct ByPath {
    #[metric(help = "Time by path.", labels = ["path"], native)]
    seconds: HistogramVec<1>,
}

#[test]
fn series_keep_their_buckets_when_others_are_removed() {
    let by_path = Arc::new(ByPath::new());
    let registry = registry_of(Arc::clone(&by_path));
    for path in 0..1_000 {
        (0..=path % 3).for_each(|_| by_path.seconds.with([path]).observe(f64::from(path)));
    }
    by_path.seconds.retain(|series| series.label("path").unwrap().ends_with('7'));
    by_path.seconds.with([7]).observe(1e9);
    let metrics = protobuf(&registry);
    assert_eq!(metrics.len(), 100);
    for metric in metrics {
        let path: u64 = metric.label[0].value.parse().unwrap();
        let histogram = metric.histogram.unwrap();
        let extra = u64::from(path == 7);
        assert_eq!(histogram.sample_count, path % 3 + 1 + extra, "{path}");
        assert_eq!(histogram.positive().values().sum::<i64>(), (path % 3 + 1 + extra) as i64);
    }
    by_path.seconds.clear();
    assert!(exposition(&registry).is_empty());
}

#[test]
fn every_observation_of_concurrent_threads_is_counted() {
    const THREADS: u32 = 4;
    const EACH: u32 = 20_000;

    let buckets = NativeBuckets::new().max_buckets(20).max_zero_threshold(1e-3);
    let by_path = Arc::new(ByPath { seconds: HistogramVec::new(["path"], buckets) });
    let registry = registry_of(Arc::clone(&by_path));
    by_path.seconds.with(["/"]).init();
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let seconds = &by_path.seconds;
            scope.spawn(move || {
                let pinned = seconds.with(["/"]).pin();
                for number in 0..EACH {
                    pinned.observe(f64::from(number) * 1e-4 - f64::from(thread));
                }
            });
        }
        let mut before = 0;
        for _ in 0..50 {
            let now = histogram(&registry);
            let buckets = now.positive().values().chain(now.negative().values()).sum::<i64>();
            assert_eq!(now.sample_count, now.zero_count + buckets as u64);
            assert!(now.sample_count >= before);
            before = now.sample_count;
        }
    });
    let last = histogram(&registry);
    assert_eq!(last.sample_count, u64::from(THREADS * EACH));
    assert!(last.positive().len() + last.negative().len() <= 20);
}

#[test]
fn exemplars_of_native_buckets_are_kept_apart() {
    let one = One::new();
    let trace = |id: &'static str| [("trace_id", id)];
    one.values.observe_with_exemplar(1.0, &trace("1"));
    one.values.observe_with_exemplar(1.01, &trace("2"));
    one.values.observe_with_exemplar(1.5, &trace("3"));
    let registry = registry_of(one);
    let exemplars = histogram(&registry).exemplars;
    let ids: Vec<&str> = exemplars.iter().map(|it| &*it.label[0].value).collect();
    assert_eq!(ids, ["2", "3"]);
    let text = open_metrics(&registry);
    let infinity = text.lines().find(|line| line.contains("+Inf")).unwrap();
    assert!(infinity.starts_with("values_bucket{le=\"+Inf\"} 3 # {trace_id=\"3\"} 1.5 "), "{text}");
}

#[derive(Labels)]
struct Disk {
    device: &'static str,
}

#[test]
fn rows_and_flattened_structs_have_native_histograms() {
    let mut disks = Rows::<Disk, One>::new();
    for device in ["sda", "sdb"] {
        let one = One::new();
        one.values.observe(1.0);
        disks.push(Disk { device }, one);
    }
    let metrics = protobuf(&registry_of(disks));
    assert_eq!(metrics.len(), 2);
    for metric in metrics {
        assert_eq!(metric.histogram.unwrap().positive(), [(0, 1)].into());
    }
}

fn snapshot() -> NativeHistogramSnapshot {
    let positive = [(-1, 3), (0, 0), (4, 5)];
    NativeHistogramSnapshot::new(0, 0.25, 2, positive, [(1, 1)], 55.5, 11).unwrap()
}

#[derive(Collector)]
struct Snapshots {
    #[metric(help = "Waits.", labels = ["lock"])]
    waits: BTreeMap<&'static str, Started<NativeHistogramSnapshot>>,
}

#[derive(Collector)]
struct Dynamic {
    #[metric(flatten)]
    families: DynamicFamilies,
}

#[test]
fn snapshots_are_values_and_samples_of_dynamic_families() {
    let start = std::time::UNIX_EPOCH + Duration::from_millis(1_500);
    let snapshots = move || Snapshots { waits: [("a", Started::new(snapshot(), start))].into() };
    let dynamic = || {
        let mut families = DynamicFamilies::new();
        families.histogram("waits", "Waits.").sample([("lock", "a")], snapshot());
        Dynamic { families }
    };
    let of_values = histogram(&registry_of_fn(snapshots));
    assert_eq!(of_values.created_timestamp.unwrap().milliseconds(), 1_500);
    let of_dynamic = histogram(&registry_of_fn(dynamic));
    assert_eq!(of_dynamic, model::Histogram { created_timestamp: None, ..of_values.clone() });
    assert_eq!(of_values.positive(), [(-1, 3), (4, 5)].into());
    assert_eq!(of_values.negative(), [(1, 1)].into());
    assert_eq!((of_values.sample_count, of_values.sample_sum), (11, 55.5));
    assert_eq!(
        exposition(&registry_of_fn(dynamic)),
        "\
# HELP waits Waits.
# TYPE waits histogram
waits_bucket{lock=\"a\",le=\"+Inf\"} 11
waits_sum{lock=\"a\"} 55.5
waits_count{lock=\"a\"} 11
"
    );
}

#[test]
fn snapshot_with_classic_buckets_has_both() {
    let both = move || Snapshots {
        waits: [(
            "a",
            Started::new(snapshot().with_buckets([(1.0, 6)]).unwrap(), std::time::UNIX_EPOCH),
        )]
        .into(),
    };
    let histogram = histogram(&registry_of_fn(both));
    assert_eq!(histogram.bucket.len(), 1);
    assert_eq!(histogram.positive(), [(-1, 3), (4, 5)].into());
    let error = snapshot().with_buckets([(1.0, 12)]).unwrap_err().to_string();
    assert_eq!(
        error,
        "the bucket up to `+Inf` counts 11 observations, the one before it 12: cumulative counts must not \
         decrease"
    );
}

#[test]
fn histograms_made_by_hand_have_the_buckets_they_are_given() {
    let native = NativeBuckets::new().factor(1.01);
    let one = One { values: Histogram::new(Buckets::from(&[1.0]).with_native(native)) };
    one.values.observe(0.5);
    let histogram = histogram(&registry_of(one));
    assert_eq!((histogram.schema, histogram.bucket.len()), (7, 2));
    assert_eq!(histogram.positive(), [(-128, 1)].into());
}
