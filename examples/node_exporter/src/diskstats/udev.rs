//! The properties of block devices in the files of udev.

use hello_exporter::Collector;

use super::Disk;
use crate::files::{File, Invalid, Lines, Texts};

#[derive(Collector, Default)]
#[collector(no_new)]
pub(super) struct DiskInfo {
    /// Information about a block device.
    #[metric(labels = [
        "major", "minor", "path", "wwn", "model", "serial", "revision", "rotational",
    ])]
    info: Vec<([String; 8], u8)>,

    /// The filesystem on a block device.
    #[metric(labels = ["type", "usage", "uuid", "version"])]
    filesystem_info: Vec<([String; 4], u8)>,

    /// Names of a block device in the device mapper.
    #[metric(labels = ["name", "uuid", "vg_name", "lv_name", "lv_layer"])]
    device_mapper_info: Vec<([String; 5], u8)>,

    /// Whether an ATA disk has a write cache.
    ata_write_cache: Option<f64>,

    /// Whether the write cache of an ATA disk is enabled.
    ata_write_cache_enabled: Option<f64>,

    /// Rotation rate of an ATA disk, in revolutions per minute; 0 if it does not rotate.
    ata_rotation_rate_rpm: Option<f64>,
}

/// The properties that labels and values are read from.
const KEYS: &[&str] = &[
    "DM_LV_LAYER",
    "DM_LV_NAME",
    "DM_NAME",
    "DM_UUID",
    "DM_VG_NAME",
    "ID_ATA",
    "ID_ATA_ROTATION_RATE_RPM",
    "ID_ATA_WRITE_CACHE",
    "ID_ATA_WRITE_CACHE_ENABLED",
    "ID_FS_TYPE",
    "ID_FS_USAGE",
    "ID_FS_UUID",
    "ID_FS_VERSION",
    "ID_MODEL",
    "ID_PATH",
    "ID_REVISION",
    "ID_SERIAL",
    "ID_SERIAL_SHORT",
    "ID_WWN",
    "SCSI_IDENT_SERIAL",
];

impl DiskInfo {
    /// Reads the properties of a device. They are empty without udev, or if udev does not know the
    /// device.
    pub(super) fn read(udev: &File, disk: &Disk, is_rotational: Option<bool>) -> Self {
        let file = udev.join(&format!("b{}:{}", disk.major, disk.minor));
        let lines = file.lines();
        let properties = lines.as_ref().map_or_else(|_| Texts::of(KEYS), properties);
        let info = is_rotational.and_then(|it| info(&properties, disk, it));
        let filesystem = ["ID_FS_TYPE", "ID_FS_USAGE", "ID_FS_UUID", "ID_FS_VERSION"];
        let mapper = ["DM_NAME", "DM_UUID", "DM_VG_NAME", "DM_LV_NAME", "DM_LV_LAYER"];
        let is_ata = properties.get("ID_ATA").is_some_and(|text| !text.is_empty());
        let ata = |key| properties.get(key)?.parse().ok().filter(|_| is_ata);
        Self {
            info: info.into_iter().map(|labels| (labels, 1)).collect(),
            filesystem_info: unless_first_is_empty(properties.all(filesystem)),
            device_mapper_info: unless_first_is_empty(properties.all(mapper)),
            ata_write_cache: ata("ID_ATA_WRITE_CACHE"),
            ata_write_cache_enabled: ata("ID_ATA_WRITE_CACHE_ENABLED"),
            ata_rotation_rate_rpm: ata("ID_ATA_ROTATION_RATE_RPM"),
        }
    }
}

/// Reads the properties, lines such as `E:ID_MODEL=…`. Other kinds of lines begin with another
/// letter.
fn properties<'t>(lines: &'t Lines<'_>) -> Texts<'t> {
    let mut texts = Texts::of(KEYS);
    for mut line in lines.iter().filter(|line| !line.text.is_empty()) {
        match line.text.split_once(':') {
            Some(("E", property)) => line.text = property,
            // The line may have been a property.
            Some((kind, _)) if kind.contains('\0') => line.text = "\0",
            Some(_) if !line.text.contains('\0') => continue,
            Some(_) | None => {}
        }
        texts.add(lines, line, '=', |key, text| match key {
            "ID_ATA_WRITE_CACHE" | "ID_ATA_WRITE_CACHE_ENABLED" | "ID_ATA_ROTATION_RATE_RPM" => {
                let number = text.parse::<f64>().is_ok_and(f64::is_finite);
                if number { Ok(text.into()) } else { Err(Invalid::word(text, "a number")) }
            }
            _ => Ok(text.into()),
        });
    }
    texts
}

/// Returns the labels of a device; `None` if a line that has one of them was skipped.
fn info(properties: &Texts<'_>, disk: &Disk, is_rotational: bool) -> Option<[String; 8]> {
    let [path, wwn, model] = properties.all(["ID_PATH", "ID_WWN", "ID_MODEL"])?;
    let serial = serial(properties)?;
    let revision = properties.get("ID_REVISION")?.to_owned();
    let (major, minor) = (disk.major.to_string(), disk.minor.to_string());
    let rotational = u8::from(is_rotational).to_string();
    Some([major, minor, path, wwn, model, serial, revision, rotational])
}

/// Returns the serial number that is printed on the disk, else the number that the disk reports,
/// else that of a virtual disk; empty if there is no number, `None` if it is unknown.
fn serial(properties: &Texts<'_>) -> Option<String> {
    for key in ["SCSI_IDENT_SERIAL", "ID_SERIAL_SHORT", "ID_SERIAL"] {
        let serial = properties.get(key)?;
        if !serial.is_empty() {
            return Some(serial.to_owned());
        }
    }
    Some(String::new())
}

fn unless_first_is_empty<const N: usize>(labels: Option<[String; N]>) -> Vec<([String; N], u8)> {
    let is_there = |labels: &[String; N]| labels.first().is_some_and(|first| !first.is_empty());
    labels.filter(is_there).map(|labels| (labels, 1)).into_iter().collect()
}
