//! Hosts that the example `node_exporter` must read correctly: missing files, mounts over mounts,
//! other CPUs.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::fs;
use std::io::Write;
use std::path::Path;

use hello_exporter_tests::Exporter;
use hello_exporter_tests::node::{copied_tree, exposition, failing, lines, start_on_tree};
use tempfile::TempDir;

/// Stops an exporter and returns the lines of its log that are not about its start and end.
fn log_of(exporter: Exporter) -> Vec<String> {
    let (status, log) = exporter.signal("TERM");
    assert!(status.success());
    let about_itself = ["Draining", "Stopped", "TLS is disabled"];
    let log = log.into_iter().filter(|line| !about_itself.iter().any(|it| line.contains(it)));
    // Without the time.
    log.map(|line| line.split_once(' ').unwrap().1.trim_end().to_owned()).collect()
}

fn append(file: &Path, text: &str) {
    fs::OpenOptions::new().append(true).open(file).unwrap().write_all(text.as_bytes()).unwrap();
}

#[test]
fn topmost_mount_is_exposed() {
    let directory = copied_tree();
    fs::create_dir_all(directory.path().join("root/nix/store")).unwrap();
    append(
        &directory.path().join("proc/1/mountinfo"),
        "40 28 252:0 /nix/store /nix/store rw,relatime shared:1 - ext4 /dev/mapper/vg0-root rw\n\
         41 40 252:0 /nix/store /nix/store ro,relatime shared:1 - ext4 /dev/mapper/vg0-root rw\n",
    );
    let exporter = start_on_tree(directory.path(), &[]);
    let readonly = lines(
        &exporter,
        "",
        "node_filesystem_readonly{device=\"/dev/mapper/vg0-root\",mountpoint=\"/nix",
    );
    let labels = "device=\"/dev/mapper/vg0-root\",mountpoint=\"/nix/store\",fstype=\"ext4\",\
                  device_error=\"\"";
    assert_eq!(readonly, [format!("node_filesystem_readonly{{{labels}}} 1")]);
}

#[test]
fn filesystem_that_shut_down_is_read_only() {
    let directory = copied_tree();
    let mounts = directory.path().join("proc/1/mountinfo");
    let text = fs::read_to_string(&mounts).unwrap();
    let text = text.replace("/dev/sdb1 rw,attr2", "/dev/sdb1 rw,emergency_ro,attr2");
    fs::write(&mounts, text).unwrap();
    let exporter = start_on_tree(directory.path(), &[]);
    let readonly = lines(&exporter, "", "node_filesystem_readonly{device=\"/dev/sdb1\"");
    let labels = "device=\"/dev/sdb1\",mountpoint=\"/etc\",fstype=\"xfs\",device_error=\"\"";
    assert_eq!(readonly, [format!("node_filesystem_readonly{{{labels}}} 1")]);
}

#[test]
fn kernel_without_pressure_is_not_a_failure() {
    let directory = copied_tree();
    let pressure = directory.path().join("proc/pressure");
    fs::remove_dir_all(&pressure).unwrap();
    let exporter = start_on_tree(directory.path(), &[]);
    for _ in 0..3 {
        let exposition = exposition(&exporter, "");
        assert!(!exposition.contains("node_pressure_"), "{exposition}");
        assert!(exposition.contains("node_scrape_collector_success{collector=\"pressure\"} 1\n"));
    }
    let expected = format!(
        "level=info msg=\"No pressure is exposed: this kernel does not record it, or was booted with \
         psi=0\" file={}",
        pressure.display()
    );
    assert_eq!(log_of(exporter), [expected]);
}

/// Returns a host without optional files.
fn bare_host() -> TempDir {
    let directory = copied_tree();
    for optional in [
        "sys/block",
        "sys/class",
        "sys/devices/system/clocksource",
        "sys/devices/system/cpu",
        "udev",
        "proc/pressure",
    ] {
        fs::remove_dir_all(directory.path().join(optional)).unwrap();
    }
    for optional in
        ["root/etc/os-release", "proc/net/snmp6", "proc/net/sockstat", "proc/net/sockstat6"]
    {
        fs::remove_file(directory.path().join(optional)).unwrap();
    }
    directory
}

