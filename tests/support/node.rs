//! The example `node_exporter`, and a host whose files are in the repository.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::http::get;
use crate::repository::data;
use crate::{Exporter, build_program};

/// The collectors of the example.
pub const COLLECTORS: [&str; 15] = [
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

/// The flags that expose series which are off by default.
pub const EXTRA_FLAGS: [&str; 4] = [
    "--collector.cpu.info",
    "--collector.cpu.info.flags-include=^(aes|avx.*)$",
    "--collector.cpu.info.bugs-include=spectre",
    "--collector.stat.softirq",
];

/// Builds the example and returns its path.
pub fn program() -> PathBuf {
    build_program("node_exporter", ["--bin", "node_exporter"])
}

/// Returns the directory with the files of the host.
pub fn tree() -> PathBuf {
    data("node_exporter")
}

/// Copies the files of the host, so that a test can change them.
pub fn copied_tree() -> TempDir {
    let directory = TempDir::new().expect("a directory");
    let copy = Command::new("cp").arg("-R").arg(tree().join(".")).arg(directory.path()).status();
    assert!(copy.expect("cp runs").success());
    directory
}

/// Returns the flags that make an exporter read the files of a host.
pub fn flags_of(tree: &Path) -> Vec<String> {
    let directories =
        [("procfs", "proc"), ("sysfs", "sys"), ("rootfs", "root"), ("udev.data", "udev")];
    let flag = |(flag, directory)| format!("--path.{flag}={}", tree.join(directory).display());
    directories.map(flag).to_vec()
}

/// Starts the example on the files of a host, with these flags as well.
pub fn start_on_tree(tree: &Path, flags: &[&str]) -> Exporter {
    let paths = flags_of(tree);
    let all: Vec<&str> = paths.iter().map(String::as_str).chain(flags.iter().copied()).collect();
    Exporter::start_program(&program(), &all)
}

/// Scrapes an exporter, with a query such as `?collect[]=cpu`.
pub fn exposition(exporter: &Exporter, query: &str) -> String {
    let response = get(exporter.address, &format!("/metrics{query}"));
    assert_eq!(response.status, 200, "{}", response.body);
    response.body
}

/// Returns the lines of an exposition that begin with `prefix`.
pub fn lines(exporter: &Exporter, query: &str, prefix: &str) -> Vec<String> {
    let body = exposition(exporter, query);
    body.lines().filter(|line| line.starts_with(prefix)).map(str::to_owned).collect()
}

/// Returns the collectors that an exporter reports as failed.
pub fn failing(exporter: &Exporter) -> Vec<String> {
    failing_in(&exposition(exporter, ""))
}

/// Returns the collectors that an exposition reports as failed.
pub fn failing_in(exposition: &str) -> Vec<String> {
    let failing = exposition.lines().filter_map(|line| {
        line.strip_prefix("node_scrape_collector_success{collector=\"")?.strip_suffix("\"} 0")
    });
    failing.map(str::to_owned).collect()
}

/// Returns whether a family or a series is one of an exporter's own metrics.
pub fn is_own_metric(name: &str) -> bool {
    let prefixes = ["go_", "node_exporter_build_info", "node_scrape_", "process_", "promhttp_"];
    prefixes.iter().any(|prefix| name.starts_with(prefix))
}

/// Returns the series of an exposition that depend on the tree of files alone, not on the machine
/// or the time.
pub fn series_of_tree(exposition: &str) -> Vec<&str> {
    const OF_MACHINE: [&str; 8] = [
        "#",
        "node_filesystem_avail_bytes",
        "node_filesystem_files",
        "node_filesystem_free_bytes",
        "node_filesystem_size_bytes",
        "node_time_seconds",
        "node_time_zone_offset_seconds",
        "node_uname_info",
    ];
    let is_of_machine = |line: &str| OF_MACHINE.iter().any(|prefix| line.starts_with(prefix));
    exposition.lines().filter(|line| !is_of_machine(line) && !is_own_metric(line)).collect()
}
