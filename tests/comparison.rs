//! The same exporter written three times: with the derive, the `prometheus` crate and
//! client_golang.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "tests")]

use std::path::{Path, PathBuf};
use std::process::Command;

use hello_exporter_tests::http::get;
use hello_exporter_tests::{Exporter, Family, build_example, data, parse, read};

fn source(path: &str) -> String {
    std::fs::read_to_string(directory().join(path)).unwrap()
}

fn directory() -> PathBuf {
    data("comparison")
}

/// Returns the families of the queue that a program serves, as an independent parser reads them.
fn served(program: &Path) -> Vec<Family> {
    let program = Exporter::start_unlogged(program, &[]);
    let mut families = parse(&get(program.address, "/metrics").body);
    families.retain(|family| {
        family.name.starts_with("queue_") && family.name != "queue_exporter_build_info"
    });
    families.sort_by(|one, other| one.name.cmp(&other.name));
    families
}

/// Builds the Go program with the Go packages of the distribution.
fn build_go() -> PathBuf {
    let executable = Path::new(env!("CARGO_TARGET_TMPDIR")).join("client_golang");
    let status = Command::new("go")
        .arg("build")
        .arg("-o")
        .arg(&executable)
        .arg(directory().join("client_golang.go"))
        .env("GO111MODULE", "off")
        .env("GOPATH", "/usr/share/gocode")
        .env("GOCACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("go-cache"))
        .status()
        .expect("go is installed: tests/run does it");
    assert!(status.success(), "client_golang is installed: tests/run does it");
    executable
}

#[test]
fn programs_serve_the_same_samples() {
    let derive = served(&build_example("hello_exporter_tests", "comparison_derive"));
    assert_eq!(derive.len(), 7);
    assert_eq!(served(&build_example("hello_exporter_tests", "comparison_prometheus")), derive);
    assert_eq!(served(&build_go()), derive);
}

/// Counts the lines that are neither blank nor a comment. A doc comment of a field counts, since it
/// is a HELP text.
fn lines_of_code(source: &str) -> usize {
    let is_code = |line: &&str| {
        let line = line.trim();
        let is_comment = line.starts_with("//") && !line.starts_with("///");
        !line.is_empty() && !is_comment
    };
    source.lines().filter(is_code).count()
}

#[test]
fn document_states_the_lines_of_the_sources() {
    let rows = [
        ("this derive", "derive.rs"),
        ("the `prometheus` crate", "prometheus.rs"),
        ("client_golang", "client_golang.go"),
    ];
    let row = |(name, file)| {
        let lines = lines_of_code(&source(file));
        format!("| {name} | [{file}](../tests/comparison/{file}) | {lines} |\n")
    };
    let table: String = rows.map(row).concat();
    let document = read("docs/comparison.md");
    assert!(document.contains(&table), "docs/comparison.md should say:\n{table}");
}

#[test]
fn programs_are_formatted() {
    let rustfmt = Command::new("rustfmt")
        .args(["--check", "--edition=2024"])
        .args(["derive.rs", "prometheus.rs"].map(|file| directory().join(file)))
        .output()
        .unwrap();
    assert!(rustfmt.status.success(), "{}", String::from_utf8_lossy(&rustfmt.stdout));
    let gofmt = Command::new("gofmt").arg("-l").arg(directory()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&gofmt.stdout), "");
}
