//! The example `node_exporter` compared with the original, which Debian packages.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Command, Output};

use hello_exporter_tests::http::get_with;
use hello_exporter_tests::node::{
    COLLECTORS, EXTRA_FLAGS, copied_tree, exposition, failing, failing_in, flags_of, is_own_metric,
    lines, program, series_of_tree, start_on_tree, tree,
};
use hello_exporter_tests::{
    Comparison, Exporter, Family, Group, Wrong, assert_golden, free_address, lines_of_code, parse,
    read, text, with_comma,
};
use tempfile::TempDir;

/// The group of the exporters' own metrics.
const OF_ITSELF: &str = "exporter";

/// The exporter that the example replaces: the one that Debian 12 packages, or the program at the
/// path in the variable `NODE_EXPORTER`.
struct Original {
    exporter: Exporter,
    is_1_5: bool,
}

impl Original {
    /// Starts it with only the collectors that ours has.
    fn start(flags: &[&str]) -> Self {
        let program = std::env::var_os("NODE_EXPORTER");
        let program = program.unwrap_or_else(|| "/usr/bin/prometheus-node-exporter".into());
        let version = Command::new(&program).arg("--version").output();
        let Output { stdout, stderr, .. } = version.unwrap();
        let version = String::from_utf8([stdout, stderr].concat()).unwrap();
        let is_1_5 = version.contains("version 1.5.0");
        let collectors = COLLECTORS.map(|name| format!("--collector.{name}"));
        // The original exposes frequencies, which ours reads with `cpu`, only with this collector.
        let more = ["--collector.disable-defaults", "--collector.cpufreq"];
        let collectors = collectors.iter().map(String::as_str);
        let flags: Vec<&str> =
            more.into_iter().chain(collectors).chain(flags.iter().copied()).collect();
        Self { exporter: Exporter::start_unlogged(Path::new(&program), &flags), is_1_5 }
    }

    /// Scrapes it, without what version 1.11.1 gets wrong: the metric of purgeable space, which
    /// does not exist on Linux, and the label `rotational`, which it sets only if it also finds
    /// about thirty other files of the disk.
    fn scraped(&self) -> Vec<Family> {
        let mut families = parse(&exposition(&self.exporter, ""));
        families.retain(|family| family.name != "node_filesystem_purgeable_bytes");
        families.iter_mut().for_each(|family| without(family, "node_disk_info", "rotational"));
        families
    }

    /// Scrapes ours, without `rotational` and what this version of the original does not have yet.
    fn comparable(&self, ours: &Exporter, udev: &Path) -> Vec<Family> {
        let mut families = parse(&exposition(ours, ""));
        families.iter_mut().for_each(|family| without(family, "node_disk_info", "rotational"));
        if self.is_1_5 {
            families.retain(|family| !is_added_since_1_5(&family.name));
            families.iter_mut().for_each(|family| remove_additions_since_1_5(family, udev));
        }
        families
    }
}

/// The families that the original has gained since version 1.5.0, without `_total`, which the
/// parser removes.
const ADDED_SINCE_1_5: [&str; 7] = [
    "node_cpu_frequency_hertz",
    "node_cpu_online",
    "node_filesystem_mount_info",
    "node_netstat_TcpExt_TCPOFOQueue",
    "node_netstat_TcpExt_TCPRcvQDrop",
    "node_os_support_end_timestamp_seconds",
    "node_pressure_irq_stalled_seconds",
];

fn is_added_since_1_5(family: &str) -> bool {
    ADDED_SINCE_1_5.contains(&family)
}

/// The flags whose defaults have changed since version 1.5.0, with their defaults in that version.
const FLAGS_OF_1_5: [&str; 3] = [
    "--collector.diskstats.device-exclude=^(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\\d+n\\d+p)\\d+$",
    "--collector.filesystem.fs-types-exclude=^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|\
     devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|\
     selinuxfs|squashfs|sysfs|tracefs)$",
    "--collector.netdev.device-exclude=^lo$",
];

