//! Gauges that have no value until one is set.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::sync::Arc;
use std::thread;

use hello_exporter::{Collector, Format, Gauge, GaugeVec, Registry};
use hello_exporter_tests::{exposition, exposition_in, registry_of};

#[derive(Collector)]
struct Job {
    /// Last success.
    last_success: Gauge<Option<f64>>,

    /// Rows.
    rows: Gauge<Option<i64>>,

    #[metric(help = "Lag.", labels = ["peer"])]
    lag: GaugeVec<1, Option<f64>>,
}

fn job() -> (Arc<Job>, Registry) {
    let job = Arc::new(Job::new());
    let registry = registry_of(Arc::clone(&job));
    (job, registry)
}

#[test]
fn unset_gauge_is_not_exposed() {
    let (job, registry) = job();
    job.lag.with(["a"]).init();
    job.lag.with(["b"]).set(None);
    assert_eq!(exposition(&registry), "");
    assert_eq!(exposition_in(Format::OpenMetrics, &registry), "# EOF\n");
    assert_eq!(exposition_in(Format::Protobuf, &registry), "");
    assert_eq!((job.last_success.get(), job.rows.get()), (None, None));
    assert_eq!(job.lag.with(["a"]).get(), None);
    assert!(job.lag.iter().all(|series| series.get().is_none()));
}

#[test]
fn gauge_is_exposed_from_its_first_value_until_it_is_unset() {
    let (job, registry) = job();
    job.last_success.set(Some(0.0));
    job.rows.set(Some(0));
    job.lag.with(["a"]).set(Some(1.5));
    job.lag.with(["b"]).set(None);
    assert_eq!(
        exposition(&registry),
        "\
# HELP lag Lag.
# TYPE lag gauge
lag{peer=\"a\"} 1.5
# HELP last_success Last success.
# TYPE last_success gauge
last_success 0
# HELP rows Rows.
# TYPE rows gauge
rows 0
"
    );
    job.last_success.set(None);
    job.rows.set(None);
    job.lag.with(["a"]).set(None);
    assert_eq!(exposition(&registry), "");
}

#[test]
fn increment_of_an_unset_gauge_starts_at_zero() {
    let (job, registry) = job();
    job.last_success.inc();
    job.last_success.add(Some(0.5));
    job.last_success.add(None);
    job.rows.dec();
    job.lag.with(["a"]).pin().sub(Some(2.0));
    let expected = "\
# HELP lag Lag.
# TYPE lag gauge
lag{peer=\"a\"} -2
# HELP last_success Last success.
# TYPE last_success gauge
last_success 1.5
# HELP rows Rows.
# TYPE rows gauge
rows -1
";
    assert_eq!(exposition(&registry), expected);
    {
        let _guard = job.rows.inc_guard();
        assert_eq!(job.rows.get(), Some(0));
    }
    assert_eq!(exposition(&registry), expected);
}

#[test]
fn every_float_that_is_set_is_exposed() {
    let (job, registry) = job();
    // The last NaN has the bits that stand for `None`.
    let nans = [f64::NAN, -f64::NAN, f64::from_bits(0x7ff8_0000_6e6f_6e65)];
    for value in nans.into_iter().chain([f64::INFINITY, -0.0, f64::MIN_POSITIVE]) {
        job.last_success.set(Some(value));
        let value = if value.is_nan() { "NaN".to_owned() } else { format_value(value) };
        let head = "# HELP last_success Last success.\n# TYPE last_success gauge\n";
        assert_eq!(exposition(&registry), format!("{head}last_success {value}\n"));
        assert!(job.last_success.get().is_some());
    }
    job.last_success.add(Some(f64::NAN));
    assert!(job.last_success.get().is_some_and(f64::is_nan));
}

fn format_value(value: f64) -> String {
    hello_exporter::collect::SampleValue::from(value).to_string()
}

#[test]
fn every_integer_except_the_minimum_is_kept() {
    let gauge = Gauge::<Option<i64>>::default();
    for value in [i64::MIN + 1, -1, 0, 1, i64::MAX] {
        gauge.set(Some(value));
        assert_eq!(gauge.get(), Some(value));
    }
    gauge.set(Some(i64::MIN));
    assert_eq!(gauge.get(), Some(i64::MIN + 1));
    gauge.dec();
    assert_eq!(gauge.get(), Some(i64::MIN + 1));
}

#[test]
fn increments_of_many_threads_are_counted_from_unset() {
    let (job, _registry) = job();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..1_000 {
                    job.last_success.inc();
                    job.rows.inc();
                    job.lag.with(["a"]).inc();
                }
            });
        }
    });
    assert_eq!((job.last_success.get(), job.rows.get()), (Some(4_000.0), Some(4_000)));
    assert_eq!(job.lag.with(["a"]).get(), Some(4_000.0));
}

#[test]
fn unset_gauge_is_set_to_the_current_time() {
    let (job, _registry) = job();
    job.last_success.set_to_current_time();
    job.lag.with(["a"]).set_to_current_time();
    assert!(job.last_success.get().is_some_and(|time| time > 1.7e9));
    assert!(job.lag.with(["a"]).get().is_some_and(|time| time > 1.7e9));
}
