//! The example `node_exporter` beside the exporter whose place it takes, which Debian packages.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use hello_exporter_tests::http::get;
use hello_exporter_tests::{
    Comparison, Exporter, Family, Group, Wrong, build_program, free_address, parse,
};
use tempfile::TempDir;

const COLLECTORS: [&str; 15] = [
    "cpu",
    "diskstats",
    "filefd",
    "filesystem",
    "loadavg",
    "meminfo",
    "netdev",
    "netstat",
    "os",
    "pressure",
    "sockstat",
    "stat",
    "time",
    "uname",
    "vmstat",
];

/// The group of what exporters say of themselves.
const OF_ITSELF: &str = "exporter";

fn program() -> PathBuf {
    build_program("node_exporter", ["--bin", "node_exporter"])
}

fn ours(flags: &[&str]) -> Exporter {
    Exporter::start_program(&program(), flags)
}

/// With the collectors that ours has, and no others.
fn original(flags: &[&str]) -> Exporter {
    let program = Path::new("/usr/bin/prometheus-node-exporter");
    assert!(program.exists(), "prometheus-node-exporter is installed: tests/run does it");
    let collectors = COLLECTORS.map(|name| format!("--collector.{name}"));
    let collectors = collectors.iter().map(String::as_str);
    let flags: Vec<&str> = ["--collector.disable-defaults"]
        .into_iter()
        .chain(collectors)
        .chain(flags.iter().copied())
        .collect();
    Exporter::start_quietly(program, &flags)
}

fn exposition(address: SocketAddr, query: &str) -> String {
    let response = get(address, &format!("/metrics{query}"));
    assert_eq!(response.status, 200, "{}", response.body);
    response.body
}

fn scraped(address: SocketAddr) -> Vec<Family> {
    parse(&exposition(address, ""))
}

/// Of every family the collector that it comes from, as both exporters say when they are asked for one alone.
fn collectors(exporters: [&Exporter; 2]) -> BTreeMap<String, String> {
    let mut collectors = BTreeMap::new();
    for exporter in exporters {
        for collector in COLLECTORS {
            let query = format!("?collect[]={collector}");
            for family in parse(&exposition(exporter.address, &query)) {
                if !is_of_itself(&family.name) {
                    collectors.insert(family.name, collector.to_owned());
                }
            }
        }
    }
    collectors
}

fn is_of_itself(family: &str) -> bool {
    let prefixes = ["go_", "node_exporter_build_info", "node_scrape_", "process_", "promhttp_"];
    prefixes.iter().any(|prefix| family.starts_with(prefix))
}

/// Compares ours with scrapes of the original before and after it, in rounds, until what rises and falls has been
/// between them once.
fn compared(original: &Exporter, ours: &Exporter) -> Comparison {
    let collectors = collectors([original, ours]);
    let group =
        |family: &str| collectors.get(family).cloned().unwrap_or_else(|| OF_ITSELF.to_owned());
    let round = || {
        let before = scraped(original.address);
        let between = scraped(ours.address);
        let after = scraped(original.address);
        Comparison::between([&before, &after], &between, group)
    };
    let mut comparison = round();
    for _ in 0..20 {
        if !wrong(&comparison).any(|wrong| wrong.metric_type != "counter") {
            break;
        }
        comparison.forgive(&round());
    }
    println!("{comparison}");
    comparison
}

/// What is wrong in the groups of collectors.
fn wrong(comparison: &Comparison) -> impl Iterator<Item = &Wrong> {
    COLLECTORS.into_iter().flat_map(|name| comparison.groups[name].wrong.values())
}

/// The tree that is checked in, as flags.
fn tree() -> Vec<String> {
    let tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("node_exporter");
    flags_of(&tree)
}

fn flags_of(tree: &Path) -> Vec<String> {
    let directories =
        [("procfs", "proc"), ("sysfs", "sys"), ("rootfs", "root"), ("udev.data", "udev")];
    let flag = |(flag, directory)| format!("--path.{flag}={}", tree.join(directory).display());
    directories.map(flag).to_vec()
}

fn on_tree<'a>(tree: &'a [String], flags: &[&'a str]) -> Vec<&'a str> {
    tree.iter().map(String::as_str).chain(flags.iter().copied()).collect()
}

#[test]
fn on_a_frozen_tree_all_is_as_the_original_has_it() {
    let tree = tree();
    let flags = [
        "--collector.cpu.info",
        "--collector.cpu.info.flags-include=^(aes|avx.*)$",
        "--collector.cpu.info.bugs-include=spectre",
        "--collector.stat.softirq",
    ];
    let ours = ours(&on_tree(&tree, &flags));
    // What it asks the kernel for by default is in no tree.
    let flags = [&flags[..], &["--no-collector.netdev.netlink"]].concat();
    let original = original(&on_tree(&tree, &flags));
    let comparison = compared(&original, &ours);
    let families: usize = COLLECTORS.iter().map(|name| comparison.groups[*name].families).sum();
    assert_eq!(families, 156, "the tree has something for every collector");
    for name in COLLECTORS {
        let Group { different, additional, wrong, passing, .. } = &comparison.groups[name];
        assert_eq!(
            format!("{different:?}{additional:?}{wrong:?}{passing:?}"),
            "{}[]{}[]",
            "{name}"
        );
    }
}

#[test]
fn on_this_machine_all_is_between_two_scrapes_of_the_original() {
    let comparison = compared(&original(&[]), &ours(&[]));
    for name in COLLECTORS {
        let group = &comparison.groups[name];
        assert!(group.families > 0, "{name}");
        assert!(group.same() * 100 >= group.families * 95, "{name}: {:?}", group.different);
        assert!(group.wrong.is_empty(), "{name}: {:?}", group.wrong);
    }
}
