//! Renamed and deprecated metrics: what is exposed under both names, and how operators move.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::sync::Arc;

use hello_exporter::collect::{Collect, Desc, Describe, FamilyEncoder, MetricType};
use hello_exporter::interop::Shared;
use hello_exporter::prometheus;
use hello_exporter::schema::Schema;
use hello_exporter::testing::assert_exposition;
use hello_exporter::{
    Collector, Counter, CounterVec, Gauge, HistogramVec, LabelValue, Labels, Registry, Rows,
    StateSet,
};
use hello_exporter_tests::{exposition, open_metrics, registry_of};

#[derive(Collector)]
#[collector(namespace = "shop")]
struct Jobs {
    #[metric(help = "Jobs done.", labels = ["queue"], renamed_from = "jobs")]
    jobs_total: CounterVec<1>,
    #[metric(
        help = "Time of jobs.",
        labels = ["queue"],
        unit = "seconds",
        buckets = [1],
        renamed_from = "duration"
    )]
    duration_seconds: HistogramVec<1>,
    /// Jobs that wait.
    #[metric(deprecated = "use shop_queue_length")]
    waiting: Gauge,
}

fn jobs() -> Arc<Jobs> {
    let jobs = Jobs::new();
    jobs.jobs_total.with(["a"]).inc_by(3);
    jobs.duration_seconds.with(["a"]).observe(0.5);
    jobs.waiting.set(2.0);
    Arc::new(jobs)
}

