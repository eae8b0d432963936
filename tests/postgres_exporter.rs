//! The example postgres_exporter compared with the original that it replaces.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use hello_exporter_tests::http::get;
use hello_exporter_tests::{
    Comparison, Exporter, Family, Postgres, build_program, free_address, lines_of_code, parse,
    read, read_unwrapped, with_comma,
};

/// Returns a server with data for every family: a second database, a table, a slot, and statistics
/// that have been reset.
fn filled() -> Postgres {
    let postgres = Postgres::start(&["wal_level=logical", "stats_fetch_consistency=none"]);
    postgres.sql("CREATE DATABASE \"odd \"\"name\"\"\"");
    postgres.sql("CREATE TABLE t AS SELECT generate_series(1, 1000) AS a");
    postgres.sql("SELECT pg_create_physical_replication_slot('standby', true)");
    postgres.sql("SELECT pg_stat_reset(); SELECT pg_stat_reset_shared('bgwriter')");
    postgres
}

fn program() -> PathBuf {
    build_program("postgres_exporter", ["--bin", "postgres_exporter"])
}

/// Starts an exporter, which listens on a free port, with the server's URL in its environment.
fn start(program: &Path, postgres: &Postgres, flags: &[&str]) -> Exporter {
    let address = free_address();
    let mut command = Command::new(program);
    command.env("DATA_SOURCE_NAME", postgres.url("postgres"));
    command.arg(format!("--web.listen-address={address}")).args(flags);
    Exporter::start_command(&mut command)
}

fn start_original(postgres: &Postgres) -> Exporter {
    start(Path::new("prometheus-postgres-exporter"), postgres, &[])
}

/// Reads an exposition of the original, without the parts that ours omits: the label `server`, and
/// samples that are NULL in the database and NaN in the original.
fn of_original(exposition: &str) -> Vec<Family> {
    let mut families = parse(exposition);
    for family in &mut families {
        family.samples.retain(|sample| !sample.value.is_nan());
        for sample in &mut family.samples {
            sample.labels.remove("server");
        }
    }
    families.retain(|family| !family.samples.is_empty());
    families
}

fn body(exporter: &Exporter) -> String {
    let response = get(exporter.address, "/metrics");
    assert_eq!(response.status, 200, "{}", response.body);
    response.body
}

fn group(family: &str) -> String {
    let is_own = ["pg_exporter_", "pg_scrape_", "postgres_exporter_"];
    let group = if is_own.iter().any(|prefix| family.starts_with(prefix)) {
        "exporter"
    } else if family.starts_with("pg_settings_") {
        "settings"
    } else if family.starts_with("pg_") {
        "postgres"
    } else {
        "process"
    };
    group.to_owned()
}

/// Compares a scrape of ours with one scrape of the original before it and one after it. Repeats
/// this, at most 20 times, until each gauge of the group `postgres` has been between the two once.
fn compare(original: &Exporter, ours: &Exporter) -> Comparison {
    let scrapes = || {
        let before = of_original(&body(original));
        let between = parse(&body(ours));
        Comparison::between([&before, &of_original(&body(original))], &between, group)
    };
    let mut comparison = scrapes();
    for _ in 0..20 {
        if comparison.groups["postgres"].wrong.is_empty() {
            break;
        }
        comparison.forgive(&scrapes());
    }
    comparison
}

/// Families of the original that ours does not have: the version, and the exporter's own metrics.
const MISSING: [&str; 6] = [
    "pg_exporter_last_scrape_duration_seconds",
    "pg_exporter_last_scrape_error",
    "pg_exporter_scrapes",
    "pg_scrape_collector_duration_seconds",
    "pg_scrape_collector_success",
    "pg_static",
];

/// A family that both exporters have, with different labels: the build of the program.
const DIFFERENT: &str = "postgres_exporter_build_info";

/// A setting that the driver of the original changes for its session.
const OF_SESSION: &str = "pg_settings_extra_float_digits";

#[test]
fn families_have_the_samples_of_the_original() {
    let postgres = filled();
    let (original, ours) = (start_original(&postgres), start(&program(), &postgres, &[]));
    let mut comparison = compare(&original, &ours);
    let settings = comparison.groups.get_mut("settings").unwrap();
    settings.wrong.remove(OF_SESSION);
    println!("{comparison}");
    let groups = ["exporter", "postgres", "settings"].map(|group| &comparison.groups[group]);
    let different = groups.into_iter().flat_map(|group| group.different.keys()).map(String::as_str);
    let expected: BTreeSet<&str> = MISSING.into_iter().chain([DIFFERENT]).collect();
    assert_eq!(different.collect::<BTreeSet<_>>(), expected);
    let [exporter, postgres, settings] = groups;
    assert!(postgres.wrong.is_empty() && settings.wrong.is_empty(), "{comparison}");
    let families = exporter.families + postgres.families + settings.families;
    assert_eq!([families, families - expected.len()], [304, 297], "{comparison}");
}

#[test]
fn help_equals_that_of_the_original() {
    let postgres = filled();
    let help = |exporter: &Exporter| -> BTreeMap<String, String> {
        let families = parse(&body(exporter));
        families.into_iter().map(|family| (family.name, family.help)).collect()
    };
    let original = help(&start_original(&postgres));
    let ours = help(&start(&program(), &postgres, &[]));
    let is_compared = |name: &str| name.starts_with("pg_");
    for (name, help) in ours.iter().filter(|(name, _)| is_compared(name)) {
        let original = &original[name];
        assert!(help == original || original.starts_with("Unknown metric from "), "{name}: {help}");
    }
    assert!(ours.len() > 250);
}

/// The original exposes a process ID instead of the slot's name.
#[test]
fn replication_has_the_name_of_its_slot() {
    let postgres = filled();
    let _standby = postgres.stream_from("standby");
    let ours = start(&program(), &postgres, &[]);
    let labels = "application_name=\"pg_receivewal\",client_addr=\"127.0.0.1\",state=\"streaming\",\
                  slot_name=\"standby\"";
    let sample = format!("\npg_stat_replication_pg_current_wal_lsn_bytes{{{labels}}} ");
    let body = body(&ours);
    assert!(body.contains(&sample), "{body}");
    assert!(
        body.contains("\npg_replication_slots_active{slot_name=\"standby\",database=\"\"} 1\n")
    );
}

/// Returns the README without its line breaks.
fn readme() -> String {
    read_unwrapped("examples/postgres_exporter/README.md")
}

/// Lines of the original, version 0.11.1, counted in the same way: those of
/// `cmd/postgres_exporter`, and those of `collector`.
const LINES_OF_ORIGINAL: usize = 1669 + 474;

#[test]
fn program_has_at_most_300_lines_and_documents_state_them() {
    let ours = lines_of_code("examples/postgres_exporter/src");
    assert!(ours <= 300, "{ours}");
    let original = with_comma(LINES_OF_ORIGINAL);
    let lines = format!("The program has {ours} lines");
    assert!(readme().contains(&lines) && readme().contains(&original), "{lines}, {original}");
    assert!(read("docs/comparison.md").contains(&format!("has {ours} lines")), "{ours}");
}

#[test]
fn readme_names_missing_families() {
    for family in MISSING {
        assert!(readme().contains(family), "{family}");
    }
}
