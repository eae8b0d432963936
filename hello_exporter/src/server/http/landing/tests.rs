//! Compares whole landing pages with golden files.

use std::path::Path;
use std::time::Duration;

use super::page::{ConfigFacts, Page, PageFacts, ProbeFacts, STYLE};
use crate::server::reload_metrics::LastLoad;
use crate::server::source::{Absence, FailureKind, LastRun, Status};

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// Returns a collector whose last run was `age` seconds ago.
fn ended(name: &'static str, failure: Option<FailureKind>, age: f64, duration: f64) -> Status {
    let last = LastRun { failure, duration: seconds(duration), age: seconds(age) };
    Status { name: name.into(), cache: None, running: None, last: Some(last) }
}

fn collectors() -> Vec<Status> {
    let cache = Some(seconds(90.0));
    let running = |status, running| Status { running: Some(seconds(running)), ..status };
    let never = |name: &'static str| Status { last: None, ..ended(name, None, 0.0, 0.0) };
    vec![
        ended("works", None, 12.9, 0.31),
        Status { cache, ..ended("cached", None, 61.0, 0.0001) },
        ended("fails", Some(FailureKind::Error), 3_600.0, 1.04),
        ended("panics", Some(FailureKind::Panic), 90_000.0, 59.99),
        ended("is_late", Some(FailureKind::Timeout), 0.2, 10.0),
        running(ended("runs_again", None, 15.0, 2.5), 0.75),
        running(ended("hangs", Some(FailureKind::Timeout), 110.0, 10.0), 120.0),
        running(never("first_run"), 2.0),
        never("never-run"),
        Status { cache, ..never("never_cached") },
    ]
}

fn hostile() -> PageFacts {
    PageFacts {
        name: "<b>\"my\" & 'your'_exporter</b>".to_owned(),
        description: "</style><script>alert(1)</script> & more".to_owned(),
        version: "1.2.3<".to_owned(),
        revision: "0123456789abcdef0123456789abcdef01234567".to_owned(),
        platform: "Rust 1.2.3, linux/x86_64".to_owned(),
        metrics_path: "/my/metrics".to_owned(),
        absent: vec![("spare".into(), Absence::Disabled), ("unused".into(), Absence::LeftOut)],
        deprecated: vec![("old_jobs<".to_owned(), "renamed to jobs_total & more".to_owned())],
        probes: vec![
            ProbeFacts {
                path: "/probe".to_owned(),
                modules: vec!["http_2xx".into(), "<i>".into()],
                is_restricted: true,
            },
            ProbeFacts { path: "/snmp".to_owned(), modules: Vec::new(), is_restricted: false },
        ],
    }
}

fn small() -> PageFacts {
    PageFacts {
        name: "small".to_owned(),
        description: String::new(),
        version: "unknown".to_owned(),
        revision: "unknown".to_owned(),
        platform: "Rust 1.2.3, linux/x86_64".to_owned(),
        metrics_path: "//metrics".to_owned(),
        absent: Vec::new(),
        deprecated: Vec::new(),
        probes: Vec::new(),
    }
}

fn config(is_successful: bool, age: f64, is_lifecycle_enabled: bool) -> ConfigFacts {
    ConfigFacts { last_load: LastLoad { is_successful, age: seconds(age) }, is_lifecycle_enabled }
}

/// Each golden file is a page without its style. If `GOLDEN` is set, e.g. `GOLDEN=overwrite`,
/// the test rewrites the files.
#[test]
fn pages_match_golden_files() {
    for (name, facts, collectors, config) in [
        ("everything", hostile(), collectors(), Some(config(true, 7_500.0, true))),
        ("config_failed", small(), Vec::new(), Some(config(false, 90_000.0, false))),
        ("small", small(), Vec::new(), None),
    ] {
        let page = Page { facts: &facts, collectors: &collectors, config }.to_string();
        let (before, after) = page.split_once(STYLE).expect("the page contains `STYLE`");
        let current = format!("{before}{after}");
        let directory =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("src/server/http/landing/golden");
        let path = directory.join(format!("{name}.html"));
        if std::env::var_os("GOLDEN").is_some() {
            std::fs::write(&path, &current).unwrap();
        }
        let recorded = std::fs::read_to_string(&path).unwrap();
        assert_eq!(recorded, current, "{}", path.display());
    }
}