#[test]
fn renamed_metrics_are_exposed_under_both_names() {
    assert_eq!(
        exposition(&registry_of(jobs())),
        "\
# HELP shop_duration (Deprecated: renamed to shop_duration_seconds) Time of jobs.
# TYPE shop_duration histogram
shop_duration_bucket{queue=\"a\",le=\"1\"} 1
shop_duration_bucket{queue=\"a\",le=\"+Inf\"} 1
shop_duration_sum{queue=\"a\"} 0.5
shop_duration_count{queue=\"a\"} 1
# HELP shop_duration_seconds Time of jobs.
# TYPE shop_duration_seconds histogram
shop_duration_seconds_bucket{queue=\"a\",le=\"1\"} 1
shop_duration_seconds_bucket{queue=\"a\",le=\"+Inf\"} 1
shop_duration_seconds_sum{queue=\"a\"} 0.5
shop_duration_seconds_count{queue=\"a\"} 1
# HELP shop_jobs (Deprecated: renamed to shop_jobs_total) Jobs done.
# TYPE shop_jobs counter
shop_jobs{queue=\"a\"} 3
# HELP shop_jobs_total Jobs done.
# TYPE shop_jobs_total counter
shop_jobs_total{queue=\"a\"} 3
# HELP shop_waiting (Deprecated: use shop_queue_length) Jobs that wait.
# TYPE shop_waiting gauge
shop_waiting 2
"
    );
}

/// In OpenMetrics, `shop_jobs` is the family of the counter `shop_jobs_total`, so that one of them
/// has no type until the old name is gone.
#[test]
fn openmetrics_has_no_family_twice() {
    let text = open_metrics(&registry_of(jobs()));
    let families: Vec<&str> = text.lines().filter(|line| line.starts_with("# TYPE")).collect();
    assert_eq!(
        families,
        [
            "# TYPE shop_duration histogram",
            "# TYPE shop_duration_seconds histogram",
            "# TYPE shop_jobs unknown",
            "# TYPE shop_jobs_total unknown",
            "# TYPE shop_waiting gauge",
        ]
    );
}

#[test]
fn scopes_rename_both_names() {
    let registry = Registry::new();
    for side in ["left", "right"] {
        registry.scope().prefix("my_").const_label("side", side).register(jobs()).unwrap();
    }
    let text = exposition(&registry);
    let jobs: Vec<&str> = text.lines().filter(|line| line.starts_with("my_shop_jobs")).collect();
    assert_eq!(
        jobs,
        [
            "my_shop_jobs{side=\"left\",queue=\"a\"} 3",
            "my_shop_jobs{side=\"right\",queue=\"a\"} 3",
            "my_shop_jobs_total{side=\"left\",queue=\"a\"} 3",
            "my_shop_jobs_total{side=\"right\",queue=\"a\"} 3",
        ]
    );
    assert!(
        text.contains(
            "# HELP my_shop_jobs (Deprecated: renamed to my_shop_jobs_total) Jobs done.\n"
        )
    );
}

#[derive(Labels)]
struct Disk {
    device: &'static str,
}

#[derive(LabelValue)]
enum Mode {
    On,
    Off,
}

#[derive(Collector)]
struct DiskMetrics {
    /// Reads.
    #[metric(renamed_from = "reads")]
    reads_total: Counter,
    /// Mode.
    #[metric(renamed_from = "disk_mode")]
    mode: StateSet<Mode>,
}

#[derive(Collector)]
struct Disks {
    #[metric(flatten, prefix = "disk_")]
    disks: Rows<Disk, DiskMetrics>,
}

#[test]
fn metrics_of_rows_have_their_old_names() {
    let disks = || {
        let row = DiskMetrics::new();
        row.reads_total.inc();
        row.mode.set(Mode::On);
        let _ = Mode::Off;
        let mut disks = Rows::new();
        disks.push(Disk { device: "sda" }, row);
        Disks { disks }
    };
    let registry = Registry::new();
    registry.register_fn(disks).unwrap();
    assert_eq!(
        exposition(&registry),
        "\
# HELP disk_disk_mode (Deprecated: renamed to disk_mode) Mode.
# TYPE disk_disk_mode gauge
disk_disk_mode{device=\"sda\",disk_disk_mode=\"on\"} 1
disk_disk_mode{device=\"sda\",disk_disk_mode=\"off\"} 0
# HELP disk_mode Mode.
# TYPE disk_mode gauge
disk_mode{device=\"sda\",disk_mode=\"on\"} 1
disk_mode{device=\"sda\",disk_mode=\"off\"} 0
# HELP disk_reads (Deprecated: renamed to disk_reads_total) Reads.
# TYPE disk_reads counter
disk_reads{device=\"sda\"} 1
# HELP disk_reads_total Reads.
# TYPE disk_reads_total counter
disk_reads_total{device=\"sda\"} 1
"
    );
}

#[test]
fn registries_of_the_prometheus_crate_and_tests_have_both_names() {
    let jobs = jobs();
    assert_exposition(&*jobs, &exposition(&registry_of(Arc::clone(&jobs))));
    let foreign = prometheus::Registry::new();
    foreign.register(Box::new(Shared(Arc::clone(&jobs)))).unwrap();
    let gathered = foreign.gather();
    let names: Vec<&str> = gathered.iter().map(|family| family.name()).collect();
    let expected =
        ["shop_duration", "shop_duration_seconds", "shop_jobs", "shop_jobs_total", "shop_waiting"];
    assert_eq!(names, expected);
    assert_eq!(gathered[4].help(), "(Deprecated: use shop_queue_length) Jobs that wait.");
}

#[test]
fn old_name_of_another_metric_is_refused() {
    let registry = registry_of(jobs());
    #[derive(Collector)]
    struct Other {
        /// Jobs.
        shop_jobs: Gauge,
    }
    let error = registry.register(Other::new()).unwrap_err().to_string();
    assert!(error.starts_with("metric `shop_jobs` of collector"), "{error}");
    assert!(error.ends_with("is registered already, by collector `renamed::Jobs`"), "{error}");
}

fn register(name: &'static str, old: &'static str, metric_type: MetricType) -> Option<String> {
    struct Described(Desc);

    impl Describe for Described {
        fn describe(&self) -> Vec<Desc> {
            vec![self.0.clone()]
        }
    }

    impl Collect for Described {
        fn collect(&self, _: usize, _: &mut FamilyEncoder<'_>) {}
    }

    let desc = Desc::new(name, "Help.", metric_type).utf8().renamed_from(old);
    let registry = Registry::new();
    let error = registry.register(Described(desc)).err().map(|error| error.to_string());
    // After a refusal, the old name is free.
    let gauge = |name| Described(Desc::new(name, "Help.", MetricType::Gauge).utf8());
    if error.is_some() {
        registry.register(gauge(old)).unwrap();
    }
    error
}

#[test]
fn old_names_with_samples_of_the_new_one_are_refused() {
    use MetricType::{Counter, Gauge, Histogram, Summary};

    for (name, old, metric_type) in [
        ("jobs_total", "jobs", Counter),
        ("jobs", "jobs_total", Counter),
        ("jobs.done", "work.done", Gauge),
        ("x", "x_sum", Gauge),
    ] {
        assert_eq!(register(name, old, metric_type), None, "{name} {old}");
    }
    for (name, old, metric_type) in [
        ("x", "x_sum", Histogram),
        ("x_count", "x", Summary),
        ("x_total", "x_created", Counter),
        ("jobs_done", "jobs.done", Gauge),
        ("x", "x", Gauge),
    ] {
        assert!(register(name, old, metric_type).is_some(), "{name} {old}");
    }
    let error = register("jobs.done", "jobs_done", Gauge).unwrap();
    assert!(error.ends_with("both expose `jobs_done` with `escaping=underscores`"), "{error}");
}

#[test]
fn unregistering_a_renamed_metric_keeps_reserved_names() {
    #[derive(Collector)]
    struct Before {
        /// Jobs.
        jobs_total: Counter,
    }
    #[derive(Collector)]
    struct After {
        /// Jobs.
        #[metric(renamed_from = "jobs")]
        jobs_total: Counter,
    }
    #[derive(Collector)]
    struct Other {
        /// Jobs that wait.
        jobs: Gauge,
    }
    let registry = Registry::new();
    registry.scope().const_label("side", "left").register(Before::new()).unwrap();
    let renamed = registry.scope().const_label("side", "right").register(After::new()).unwrap();
    assert!(registry.register(Other::new()).is_err());
    assert!(registry.unregister(renamed));
    assert!(registry.register(Other::new()).is_err());
}

#[test]
fn relabelling_renames_the_label_of_a_state_set() {
    let rules = Schema::of::<DiskMetrics>().relabel();
    assert!(
        rules.contains(
            "\
  - source_labels: [\"__name__\", \"mode\"]
    regex: \"disk_mode;(.*)\"
    target_label: \"disk_mode\"
    replacement: \"$1\"
  - source_labels: [\"__name__\"]
    regex: \"disk_mode\"
    target_label: \"mode\"
    replacement: \"\"
"
        ),
        "{rules}"
    );
}

#[test]
fn the_last_status_of_a_desc_counts() {
    let desc = Desc::new("reads_total", "Reads.", MetricType::Counter).renamed_from("reads");
    assert_eq!((desc.name(), desc.deprecation()), ("reads_total", None));
    let desc = desc.deprecated("use writes_total");
    assert_eq!(desc.deprecation().as_deref(), Some("use writes_total"));
}

#[test]
fn relabelling_has_a_rule_for_each_series_name() {
    assert_eq!(
        Schema::of::<Jobs>().relabel(),
        "\
metric_relabel_configs:
  - source_labels: [\"__name__\"]
    regex: \"shop_duration_seconds_bucket\"
    target_label: \"__name__\"
    replacement: \"shop_duration_bucket\"
  - source_labels: [\"__name__\"]
    regex: \"shop_duration_seconds_sum\"
    target_label: \"__name__\"
    replacement: \"shop_duration_sum\"
  - source_labels: [\"__name__\"]
    regex: \"shop_duration_seconds_count\"
    target_label: \"__name__\"
    replacement: \"shop_duration_count\"
  - source_labels: [\"__name__\"]
    regex: \"shop_jobs_total\"
    target_label: \"__name__\"
    replacement: \"shop_jobs\"
"
    );
}