#[test]
fn missing_optional_files_are_not_a_failure() {
    let directory = bare_host();
    let exporter = start_on_tree(directory.path(), &["--collector.netdev.label-ifalias"]);
    for _ in 0..3 {
        assert_eq!(failing(&exporter), [""; 0]);
    }
    for family in [
        "node_cpu_isolated",
        "node_cpu_online",
        "node_cpu_package_throttles_total",
        "node_os_",
        "node_pressure_",
        "node_sockstat_",
        "node_time_clocksource_",
    ] {
        assert_eq!(lines(&exporter, "", family), [""; 0]);
    }
    assert_eq!(
        lines(&exporter, "", "node_network_receive_bytes_total{device=\"eth0\""),
        ["node_network_receive_bytes_total{device=\"eth0\",ifalias=\"\"} 68210035552"]
    );
    let line = |message: &str, file: &str| {
        format!("level=info msg=\"{message}\" file={}", directory.path().join(file).display())
    };
    let mut log = log_of(exporter);
    log.sort();
    assert_eq!(
        log,
        [
            line("Disks are exposed without their properties from udev", "udev"),
            line(
                "No counts of sockets are exposed: this kernel does not have them",
                "proc/net/sockstat"
            ),
            line(
                "No pressure is exposed: this kernel does not record it, or was booted with psi=0",
                "proc/pressure"
            ),
            line("The distribution is not exposed: os-release is missing", "root/etc/os-release"),
        ]
    );
}

#[test]
fn resources_without_pressure_are_skipped() {
    let directory = copied_tree();
    for resource in ["cpu", "irq", "memory"] {
        fs::remove_file(directory.path().join("proc/pressure").join(resource)).unwrap();
    }
    let exporter = start_on_tree(directory.path(), &[]);
    assert_eq!(
        lines(&exporter, "", "node_pressure_"),
        [
            "node_pressure_io_stalled_seconds_total 159.229614",
            "node_pressure_io_waiting_seconds_total 159.886802",
        ]
    );
    assert_eq!(log_of(exporter), [""; 0]);
}

#[test]
fn network_devices_have_their_aliases_as_labels() {
    let directory = copied_tree();
    let exporter = start_on_tree(directory.path(), &["--collector.netdev.label-ifalias"]);
    assert_eq!(
        lines(&exporter, "", "node_network_receive_packets_total{"),
        [
            "node_network_receive_packets_total{device=\"br0\",ifalias=\"\"} 8",
            "node_network_receive_packets_total{device=\"eth0\",ifalias=\"uplink \\\"A\\\"\"} 520993275",
            "node_network_receive_packets_total{device=\"eth0.100\",ifalias=\"\"} 2",
            "node_network_receive_packets_total{device=\"lo\",ifalias=\"\"} 1832522",
            "node_network_receive_packets_total{device=\"veth4B09XN\",ifalias=\"\"} 8",
        ]
    );
}

#[test]
fn empty_cpuinfo_has_no_series_and_cpuinfo_of_s390_is_read() {
    let directory = copied_tree();
    let file = directory.path().join("proc/cpuinfo");
    fs::write(&file, "").unwrap();
    let exporter = start_on_tree(directory.path(), &["--collector.cpu.info"]);
    assert_eq!(lines(&exporter, "", "node_cpu_info"), [""; 0]);
    fs::write(
        &file,
        "vendor_id       : IBM/S390\n# processors    : 1\nfeatures\t: esan3 zarch\n\
         processor 0: version = FF,  identification = 2733E8,  machine = 2964\n\n\
         cpu number      : 0\nphysical id     : 2\ncore id         : 0\ncpu MHz dynamic : 5000\n",
    )
    .unwrap();
    let labels = "package=\"2\",core=\"0\",cpu=\"0\",vendor=\"IBM/S390\",family=\"\",model=\"\",\
                  model_name=\"\",microcode=\"\",stepping=\"\",cachesize=\"\"";
    assert_eq!(lines(&exporter, "", "node_cpu_info"), [format!("node_cpu_info{{{labels}}} 1")]);
    assert_eq!(
        lines(&exporter, "", "node_cpu_frequency"),
        ["node_cpu_frequency_hertz{package=\"2\",core=\"0\",cpu=\"0\"} 5000000000"]
    );
    let log = log_of(exporter);
    assert_eq!(log.len(), 1, "{log:?}");
    let expected = format!("file={} line=1 error=\"the line is empty\"", file.display());
    assert!(log[0].ends_with(&expected), "{log:?}");
}
