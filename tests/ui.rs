//! What the compiler says of each mistake, to the letter.
//!
//! One mistake per file, named for it; see CONTRIBUTING.md for how to record a message.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_mistake_has_its_message() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("ui/*/*.rs");
}

fn cases() -> Vec<PathBuf> {
    let groups = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("ui")).unwrap();
    let files = groups.flat_map(|group| fs::read_dir(group.unwrap().path()).unwrap());
    let paths = files.map(|file| file.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|end| end == "rs")).collect()
}

fn source(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    fs::read_to_string(root.join(path)).unwrap()
}

/// The identifiers that stand behind `keyword` in a text.
fn names_behind<'t>(text: &'t str, keyword: &str) -> impl Iterator<Item = &'t str> {
    let is_identifier = |character: char| character == '_' || character.is_alphanumeric();
    text.split(keyword).skip(1).map(move |tail| {
        let end = tail.find(|character| !is_identifier(character)).unwrap_or(tail.len());
        &tail[..end]
    })
}

/// Every rule: the functions `check_*` of macro and library, and the traits with a message.
fn rules() -> BTreeSet<String> {
    let mut rules = BTreeSet::new();
    for path in ["hello_exporter_derive/src/check.rs", "hello_exporter/src/private/checks.rs"] {
        let text = source(path);
        let functions = names_behind(&text, "fn ").filter(|name| name.starts_with("check_"));
        rules.extend(functions.map(str::to_owned));
    }
    for path in [
        "collect.rs",
        "labels.rs",
        "metric/value.rs",
        "metric/family.rs",
        "registry/source.rs",
        "private/mod.rs",
    ] {
        let text = source(&format!("hello_exporter/src/{path}"));
        let declarations = text.split("#[diagnostic::on_unimplemented(").skip(1);
        let traits = declarations.filter_map(|tail| names_behind(tail, "pub trait ").next());
        rules.extend(traits.map(str::to_owned));
    }
    rules
}

#[test]
fn every_rule_has_a_case() {
    let mut covered = BTreeSet::new();
    for case in cases() {
        let text = fs::read_to_string(case).unwrap();
        let named = text.lines().filter_map(|line| line.strip_prefix("// rule: "));
        covered.extend(named.flat_map(|rules| rules.split(", ")).map(str::to_owned));
    }
    assert_eq!(covered, rules());
}

#[test]
fn every_case_is_one_mistake_and_says_so_once() {
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
