//! The changes between two schemas: each with its class and its message.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use hello_exporter::schema::Schema;
use hello_exporter::{
    Collector, Counter, CounterVec, Family, Gauge, GaugeVec, Histogram, LabelValue, StateSet,
};
use serde_json::{Value, json};

/// Returns the changes from a struct with the first fields to one with the second fields.
macro_rules! changes {
    ({ $($before:tt)* } { $($after:tt)* }) => {{
        #[allow(dead_code, reason = "only the type is needed")]
        #[derive(Collector)]
        #[collector(no_new)]
        struct Before { $($before)* }

        #[allow(dead_code, reason = "only the type is needed")]
        #[derive(Collector)]
        #[collector(no_new)]
        struct After { $($after)* }

        listed(&Schema::of::<Before>(), &Schema::of::<After>())
    }};
}

fn listed(before: &Schema, after: &Schema) -> Vec<String> {
    before.changes(after).iter().map(ToString::to_string).collect()
}

#[allow(dead_code, reason = "only the values are needed")]
#[derive(LabelValue)]
enum Outcome {
    Failed,
    Succeeded,
}

#[allow(dead_code, reason = "only the values are needed")]
#[derive(LabelValue)]
enum Failure {
    Failed,
}

#[test]
fn same_families_have_no_changes() {
    assert_eq!(
        changes!(
            { #[metric(help = "Jobs.", labels = ["a", "b"])] jobs_total: CounterVec<2> }
            { #[metric(help = "Jobs.", labels = ["b", "a"])] jobs_total: CounterVec<2> }
        ),
        <[&str; 0]>::default(),
    );
}

#[test]
fn families_are_added_and_removed() {
    assert_eq!(
        changes!(
            { #[doc = "Jobs done."] jobs_total: Counter }
            { #[doc = "Jobs that wait."] waiting: Gauge }
        ),
        ["breaking: `jobs_total` is gone", "compatible: `waiting` is new"],
    );
}

#[test]
fn renaming_breaks_nothing_while_both_names_are_exposed() {
    assert_eq!(
        changes!(
            { #[doc = "Jobs."] jobs: Counter }
            { #[doc = "Jobs."] #[metric(renamed_from = "jobs")] jobs_total: Counter }
        ),
        [
            "compatible: `jobs` is deprecated: renamed to jobs_total",
            "compatible: `jobs_total` is new",
        ],
    );
    assert_eq!(
        changes!(
            { #[doc = "Jobs."] #[metric(renamed_from = "jobs")] jobs_total: Counter }
            { #[doc = "Jobs."] jobs_total: Counter }
        ),
        ["breaking: `jobs` is gone, its new name is `jobs_total`"],
    );
}

#[test]
fn name_after_the_new_one_is_found() {
    assert_eq!(
        changes!(
            { #[doc = "Jobs."] #[metric(renamed_from = "jobs")] jobs_total: Counter }
            { #[doc = "Jobs."] #[metric(renamed_from = "jobs_total")] work_total: Counter }
        ),
        [
            "breaking: `jobs` is gone, its new name is `work_total`",
            "compatible: `jobs_total` is deprecated: renamed to work_total",
            "compatible: `work_total` is new",
        ],
    );
}

#[test]
fn renaming_without_a_declaration_is_guessed() {
    assert_eq!(
        changes!({ #[doc = "Jobs."] jobs: Counter } { #[doc = "Jobs."] jobs_total: Counter }),
        [
            "breaking: `jobs` is gone, its new name seems to be `jobs_total`",
            "compatible: `jobs_total` is new",
        ],
    );
}

#[test]
fn ambiguous_renaming_is_not_guessed() {
    assert_eq!(
        changes!(
            { #[doc = "Jobs."] jobs: Gauge }
            { #[doc = "Jobs."] mails: Gauge, #[doc = "Jobs."] prints: Gauge }
        ),
        ["breaking: `jobs` is gone", "compatible: `mails` is new", "compatible: `prints` is new"],
    );
    assert_eq!(
        changes!(
            { #[doc = "Jobs."] mails: Gauge, #[doc = "Jobs."] prints: Gauge }
            { #[doc = "Jobs."] jobs: Gauge }
        ),
        ["breaking: `mails` is gone", "breaking: `prints` is gone", "compatible: `jobs` is new"],
    );
    // The new name of another family.
    assert_eq!(
        changes!(
            { #[doc = "Jobs."] mails: Gauge, #[doc = "Jobs."] prints: Gauge }
            { #[doc = "Jobs."] #[metric(renamed_from = "prints")] printed: Gauge }
        ),
        [
            "breaking: `mails` is gone",
            "compatible: `printed` is new",
            "compatible: `prints` is deprecated: renamed to printed",
        ],
    );
}

#[test]
fn deprecation_is_compatible_and_its_end_is_not() {
    assert_eq!(
        changes!(
            { #[doc = "Jobs."] jobs: Gauge }
            { #[doc = "Jobs."] #[metric(deprecated = "use jobs_total")] jobs: Gauge }
        ),
        ["compatible: `jobs` is deprecated: use jobs_total"],
    );
    assert_eq!(
        changes!(
            { #[doc = "Jobs."] #[metric(deprecated = "use jobs_total")] jobs: Gauge }
            { #[doc = "Jobs."] jobs: Gauge }
        ),
        ["compatible: `jobs` is no longer deprecated"],
    );
    assert_eq!(
        changes!(
            { #[doc = "Jobs."] #[metric(deprecated = "use jobs_total")] jobs: Gauge }
            { #[doc = "Jobs."] jobs_total: Gauge }
        ),
        [
            "breaking: `jobs` is gone, it was deprecated: use jobs_total",
            "compatible: `jobs_total` is new",
        ],
    );
}

#[test]
fn another_type_is_breaking_unless_there_was_none() {
    assert_eq!(
        changes!({ #[doc = "Jobs."] jobs_total: Counter } { #[doc = "Jobs."] jobs_total: Gauge }),
        ["breaking: `jobs_total` has type gauge instead of counter"],
    );
    assert_eq!(
        changes!(
            { #[doc = "Jobs."] #[metric(untyped)] jobs: u64 }
            { #[doc = "Jobs."] #[metric(counter)] jobs: u64 }
        ),
        ["compatible: `jobs` has type counter instead of untyped"],
    );
    assert_eq!(
        changes!(
            { #[doc = "Jobs."] #[metric(counter)] jobs: u64 }
            { #[doc = "Jobs."] #[metric(untyped)] jobs: u64 }
        ),
        ["breaking: `jobs` has type untyped instead of counter"],
    );
}

#[test]
fn buckets_and_states_go_with_their_type() {
    assert_eq!(
        changes!(
            { #[doc = "Time."] #[metric(buckets = [1], native)] wait_seconds: Histogram }
            { #[doc = "Time."] wait_seconds: Gauge }
        ),
        ["breaking: `wait_seconds` has type gauge instead of histogram"],
    );
    assert_eq!(
        changes!(
            { #[doc = "Outcome."] outcome: StateSet<Outcome> }
            { #[metric(help = "Outcome.", labels = ["code"])] outcome: GaugeVec<1> }
        ),
        [
            "breaking: `outcome` has the new label `code`",
            "breaking: `outcome` has type gauge instead of stateset",
        ],
    );
}

#[test]
fn states_are_values_of_a_label() {
    assert_eq!(
        changes!(
            { #[doc = "Outcome."] outcome: StateSet<Outcome> }
            { #[doc = "Outcome."] outcome: StateSet<Failure> }
        ),
        ["breaking: `outcome` has lost values of label `outcome`: `succeeded`"],
    );
}

#[test]
fn another_unit_is_breaking_unless_there_was_none() {
    let [none, seconds, cpu_seconds] =
        [Value::Null, json!("seconds"), json!("cpu_seconds")].map(|unit| {
            let mut family = gauge("cpu_seconds", &[]);
            family["unit"] = unit;
            schema(json!({"families": [family]}))
        });
    assert_eq!(listed(&none, &seconds), ["compatible: `cpu_seconds` has unit `seconds` now"]);
    assert_eq!(listed(&seconds, &none), ["breaking: `cpu_seconds` has lost unit `seconds`"]);
    assert_eq!(
        listed(&seconds, &cpu_seconds),
        ["breaking: `cpu_seconds` has unit `cpu_seconds` instead of `seconds`"],
    );
}

#[test]
fn another_help_is_compatible() {
    assert_eq!(
        changes!({ #[doc = "Jobs."] jobs_total: Counter } { #[doc = "All."] jobs_total: Counter }),
        ["compatible: `jobs_total` has another help"],
    );
}

#[test]
fn another_label_set_is_breaking() {
    assert_eq!(
        changes!(
            { #[metric(help = "Jobs.", labels = ["queue"])] jobs_total: CounterVec<1> }
            { #[metric(help = "Jobs.")] jobs_total: Counter }
        ),
        ["breaking: `jobs_total` has lost label `queue`"],
    );
    assert_eq!(
        changes!(
            { #[metric(help = "Jobs.")] jobs_total: Counter }
            { #[metric(help = "Jobs.", const_labels(queue = "mail"))] jobs_total: Counter }
        ),
        ["breaking: `jobs_total` has the new label `queue`"],
    );
    assert_eq!(
        changes!(
            { #[metric(help = "Jobs.", labels = ["queue"])] jobs_total: CounterVec<1> }
            { #[metric(help = "Jobs.", labels = ["host"])] jobs_total: GaugeVec<1> }
        ),
        [
            "breaking: `jobs_total` has lost label `queue`",
            "breaking: `jobs_total` has the new label `host`",
            "breaking: `jobs_total` has type gauge instead of counter",
        ],
    );
}

#[test]
fn lost_values_of_a_label_are_breaking() {
    assert_eq!(
        changes!(
            { #[metric(help = "Jobs.", labels = ["outcome"])] jobs_total: Family<[Failure; 1], Counter> }
            { #[metric(help = "Jobs.", labels = ["outcome"])] jobs_total: Family<[Outcome; 1], Counter> }
        ),
        ["compatible: `jobs_total` has new values of label `outcome`: `succeeded`"],
    );
    assert_eq!(
        changes!(
            { #[metric(help = "Jobs.", labels = ["outcome"])] jobs_total: Family<[Outcome; 1], Counter> }
            { #[metric(help = "Jobs.", labels = ["outcome"])] jobs_total: Family<[Done; 1], Counter> }
        ),
        [
            "breaking: `jobs_total` has lost values of label `outcome`: `failed`",
            "compatible: `jobs_total` has new values of label `outcome`: `skipped`",
        ],
    );
}

#[allow(dead_code, reason = "only the values are needed")]
#[derive(LabelValue)]
enum Done {
    Skipped,
    Succeeded,
}

#[test]
fn open_label_that_is_closed_is_breaking() {
    assert_eq!(
        changes!(
            { #[metric(help = "Jobs.", labels = ["outcome"])] jobs_total: CounterVec<1> }
            { #[metric(help = "Jobs.", labels = ["outcome"])] jobs_total: Family<[Outcome; 1], Counter> }
        ),
        [
            "breaking: `jobs_total` has label `outcome` with the values `failed`, `succeeded` instead of any value"
        ],
    );
    assert_eq!(
        changes!(
            { #[metric(help = "Jobs.", labels = ["outcome"])] jobs_total: Family<[Outcome; 1], Counter> }
            { #[metric(help = "Jobs.", labels = ["outcome"])] jobs_total: CounterVec<1> }
        ),
        [
            "compatible: `jobs_total` has label `outcome` with any value instead of the values `failed`, `succeeded`"
        ],
    );
}

#[test]
fn another_constant_is_breaking() {
    assert_eq!(
        changes!(
            { #[metric(help = "Jobs.", const_labels(zone = "a"))] jobs_total: Counter }
            { #[metric(help = "Jobs.", const_labels(zone = "b"))] jobs_total: Counter }
        ),
        [
            "breaking: `jobs_total` has label `zone` with the constant `b` instead of the constant `a`"
        ],
    );
}

#[test]
fn label_that_becomes_constant_is_breaking_if_it_loses_values() {
    assert_eq!(
        changes!(
            { #[metric(help = "Jobs.", labels = ["zone"])] jobs_total: CounterVec<1> }
            { #[metric(help = "Jobs.", const_labels(zone = "a"))] jobs_total: Counter }
        ),
        ["breaking: `jobs_total` has label `zone` with the constant `a` instead of any value"],
    );
    assert_eq!(
        changes!(
            { #[metric(help = "Jobs.", labels = ["outcome"])] jobs_total: Family<[Outcome; 1], Counter> }
            { #[metric(help = "Jobs.", const_labels(outcome = "failed"))] jobs_total: Counter }
        ),
        [
            "breaking: `jobs_total` has label `outcome` with the constant `failed` instead of the values `failed`, `succeeded`"
        ],
    );
    assert_eq!(
        changes!(
            { #[metric(help = "Jobs.", labels = ["outcome"])] jobs_total: Family<[Failure; 1], Counter> }
            { #[metric(help = "Jobs.", const_labels(outcome = "failed"))] jobs_total: Counter }
        ),
        [
            "compatible: `jobs_total` has label `outcome` with the constant `failed` instead of the value `failed`"
        ],
    );
}

#[test]
fn label_that_ceases_to_be_constant_is_breaking() {
    assert_eq!(
        changes!(
            { #[metric(help = "Jobs.", const_labels(zone = "a"))] jobs_total: Counter }
            { #[metric(help = "Jobs.", labels = ["zone"])] jobs_total: CounterVec<1> }
        ),
        ["breaking: `jobs_total` has label `zone` with any value instead of the constant `a`"],
    );
    assert_eq!(
        changes!(
            { #[metric(help = "Jobs.", const_labels(outcome = "failed"))] jobs_total: Counter }
            { #[metric(help = "Jobs.", labels = ["outcome"])] jobs_total: Family<[Outcome; 1], Counter> }
        ),
        [
            "breaking: `jobs_total` has label `outcome` with the values `failed`, `succeeded` instead of the constant `failed`"
        ],
    );
}

#[test]
fn lost_buckets_are_breaking() {
    assert_eq!(
        changes!(
            { #[doc = "Time."] #[metric(buckets = [0.5, 1, 1e21])] job_duration_seconds: Histogram }
            { #[doc = "Time."] #[metric(buckets = [1, 10, 1e21])] job_duration_seconds: Histogram }
        ),
        [
            "breaking: `job_duration_seconds` has lost buckets: 0.5",
            "compatible: `job_duration_seconds` has new buckets: 10",
        ],
    );
}

#[test]
fn native_buckets_replace_classic_series() {
    assert_eq!(
        changes!(
            { #[doc = "Time."] #[metric(buckets = [1e-9, 1e21])] job_duration_seconds: Histogram }
            { #[doc = "Time."] #[metric(native)] job_duration_seconds: Histogram }
        ),
        [
            "breaking: `job_duration_seconds` has lost buckets: 1e-9, 1e+21",
            "breaking: `job_duration_seconds` has native buckets now, a Prometheus that scrapes native histograms stores its classic series only with `always_scrape_classic_histograms`",
        ],
    );
    assert_eq!(
        changes!(
            { #[doc = "Time."] #[metric(native, buckets = [1])] job_duration_seconds: Histogram }
            { #[doc = "Time."] #[metric(buckets = [1])] job_duration_seconds: Histogram }
        ),
        ["breaking: `job_duration_seconds` has lost its native buckets"],
    );
}

/// Returns the schema with these fields.
fn schema(mut fields: Value) -> Schema {
    let object = fields.as_object_mut().unwrap();
    object.insert("version".to_owned(), json!(1));
    object.entry("families").or_insert(json!([]));
    Schema::from_json(&fields.to_string()).unwrap()
}

fn gauge(name: &str, collectors: &[&str]) -> Value {
    json!({"name": name, "type": "gauge", "help": "Up.", "collectors": collectors})
}

/// Returns a schema with the collectors `info` and `slowlog`; the latter is disabled by default.
/// Those with these names expose `redis_up`.
fn redis(collectors: &[&str]) -> Schema {
    schema(json!({
        "collectors": [
            {"name": "info", "enabled_by_default": true},
            {"name": "slowlog", "enabled_by_default": false},
        ],
        "families": [gauge("redis_up", collectors)],
    }))
}

#[test]
fn collector_that_is_disabled_is_breaking() {
    let collector = |enabled: bool| json!([{"name": "slowlog", "enabled_by_default": enabled}]);
    let [none, enabled, disabled] = [json!([]), collector(true), collector(false)]
        .map(|collectors| schema(json!({"collectors": collectors})));
    assert_eq!(listed(&none, &enabled), ["compatible: collector `slowlog` is new"]);
    assert_eq!(listed(&enabled, &none), ["breaking: collector `slowlog` and its flags are gone"]);
    assert_eq!(
        listed(&enabled, &disabled),
        [
            "breaking: collector `slowlog` is disabled by default now, `--collector.slowlog` enables it"
        ],
    );
    assert_eq!(
        listed(&disabled, &enabled),
        [
            "compatible: collector `slowlog` is enabled by default now, `--no-collector.slowlog` disables it"
        ],
    );
}

#[test]
fn family_that_can_be_disabled_is_breaking() {
    let [always, info, slowlog, both] =
        [redis(&[]), redis(&["info"]), redis(&["slowlog"]), redis(&["info", "slowlog"])];
    let changed = |before, after| listed(before, after).join("\n");
    for (before, after, change) in [
        (&always, &info, "breaking: `redis_up` depends on collector `info` now"),
        (
            &always,
            &slowlog,
            "breaking: `redis_up` depends on collector `slowlog` (disabled by default) now",
        ),
        (&always, &both, "breaking: `redis_up` depends on collectors `info`, `slowlog` now"),
        (&info, &always, "compatible: `redis_up` no longer depends on collector `info`"),
        (
            &info,
            &slowlog,
            "breaking: `redis_up` depends on collector `slowlog` (disabled by default) instead of `info`",
        ),
        (&slowlog, &info, "breaking: `redis_up` depends on collector `info` instead of `slowlog`"),
        (&info, &both, "compatible: `redis_up` is part of collector `slowlog` as well"),
        (&both, &info, "breaking: `redis_up` is no longer part of collector `slowlog`"),
    ] {
        assert_eq!(changed(before, after), change);
    }
}

#[test]
fn families_leave_a_probe() {
    let with = |metrics: &[&str], probe: &[&str]| {
        let families =
            |names: &[&str]| -> Vec<Value> { names.iter().map(|name| gauge(name, &[])).collect() };
        let probe = json!({"path": "/probe", "families": families(probe)});
        schema(json!({"families": families(metrics), "probes": [probe]}))
    };
    let [none, at_probe, at_metrics] =
        [with(&[], &[]), with(&[], &["redis_up"]), with(&["redis_up"], &[])];
    assert_eq!(listed(&at_probe, &none), ["breaking: `redis_up` at `/probe` is gone"]);
    assert_eq!(listed(&none, &at_probe), ["compatible: `redis_up` at `/probe` is new"]);
    assert_eq!(
        listed(&at_metrics, &at_probe),
        [
            "breaking: `redis_up` is gone, the probe at `/probe` has it",
            "compatible: `redis_up` at `/probe` is new",
        ],
    );
    assert_eq!(
        listed(&at_probe, &at_metrics),
        [
            "breaking: `redis_up` at `/probe` is gone, the path for metrics has it",
            "compatible: `redis_up` is new",
        ],
    );
}

#[test]
fn probes_are_added_and_removed() {
    let without = schema(json!({}));
    let probe = |has_dynamic: bool| {
        let probe = json!({"path": "/probe", "families": [], "has_dynamic": has_dynamic});
        schema(json!({"probes": [probe]}))
    };
    let [closed, dynamic] = [false, true].map(probe);
    assert_eq!(listed(&without, &dynamic), ["compatible: the probe at `/probe` is new"]);
    assert_eq!(listed(&dynamic, &without), ["breaking: the probe at `/probe` is gone"]);
    assert_eq!(
        listed(&dynamic, &closed),
        ["breaking: families at `/probe` whose names are known only at run time are gone"],
    );
    assert_eq!(
        listed(&closed, &dynamic),
        ["compatible: families at `/probe` whose names are known only at run time are new"],
    );
}

#[test]
fn lost_dynamic_families_are_breaking() {
    let [closed, dynamic] =
        [false, true].map(|has_dynamic| schema(json!({"has_dynamic": has_dynamic})));
    assert_eq!(
        listed(&dynamic, &closed),
        ["breaking: families whose names are known only at run time are gone"],
    );
    assert_eq!(
        listed(&closed, &dynamic),
        ["compatible: families whose names are known only at run time are new"],
    );
}

#[test]
fn names_of_an_exporter_are_compatible() {
    let before = schema(json!({"exporter": "cache"}));
    let after = schema(json!({"exporter": "redis", "namespace": "redis"}));
    assert_eq!(
        listed(&before, &after),
        [
            "compatible: the exporter is `redis` instead of `cache`",
            "compatible: the prefix of the metrics about collectors is `redis` instead of unnamed",
        ],
    );
}

#[test]
fn names_in_a_circle_are_followed_once() {
    let renamed =
        |name: &str, to: &str| json!({"name": name, "type": "gauge", "help": "", "renamed_to": to});
    let before = schema(json!({"families": [renamed("a", "b")]}));
    let after = schema(json!({"families": [renamed("b", "c"), renamed("c", "b")]}));
    assert_eq!(
        listed(&before, &after),
        [
            "breaking: `a` is gone, its new name is `b`",
            "compatible: `b` is new",
            "compatible: `c` is new",
        ],
    );
    let after = schema(json!({"families": [renamed("a", "c")]}));
    assert_eq!(listed(&before, &after), ["compatible: `a` has the new name `c`"]);
}

#[test]
fn change_is_one_line() {
    let [before, after] = [json!(["a"]), json!(["a", "b\r\nc"])].map(|values| {
        let label = json!({"name": "b", "values": values});
        let family = json!({"name": "a", "type": "gauge", "help": "", "labels": [label]});
        schema(json!({"families": [family]}))
    });
    assert_eq!(listed(&before, &after), [r"compatible: `a` has new values of label `b`: `b\r\nc`"],);
}
