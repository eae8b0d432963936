//! The fuzz targets, which no test builds, and their seeds are complete.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;

use hello_exporter_tests::{read, repository};

/// The most bytes of a seed: libFuzzer combines short ones faster.
const MOST_BYTES_OF_A_SEED: u64 = 1_024;

/// Returns the names in a directory of the repository, without the extension `.rs`.
fn names(directory: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(repository(directory)).unwrap();
    let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
    entries.map(|entry| name(entry.unwrap()).trim_end_matches(".rs").to_owned()).collect()
}

/// Returns the values of a key of the manifest, after the package's own.
fn values(key: &str) -> BTreeSet<String> {
    let manifest = read("fuzz/Cargo.toml");
    let (_, targets) = manifest.split_once("[[bin]]").unwrap();
    let start = format!("{key} = \"");
    let values = targets.lines().filter_map(|line| line.strip_prefix(&start)?.strip_suffix('"'));
    values.map(str::to_owned).collect()
}

#[test]
fn manifest_lists_every_target() {
    let targets = names("fuzz/targets");
    assert_eq!(values("name"), targets);
    let paths = targets.iter().map(|target| format!("targets/{target}.rs")).collect();
    assert_eq!(values("path"), paths);
}

#[test]
fn every_target_has_short_seeds() {
    let targets = names("fuzz/targets");
    assert_eq!(names("fuzz/seeds"), targets);
    for target in targets {
        let directory = format!("fuzz/seeds/{target}");
        let seeds = names(&directory);
        assert!((3..=20).contains(&seeds.len()), "{target} has {} seeds", seeds.len());
        for seed in seeds {
            let path = format!("{directory}/{seed}");
            let length = fs::metadata(repository(&path)).unwrap().len();
            assert!(length <= MOST_BYTES_OF_A_SEED, "{path} has {length} bytes");
        }
    }
}

#[test]
fn lock_file_of_the_product_lacks_libfuzzer() {
    assert!(read("fuzz/Cargo.lock").contains("name = \"libfuzzer-sys\""));
    for package in ["libfuzzer-sys", "hello_exporter_fuzz"] {
        assert!(!read("Cargo.lock").contains(&format!("name = \"{package}\"")), "{package}");
    }
}
