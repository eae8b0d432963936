//! Metrics in a program: counting and timing of scopes, computed numbers, infos and states.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::SystemTime;

use hello_exporter::collect::{
    Collect, Declaration, Desc, Describe, FamilyEncoder, Init, MetricType,
};
use hello_exporter::metric::{exponential_buckets, linear_buckets};
use hello_exporter::{
    Collector, Counter, CounterVec, Gauge, GaugeVec, Histogram, HistogramVec, Info, LabelValue,
    Labels, Registry, StateSet,
};
use hello_exporter_tests::{assert_golden, exposition, exposition_of, open_metrics, registry_of};

// Guards and timers.

#[test]
fn guard_raises_a_gauge_until_it_is_dropped() {
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
fn guard_of_a_series_raises_that_series() {
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
fn panic_drops_a_guard() {
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
fn guard_of_a_missing_series_subtracts_nothing() {
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

#[test]
fn timer_observes_once() {
    let seconds = Histogram::new(&[60.0]);
    drop(seconds.start_timer());
    let elapsed = seconds.start_timer().stop();
    assert!((0.0..60.0).contains(&elapsed));
    seconds.start_timer().discard();
    assert_eq!(seconds.count(), 2);
    assert!(seconds.sum() >= elapsed);
}

#[test]
fn timer_of_a_series_observes_in_that_series() {
    let seconds = HistogramVec::new(["x"], &[60.0]);
    drop(seconds.with(["a"]).start_timer());
    seconds.with(["a"]).pin().start_timer().stop();
    seconds.with(["b"]).start_timer().discard();
    assert_eq!((seconds.with(["a"]).count(), seconds.len()), (2, 1));
}

#[test]
fn timer_observes_on_a_panic() {
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
fn gauge_is_set_to_the_current_time() {
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
fn counter_ignores_negative_and_infinite_amounts() {
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
fn refused_increment_creates_no_series() {
    let family = CounterVec::<1, f64>::from(["x"]);
    family.with(["a"]).inc_by(-1.0);
    family.with(["b"]).inc_by_with_exemplar(f64::NAN, &[]);
    assert!(family.is_empty());
}

#[test]
fn declaration_computes_buckets() {
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
    let registry = registry_of(signed);
    assert_golden(
        "expositions/histograms_whose_sum_can_fall.openmetrics",
        &open_metrics(&registry),
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
    /// The running release.
    release_info: Info<Release<String>>,

    /// The role of the node.
    role: StateSet<Role>,
}

fn node(samples: &str) -> String {
    let roles = "# HELP db_role The role of the node.\n# TYPE db_role gauge\n";
    match samples.split_once("db_role{") {
        Some((info, states)) if !info.is_empty() => format!(
            "# HELP db_release_info The running release.\n# TYPE db_release_info gauge\n{info}{roles}db_role{{{states}"
        ),
        _ => format!("{roles}{samples}"),
    }
}

const ALL_OFF: &str = r#"db_role{zone="a",db_role="leader"} 0
db_role{zone="a",db_role="follower"} 0
db_role{zone="a",db_role="stand \"by\""} 0
"#;

#[test]
fn info_is_set_replaced_and_cleared() {
    let metrics = Arc::new(Node::new());
    let registry = registry_of(Arc::clone(&metrics));
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
    let registry = registry_of(Arc::clone(&metrics));
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
fn label_of_a_state_set_has_the_prefix_of_its_registration() {
    let metrics = Node::new();
    metrics.release_info.set(Release { version: "7", build: 5 });
    metrics.role.set(Role::Leader);
    let registry = Registry::new();
    registry.scope().prefix("my_").const_label("rack", "r").register(metrics).unwrap();
    let samples = |head: [&str; 2], [info, role]: [&str; 2]| {
        format!(
            "\
# HELP {info} The running release.
# TYPE {info} {}
my_db_release_info{{zone=\"a\",rack=\"r\",version=\"7\",build=\"5\"}} 1
# HELP {role} The role of the node.
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
fn info_with_undeclared_labels_is_refused() {
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
        "collector `metrics::info_with_undeclared_labels_is_refused::Server`: field of \
         metric `server_info` was made with labels [\"release\"], but declares [\"version\"]"
    );
    let server = server("version");
    server.server_info.set("7");
    assert_eq!(
        exposition_of(server),
        "# HELP server_info Help.\n# TYPE server_info gauge\nserver_info{version=\"7\"} 1\n"
    );
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
fn info_has_value_one_and_state_set_only_states() {
    let registry = registry_of(Numbers);
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
