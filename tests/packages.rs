//! The crates as they are published, and the crates that they depend on.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use hello_exporter_tests::http::get;
use hello_exporter_tests::{Exporter, HELLO, build, cargo, read, repository, text};
use serde_json::Value;

/// Runs a command that must succeed, and returns its output.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// Packs both crates, and unpacks them into `directory`.
fn unpack(directory: &Path) {
    let target = directory.join("target");
    let mut package = cargo();
    package.current_dir(repository("")).args([
        "package",
        "--offline",
        "--no-verify",
        "--allow-dirty",
    ]);
    package.args(["--package=hello_exporter", "--package=hello_exporter_derive", "--target-dir"]);
    run(package.arg(&target));
    for name in ["hello_exporter", "hello_exporter_derive"] {
        let archive = target.join(format!("package/{name}-0.1.0.crate"));
        run(Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(directory));
    }
}

/// A crate that depends on the unpacked ones.
const MANIFEST: &str = r#"
[package]
name = "my_exporter"
version = "0.1.0"
edition = "2024"

[dependencies]
hello_exporter = "0.1.0"

[patch.crates-io]
hello_exporter = { path = "../hello_exporter-0.1.0" }
hello_exporter_derive = { path = "../hello_exporter_derive-0.1.0" }
"#;

#[test]
fn packed_crates_build_outside_of_the_repository() {
    let directory = tempfile::tempdir().unwrap();
    unpack(directory.path());
    let own = directory.path().join("my_exporter");
    fs::create_dir_all(own.join("src")).unwrap();
    fs::write(own.join("Cargo.toml"), MANIFEST).unwrap();
    fs::write(own.join("Cargo.lock"), read("Cargo.lock")).unwrap();
    let program =
        read("hello_exporter/src/main.rs").replace("\"hello_exporter\"", "\"my_exporter\"");
    fs::write(own.join("src/main.rs"), program).unwrap();
    // Their dependencies are built there already.
    let programs = build().parent().unwrap().to_owned();
    let target = programs.parent().unwrap();
    run(cargo().current_dir(&own).args(["build", "--offline", "--target-dir"]).arg(target));
    let exporter = Exporter::start_program(&programs.join("my_exporter"), &[]);
    let body = get(exporter.address, "/metrics?name[]=a&name[]=b").body;
    assert_eq!(body, HELLO);
}

#[test]
fn packages_have_licences_and_readmes() {
    let directory = tempfile::tempdir().unwrap();
    unpack(directory.path());
    for name in ["hello_exporter-0.1.0", "hello_exporter_derive-0.1.0"] {
        for file in ["LICENSE-APACHE", "LICENSE-MIT", "README.md"] {
            let text = fs::read_to_string(directory.path().join(name).join(file)).unwrap();
            assert!(text.len() > 100, "{name}/{file}: {text}");
        }
    }
}

/// A package that the library depends on, with all its features, on Linux.
struct Dependency {
    name: String,
    version: String,
    licence: String,
}

fn dependencies() -> Vec<Dependency> {
    let mut command = cargo();
    command.current_dir(repository("")).args(["metadata", "--offline", "--format-version=1"]);
    command.args(["--all-features", "--filter-platform=x86_64-unknown-linux-gnu"]);
    let metadata: Value = serde_json::from_str(&run(&mut command)).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let root = packages.iter().find(|package| package["name"] == "hello_exporter").unwrap();
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let nodes: BTreeMap<&str, &Value> =
        nodes.iter().map(|node| (node["id"].as_str().unwrap(), node)).collect();
    let mut needed = BTreeSet::new();
    let mut pending = vec![root["id"].as_str().unwrap()];
    while let Some(id) = pending.pop() {
        if needed.insert(id) {
            let dependencies = nodes[id]["deps"].as_array().unwrap().iter();
            let normal = dependencies.filter(|dependency| {
                dependency["dep_kinds"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|kind| kind["kind"].is_null())
            });
            pending.extend(normal.map(|dependency| dependency["pkg"].as_str().unwrap()));
        }
    }
    let of = |package: &Value, key: &str| package[key].as_str().unwrap_or_default().to_owned();
    let needed = packages.iter().filter(|it| needed.contains(it["id"].as_str().unwrap()));
    let dependency = |package| Dependency {
        name: of(package, "name"),
        version: of(package, "version"),
        licence: of(package, "license"),
    };
    needed.map(dependency).collect()
}

/// Licences that permit any use, if the copyright notice is kept.
const PERMISSIVE: [&str; 9] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Zlib",
];

/// Returns whether a licence expression can be fulfilled with permissive licences.
fn is_permissive(expression: &str) -> bool {
    let is_alternative_permissive =
        |alternative: &str| alternative.split(" AND ").all(|licence| PERMISSIVE.contains(&licence));
    // The old form of `OR`.
    let expression = expression.replace(" / ", "/").replace('/', " OR ");
    match expression.split_once('(') {
        // `(A OR B) AND C`
        Some((before, rest)) => {
            let (group, after) = rest.split_once(')').unwrap();
            let others = format!("{before}{after}");
            let mut others = others.split(" AND ").filter(|licence| !licence.is_empty());
            is_permissive(group) && others.all(|licence| PERMISSIVE.contains(&licence))
        }
        None => expression.split(" OR ").any(is_alternative_permissive),
    }
}

#[test]
fn licences_of_dependencies_are_permissive() {
    let dependencies = dependencies();
    assert!(dependencies.len() > 100, "{}", dependencies.len());
    let others = dependencies.iter().filter(|it| !is_permissive(&it.licence));
    let others: Vec<String> =
        others.map(|it| format!("{} {}: {}", it.name, it.version, it.licence)).collect();
    assert_eq!(others, Vec::<String>::new());
}

/// Dependencies of which two versions are needed, and why.
const DUPLICATES: [(&str, &str); 4] = [
    ("getrandom", "ring needs 0.2, bcrypt 0.4"),
    ("http", "actix-web needs 0.2, ureq 1"),
    ("syn", "actix-web's macros need 2, the derive 3"),
    ("unicode-width", "promql-parser needs 0.1, wrapped help of clap 0.2"),
];

#[test]
fn no_other_dependency_has_two_versions() {
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for Dependency { name, version, .. } in dependencies() {
        versions.entry(name).or_default().insert(version);
    }
    versions.retain(|_, versions| versions.len() > 1);
    let names: Vec<&str> = versions.keys().map(String::as_str).collect();
    assert_eq!(names, DUPLICATES.map(|(name, _)| name), "{versions:?}");
}
