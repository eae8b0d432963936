//! What udev wrote down about block devices.

use std::collections::HashMap;

use hello_exporter::Collector;
use procfs::DiskStat;

use crate::files::File;

#[derive(Collector)]
#[collector(no_new)]
pub(super) struct DiskInfo {
    /// What a block device is.
    #[metric(labels = ["major", "minor", "path", "wwn", "model", "serial", "revision"])]
    info: Vec<([String; 7], u8)>,

    /// The filesystem on a block device.
    #[metric(labels = ["type", "usage", "uuid", "version"])]
    filesystem_info: Vec<([String; 4], u8)>,

    /// What the device mapper calls a block device.
    #[metric(labels = ["name", "uuid", "vg_name", "lv_name", "lv_layer"])]
    device_mapper_info: Vec<([String; 5], u8)>,

    /// Whether an ATA disk has a write cache.
    ata_write_cache: Option<f64>,

    /// Whether the write cache of an ATA disk is enabled.
    ata_write_cache_enabled: Option<f64>,

    /// How fast an ATA disk turns, in revolutions per minute; 0 where nothing turns.
    ata_rotation_rate_rpm: Option<f64>,
}

impl DiskInfo {
    /// Where udev is not there, or does not know a device, the labels are empty.
    pub(super) fn read(udev: &File, disk: &DiskStat) -> Self {
        let text = udev.join(&format!("b{}:{}", disk.major, disk.minor)).text().unwrap_or_default();
        // Properties are lines such as `E:ID_MODEL=…`.
        let properties = text.lines().filter_map(|line| line.strip_prefix("E:")?.split_once('='));
        let properties: HashMap<&str, &str> = properties.collect();
        let text = |name| properties.get(name).copied().unwrap_or_default().to_owned();
        let number = |name| text(name).parse().ok().filter(|_| !text("ID_ATA").is_empty());
        let [path, wwn, model] = ["ID_PATH", "ID_WWN", "ID_MODEL"].map(text);
        let [serial, revision] = ["ID_SERIAL_SHORT", "ID_REVISION"].map(text);
        let (major, minor) = (disk.major.to_string(), disk.minor.to_string());
        let filesystem = ["ID_FS_TYPE", "ID_FS_USAGE", "ID_FS_UUID", "ID_FS_VERSION"].map(text);
        let mapper = ["DM_NAME", "DM_UUID", "DM_VG_NAME", "DM_LV_NAME", "DM_LV_LAYER"].map(text);
        Self {
            info: vec![([major, minor, path, wwn, model, serial, revision], 1)],
            filesystem_info: unless_first_is_empty(filesystem),
            device_mapper_info: unless_first_is_empty(mapper),
            ata_write_cache: number("ID_ATA_WRITE_CACHE"),
            ata_write_cache_enabled: number("ID_ATA_WRITE_CACHE_ENABLED"),
            ata_rotation_rate_rpm: number("ID_ATA_ROTATION_RATE_RPM"),
        }
    }
}

fn unless_first_is_empty<const N: usize>(labels: [String; N]) -> Vec<([String; N], u8)> {
    let is_there = labels.first().is_some_and(|first| !first.is_empty());
    is_there.then_some((labels, 1)).into_iter().collect()
}
