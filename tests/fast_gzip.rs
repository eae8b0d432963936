//! What the exporter compresses is read back by gzip, zlib, Go and Prometheus.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hello_exporter::collect::{Collect, Desc, Describe, FamilyEncoder, MetricType};
use hello_exporter::http::Metrics;
use hello_exporter::respond::Request;
use hello_exporter::{Collector, CounterVec, GaugeVec, HistogramVec, Registry};
use hello_exporter_tests::http::serve;
use hello_exporter_tests::{Prometheus, PrometheusVersion, registry_of, single};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use tempfile::TempDir;

/// How many random registries are read back; the variable `PROPTEST_CASES` sets another number.
const REGISTRIES: u32 = 120;

#[derive(Collector)]
struct Families {
    #[metric(help = "A counter.", labels = ["a", "b"])]
    requests_total: CounterVec<2>,
    #[metric(help = "A gauge with an é.", labels = ["a", "b"], const_labels(c = "ü{} \" # 1"))]
    level: GaugeVec<2>,
    #[metric(help = "A histogram.", labels = ["a", "b"], buckets = [0.5, 1.0, 2.5])]
    seconds: HistogramVec<2>,
}

/// A change to all series with a number in a range.
#[derive(Clone, Debug)]
enum Change {
    Add(u64),
    Set(f64),
    Observe(f64),
    RemoveEvery(usize),
    Clear,
}

#[derive(Clone, Debug)]
struct Step {
    family: usize,
    first: usize,
    number: usize,
    change: Change,
}

fn number() -> impl Strategy<Value = usize> {
    prop_oneof![60 => 0..30_usize, 30 => 0..300_usize, 9 => 0..3_000_usize, 1 => 0..20_000_usize]
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        Just(0.0),
        (0..100_u8).prop_map(f64::from),
        (0..u32::MAX).prop_map(|value| f64::from(value) / 64.0),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let change = prop_oneof![
        4 => prop_oneof![0..9_u64, any::<u32>().prop_map(u64::from)].prop_map(Change::Add),
        4 => value().prop_map(Change::Set),
        3 => value().prop_map(Change::Observe),
        3 => (1..9_usize).prop_map(Change::RemoveEvery),
        1 => Just(Change::Clear),
    ];
    (0..4_usize, 0..100_usize, number(), change).prop_map(|(family, first, number, change)| Step {
        family,
        first,
        number,
        change,
    })
}

/// Returns the label values of a series.
fn labels(family: usize, at: usize) -> [String; 2] {
    let scattered = at.wrapping_mul(0x9E37_79B9) >> 7;
    match family {
        0 => [["GET", "PUT", "DELETE"][at % 3].to_owned(), format!("/api/v1/items/{at}")],
        1 => [format!("{scattered:x}"), "x".repeat(at % 40)],
        2 => [format!("ключ{}", at / 7), format!("\"{}\\\n}} 5", at % 7)],
        _ => [at.to_string(), "a label value that all series have".repeat(1 + at % 9)],
    }
}

fn apply(metrics: &Families, Step { family, first, number, change }: &Step) {
    for at in *first..first + number {
        let labels = labels(*family, at);
        let values = labels.each_ref().map(String::as_str);
        match change {
            Change::Add(amount) => metrics.requests_total.with(values).inc_by(*amount),
            Change::Set(value) => metrics.level.with(values).set(value / (at + 1) as f64),
            Change::Observe(value) => metrics.seconds.with(values).observe(value * at as f64),
            Change::RemoveEvery(nth) if at % nth == 0 => {
                metrics.requests_total.remove(values);
                metrics.level.remove(values);
                metrics.seconds.remove(values);
            }
            Change::RemoveEvery(_) | Change::Clear => {}
        }
    }
    if matches!(change, Change::Clear) {
        metrics.level.clear();
    }
}

/// The bodies of many scrapes, one after the other.
#[derive(Default)]
struct Bodies {
    identity: Vec<u8>,
    gzip: Vec<u8>,
    /// Without [`Request::fast_gzip`].
    zlib: Vec<u8>,
}

impl Bodies {
    fn scrape(&mut self, registry: &Registry, accept: &str) {
        let request = Request::new().headers([("Accept", accept)]);
        let gzip = request.clone().headers([("Accept-Encoding", "gzip")]);
        let body = |request: &Request| registry.respond_to(request).body().to_vec();
        self.identity.extend(body(&request));
        self.gzip.extend(body(&gzip));
        self.zlib.extend(body(&gzip.fast_gzip(false)));
    }
}

/// Makes random registries, and scrapes each of them before and after each of its changes.
fn scraped() -> Bodies {
    let bodies = RefCell::new(Bodies::default());
    let default = Config::default();
    let cases =
        if std::env::var_os("PROPTEST_CASES").is_some() { default.cases } else { REGISTRIES };
    let rng_seed = RngSeed::Fixed(1952);
    let config = Config { cases, rng_seed, failure_persistence: None, ..default };
    let steps = vec(vec(step(), 1..6), 3..7);
    let accept = prop_oneof![Just("text/plain"), Just("application/openmetrics-text")];
    let mut runner = TestRunner::new(config);
    let run = runner.run(&(steps, accept), |(changes, accept)| {
        let metrics = Arc::new(Families::new());
        let registry = Registry::new();
        registry.register(Arc::clone(&metrics)).unwrap();
        for steps in changes {
            steps.iter().for_each(|step| apply(&metrics, step));
            bodies.borrow_mut().scrape(&registry, accept);
        }
        Ok(())
    });
    run.unwrap();
    bodies.into_inner()
}

