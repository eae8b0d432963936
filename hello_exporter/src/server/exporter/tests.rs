//! Metrics that an exporter exposes about itself, its flags, and its errors.

use std::sync::Arc;

use super::*;
use crate::collect::{Collect, Desc, Describe, FamilyEncoder, MetricType};
use crate::encode::Format;
use crate::metric::{CounterVec, DynamicFamilies, HistogramSnapshot, Rows};
use crate::server::http::Limit;

/// Returns the exposition, without the families of the process and the build.
fn exposition(exporter: &Exporter) -> String {
    let mut buffer = Vec::new();
    exporter.registry().encode(Format::Text, &mut buffer);
    let text = String::from_utf8(buffer).unwrap();
    let own = |line: &&str| !line.contains("process_") && !line.contains("build_info");
    text.lines().filter(own).map(|line| line.to_owned() + "\n").collect()
}

struct Faulty;

impl Describe for Faulty {
    fn describe(&self) -> Vec<Desc> {
        vec![Desc::new("z", "Help.", MetricType::Gauge).with_labels(["x"])]
    }
}

impl Collect for Faulty {
    fn collect(&self, _: usize, encoder: &mut FamilyEncoder<'_>) {
        encoder.sample(["one"], 1);
        encoder.sample(["one"], 2);
        encoder.sample(["one", "two"], 3);
    }
}

#[derive(hello_exporter_derive::Collector)]
#[collector(crate = crate)]
struct Limited {
    #[metric(help = "Help.", labels = ["x"], max_series = 2)]
    y: CounterVec<1>,
}

