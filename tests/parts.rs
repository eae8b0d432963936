//! Parts of a struct that can be absent: `#[metric(flatten)]` on an `Option`.

#![allow(clippy::unwrap_used, clippy::unreadable_literal, missing_docs, reason = "tests")]

use std::sync::Arc;
use std::sync::Mutex;

use hello_exporter::collect::Describe;
use hello_exporter::{Collector, Counter, DynamicFamilies, Gauge, Labels, Registry, Rows};
use hello_exporter_tests::{
    Exporter, build_example, exposition, exposition_of_fn, http, registry_of, registry_of_fn,
};

#[derive(Collector, Clone)]
struct Replica {
    /// Seconds behind the primary.
    lag_seconds: f64,

    #[metric(help = "Slots.", labels = ["slot"])]
    slots: Vec<(&'static str, u8)>,
}

#[derive(Collector)]
#[collector(namespace = "db", const_labels(zone = "a"))]
struct Database {
    /// Whether the server answers.
    up: bool,

    #[metric(flatten, prefix = "replica_")]
    replica: Option<Replica>,

    #[metric(flatten)]
    settings: Option<DynamicFamilies>,

    #[metric(flatten)]
    cache: Cache,
}

#[derive(Collector)]
struct Cache {
    /// Cache hits.
    #[metric(counter)]
    hits_total: u64,
}

fn replica() -> Replica {
    Replica { lag_seconds: 0.5, slots: vec![("one", 1)] }
}

fn settings() -> DynamicFamilies {
    let mut settings = DynamicFamilies::new();
    settings.gauge("max_connections", "A setting.").value(100);
    settings
}

const WHOLE: &str = include_str!("expositions/parts.txt");

const PART: &str = r#"# HELP db_hits_total Cache hits.
# TYPE db_hits_total counter
db_hits_total{zone="a"} 7
# HELP db_up Whether the server answers.
# TYPE db_up gauge
db_up{zone="a"} 1
"#;

fn database(replica: Option<Replica>, settings: Option<DynamicFamilies>) -> Database {
    Database { up: true, replica, settings, cache: Cache { hits_total: 7 } }
}

#[test]
fn absent_part_has_no_samples() {
    assert_eq!(exposition_of_fn(|| database(Some(replica()), Some(settings()))), WHOLE);
    assert_eq!(exposition_of_fn(|| database(None, None)), PART);
}

#[test]
fn part_comes_and_goes_from_scrape_to_scrape() {
    let parts = Arc::new(Mutex::new((Some(replica()), Some(settings()))));
    let current = Arc::clone(&parts);
    let registry = Registry::new();
    registry
        .register_fn(move || {
            let (replica, settings) = current.lock().unwrap().clone();
            database(replica, settings)
        })
        .unwrap();
    for _ in 0..2 {
        *parts.lock().unwrap() = (None, None);
        assert_eq!(exposition(&registry), PART);
        *parts.lock().unwrap() = (Some(replica()), Some(settings()));
        assert_eq!(exposition(&registry), WHOLE);
    }
}

#[test]
fn families_of_an_absent_part_are_declared() {
    let absent = database(None, None);
    let names: Vec<String> = absent.describe().iter().map(|desc| desc.name().to_owned()).collect();
    assert_eq!(names, ["db_up", "db_replica_lag_seconds", "db_replica_slots", "db_hits_total"]);

    let registry = registry_of_fn(|| database(None, None));
    let scope = registry.scope().prefix("db_replica_").const_label("zone", "a");
    assert_eq!(
        scope.register_fn(replica).unwrap_err().to_string(),
        "metric `db_replica_lag_seconds{zone=\"a\"}` of collector `parts::Replica` is registered \
         already, by collector `parts::Database`"
    );
}

#[test]
fn new_creates_an_absent_part() {
    assert!(Database::new().replica.is_none());
}

#[test]
fn live_part_is_registered_with_its_struct() {
    #[derive(Collector)]
    struct Pool {
        /// Connections in use.
        connections: Gauge<i64>,
    }

    #[derive(Collector)]
    struct Service {
        /// Jobs done.
        jobs_total: Counter,

        #[metric(flatten)]
        read: Option<Pool>,

        #[metric(flatten, prefix = "write_")]
        write: Option<Pool>,
    }

    let service = Arc::new(Service { write: Some(Pool::new()), ..Service::new() });
    let registry = registry_of(Arc::clone(&service));
    service.jobs_total.inc();
    service.write.as_ref().unwrap().connections.set(3);
    assert_eq!(
        exposition(&registry),
        "\
# HELP jobs_total Jobs done.
# TYPE jobs_total counter
jobs_total 1
# HELP write_connections Connections in use.
# TYPE write_connections gauge
write_connections 3
"
    );
}

#[test]
fn part_of_a_row_can_be_absent() {
    #[derive(Labels)]
    struct Server {
        server: &'static str,
    }

    let rows = || -> Rows<Server, Option<Replica>> {
        let rows = [("one", None), ("two", Some(replica()))];
        rows.into_iter().map(|(server, replica)| (Server { server }, replica)).collect()
    };
    assert_eq!(
        exposition_of_fn(rows),
        "\
# HELP lag_seconds Seconds behind the primary.
# TYPE lag_seconds gauge
lag_seconds{server=\"two\"} 0.5
# HELP slots Slots.
# TYPE slots gauge
slots{server=\"two\",slot=\"one\"} 1
"
    );
}

#[test]
fn source_with_an_absent_part_succeeds() {
    let program = build_example("hello_exporter_tests", "parts");
    let exporter = Exporter::start_program(&program, &[]);
    let body = http::get(exporter.address, "/metrics?collect[]=primary&collect[]=nothing").body;
    let lines = body.lines().filter(|line| {
        line.starts_with("server_") || line.starts_with("parts_scrape_collector_success{")
    });
    assert_eq!(
        lines.collect::<Vec<_>>(),
        [
            "server_up 1",
            "parts_scrape_collector_success{collector=\"primary\"} 1",
            "parts_scrape_collector_success{collector=\"nothing\"} 1",
        ]
    );
}
