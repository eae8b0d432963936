//! The public surface of the library: every item, the size of the root, and leftovers.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use hello_exporter_tests::public_api::PublicApi;

/// The most names that the crate root may have.
const MOST_ROOT_NAMES: usize = 32;

const COMMAND: &str =
    "GOLDEN=overwrite cargo test --package hello_exporter_tests --test public_api";

static LIBRARY: LazyLock<PublicApi> = LazyLock::new(|| PublicApi::of_package("hello_exporter"));

static FIXTURE: LazyLock<PublicApi> =
    LazyLock::new(|| PublicApi::of_source(&path("public_api/fixture.rs")));

fn path(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Compares a listing with its golden file, or overwrites the file.
fn assert_is_recorded(api: &PublicApi, file: &str) {
    let (path, current) = (path(file), api.listing());
    if std::env::var_os("GOLDEN").is_some() {
        return std::fs::write(path, current).unwrap();
    }
    let recorded = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        recorded == current,
        "tests/{file} differs from the public items:\n{}\nif the change is meant: {COMMAND}",
        changes(&recorded, &current)
    );
}

/// Returns the removed lines, then the added lines, each in the order of the listing.
fn changes(recorded: &str, current: &str) -> String {
    let (old, new): (BTreeSet<&str>, BTreeSet<&str>) =
        (recorded.lines().collect(), current.lines().collect());
    let removed =
        recorded.lines().filter(|line| !new.contains(line)).map(|line| format!("-{line}\n"));
    let added = current.lines().filter(|line| !old.contains(line)).map(|line| format!("+{line}\n"));
    removed.chain(added).collect()
}

#[test]
fn public_items_are_as_recorded() {
    assert_is_recorded(&LIBRARY, "public_api.txt");
}

#[test]
fn crate_root_has_few_names() {
    let names = &LIBRARY.root_names;
    assert!(
        names.len() <= MOST_ROOT_NAMES,
        "the crate root has {} names, expected at most {MOST_ROOT_NAMES}: {names:#?}",
        names.len()
    );
}

/// Types that only clap makes, for fields of an author's flags, and the trait that an author's
/// generic struct names in its bounds.
const NAMED_BY_AUTHORS: [&str; 4] = [
    "hello_exporter::collect::Init",
    "hello_exporter::filter::Filter",
    "hello_exporter::filter::Pattern",
    "hello_exporter::probe::TargetPattern",
];

#[test]
fn every_public_type_is_reached() {
    let named = BTreeSet::from(NAMED_BY_AUTHORS.map(str::to_owned));
    let left_over: Vec<_> = LIBRARY.unreached.difference(&named).collect();
    assert!(left_over.is_empty(), "no public function, field, bound or alias has {left_over:#?}");
    let reached: Vec<_> = named.difference(&LIBRARY.unreached).collect();
    assert!(reached.is_empty(), "reached or gone, expected not in NAMED_BY_AUTHORS: {reached:#?}");
}

#[test]
fn fixture_is_listed() {
    assert_is_recorded(&FIXTURE, "public_api/fixture.txt");
}

#[test]
fn root_names_of_fixture_are_counted_without_modules() {
    let names: Vec<&str> = FIXTURE.root_names.iter().map(String::as_str).collect();
    let expected = [
        "Choice",
        "Convert",
        "Input",
        "Lonely",
        "Made",
        "Marker",
        "Options",
        "ParseError",
        "Unreached",
        "Wrapper",
        "call",
        "chain",
        "choose",
        "first",
        "foreign",
        "pair",
        "wait",
    ];
    assert_eq!(names, expected);
}

#[test]
fn unreached_types_of_fixture_are_found() {
    let unreached: Vec<&str> = FIXTURE.unreached.iter().map(String::as_str).collect();
    let expected =
        ["fixture::Lonely", "fixture::Marker", "fixture::Unreached", "fixture::nested::Bits"];
    assert_eq!(unreached, expected);
}

#[test]
fn changed_lines_are_shown_in_order() {
    let changes = changes("# 1\na\nb\n", "# 1\nb\nc\n");
    assert_eq!(changes, "-a\n+c\n");
}
