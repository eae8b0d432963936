//! Faults of expositions that other libraries have or had, each with a test that this one does not
//! have it.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::collections::BTreeMap;

use allocation_counter::measure;
use hello_exporter::{Collector, Histogram, HistogramVec, Registry};
use hello_exporter_tests::{
    exposition, exposition_of, exposition_of_fn, open_metrics, registry_of_fn,
};

// `prometheus`: duplicate series are exposed.

#[test]
fn duplicate_series_are_exposed_once() {
    #[derive(Collector)]
    struct Disks {
        #[metric(help = "Bytes free.", labels = ["disk"])]
        disk_free_bytes: Vec<(&'static str, u64)>,
    }

    let disks = || Disks { disk_free_bytes: vec![("sda", 1), ("sdb", 2), ("sda", 3), ("sdb", 4)] };
    assert_eq!(
        exposition_of_fn(disks),
        r#"# HELP disk_free_bytes Bytes free.
# TYPE disk_free_bytes gauge
disk_free_bytes{disk="sda"} 1
disk_free_bytes{disk="sdb"} 2
"#
    );
}

// `prometheus`: `1e300` is written with 301 digits; untyped metrics hit `unimplemented!()`.

#[test]
fn large_floats_are_short() {
    #[derive(Collector)]
    struct Large {
        /// Large.
        large: f64,
        /// Negative.
        negative: f64,
        /// Small.
        small: f64,
    }

    assert_eq!(
        exposition_of_fn(|| Large { large: 1e300, negative: -1.5e300, small: 1e-300 }),
        "\
# HELP large Large.
# TYPE large gauge
large 1e+300
# HELP negative Negative.
# TYPE negative gauge
negative -1.5e+300
# HELP small Small.
# TYPE small gauge
small 1e-300
"
    );
}

#[test]
fn untyped_metrics_are_encoded() {
    #[derive(Collector)]
    struct Untyped {
        /// Whatever it is.
        #[metric(untyped)]
        whatever: f64,
    }

    let registry = registry_of_fn(|| Untyped { whatever: 0.5 });
    assert_eq!(
        exposition(&registry),
        "# HELP whatever Whatever it is.\n# TYPE whatever untyped\nwhatever 0.5\n"
    );
    assert_eq!(
        open_metrics(&registry),
        "# HELP whatever Whatever it is.\n# TYPE whatever unknown\nwhatever 0.5\n# EOF\n"
    );
}

#[test]
fn untyped_metrics_do_not_panic_in_a_registry_of_the_prometheus_crate() {
    #[derive(Collector)]
    struct Untyped {
        /// Whatever it is.
        #[metric(untyped)]
        whatever: f64,
    }

    let registry = prometheus::Registry::new();
    registry.register(Box::new(Untyped { whatever: 0.5 })).unwrap();
    let text = prometheus::TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
    assert_eq!(text, "# HELP whatever Whatever it is.\n# TYPE whatever gauge\nwhatever 0.5\n");
}

// `prometheus`: no absolute counters for collectors, no OpenMetrics.

#[derive(Collector)]
struct Absolute {
    /// Requests served.
    #[metric(counter)]
    requests_total: u64,

    #[metric(counter, help = "Bytes sent.", labels = ["device"])]
    sent_bytes_total: BTreeMap<&'static str, u64>,
}

#[test]
fn collectors_have_absolute_counters() {
    let registry = Registry::new();
    registry
        .register_fn(|| Absolute {
            requests_total: 7,
            sent_bytes_total: BTreeMap::from([("eth0", u64::MAX)]),
        })
        .unwrap();
    for _ in 0..2 {
        assert_eq!(
            exposition(&registry),
            r#"# HELP requests_total Requests served.
# TYPE requests_total counter
requests_total 7
# HELP sent_bytes_total Bytes sent.
# TYPE sent_bytes_total counter
sent_bytes_total{device="eth0"} 18446744073709551615
"#
        );
    }
}

#[test]
fn openmetrics_is_written() {
    let registry = registry_of_fn(Absolute::new);
    assert_eq!(
        open_metrics(&registry),
        "# HELP requests Requests served.\n# TYPE requests counter\nrequests_total 0\n# EOF\n"
    );
}

// `metrics-exporter-prometheus`: histograms grow without bound when nobody scrapes.

#[test]
fn histograms_do_not_grow_without_scrapes() {
    let histogram = Histogram::default();
    let family = HistogramVec::new(["x"], &[0.1, 1.0]);
    let pinned = family.with(["a"]).pin();
    pinned.observe(0.0);
    let observe = || {
        for at in 0..1_000_000_u32 {
            histogram.observe(f64::from(at));
            pinned.observe(f64::from(at));
        }
        for at in 0..100_000_u32 {
            family.with(["a"]).observe(f64::from(at));
        }
    };
    assert_eq!(measure(observe).count_total, 0);
    assert_eq!((histogram.count(), pinned.count()), (1_000_000, 1_100_001));
}

// `aetos`: `le` is printed with three decimals, so that small buckets collide; `inf` for `+Inf`.

#[derive(Collector)]
struct Small {
    #[metric(help = "Small.", buckets = [0.00001, 0.0001, 0.0004, 0.0005, 0.001])]
    small_seconds: Histogram,
}

#[test]
fn small_bucket_bounds_are_distinct() {
    let small = Small::new();
    small.small_seconds.observe(0.0004);
    assert_eq!(
        exposition_of(small),
        r#"# HELP small_seconds Small.
# TYPE small_seconds histogram
small_seconds_bucket{le="1e-05"} 0
small_seconds_bucket{le="0.0001"} 0
small_seconds_bucket{le="0.0004"} 1
small_seconds_bucket{le="0.0005"} 1
small_seconds_bucket{le="0.001"} 1
small_seconds_bucket{le="+Inf"} 1
small_seconds_sum 0.0004
small_seconds_count 1
"#
    );
}

#[test]
fn infinities_have_their_sign() {
    #[derive(Collector)]
    struct Infinite {
        #[metric(help = "Values.", labels = ["x"])]
        values: BTreeMap<u8, f64>,
    }

    let values = [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -f64::NAN];
    let registry = registry_of_fn(move || Infinite { values: (0..).zip(values).collect() });
    let expected = "# HELP values Values.\n# TYPE values gauge\nvalues{x=\"0\"} +Inf\n\
                    values{x=\"1\"} -Inf\nvalues{x=\"2\"} NaN\nvalues{x=\"3\"} NaN\n";
    assert_eq!(exposition(&registry), expected);
    assert_eq!(open_metrics(&registry), expected.to_owned() + "# EOF\n");
}