/// Removes a label from the family, if its name begins with `prefix`.
fn without(family: &mut Family, prefix: &str, label: &str) {
    if family.name.starts_with(prefix) {
        family.samples.iter_mut().for_each(|sample| _ = sample.labels.remove(label));
    }
}

/// Removes labels and series that the original has gained since version 1.5.0.
fn remove_additions_since_1_5(family: &mut Family, udev: &Path) {
    let is_failed = |labels: &BTreeMap<String, String>| !labels["device_error"].is_empty();
    if family.name == "node_filesystem_readonly" {
        // Version 1.5.0 has no `readonly` series for filesystems that do not respond.
        family.samples.retain(|sample| !is_failed(&sample.labels));
    }
    without(family, "node_filesystem_", "device_error");
    if family.name == "node_disk_info" {
        for labels in family.samples.iter_mut().map(|sample| &mut sample.labels) {
            // Version 1.5.0 reads only one of three serial numbers.
            let properties = udev.join(format!("b{}:{}", labels["major"], labels["minor"]));
            let properties = fs::read_to_string(properties).unwrap_or_default();
            let mut serials =
                properties.lines().filter_map(|line| line.strip_prefix("E:ID_SERIAL_SHORT="));
            labels.insert("serial".to_owned(), serials.next().unwrap_or_default().to_owned());
        }
    }
}

/// Returns the collector of each family, found by scraping the collectors of both exporters one by
/// one.
fn collectors(exporters: [&Exporter; 2]) -> BTreeMap<String, String> {
    let mut collectors = BTreeMap::new();
    for exporter in exporters {
        for collector in COLLECTORS {
            let query = format!("?collect[]={collector}");
            for family in parse(&exposition(exporter, &query)) {
                if !is_own_metric(&family.name) {
                    collectors.insert(family.name, collector.to_owned());
                }
            }
        }
    }
    collectors
}

