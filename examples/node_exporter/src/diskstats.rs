//! Block devices, as `/proc/diskstats` counts, and as udev knows them.

mod udev;

use hello_exporter::{Collector, Labels, Rows};
use procfs::{DiskStat, DiskStats};

use crate::Flags;
use crate::files::Result;
use udev::DiskInfo;

#[derive(Labels)]
pub(crate) struct Device {
    device: String,
}

/// Fields that older kernels lack are not exposed.
#[derive(Collector)]
#[collector(namespace = "node", subsystem = "disk", no_new)]
pub(crate) struct Disk {
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
    /// Reads and writes under way.
    io_now: u64,
    /// Time in which anything was under way, in seconds.
    #[metric(counter)]
    io_time_seconds_total: f64,
    /// Time that all reads and writes took together, in seconds.
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

pub(crate) fn source(flags: &Flags) -> impl Fn() -> Result<Rows<Device, Disk>> + use<> {
    let (file, filter, udev) =
        (flags.procfs.join("diskstats"), flags.disks.clone(), flags.udev.clone());
    move || {
        let DiskStats(disks) = file.parse()?;
        let disks = disks.into_iter().filter(|disk| filter.keeps(&disk.name));
        let row = |disk: DiskStat| {
            let metrics = Disk::new(&disk, DiskInfo::read(&udev, &disk));
            (Device { device: disk.name }, metrics)
        };
        Ok(disks.map(row).collect())
    }
}

impl Disk {
    fn new(disk: &DiskStat, info: DiskInfo) -> Self {
        Self {
            reads_completed_total: disk.reads,
            reads_merged_total: disk.merged,
            read_bytes_total: bytes(disk.sectors_read),
            read_time_seconds_total: seconds(disk.time_reading),
            writes_completed_total: disk.writes,
            writes_merged_total: disk.writes_merged,
            written_bytes_total: bytes(disk.sectors_written),
            write_time_seconds_total: seconds(disk.time_writing),
            io_now: disk.in_progress,
            io_time_seconds_total: seconds(disk.time_in_progress),
            io_time_weighted_seconds_total: seconds(disk.weighted_time_in_progress),
            discards_completed_total: disk.discards,
            discards_merged_total: disk.discards_merged,
            discarded_sectors_total: disk.sectors_discarded,
            discard_time_seconds_total: disk.time_discarding.map(seconds),
            flush_requests_total: disk.flushes,
            flush_requests_time_seconds_total: disk.time_flushing.map(seconds),
            info,
        }
    }
}

/// The kernel counts sectors of 512 bytes, whatever the device has.
fn bytes(sectors: u64) -> u64 {
    sectors.saturating_mul(512)
}

fn seconds(milliseconds: u64) -> f64 {
    // Multiplied, and not divided by 1000, which can differ in the last digit: so the original has it.
    milliseconds as f64 * 0.001
}
