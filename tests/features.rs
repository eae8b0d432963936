//! Dependencies of the library with and without its features.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use hello_exporter_tests::{read, text};

/// Returns the packages that `hello_exporter` depends on with these features, each as `name version
/// features-of-the-package`.
fn tree(features: &str) -> Vec<String> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["tree", "--offline", "--package", "hello_exporter", "--edges", "normal,build"])
        .args(["--prefix", "none", "--format", "{p} {f}"])
        .args(["--no-default-features", "--features", features])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    text(&output.stdout).lines().map(str::to_owned).collect()
}

/// Returns the names of the packages that `hello_exporter` depends on with these features.
fn packages(features: &str) -> Vec<String> {
    let packages = tree(features);
    packages.iter().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn no_features_means_no_server_and_no_prometheus_crate() {
    let packages = packages("");
    assert!(packages.contains(&"foldhash".to_owned()), "{packages:?}");
    for absent in [
        "actix",
        "tokio",
        "clap",
        "rustls",
        "ring",
        "serde",
        "bcrypt",
        "flate2",
        "zstd",
        "listenfd",
        "prometheus",
        "libc",
        "rustix",
    ] {
        let is_absent = |package: &&String| package.starts_with(absent);
        assert_eq!(packages.iter().find(is_absent), None);
    }
}

#[test]
fn feature_respond_needs_only_the_compression_libraries() {
    let without: BTreeSet<String> = packages("").into_iter().collect();
    let added: BTreeSet<String> = packages("respond").into_iter().collect();
    let added: Vec<&str> = added.difference(&without).map(String::as_str).collect();
    // The C library of zstd is built with `cc`, which needs all others.
    let expected = [
        "cc",
        "find-msvc-tools",
        "flate2",
        "jobserver",
        "libc",
        "pkg-config",
        "shlex",
        "zlib-rs",
        "zstd-safe",
        "zstd-sys",
    ];
    assert_eq!(added, expected);
}

#[test]
fn feature_prometheus_does_not_need_the_server() {
    let packages = packages("prometheus");
    assert!(packages.contains(&"prometheus".to_owned()), "{packages:?}");
    for absent in ["actix", "tokio", "clap", "rustls", "protobuf", "serde"] {
        let is_absent = |package: &&String| package.starts_with(absent);
        assert_eq!(packages.iter().find(is_absent), None);
    }
}

#[test]
fn feature_push_does_not_need_the_server_or_another_crypto_provider() {
    let packages = packages("push");
    assert!(packages.contains(&"ureq".to_owned()), "{packages:?}");
    for absent in ["actix", "tokio", "clap", "serde", "aws-lc", "webpki-roots", "url", "hyper"] {
        let is_absent = |package: &&String| package.starts_with(absent);
        assert_eq!(packages.iter().find(is_absent), None);
    }
}

#[test]
fn feature_tokio_needs_only_the_runtime_of_tokio() {
    let without: BTreeSet<String> = packages("").into_iter().collect();
    let added: BTreeSet<String> = packages("tokio").into_iter().collect();
    assert_eq!(added.difference(&without).collect::<Vec<_>>(), ["tokio"]);
    let tree = tree("tokio");
    let tokio = tree.iter().find(|line| line.starts_with("tokio ")).unwrap();
    assert!(tokio.ends_with(" rt"), "{tokio}");
}

#[test]
fn server_does_not_have_feature_tokio() {
    let server = tree("server");
    assert!(!server[0].split([' ', ',']).any(|feature| feature == "tokio"), "{}", server[0]);
}

/// Returns the features of the library and what its manifest says that each enables.
fn features() -> BTreeMap<String, String> {
    let manifest = read("hello_exporter/Cargo.toml");
    let (_, table) = manifest.split_once("[features]\n").unwrap();
    let (table, _) = table.split_once("\n[").unwrap();
    let table = table.replace("\n    ", "").replace(",\n]", "]");
    let entries = table.lines().filter_map(|line| line.split_once(" = "));
    entries.map(|(name, enabled)| (name.to_owned(), enabled.to_owned())).collect()
}

/// Each feature of the list in the documentation has one of the marks `(default)` and `(part of
/// `server`)` if it is one.
#[test]
fn documentation_lists_all_features() {
    let mut features = features();
    let default = features.remove("default").unwrap();
    let server = features["server"].clone();
    let is_in = |list: &str, name: &String| list.contains(&format!("\"{name}\""));
    let expected: Vec<String> = features
        .keys()
        .map(|name| match (is_in(&default, name), is_in(&server, name)) {
            (true, _) => format!("`{name}` (default)"),
            (false, true) => format!("`{name}` (part of `server`)"),
            (false, false) => format!("`{name}`"),
        })
        .collect();
    let library = read("hello_exporter/src/lib.rs");
    let listed = library.lines().filter_map(|line| line.strip_prefix("//! - "));
    let mut listed: Vec<&str> = listed.map(|line| line.split_once(": ").unwrap().0).collect();
    listed.sort_unstable();
    assert_eq!(listed, expected);
}

#[test]
fn manifest_describes_all_features() {
    let manifest = read("hello_exporter/Cargo.toml");
    for name in features().keys().filter(|name| *name != "default") {
        let (before, _) = manifest.split_once(&format!("\n{name} = [")).unwrap();
        let description = before.lines().last().unwrap();
        assert!(description.starts_with("## ") && description.ends_with('.'), "{name}");
    }
}

#[test]
fn published_documentation_has_all_features() {
    let manifest = read("hello_exporter/Cargo.toml");
    assert!(manifest.contains("\n[package.metadata.docs.rs]\nall-features = true\n"));
}
