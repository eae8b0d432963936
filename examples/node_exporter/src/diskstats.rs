//! Block devices: counts from `/proc/diskstats`, and properties from udev.

#[cfg(test)]
mod tests;
mod udev;

use hello_exporter::{Collector, Labels, Rows};

use crate::Flags;
use crate::files::{Absence, File, Invalid, Lines, Result, number, numbers, widest};
use udev::DiskInfo;

#[derive(Labels)]
pub(crate) struct Device {
    device: String,
}

/// The optional fields are missing in older kernels, and then not exposed.
#[derive(Collector)]
#[collector(namespace = "node", subsystem = "disk", no_new)]
pub(crate) struct Metrics {
    /// Reads completed.
    #[metric(counter)]
    reads_completed_total: u64,
    /// Reads merged into others.
    #[metric(counter)]
    reads_merged_total: u64,
    /// Bytes read.
    #[metric(counter)]
    read_bytes_total: u64,
    /// Time that reads took, in seconds.
    #[metric(counter)]
    read_time_seconds_total: f64,
    /// Writes completed.
    #[metric(counter)]
    writes_completed_total: u64,
    /// Writes merged into others.
    #[metric(counter)]
    writes_merged_total: u64,
    /// Bytes written.
    #[metric(counter)]
    written_bytes_total: u64,
    /// Time that writes took, in seconds.
    #[metric(counter)]
    write_time_seconds_total: f64,
    /// Reads and writes in progress.
    io_now: u64,
    /// Time with reads or writes in progress, in seconds.
    #[metric(counter)]
    io_time_seconds_total: f64,
    /// Time that reads and writes were in progress, added up over all of them, in seconds.
    #[metric(counter)]
    io_time_weighted_seconds_total: f64,
    /// Discards completed.
    #[metric(counter)]
    discards_completed_total: Option<u64>,
    /// Discards merged into others.
    #[metric(counter)]
    discards_merged_total: Option<u64>,
    /// Sectors of 512 bytes that were discarded.
    #[metric(counter)]
    discarded_sectors_total: Option<u64>,
    /// Time that discards took, in seconds.
    #[metric(counter)]
    discard_time_seconds_total: Option<f64>,
    /// Flushes completed.
    #[metric(counter)]
    flush_requests_total: Option<u64>,
    /// Time that flushes took, in seconds.
    #[metric(counter)]
    flush_requests_time_seconds_total: Option<f64>,

    #[metric(flatten)]
    info: DiskInfo,
}

/// A line of the file.
#[derive(Debug, PartialEq)]
struct Disk {
    major: u32,
    minor: u32,
    name: String,
    /// 11 numbers, then 4 of discards and 2 of flushes if the kernel counts these.
    counts: Vec<u64>,
}

pub(crate) fn source(flags: &Flags) -> impl Fn() -> Result<Rows<Device, Metrics>> + use<> {
    let (file, filter) = (flags.procfs.join("diskstats"), flags.disks.clone());
    let (udev, blocks) = (flags.udev.clone(), flags.sysfs.join("block"));
    let absence = Absence::new();
    move || {
        if !udev.path().is_dir() {
            absence.report(&udev, "Disks are exposed without their properties from udev");
        }
        let disks = read(&file.lines()?).into_iter().filter(|disk| filter.keeps(&disk.name));
        let row = |disk: Disk| {
            let info = DiskInfo::read(&udev, &disk, is_rotational(&blocks, &disk.name));
            let metrics = Metrics::new(&disk.counts, info);
            (Device { device: disk.name }, metrics)
        };
        Ok(disks.map(row).collect())
    }
}

/// Returns the disks. An empty file, which a container may have, has no disks.
fn read(lines: &Lines<'_>) -> Vec<Disk> {
    if lines.are_blank() {
        return Vec::new();
    }
    let widest = widest(lines.iter().map(|line| line.text), Disk::WORDS[2]);
    lines.read(|line| Disk::of(line, widest))
}

impl Disk {
    /// The number of words in a line: before Linux 4.18, from 4.18 to 5.4, and since 5.5.
    const WORDS: [usize; 3] = [14, 18, 20];

    fn of(line: &str, widest: usize) -> Result<Self, Invalid> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let found = words.len();
        let is_expected = Self::WORDS.contains(&found) || found > Self::WORDS[2] && found <= widest;
        match *words {
            [major, minor, name, ref counts @ ..] if is_expected => Ok(Self {
                major: number(major)?,
                minor: number(minor)?,
                name: name.to_owned(),
                counts: numbers(counts.iter().copied())?,
            }),
            _ => Err(Invalid::Words { found, expected: "14, 18 or 20" }),
        }
    }
}

/// Returns whether the device has a rotating disk; `None` if `queue/rotational` is invalid.
/// Partitions and devices without a queue, which do not have this file, count as `false`.
fn is_rotational(blocks: &File, device: &str) -> Option<bool> {
    // The kernel writes a `/` in the name of a device as `!`.
    let file = blocks.join(&device.replace('/', "!")).join("queue/rotational");
    if file.path().exists() { file.flag() } else { Some(false) }
}

impl Metrics {
    fn new(counts: &[u64], info: DiskInfo) -> Self {
        let optional = |index: usize| counts.get(index).copied();
        let count = |index: usize| optional(index).unwrap_or_default();
        Self {
            reads_completed_total: count(0),
            reads_merged_total: count(1),
            read_bytes_total: bytes(count(2)),
            read_time_seconds_total: seconds(count(3)),
            writes_completed_total: count(4),
            writes_merged_total: count(5),
            written_bytes_total: bytes(count(6)),
            write_time_seconds_total: seconds(count(7)),
            io_now: count(8),
            io_time_seconds_total: seconds(count(9)),
            io_time_weighted_seconds_total: seconds(count(10)),
            discards_completed_total: optional(11),
            discards_merged_total: optional(12),
            discarded_sectors_total: optional(13),
            discard_time_seconds_total: optional(14).map(seconds),
            flush_requests_total: optional(15),
            flush_requests_time_seconds_total: optional(16).map(seconds),
            info,
        }
    }
}

/// Converts sectors to bytes. The kernel counts in sectors of 512 bytes on all devices.
fn bytes(sectors: u64) -> u64 {
    sectors.saturating_mul(512)
}

fn seconds(milliseconds: u64) -> f64 {
    // Multiplied as in the original: a division by 1000 can differ in the last digit.
    milliseconds as f64 * 0.001
}
