//! The crates as they are published, and the crates that they depend on.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use hello_exporter_tests::http::get;
use hello_exporter_tests::{
    Exporter, HELLO, block, build, cargo, read, read_unwrapped, repository, text, without_cargo_env,
};
use serde_json::Value;

/// Runs a command that must succeed, and returns its output.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// Packs both crates, and unpacks each into a subdirectory of `directory` that has its name.
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
    for name in CRATES {
        let archive = target.join(format!("package/{name}-0.1.0.crate"));
        run(Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(directory));
        fs::rename(directory.join(format!("{name}-0.1.0")), directory.join(name)).unwrap();
    }
}

/// The crates that are published.
const CRATES: [&str; 2] = ["hello_exporter", "hello_exporter_derive"];

/// The settings of cargo, in place of a registry that has the crate of the macros.
const SETTINGS: &str = r#"
[net]
offline = true

[patch.crates-io]
hello_exporter_derive = { path = "checkout/hello_exporter_derive" }
"#;

/// Adds the README's metric to a program.
fn with_own_metric(mut program: String, readme: &str) -> String {
    for hunk in block(readme, "diff").split("@@\n") {
        let without = |sign: char| -> String {
            let lines = hunk.lines().filter(|line| !line.starts_with(sign));
            lines.map(|line| line[1..].to_owned() + "\n").collect()
        };
        program = program.replace(&without('+'), &without('-'));
    }
    program
}

#[test]
fn own_exporter_of_the_readme_needs_only_the_packed_crates() {
    let directory = tempfile::tempdir().unwrap();
    let (checkout, own) = (directory.path().join("checkout"), directory.path().join("my_exporter"));
    fs::create_dir(&checkout).unwrap();
    unpack(&checkout);
    fs::create_dir(directory.path().join(".cargo")).unwrap();
    fs::write(directory.path().join(".cargo/config.toml"), SETTINGS).unwrap();
    let readme = read("README.md");
    let (_, section) = readme.split_once("## An exporter of your own\n").unwrap();
    let mut shell = without_cargo_env("bash");
    run(shell.args(["-euc", block(section, "sh")]).current_dir(&checkout));
    let main = own.join("src/main.rs");
    let program = with_own_metric(fs::read_to_string(&main).unwrap(), section);
    fs::write(main, program).unwrap();
    // With the same versions of dependencies and the same target directory, they are built already.
    fs::write(own.join("Cargo.lock"), read("Cargo.lock")).unwrap();
    let programs = build().parent().unwrap().to_owned();
    let target = programs.parent().unwrap();
    run(cargo().current_dir(&own).args(["build", "--target-dir"]).arg(target));
    let exporter = Exporter::start_program(&programs.join("my_exporter"), &[]);
    let (_, visitors) = block(section, "console").split_once('\n').unwrap();
    let body = get(exporter.address, "/metrics?name[]=a&name[]=b&name[]=visitors_total").body;
    assert_eq!(body, format!("{HELLO}{visitors}"));
}

#[test]
fn packages_have_licences_and_readmes() {
    let directory = tempfile::tempdir().unwrap();
    unpack(directory.path());
    for name in CRATES {
        for file in ["LICENSE-APACHE", "LICENSE-MIT", "README.md"] {
            let text = fs::read_to_string(directory.path().join(name).join(file)).unwrap();
            assert!(text.len() > 100, "{name}/{file}: {text}");
        }
    }
}

/// A package that the library needs, with all its features, on Linux.
struct Dependency {
    name: String,
    version: String,
    licence: String,
    rust_version: [u32; 2],
}

/// Returns the major and the minor version of the compiler.
fn rust_version(text: &str) -> [u32; 2] {
    let mut parts = text.split('.').map(|part| part.parse().unwrap());
    std::array::from_fn(|_| parts.next().unwrap())
}

/// Returns the packages that the library needs, with itself and the crate of the macros. The lock
/// file has all of them.
fn dependencies() -> Vec<Dependency> {
    let mut command = cargo();
    command.current_dir(repository("")).args(["metadata", "--offline", "--locked"]);
    command.args(["--format-version=1", "--all-features"]);
    command.arg("--filter-platform=x86_64-unknown-linux-gnu");
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
                let kinds = dependency["dep_kinds"].as_array().unwrap();
                kinds.iter().any(|kind| kind["kind"].is_null())
            });
            pending.extend(normal.map(|dependency| dependency["pkg"].as_str().unwrap()));
        }
    }
    let of = |package: &Value, key: &str| package[key].as_str().unwrap_or_default().to_owned();
    let needed = packages.iter().filter(|it| needed.contains(it["id"].as_str().unwrap()));
    let dependency = |package: &Value| Dependency {
        name: of(package, "name"),
        version: of(package, "version"),
        licence: of(package, "license"),
        rust_version: package["rust_version"].as_str().map(rust_version).unwrap_or_default(),
    };
    needed.map(dependency).collect()
}

/// Only the newest compiler is installed, so no test builds with this version. Clippy's lint
/// `incompatible_msrv` finds newer functions of the standard library.
#[test]
fn rust_version_is_the_highest_that_a_dependency_requires() {
    let dependencies = dependencies();
    let (own, others): (Vec<_>, Vec<_>) =
        dependencies.iter().partition(|package| CRATES.contains(&&*package.name));
    let required = others.iter().map(|package| package.rust_version).max().unwrap();
    let required_by = others.iter().filter(|package| package.rust_version == required);
    let required_by: Vec<&str> = required_by.map(|package| &*package.name).collect();
    assert_eq!(own.len(), CRATES.len());
    for package in own {
        assert_eq!(package.rust_version, required, "{}: {required_by:?}", package.name);
    }
    let [major, minor] = required;
    let readme = read_unwrapped("README.md");
    assert!(readme.contains(&format!("your own crate needs {major}.{minor} or newer")));
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

/// Dependencies of which incompatible versions are needed, and why.
const DUPLICATES: [(&str, [&str; 2], &str); 4] = [
    ("getrandom", ["0.2", "0.4"], "ring needs the first, bcrypt the second"),
    ("http", ["0.2", "1"], "actix-web needs the first, ureq the second"),
    ("syn", ["2", "3"], "the macros of actix-web need the first, the derive the second"),
    ("unicode-width", ["0.1", "0.2"], "promql-parser needs the first, clap the second"),
];

/// Returns the part of a version that all compatible versions share.
fn compatible(version: &str) -> &str {
    let mut ends = version.match_indices('.').map(|(end, _)| end);
    let end = if version.starts_with("0.") { ends.nth(1) } else { ends.next() };
    &version[..end.unwrap()]
}

#[test]
fn no_other_dependency_has_several_versions() {
    let dependencies = dependencies();
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for Dependency { name, version, .. } in &dependencies {
        versions.entry(name).or_default().push(compatible(version));
    }
    versions.retain(|_, versions| versions.len() > 1);
    versions.values_mut().for_each(|versions| versions.sort_unstable());
    let expected = DUPLICATES.map(|(name, versions, _)| (name, versions.to_vec()));
    assert_eq!(versions, BTreeMap::from(expected));
}
