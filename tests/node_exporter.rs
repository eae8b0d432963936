//! The example `node_exporter` beside the exporter whose place it takes, which Debian packages.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use hello_exporter_tests::http::{get, get_with};
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

/// What an exporter says of whether its collectors succeeded.
fn failing(exporter: &Exporter) -> Vec<String> {
    failing_in(&exposition(exporter.address, ""))
}

fn failing_in(exposition: &str) -> Vec<String> {
    let failing = exposition.lines().filter_map(|line| {
        line.strip_prefix("node_scrape_collector_success{collector=\"")?.strip_suffix("\"} 0")
    });
    failing.map(str::to_owned).collect()
}

/// The lines of an exposition that begin so.
fn lines(exporter: &Exporter, query: &str, prefix: &str) -> Vec<String> {
    let body = exposition(exporter.address, query);
    body.lines().filter(|line| line.starts_with(prefix)).map(str::to_owned).collect()
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
    assert_eq!(families, 159, "the tree has something for every collector");
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

#[test]
fn flags_choose_devices_mount_points_and_fields() {
    let tree = tree();
    let flags = [
        "--collector.diskstats.device-include=^(sda|dm-)",
        "--collector.netdev.device-exclude=^(eth|veth)",
        "--collector.filesystem.mount-points-exclude=^/home",
        "--collector.filesystem.fs-types-exclude=^(proc|tmpfs)$",
        "--collector.filesystem.mount-timeout=9500ms",
        "--collector.netstat.fields=^Tcp_(MaxConn|Curr.*)$",
        "--collector.vmstat.fields=^nr_free_pages$",
        "--no-collector.cpu.guest",
        "--no-collector.time",
    ];
    let exporter = ours(&on_tree(&tree, &flags));
    assert_eq!(
        lines(&exporter, "", "node_disk_io_now{"),
        [
            "node_disk_io_now{device=\"sda\"} 0",
            "node_disk_io_now{device=\"sda1\"} 0",
            "node_disk_io_now{device=\"dm-0\"} 0",
        ]
    );
    for _ in 0..8 {
        assert_eq!(
            lines(&exporter, "?collect[]=netdev", "node_network_receive_bytes_total{"),
            [
                "node_network_receive_bytes_total{device=\"br0\"} 648",
                "node_network_receive_bytes_total{device=\"lo\"} 435303245",
            ],
            "in the order of names, at every scrape"
        );
    }
    let mounts = lines(&exporter, "", "node_filesystem_device_error{");
    let mounted = |device: &str, fs_type: &str, mount_point: &str, error: u8| {
        let labels =
            format!("device=\"{device}\",mountpoint=\"{mount_point}\",fstype=\"{fs_type}\"");
        format!("node_filesystem_device_error{{{labels}}} {error}")
    };
    assert_eq!(
        mounts,
        [
            mounted("/dev/loop3", "squashfs", "/snap/core", 1),
            mounted("/dev/mapper/vg0-root", "ext4", "/", 0),
            mounted("/dev/nvme0n1p1", "ext4", "/etc", 0),
            mounted("/dev/sdb1", "xfs", "/etc", 0),
            mounted("overlay", "overlay", "/var/lib/docker/overlay2/abc/merged", 1),
            mounted("rootfs", "rootfs", "/", 0),
            mounted("server:/export", "nfs4", "/gone", 1),
            mounted("sysfs", "sysfs", "/sys", 1),
        ]
    );
    assert_eq!(
        lines(&exporter, "", "node_netstat_"),
        ["node_netstat_Tcp_CurrEstab 3", "node_netstat_Tcp_MaxConn -1"]
    );
    assert_eq!(lines(&exporter, "", "node_vmstat_"), ["node_vmstat_nr_free_pages 977769"]);
    assert_eq!(lines(&exporter, "", "node_cpu_guest"), [""; 0]);
    assert_eq!(lines(&exporter, "", "node_time_"), [""; 0]);
    assert_eq!(
        lines(&exporter, "?collect[]=loadavg", "node_load"),
        ["node_load1 0.21", "node_load15 100.39", "node_load5 12.37"]
    );
}

#[test]
fn an_include_flag_stands_alone_or_beside_an_empty_exclude_flag() {
    let tree = tree();
    for flags in [
        &["--collector.netdev.device-include=^lo$"][..],
        &["--collector.netdev.device-include=^lo$", "--collector.netdev.device-exclude="],
    ] {
        let exporter = ours(&on_tree(&tree, flags));
        assert_eq!(
            lines(&exporter, "?collect[]=netdev", "node_network_transmit_bytes_total{"),
            ["node_network_transmit_bytes_total{device=\"lo\"} 435303245"]
        );
    }
}

/// Starts it with flags that it cannot take.
fn refused(flags: &[&str]) -> Output {
    let address = format!("--web.listen-address={}", free_address());
    Command::new(program()).arg(address).args(flags).output().unwrap()
}

#[test]
fn flags_that_make_no_sense_are_refused() {
    let output = refused(&["--collector.vmstat.fields=^(oom"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "error: invalid value '^(oom' for '--collector.vmstat.fields <REGEXP>': \
         found open group without closing ')'\n\nFor more information, try '--help'.\n"
    );
    let flags =
        ["--collector.diskstats.device-include=a", "--collector.diskstats.device-exclude=b"];
    let output = refused(&flags);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "error: the argument '--collector.diskstats.device-include <REGEXP>' cannot be used with \
         '--collector.diskstats.device-exclude <REGEXP>'\n\nUsage: node_exporter [OPTIONS]\n\n\
         For more information, try '--help'.\n"
    );
    let no_duration = "no duration, expected one such as `1s`, `1m30s` or `500ms`";
    let out_of_range = "expected more than zero and less than 10s";
    for (timeout, message) in [
        ("soon", no_duration),
        ("5", no_duration),
        ("0", out_of_range),
        ("0s", out_of_range),
        ("10s", out_of_range),
        ("1m", out_of_range),
    ] {
        let output = refused(&[&format!("--collector.filesystem.mount-timeout={timeout}")]);
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(
            String::from_utf8(output.stderr).unwrap(),
            format!(
                "error: invalid value '{timeout}' for '--collector.filesystem.mount-timeout \
                 <DURATION>': {message}\n\nFor more information, try '--help'.\n"
            )
        );
    }
}

#[test]
fn in_an_empty_tree_each_collector_that_has_no_files_fails_by_itself() {
    let directory = TempDir::new().unwrap();
    let tree = flags_of(directory.path());
    let mut exporter = ours(&on_tree(&tree, &[]));
    // The kernel answers for the others.
    let with_files: Vec<&str> =
        COLLECTORS.into_iter().filter(|name| !["time", "uname"].contains(name)).collect();
    assert_eq!(failing(&exporter), with_files);
    let line = exporter.next_line_with("loadavg");
    let missing = directory.path().join("proc/loadavg");
    assert!(line.contains(&format!("cannot read {}", missing.display())), "{line}");
}

/// A copy of the tree, to change.
fn copied_tree() -> TempDir {
    let directory = TempDir::new().unwrap();
    let tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("node_exporter/.");
    let copy = Command::new("cp").arg("-R").arg(tree).arg(directory.path()).status().unwrap();
    assert!(copy.success());
    directory
}

#[test]
fn what_a_kernel_lacks_costs_that_and_nothing_else() {
    let directory = copied_tree();
    let tree = flags_of(directory.path());
    let file = |path: &str| directory.path().join(path);
    // One CPU is offline, another tells nothing of its throttling; there is neither IPv6 nor account of memory.
    let stat = fs::read_to_string(file("proc/stat")).unwrap().replace("cpu1 ", "cpu7 ");
    fs::write(file("proc/stat"), stat).unwrap();
    fs::remove_file(file("sys/devices/system/cpu/cpu2/topology/core_id")).unwrap();
    fs::remove_dir_all(file("sys/devices/system/clocksource")).unwrap();
    fs::remove_dir_all(file("udev")).unwrap();
    for path in ["proc/pressure/memory", "proc/net/snmp6", "proc/net/sockstat6"] {
        fs::remove_file(file(path)).unwrap();
    }
    let exporter = ours(&on_tree(&tree, &[]));
    assert_eq!(failing(&exporter), [""; 0]);
    assert_eq!(
        lines(&exporter, "", "node_cpu_seconds_total{cpu=\"7\",mode=\"user\"}"),
        ["node_cpu_seconds_total{cpu=\"7\",mode=\"user\"} 1"]
    );
    assert_eq!(lines(&exporter, "", "node_cpu_seconds_total{cpu=").len(), 16);
    assert_eq!(
        lines(&exporter, "", "node_cpu_package_throttles_total{"),
        ["node_cpu_package_throttles_total{package=\"0\"} 30"]
    );
    assert_eq!(lines(&exporter, "", "node_time_clocksource"), [""; 0]);
    assert_eq!(lines(&exporter, "", "node_pressure_").len(), 3);
    assert_eq!(lines(&exporter, "", "node_sockstat_TCP6"), [""; 0]);
    assert_eq!(
        lines(&exporter, "", "node_disk_info{device=\"sda\""),
        [concat!(
            "node_disk_info{device=\"sda\",major=\"8\",minor=\"0\",path=\"\",wwn=\"\",",
            "model=\"\",serial=\"\",revision=\"\"} 1"
        )]
    );
}

#[test]
fn files_that_are_not_the_kernels_and_do_not_answer_cost_their_collectors_alone() {
    let directory = copied_tree();
    let tree = flags_of(directory.path());
    // Nobody writes to these, so that they cannot even be opened.
    for path in ["root/etc/os-release", "udev/b8:0"] {
        let file = directory.path().join(path);
        fs::remove_file(&file).unwrap();
        assert!(Command::new("mkfifo").arg(&file).status().unwrap().success());
    }
    let exporter = ours(&on_tree(&tree, &[]));
    let timeout = "X-Prometheus-Scrape-Timeout-Seconds: 3";
    let response = get_with(exporter.address, "/metrics", timeout);
    assert_eq!(response.status, 200, "{}", response.body);
    assert_eq!(failing_in(&response.body), ["diskstats", "os"]);
}

#[test]
fn names_that_are_not_utf8_are_taken_lossily() {
    let directory = copied_tree();
    let tree = flags_of(directory.path());
    let file = |path: &str| directory.path().join(path);
    let replace = |path: &str, from: &str, to: &[u8]| {
        let text = fs::read(file(path)).unwrap();
        let at = text.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
        let (before, after) = (&text[..at], &text[at + from.len()..]);
        fs::write(file(path), [before, to, after].concat()).unwrap();
    };
    replace("proc/net/dev", "br0", b"b\xff0");
    replace("proc/1/mounts", "/etc", b"/e\xfftc");
    replace("proc/1/mounts", "/gone", b"/\xc3\xa9tc");
    fs::create_dir(file("root").join(OsStr::from_bytes(b"e\xfftc"))).unwrap();
    let exporter = ours(&on_tree(&tree, &[]));
    assert_eq!(failing(&exporter), [""; 0]);
    assert_eq!(
        lines(&exporter, "", "node_network_receive_bytes_total{device=\"b\u{fffd}0\"}"),
        ["node_network_receive_bytes_total{device=\"b\u{fffd}0\"} 648"]
    );
    let errors = lines(&exporter, "", "node_filesystem_device_error{");
    let has = |mount_point: &str, error: u8| {
        let mount_point = format!("mountpoint=\"{mount_point}\"");
        let mut lines = errors.iter().filter(|line| line.contains(&mount_point));
        lines.next().is_some_and(|line| line.ends_with(&format!(" {error}")))
    };
    assert!(has("/e\u{fffd}tc", 0) && has("/\u{e9}tc", 1), "{errors:?}");
}

/// Lines of the original for the same collectors, of its version 1.11.1 and of these files of it: without blank lines and
/// comments, as ours are counted.
const LINES_OF_ORIGINAL: usize = 3321;

/// Lines without blank ones and comments, and without those of tests.
fn lines_of_code(directory: &Path) -> usize {
    let mut lines = 0;
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            lines += lines_of_code(&path);
        } else if path.file_name().unwrap() != "tests.rs" {
            let source = fs::read_to_string(path).unwrap();
            let code = source.lines().map(str::trim);
            lines += code.filter(|line| !line.is_empty() && !line.starts_with("//")).count();
        }
    }
    lines
}

#[test]
fn it_has_a_third_of_the_lines_of_the_original_at_most() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/node_exporter");
    let lines = lines_of_code(&example.join("src"));
    assert!(lines * 3 <= LINES_OF_ORIGINAL, "{lines} lines");
    let readme = fs::read_to_string(example.join("README.md")).unwrap();
    let figure = format!(
        "| this example | {lines} |\n| the node exporter, for the same collectors | 3,321 |\n"
    );
    let figure = figure.replace(&lines.to_string(), &with_comma(lines));
    assert!(readme.contains(&figure), "README.md should say:\n{figure}");
}

fn with_comma(number: usize) -> String {
    match number {
        0..1000 => number.to_string(),
        _ => format!("{},{:03}", number / 1000, number % 1000),
    }
}
