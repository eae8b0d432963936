//! Pushes to Debian's Pushgateway, in all runtimes and outside of them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::sync::Arc;

use hello_exporter::push::Pushgateway;
use hello_exporter::{Collector, Counter, Format, Gauge, GaugeVec, Histogram, Registry};
use hello_exporter_tests::http::{get, get_accepting};
use hello_exporter_tests::{block_on, model, pushed, pushgateway, registry_of};

#[derive(Collector)]
#[collector(namespace = "backup")]
struct Backup {
    /// When the last backup succeeded.
    last_success_timestamp_seconds: Gauge,

    /// Size of the last backup.
    #[metric(labels = ["database"])]
    bytes: GaugeVec<1, i64>,
}

fn backup() -> Registry {
    let backup = Arc::new(Backup::new());
    backup.last_success_timestamp_seconds.set(1.5);
    backup.bytes.with(["shop \"books\""]).set(4096);
    registry_of(backup)
}

#[derive(Collector)]
#[collector(namespace = "backup")]
struct Files {
    /// Files in the last backup.
    files: Gauge<i64>,
}

fn files(number: i64) -> Registry {
    let files = Arc::new(Files::new());
    files.files.set(number);
    registry_of(files)
}

const BYTES: &str = r#"backup_bytes{database="shop \"books\"",instance="",job="backup"} 4096"#;
const FILES: &str = r#"backup_files{instance="",job="backup"} 7"#;
const LAST_SUCCESS: &str = r#"backup_last_success_timestamp_seconds{instance="",job="backup"} 1.5"#;

#[test]
fn push_replaces_and_add_merges_and_delete_removes() {
    let server = pushgateway(&[]);
    let there = || pushed(&get(server.address, "/metrics"));
    let gateway = Pushgateway::new(server.address.to_string(), "backup").unwrap();
    let other = Pushgateway::new(server.address.to_string(), "other").unwrap();

    other.push_blocking(&files(1)).unwrap();
    let of_other = r#"backup_files{instance="",job="other"} 1"#;
    gateway.push_blocking(&backup()).unwrap();
    assert_eq!(there(), [BYTES, of_other, LAST_SUCCESS]);
    gateway.add_blocking(&files(6)).unwrap();
    gateway.add_blocking(&files(7)).unwrap();
    assert_eq!(there(), [BYTES, FILES, of_other, LAST_SUCCESS]);
    gateway.push_blocking(&files(7)).unwrap();
    assert_eq!(there(), [FILES, of_other]);
    gateway.push_blocking(&Registry::new()).unwrap();
    assert_eq!(there(), [of_other]);
    gateway.push_blocking(&files(7)).unwrap();
    gateway.delete_blocking().unwrap();
    assert_eq!(there(), [of_other]);
    // There is no group any more.
    gateway.delete_blocking().unwrap();
}

#[test]
fn grouping_values_are_any_text() {
    let server = pushgateway(&[]);
    let gateway = Pushgateway::new(format!("http://{}/", server.address), "a/b").unwrap();
    let values = [
        ("directory", "/var/lib/"),
        ("dot", "."),
        ("empty", ""),
        ("parent", ".."),
        ("special", "50%+1?#&;:@=\\\"'"),
        ("town", "Zürich 東京"),
    ];
    let gateway = values.iter().try_fold(gateway, |it, (name, value)| it.grouping(name, value));
    let gateway = gateway.unwrap();
    gateway.push_blocking(&files(7)).unwrap();
    let expected = r#"backup_files{directory="/var/lib/",dot=".",empty="",instance="",job="a/b",parent="..",special="50%+1?#&;:@=\\\"'",town="Zürich 東京"} 7"#;
    assert_eq!(pushed(&get(server.address, "/metrics")), [expected]);
    // Another value of a label is another group.
    let moved = gateway.clone().grouping("town", "Bern").unwrap();
    moved.push_blocking(&files(8)).unwrap();
    gateway.delete_blocking().unwrap();
    let expected = expected.replace("Zürich 東京", "Bern").replace(" 7", " 8");
    assert_eq!(pushed(&get(server.address, "/metrics")), [expected]);
}

#[derive(Collector)]
#[collector(namespace = "job")]
struct Durations {
    /// Files done.
    done_total: Counter,

    /// Durations.
    #[metric(native, buckets = [0.5, 1.0])]
    duration_seconds: Histogram,
}

#[test]
fn native_histograms_are_pushed() {
    let server = pushgateway(&[]);
    let durations = Arc::new(Durations::new());
    durations.done_total.inc_by(3);
    [0.25, 0.75, 8.0].into_iter().for_each(|seconds| durations.duration_seconds.observe(seconds));
    let gateway = Pushgateway::new(server.address.to_string(), "job").unwrap();
    let registry = registry_of(durations);
    gateway.push_blocking(&registry).unwrap();

    assert_eq!(
        pushed(&get(server.address, "/metrics")),
        [
            r#"job_done_total{instance="",job="job"} 3"#,
            r#"job_duration_seconds_bucket{instance="",job="job",le="0.5"} 1"#,
            r#"job_duration_seconds_bucket{instance="",job="job",le="1"} 2"#,
            r#"job_duration_seconds_bucket{instance="",job="job",le="+Inf"} 3"#,
            r#"job_duration_seconds_sum{instance="",job="job"} 9"#,
            r#"job_duration_seconds_count{instance="",job="job"} 3"#,
        ]
    );
    let accept = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;\
                  encoding=delimited";
    let exposition = get_accepting(server.address, "/metrics", accept).bytes;
    let scraped = histogram(&exposition);
    let mut own = Vec::new();
    registry.encode(Format::Protobuf, &mut own);
    assert_eq!(scraped, histogram(&own));
    assert_eq!(scraped.positive().values().sum::<i64>(), 3);
}

fn histogram(exposition: &[u8]) -> model::Histogram {
    let mut families = model::families(exposition).into_iter();
    let family = families.find(|family| family.name == "job_duration_seconds").unwrap();
    family.metric[0].histogram.clone().unwrap()
}

#[test]
fn push_works_in_every_runtime_and_outside() {
    let server = pushgateway(&[]);
    let gateway = Pushgateway::new(server.address.to_string(), "backup").unwrap();
    let call = async |number| {
        gateway.push(&files(0)).await?;
        gateway.add(&files(number)).await?;
        let there = pushed(&get(server.address, "/metrics"));
        assert_eq!(there, [FILES.replace('7', &number.to_string())]);
        gateway.delete().await?;
        // This blocks the thread of a runtime, which is bad style, but no panic.
        gateway.push_blocking(&files(number))?;
        gateway.add_blocking(&files(number))?;
        gateway.delete_blocking()
    };
    block_on(call(1)).unwrap();
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(call(2)).unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(call(3)).unwrap();
    actix_web::rt::System::new().block_on(call(4)).unwrap();

    // The futures are `Send` and can be spawned.
    let (gateway, registry) = (gateway.clone(), files(5));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let spawned = runtime.spawn(async move { gateway.push(&registry).await });
    runtime.block_on(spawned).unwrap().unwrap();
    assert_eq!(pushed(&get(server.address, "/metrics")), [FILES.replace('7', "5")]);
}