/// Compares a scrape of ours with one scrape of the original before it and one after it. Repeats
/// this, at most 20 times, until each gauge of ours has been between the two once.
fn compared(original: &Original, ours: &Exporter, udev: &Path) -> Comparison {
    let collectors = collectors([&original.exporter, ours]);
    let group =
        |family: &str| collectors.get(family).cloned().unwrap_or_else(|| OF_ITSELF.to_owned());
    let round = || {
        let before = original.scraped();
        let between = original.comparable(ours, udev);
        let after = original.scraped();
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

/// Returns the differences in the groups of collectors.
fn wrong(comparison: &Comparison) -> impl Iterator<Item = &Wrong> {
    COLLECTORS.into_iter().flat_map(|name| comparison.groups[name].wrong.values())
}

#[test]
fn frozen_tree_has_the_samples_of_the_original() {
    let ours = start_on_tree(
        &tree(),
        &[&EXTRA_FLAGS[..], &["--collector.netdev.device-exclude=^lo$"]].concat(),
    );
    let paths = flags_of(&tree());
    // By default the original queries the kernel for the counters of network devices, but the
    // devices of the tree are not in the kernel.
    let more = ["--no-collector.netdev.netlink", "--collector.netdev.device-exclude=^lo$"];
    let paths = paths.iter().map(String::as_str);
    let original = Original::start(&paths.chain(EXTRA_FLAGS).chain(more).collect::<Vec<_>>());
    let comparison = compared(&original, &ours, &tree().join("udev"));
    let families: usize = COLLECTORS.iter().map(|name| comparison.groups[*name].families).sum();
    let expected = if original.is_1_5 { 159 } else { 159 + ADDED_SINCE_1_5.len() - 1 };
    assert_eq!(families, expected, "number of families of all collectors");
    for name in COLLECTORS {
        let Group { different, additional, wrong, passing, .. } = &comparison.groups[name];
        // Since version 1.9.0 the original exposes a fixed list of the fields of `meminfo`.
        let additional: Vec<&String> =
            additional.iter().filter(|it| *it != "node_memory_FutureField_new_bytes").collect();
        assert_eq!(
            format!("{different:?}{additional:?}{wrong:?}{passing:?}"),
            "{}[]{}[]",
            "{name}"
        );
    }
}

#[test]
fn frozen_tree_has_the_recorded_exposition() {
    let exporter = start_on_tree(&tree(), &EXTRA_FLAGS);
    let exposition = exposition(&exporter, "");
    let series = series_of_tree(&exposition);
    assert_golden("node_exporter.txt", &(series.join("\n") + "\n"));
    // It has every family that the comparison with version 1.5.0 leaves out.
    let families: BTreeSet<&str> =
        series.iter().filter_map(|line| line.split(['{', ' ']).next()).collect();
    let families = families.iter().map(|name| name.strip_suffix("_total").unwrap_or(name));
    assert_eq!(families.filter(|name| is_added_since_1_5(name)).count(), ADDED_SINCE_1_5.len());
}

#[test]
fn values_lie_between_two_scrapes_of_the_original() {
    let original = Original::start(&[]);
    let flags = if original.is_1_5 { &FLAGS_OF_1_5[..] } else { &[] };
    let ours = Exporter::start_program(&program(), flags);
    let comparison = compared(&original, &ours, Path::new("/run/udev/data"));
    for name in COLLECTORS {
        let group = &comparison.groups[name];
        assert!(group.families > 0, "{name}");
        assert!(group.same() * 100 >= group.families * 95, "{name}: {:?}", group.different);
        assert!(group.wrong.is_empty(), "{name}: {:?}", group.wrong);
    }
}

#[test]
fn flags_choose_devices_mount_points_and_fields() {
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
    let exporter = start_on_tree(&tree(), &flags);
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
        let message = if error == 1 { "no such file or directory" } else { "" };
        let labels = format!(
            "device=\"{device}\",mountpoint=\"{mount_point}\",fstype=\"{fs_type}\",\
             device_error=\"{message}\""
        );
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
fn include_flag_stands_alone_or_next_to_an_empty_exclude_flag() {
    for flags in [
        &["--collector.netdev.device-include=^lo$"][..],
        &["--collector.netdev.device-include=^lo$", "--collector.netdev.device-exclude="],
    ] {
        let exporter = start_on_tree(&tree(), flags);
        assert_eq!(
            lines(&exporter, "?collect[]=netdev", "node_network_transmit_bytes_total{"),
            ["node_network_transmit_bytes_total{device=\"lo\"} 435303245"]
        );
    }
}

/// Runs the example with invalid flags.
fn refused(flags: &[&str]) -> Output {
    let address = format!("--web.listen-address={}", free_address());
    Command::new(program()).arg(address).args(flags).output().unwrap()
}

#[test]
fn invalid_flags_are_refused() {
    let output = refused(&["--collector.vmstat.fields=^(oom"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        text(&output.stderr),
        "error: invalid value '^(oom' for '--collector.vmstat.fields <REGEXP>': \
         found open group without closing ')'\n\nFor more information, try '--help'.\n"
    );
    let flags =
        ["--collector.diskstats.device-include=a", "--collector.diskstats.device-exclude=b"];
    let output = refused(&flags);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        text(&output.stderr),
        "error: the argument '--collector.diskstats.device-include <REGEXP>' cannot be used with \
         '--collector.diskstats.device-exclude <REGEXP>'\n\nUsage: node_exporter [OPTIONS]\n\n\
         For more information, try '--help'.\n"
    );
    let no_duration = "expected e.g. `1s`, `1m30s` or `500ms`";
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
            text(&output.stderr),
            format!(
                "error: invalid value '{timeout}' for '--collector.filesystem.mount-timeout \
                 <DURATION>': {message}\n\nFor more information, try '--help'.\n"
            )
        );
    }
}

#[test]
fn each_collector_without_its_files_fails() {
    let directory = TempDir::new().unwrap();
    let mut exporter = start_on_tree(directory.path(), &[]);
    // These collectors query the kernel, and need no files.
    let of_kernel = ["time", "uname"];
    // Not every system has the files of these.
    let optional = ["os", "pressure", "sockstat"];
    let with_files: Vec<&str> = COLLECTORS
        .into_iter()
        .filter(|name| !of_kernel.contains(name) && !optional.contains(name))
        .collect();
    assert_eq!(failing(&exporter), with_files);
    let line = exporter.next_line_with("loadavg");
    let missing = directory.path().join("proc/loadavg");
    assert!(line.contains(&format!("cannot read {}", missing.display())), "{line}");
}

#[test]
fn missing_file_removes_only_its_samples() {
    let directory = copied_tree();
    let file = |path: &str| directory.path().join(path);
    // CPU 7 replaces CPU 1 in `proc/stat`, and CPU 2 has no core ID. The clock sources, the udev
    // data, the memory pressure and the IPv6 statistics are missing.
    let stat = fs::read_to_string(file("proc/stat")).unwrap().replace("cpu1 ", "cpu7 ");
    fs::write(file("proc/stat"), stat).unwrap();
    fs::remove_file(file("sys/devices/system/cpu/cpu2/topology/core_id")).unwrap();
    fs::remove_dir_all(file("sys/devices/system/clocksource")).unwrap();
    fs::remove_dir_all(file("udev")).unwrap();
    for path in ["proc/pressure/memory", "proc/net/snmp6", "proc/net/sockstat6"] {
        fs::remove_file(file(path)).unwrap();
    }
    let exporter = start_on_tree(directory.path(), &[]);
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
    assert_eq!(lines(&exporter, "", "node_pressure_").len(), 4);
    assert_eq!(lines(&exporter, "", "node_sockstat_TCP6"), [""; 0]);
    assert_eq!(
        lines(&exporter, "", "node_disk_info{device=\"sda\""),
        [concat!(
            "node_disk_info{device=\"sda\",major=\"8\",minor=\"0\",path=\"\",wwn=\"\",",
            "model=\"\",serial=\"\",revision=\"\",rotational=\"1\"} 1"
        )]
    );
}

#[test]
fn blocking_file_fails_only_its_collector() {
    let directory = copied_tree();
    // Nothing writes to these pipes, so that even opening them blocks.
    for path in ["root/etc/os-release", "udev/b8:0"] {
        let file = directory.path().join(path);
        fs::remove_file(&file).unwrap();
        assert!(Command::new("mkfifo").arg(&file).status().unwrap().success());
    }
    let exporter = start_on_tree(directory.path(), &[]);
    let timeout = "X-Prometheus-Scrape-Timeout-Seconds: 3";
    let response = get_with(exporter.address, "/metrics", timeout);
    assert_eq!(response.status, 200, "{}", response.body);
    assert_eq!(failing_in(&response.body), ["diskstats", "os"]);
}

#[test]
fn invalid_utf8_in_names_is_replaced() {
    let directory = copied_tree();
    let file = |path: &str| directory.path().join(path);
    let replace = |path: &str, from: &str, to: &[u8]| {
        let text = fs::read(file(path)).unwrap();
        let at = text.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
        let (before, after) = (&text[..at], &text[at + from.len()..]);
        fs::write(file(path), [before, to, after].concat()).unwrap();
    };
    replace("proc/net/dev", "br0", b"b\xff0");
    replace("proc/1/mountinfo", "/etc", b"/e\xfftc");
    replace("proc/1/mountinfo", "/gone", b"/\xc3\xa9tc");
    fs::create_dir(file("root").join(OsStr::from_bytes(b"e\xfftc"))).unwrap();
    let exporter = start_on_tree(directory.path(), &[]);
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

/// Lines of the original, version 1.11.1, for the same collectors, without blank lines and
/// comments, as ours are counted.
const LINES_OF_ORIGINAL: usize = 3321;

#[test]
fn documents_state_the_lines_of_the_sources() {
    let [ours, original] =
        [lines_of_code("examples/node_exporter/src"), LINES_OF_ORIGINAL].map(with_comma);
    let readme = read("examples/node_exporter/README.md");
    let figure = format!(
        "| this example | {ours} |\n| the node exporter, for the same collectors | {original} |\n"
    );
    assert!(readme.contains(&figure), "README.md should say:\n{figure}");
    let document = read("docs/comparison.md");
    let figure = format!("| {ours}, and {original} |");
    assert!(document.contains(&figure), "docs/comparison.md should say:\n{figure}");
}
