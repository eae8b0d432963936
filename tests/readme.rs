//! The README's programs, output and tests are those of the repository. The documentation tests of
//! the library compile the README's other snippets.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use hello_exporter_tests::{Exporter, block, build_example, http, read};

#[test]
fn readme_shows_the_program_that_is_built() {
    let readme = read("README.md");
    let main = read("hello_exporter/src/main.rs");
    let shown = block(&readme, "rust,no_run");
    assert!(main.ends_with(shown), "the README's program is not main.rs");
    let left_out = main.strip_suffix(shown).unwrap().lines();
    let is_use =
        |line: &str| line.is_empty() || line.starts_with("use ") || line.starts_with("//!");
    assert!({ left_out }.all(is_use), "the README leaves out more than `use` lines");
}

#[test]
fn readme_shows_the_output_of_the_program() {
    let exporter = Exporter::start(&[]);
    let body = http::get(exporter.address, "/metrics").body;
    let readme = read("README.md");
    assert!(body.starts_with(block(&readme, "text")), "{body}");
}

#[test]
fn readme_shows_a_test_that_passes() {
    let readme = read("README.md");
    let (_, tail) = readme.split_once("## Testing\n").unwrap();
    let shown = block(tail, "rust,ignore");
    assert!(read("tests/testing.rs").contains(shown), "the README's test is not in testing.rs");
}

#[test]
fn diff_of_the_readme_matches_the_program() {
    let main = read("hello_exporter/src/main.rs");
    let readme = read("README.md");
    for hunk in block(&readme, "diff").split("@@\n") {
        let before = hunk.lines().filter(|line| !line.starts_with('+'));
        let before: String = before.map(|line| line[1..].to_owned() + "\n").collect();
        assert_eq!(main.matches(&before).count(), 1, "{before}");
    }
}

#[test]
fn failing_source_is_visible_in_the_example() {
    let program = build_example("hello_exporter", "source");
    let exporter = Exporter::start_program(&program, &["--gateway.address=127.0.0.1:1"]);
    let body = http::get(exporter.address, "/metrics?collect[]=gateway").body;
    let failed = "gateway_exporter_scrape_collector_success{collector=\"gateway\"} 0\n";
    assert!(body.contains(failed), "{body}");
}
