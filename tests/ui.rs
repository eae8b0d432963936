//! The compiler's message for each mistake.
//!
//! Each file has one mistake and is named for it, except three files with several mistakes.
//! CONTRIBUTING.md explains how to record a message.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use hello_exporter_tests::{data, read};

#[test]
fn every_mistake_has_its_message() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("ui/*/*.rs");
}

fn cases() -> Vec<PathBuf> {
    let groups = fs::read_dir(data("ui")).unwrap();
    let files = groups.flat_map(|group| fs::read_dir(group.unwrap().path()).unwrap());
    let paths = files.map(|file| file.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|end| end == "rs")).collect()
}

/// Returns the identifiers after each `keyword` in a text.
fn names_after<'t>(text: &'t str, keyword: &str) -> impl Iterator<Item = &'t str> {
    let is_identifier = |character: char| character == '_' || character.is_alphanumeric();
    text.split(keyword).skip(1).map(move |tail| {
        let end = tail.find(|character| !is_identifier(character)).unwrap_or(tail.len());
        &tail[..end]
    })
}

/// Returns every rule with its source: the functions `check_*` of macro and library, and the traits
/// with a message.
fn rules() -> BTreeMap<String, String> {
    let mut rules = BTreeMap::new();
    for path in ["hello_exporter_derive/src/check.rs", "hello_exporter/src/__private/checks.rs"] {
        for function in read(path).split("fn ").skip(1) {
            let name = names_after(&format!("fn {function}"), "fn ").next().unwrap().to_owned();
            let body = function.split("\n}\n").next().unwrap();
            if name.starts_with("check_") {
                rules.insert(name, body.to_owned());
            }
        }
    }
    for path in [
        "collect.rs",
        "labels.rs",
        "metric/to_sample.rs",
        "metric/series_set.rs",
        "metric/state_set.rs",
        "metric/without_labels.rs",
        "registry/origin.rs",
        "server/source.rs",
        "server/source/maker.rs",
        "server/probe.rs",
        "server/probe/maker.rs",
        "server/exporter/maker.rs",
        "collect/new.rs",
    ] {
        let text = read(&format!("hello_exporter/src/{path}"));
        for tail in text.split("#[diagnostic::on_unimplemented(").skip(1) {
            let (attribute, rest) = tail.split_once(")]").unwrap();
            let name = names_after(rest, "pub trait ").next().unwrap();
            rules.insert(name.to_owned(), attribute.to_owned());
        }
    }
    rules
}

/// Returns the pieces of a rule's string literals that are the same for every mistake.
fn phrases(body: &str) -> Vec<String> {
    let unescaped = body.replace("\\\"", "\u{1}").replace("\\\n", "\n");
    let literals = unescaped.split('"').skip(1).step_by(2);
    let pieces = literals.flat_map(|literal| literal.split(['{', '}']).step_by(2));
    let pieces = pieces.map(|piece| piece.split_whitespace().collect::<Vec<_>>().join(" "));
    pieces.map(|piece| piece.replace('\u{1}', "\"")).filter(|piece| piece.len() >= 8).collect()
}

/// Returns the rules that a case names in its first line.
fn rules_of(case: &Path) -> Vec<String> {
    let text = fs::read_to_string(case).unwrap();
    let named = text.lines().filter_map(|line| line.strip_prefix("// rule: "));
    named.flat_map(|rules| rules.split(", ")).map(str::to_owned).collect()
}

#[test]
fn every_rule_has_a_case() {
    let covered: BTreeSet<String> = cases().iter().flat_map(|case| rules_of(case)).collect();
    assert_eq!(covered, rules().into_keys().collect());
}

/// A case that fails for another reason than the rule it names would prove nothing.
#[test]
fn every_case_has_the_words_of_its_rule() {
    let rules = rules();
    let mut silent = Vec::new();
    for case in cases() {
        let message = fs::read_to_string(case.with_extension("stderr")).unwrap();
        for rule in rules_of(&case) {
            let phrases = phrases(&rules[&rule]);
            // A rule that only calls others has no words of its own.
            let is_said = phrases.iter().any(|phrase| message.contains(phrase.as_str()));
            if !is_said && !phrases.is_empty() {
                silent.push(format!("{}: {rule}: {phrases:?}", case.display()));
            }
        }
    }
    assert_eq!(silent, [""; 0]);
}

#[test]
fn every_mistake_is_one_error() {
    for case in cases() {
        let name = case.file_stem().unwrap().to_str().unwrap().to_owned();
        let errors = match name.as_str() {
            "eight_mistakes_of_all_tiers" | "every_mistake_at_once" => 8,
            "nothing_else_fails" => 5,
            _ => 1,
        };
        let message = fs::read_to_string(case.with_extension("stderr")).unwrap();
        let rendered = message.lines().filter(|line| line.starts_with("error")).count();
        assert_eq!(rendered, errors, "{name}:\n{message}");
    }
}