/// Decompresses all members of standard input with Python, which uses the C library zlib.
const PYTHON: &str = "
import gzip, shutil, sys
shutil.copyfileobj(gzip.open(sys.stdin.buffer), sys.stdout.buffer)
";

/// Decompresses all members of standard input with Go's `compress/gzip`.
const GO: &str = "
package main

import (
\t\"compress/gzip\"
\t\"io\"
\t\"os\"
)

func main() {
\treader, err := gzip.NewReader(os.Stdin)
\tif err != nil {
\t\tpanic(err)
\t}
\tif _, err := io.Copy(os.Stdout, reader); err != nil {
\t\tpanic(err)
\t}
}
";

/// Runs a program with a file as its standard input, and returns what it prints.
fn printed(command: &mut Command, input: &Path) -> Vec<u8> {
    let output = command.stdin(fs::File::open(input).unwrap()).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    output.stdout
}

#[test]
fn random_registries_are_read_back() {
    let bodies = scraped();
    let directory = TempDir::new().unwrap();
    let (file, go) = (directory.path().join("bodies.gz"), directory.path().join("main.go"));
    fs::write(&file, &bodies.gzip).unwrap();
    fs::write(&go, GO).unwrap();
    let is_same = |reader: &mut Command| printed(reader, &file) == bodies.identity;
    assert!(is_same(Command::new("gzip").args(["--decompress", "--stdout"])), "gzip");
    assert!(is_same(Command::new("/usr/bin/python3").args(["-c", PYTHON])), "zlib");
    let cache = directory.path().join("cache");
    assert!(is_same(Command::new("go").args(["run"]).arg(&go).env("GOCACHE", cache)), "Go");

    fs::write(&file, &bodies.zlib).unwrap();
    assert!(is_same(Command::new("gzip").args(["--decompress", "--stdout"])), "gzip of zlib-rs");
    // The first scrape of each registry is compressed by zlib-rs in both.
    assert!(bodies.gzip.len() < bodies.zlib.len(), "{} {}", bodies.gzip.len(), bodies.zlib.len());
}

/// A family with a name and a number of samples. If the flag is set, it panics after the last one.
struct Samples(&'static str, u32, Arc<AtomicBool>);

impl Describe for Samples {
    fn describe(&self) -> Vec<Desc> {
        vec![Desc::new(self.0, "Samples.", MetricType::Gauge).with_labels(["x"])]
    }
}

impl Collect for Samples {
    fn collect(&self, _: usize, encoder: &mut FamilyEncoder<'_>) {
        for number in 0..self.1 {
            encoder.sample([format!("{number:05}")], 1_u32);
        }
        assert!(!self.2.load(Ordering::Relaxed), "a fault");
    }
}

/// A part of 256 KiB is compressed after about 11,900 samples.
#[test]
fn collector_that_panics_loses_only_its_own_samples() {
    for (before, number) in [(0, 30_000), (11_000, 2_000), (11_800, 100), (20_000, 30_000)] {
        let (never, panics) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let registry = registry_of(Samples("a_series", before, Arc::clone(&never)));
        registry.register(Samples("b_series", number, Arc::clone(&panics))).unwrap();
        registry.register(Samples("c_series", 100, never)).unwrap();
        let mut bodies = Bodies::default();
        for is_panicking in [false, false, false, true, true, false, false] {
            panics.store(is_panicking, Ordering::Relaxed);
            let start = bodies.identity.len();
            bodies.scrape(&registry, "application/openmetrics-text");
            let exposition = String::from_utf8_lossy(&bodies.identity[start..]);
            assert_eq!(exposition.contains("\nb_series{"), !is_panicking);
            assert!(exposition.contains("\nc_series{") && exposition.ends_with("# EOF\n"));
        }
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("bodies.gz");
        fs::write(&file, &bodies.gzip).unwrap();
        let read = printed(Command::new("gzip").args(["--decompress", "--stdout"]), &file);
        assert!(read == bodies.identity, "{before} and {number} samples");
    }
}

#[test]
fn prometheus_reads_every_scrape() {
    for version in PrometheusVersion::ALL {
        let metrics = Arc::new(Families::new());
        let registry = registry_of(Arc::clone(&metrics));
        let server = serve(move |config| {
            config.service(Metrics::new(registry.clone()));
        });
        let prometheus = version.scraping(server.address, &[], "");
        for round in 1..=4_u32 {
            for at in 0..500 * round as usize {
                let labels = labels(0, at);
                let values = labels.each_ref().map(String::as_str);
                metrics.requests_total.with(values).inc_by(u64::from(round));
                metrics.level.with(values).set(f64::from(round));
                if at % 3 == 0 {
                    metrics.level.remove(values);
                }
            }
            wait_until(&prometheus, "count(requests_total)", 500 * round);
            let sum: u32 = (1..=round).map(|earlier| 500 * earlier * earlier).sum();
            wait_until(&prometheus, "sum(requests_total)", sum);
        }
    }
}

fn wait_until(prometheus: &Prometheus, query: &str, expected: u32) {
    let expected = expected.to_string();
    prometheus.query(query, |result| single(result).is_some_and(|(_, value)| value == expected));
}
