//! The public surface of the library: every item, the size of the root, and leftovers.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use hello_exporter_tests::public_api::PublicApi;
use hello_exporter_tests::{assert_golden, data};

/// The most names that the crate root may have.
const MOST_ROOT_NAMES: usize = 32;

static LIBRARY: LazyLock<PublicApi> = LazyLock::new(|| PublicApi::of_package("hello_exporter"));

static FIXTURE: LazyLock<PublicApi> =
    LazyLock::new(|| PublicApi::of_source(&data("public_api/fixture.rs")));

#[test]
fn public_items_are_as_recorded() {
    assert_golden("public_api.txt", &LIBRARY.listing());
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

/// Types that only clap creates, in fields of an author's flags, and the trait that an author's
/// generic struct has as a bound.
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
    assert!(
        left_over.is_empty(),
        "no public function, field, bound or alias mentions {left_over:#?}"
    );
    let reached: Vec<_> = named.difference(&LIBRARY.unreached).collect();
    assert!(reached.is_empty(), "reached or gone, but in NAMED_BY_AUTHORS: {reached:#?}");
}

#[test]
fn fixture_is_listed() {
    assert_golden("public_api/fixture.txt", &FIXTURE.listing());
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