#[test]
fn dropped_series_are_exposed_last_under_the_exporters_name() {
    let limited = Arc::new(Limited::new());
    let mut exporter = Exporter::new("my-exporter").register(Faulty).register(Arc::clone(&limited));
    exporter.register_own();
    assert!(exporter.errors.is_empty());
    for value in ["a", "b", "c", "c", "a"] {
        limited.y.with([value]).inc();
    }
    exposition(&exporter);
    limited.y.with(["d"]).inc();
    assert_eq!(
        exposition(&exporter),
        "\
# HELP y Help.
# TYPE y counter
y{x=\"a\"} 2
y{x=\"b\"} 1
# HELP z Help.
# TYPE z gauge
z{x=\"one\"} 1
# HELP my_exporter_dropped_series_total Series that were not exposed because their family was refused or they were invalid, and updates dropped because their family was full.
# TYPE my_exporter_dropped_series_total counter
my_exporter_dropped_series_total{family=\"y\"} 3
my_exporter_dropped_series_total{family=\"z\"} 2
# HELP my_exporter_scrape_duplicate_series_total Series that were not exposed because their collector had written the same label set before.
# TYPE my_exporter_scrape_duplicate_series_total counter
my_exporter_scrape_duplicate_series_total{collector=\"hello_exporter::server::exporter::tests::Faulty\"} 2
"
    );
}

#[derive(hello_exporter_derive::Labels)]
#[label(crate = crate)]
struct Row {
    row: u8,
}

#[test]
fn series_beyond_max_series_are_counted_in_all_rows() {
    let rows: Rows<Row, Limited> = (0..2).map(|row| (Row { row }, Limited::new())).collect();
    for (Row { row }, limited) in &rows {
        for value in 0..4 + row {
            limited.y.with([value]).inc();
        }
    }
    let mut exporter = Exporter::new("my").register(rows);
    exporter.register_own();
    exposition(&exporter);
    let text = exposition(&exporter);
    assert!(text.ends_with("my_dropped_series_total{family=\"y\"} 5\n"), "{text}");
    assert!(text.contains("y{row=\"1\",x=\"1\"} 1\n"), "{text}");
}

#[test]
fn refused_dynamic_families_are_counted_at_every_scrape() {
    let families = || {
        let mut families = DynamicFamilies::new();
        families.gauge("a_bad name", "Help.").sample([("x", 1)], 1).sample([("x", 2)], 2);
        for family in 0..10_002 {
            families.gauge(format!("f{family}"), "Help.").value(family);
        }
        families
    };
    let mut exporter = Exporter::new("my").register_fn(families);
    exporter.register_own();
    assert!(exporter.errors.is_empty());
    exposition(&exporter);
    let text = exposition(&exporter);
    let exposed = text.lines().filter(|line| line.starts_with('f')).count();
    assert_eq!(exposed, 9_999);
    let (_, lost) = text.split_once("# TYPE my_dropped_series_total counter\n").unwrap();
    assert_eq!(
        lost,
        "my_dropped_series_total{family=\"a_bad name\"} 4\n\
         my_dropped_series_total{family=\"\"} 6\n"
    );
}

#[test]
fn counter_without_drops_is_not_exposed() {
    struct InvalidSamples;
    impl Describe for InvalidSamples {
        fn describe(&self) -> Vec<Desc> {
            Faulty.describe()
        }
    }
    impl Collect for InvalidSamples {
        fn collect(&self, _: usize, encoder: &mut FamilyEncoder<'_>) {
            encoder.sample(["one", "two"], 1);
        }
    }

    let mut exporter = Exporter::new("x").register(InvalidSamples);
    exporter.register_own();
    exposition(&exporter);
    let text = exposition(&exporter);
    let samples: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(samples, ["x_dropped_series_total{family=\"z\"} 2"]);
}

#[test]
fn invalid_samples_are_counted() {
    #[derive(hello_exporter_derive::Collector)]
    #[collector(crate = crate)]
    struct Counters {
        #[metric(counter, help = "Help.", labels = ["x"])]
        a_total: Vec<(u8, f64)>,
        #[metric(counter, help = "Help.")]
        b_total: i64,
    }

    struct InvalidSamples;
    impl Describe for InvalidSamples {
        fn describe(&self) -> Vec<Desc> {
            let desc = |name, metric_type| Desc::new(name, "Help.", metric_type);
            vec![
                desc("c", MetricType::Gauge),
                desc("d", MetricType::Histogram),
                desc("e", MetricType::StateSet),
                desc("f_info", MetricType::Info),
            ]
        }
    }
    impl Collect for InvalidSamples {
        fn collect(&self, _: usize, encoder: &mut FamilyEncoder<'_>) {
            encoder.value(&HistogramSnapshot::default());
            encoder.value(2);
        }
    }

    let counters = || {
        let a_total = vec![(0, -0.5), (1, f64::NAN), (2, 0.5), (2, -1.0), (2, 1.0)];
        Counters { a_total, b_total: -1 }
    };
    let mut exporter = Exporter::new("x").register_fn(counters).register(InvalidSamples);
    exporter.register_own();
    assert_eq!(
        exposition(&exporter),
        "\
# HELP a_total Help.
# TYPE a_total counter
a_total{x=\"0\"} -0.5
a_total{x=\"1\"} NaN
a_total{x=\"2\"} 0.5
# HELP b_total Help.
# TYPE b_total counter
b_total -1
# HELP c Help.
# TYPE c gauge
c 2
# HELP d Help.
# TYPE d histogram
d_bucket{le=\"+Inf\"} 0
d_sum 0
d_count 0
# HELP x_dropped_series_total Series that were not exposed because their family was refused or they were invalid, and updates dropped because their family was full.
# TYPE x_dropped_series_total counter
x_dropped_series_total{family=\"c\"} 1
x_dropped_series_total{family=\"d\"} 1
x_dropped_series_total{family=\"e\"} 2
x_dropped_series_total{family=\"f_info\"} 2
# HELP x_scrape_duplicate_series_total Series that were not exposed because their collector had written the same label set before.
# TYPE x_scrape_duplicate_series_total counter
x_scrape_duplicate_series_total{collector=\"hello_exporter::server::exporter::tests::invalid_samples_are_counted::Counters\"} 2
"
    );
}

#[test]
fn series_beyond_max_series_are_counted_and_removed_ones_are_not() {
    let limited = Arc::new(Limited::new());
    let mut exporter = Exporter::new("x").register(Arc::clone(&limited));
    exporter.register_own();
    let pinned = limited.y.with(["c"]).pin();
    for value in ["a", "b"] {
        limited.y.with([value]).inc();
    }
    pinned.inc();
    limited.y.remove(["a"]);
    pinned.inc();
    assert_eq!(
        exposition(&exporter),
        "\
# HELP y Help.
# TYPE y counter
y{x=\"b\"} 1
y{x=\"c\"} 1
# HELP x_dropped_series_total Series that were not exposed because their family was refused or they were invalid, and updates dropped because their family was full.
# TYPE x_dropped_series_total counter
x_dropped_series_total{family=\"y\"} 1
"
    );
}

#[test]
fn name_that_begins_with_a_digit_has_a_valid_prefix() {
    let mut exporter = Exporter::new("3proxy exporter");
    exporter.register_own();
    assert!(exporter.errors.is_empty());
    assert_eq!(exporter.settings.metric_prefix(), "_3proxy_exporter_");
    assert_eq!(exporter.settings.source_prefix(), "_3proxy_exporter_");
    assert_eq!(exporter.metric_namespace("3proxy").settings.source_prefix(), "_3proxy_");
}

#[cfg(all(target_os = "linux", feature = "prometheus"))]
#[test]
fn only_a_foreign_registry_replaces_process_metrics() {
    let foreign = prometheus::Registry::new();
    let gauge = prometheus::IntGauge::new("process_threads", "Threads.").unwrap();
    foreign.register(Box::new(gauge)).unwrap();
    let mut exporter = Exporter::new("x").register(foreign);
    exporter.register_own();
    exporter.register_program(&Limit::default());
    assert!(exporter.errors.is_empty());
    let mut buffer = Vec::new();
    exporter.registry().encode(Format::Text, &mut buffer);
    let text = String::from_utf8(buffer).unwrap();
    let process: Vec<&str> = text.lines().filter(|line| line.starts_with("process_")).collect();
    assert_eq!(process, ["process_threads 0"]);

    #[derive(hello_exporter_derive::Collector)]
    #[collector(crate = crate)]
    struct Own {
        /// Threads.
        process_threads: f64,
    }
    let mut exporter = Exporter::new("x").register_fn(Own::new);
    exporter.register_own();
    exporter.register_program(&Limit::default());
    assert_eq!(exporter.errors.len(), 1);
}

/// Flags with the field names of common flags and of clap's own.
#[derive(clap::Args)]
struct Flags {
    #[arg(long = "api.version")]
    version: Option<String>,
    #[arg(long = "api.log-level")]
    log_level: Option<String>,
}

#[test]
fn own_flags_may_have_the_field_names_of_common_flags() {
    let exporter = Exporter::with_flags::<Flags>("x");
    let parsed = exporter.parse(["x", "--api.version=1", "--log.level=debug"]).unwrap().unwrap();
    let own = &parsed.own;
    assert_eq!((own.version.as_deref(), own.log_level.as_deref()), (Some("1"), None));
    assert!(matches!(parsed.flags.log_level, crate::server::cli::LogLevel::Debug));
}

#[test]
fn own_flag_with_the_name_of_a_common_flag_is_refused() {
    #[derive(clap::Args)]
    struct Clash {
        #[arg(long = "log.level")]
        _level: Option<String>,
    }

    let error = Exporter::with_flags::<Clash>("x").parse(["x"]).err().unwrap();
    assert_eq!(
        error.to_string(),
        "error: the exporter declares the flag `--log.level`, which every exporter has, expected \
         another name\n"
    );
}

/// Reads a file that several makers need.
fn read() -> Result<(), std::io::Error> {
    let path = "/nonexistent";
    let error = std::fs::read(path).map(drop).err();
    error.map_or(Ok(()), |error| Err(std::io::Error::other(format!("cannot read {path}: {error}"))))
}

#[test]
fn same_error_of_several_makers_is_reported_once() {
    use crate::server::probe::{ProbeRequest, Probed};
    use crate::server::source::async_fn;
    use std::convert::Infallible;

    let scrape = || async { Ok::<_, Infallible>(DynamicFamilies::new()) };
    let probe =
        |_: ProbeRequest| async { Ok::<_, Infallible>(Probed::success(DynamicFamilies::new())) };
    let mut exporter = Exporter::new("x")
        .source_with("a", move |(), _| read().map(|()| async_fn(scrape)))
        .source_with("b", move |(), _| read().map(|()| async_fn(scrape)))
        .source_with("c", move |(), _| {
            assert!(read().is_ok(), "c needs it\nas well");
            async_fn(scrape)
        })
        .source_fn("d", scrape)
        .probe_fn("/probe", probe);
    let parsed = exporter.parse(["x"]).unwrap().unwrap();
    let error = exporter.assemble(&parsed).err().unwrap();
    assert_eq!(
        error.messages(),
        [
            "source `a` and source `b` cannot be made: cannot read /nonexistent: No such file or \
             directory (os error 2)",
            "source `c` cannot be made: panicked: c needs it\nas well",
        ]
    );
}

#[test]
fn probe_that_is_left_out_does_not_take_its_path() {
    use crate::server::probe::{ProbeRequest, Probed, async_fn};
    use std::convert::Infallible;

    let probe =
        |_: ProbeRequest| async { Ok::<_, Infallible>(Probed::success(DynamicFamilies::new())) };
    let assembled = |first: bool, second: bool| {
        let mut exporter = Exporter::new("x")
            .probe_with("/probe", move |(), _| first.then(|| async_fn(probe)))
            .probe_with("/probe", move |(), _| second.then(|| async_fn(probe)));
        let parsed = exporter.parse(["x"]).unwrap().unwrap();
        let assembly = exporter.assemble(&parsed).map_err(|error| error.messages());
        assembly.map(|assembly| assembly.probes.len())
    };
    assert_eq!(assembled(true, false), Ok(1));
    assert_eq!(assembled(false, true), Ok(1));
    let error = "probe at `/probe`: something else is served at this path";
    assert_eq!(assembled(true, true), Err(vec![error.to_owned()]));
}
