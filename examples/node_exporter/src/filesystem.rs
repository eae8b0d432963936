//! Space and inodes of mounted filesystems.

mod mounts;
#[cfg(test)]
mod tests;
mod watch;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::time::Duration;

use hello_exporter::{Collector, Labels, Rows};
use rustix::fs::{StatVfs, statvfs};
use rustix::io::Errno;
use tracing::debug;

use crate::Flags;
use crate::files::Result;
use mounts::{Mount, Mounted};
use watch::Watch;

#[derive(Collector)]
#[collector(namespace = "node", subsystem = "filesystem", no_new)]
pub(crate) struct Filesystems {
    #[metric(flatten)]
    space: Rows<Device, Space>,

    /// The device number of a filesystem; missing if the filesystem cannot be queried.
    #[metric(labels = ["device", "major", "minor", "mountpoint"])]
    mount_info: Vec<([String; 4], u8)>,
}

#[derive(Labels)]
pub(crate) struct Device {
    device: String,
    mountpoint: String,
    fstype: String,
    /// Why the filesystem cannot be queried; empty if it can.
    device_error: String,
}

/// A filesystem that cannot be queried has only the last two metrics.
#[derive(Collector)]
#[collector(no_new)]
pub(crate) struct Space {
    /// Size in bytes.
    size_bytes: Option<u64>,
    /// Free space in bytes.
    free_bytes: Option<u64>,
    /// Free space for users other than root, in bytes.
    avail_bytes: Option<u64>,
    /// Inodes.
    files: Option<u64>,
    /// Free inodes.
    files_free: Option<u64>,
    /// Whether the filesystem is read-only.
    readonly: bool,
    /// Whether the filesystem cannot be queried.
    device_error: bool,
}

/// The answer of a filesystem, or the message of the error.
type Answer = Result<StatVfs, String>;

/// The timeout of the collector, for all filesystems together.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) fn source(flags: &Flags) -> impl Fn() -> Result<Filesystems> + use<> {
    let mounts = mounts::reader(flags);
    let (points, types) = (flags.mount_points.clone(), flags.filesystem_types.clone());
    let watch = Watch::new(flags.mount_timeout, usize::from(flags.stat_workers.max(1)), |path| {
        let answer = statvfs(path);
        answer.map_err(|error| {
            debug!(path = %path.display(), %error, "Cannot query a mount");
            message(error)
        })
    });
    move || {
        // Of mounts with the same labels, the last one is kept, which hides the others.
        let mounts: BTreeMap<Mounted, Mount> = mounts()?
            .into_iter()
            .filter(|(at, _)| points.keeps(&at.mountpoint) && types.keeps(&at.fstype))
            .collect();
        let answers = watch.query(mounts.values().map(|mount| mount.path.clone()).collect());
        Ok(Filesystems::new(mounts, &answers))
    }
}

/// Returns the system's message in Go's spelling, which the original has in its labels.
fn message(error: Errno) -> String {
    if error == Errno::STALE {
        return "stale NFS file handle".to_owned();
    }
    let message = std::io::Error::from(error).to_string();
    let message = message.split(" (os error").next().unwrap_or_default();
    let mut characters = message.chars();
    match (characters.next(), characters.as_str()) {
        (Some(first), rest) if rest.starts_with(char::is_lowercase) => {
            format!("{}{rest}", first.to_ascii_lowercase())
        }
        _ => message.to_owned(),
    }
}

impl Filesystems {
    fn new(mounts: BTreeMap<Mounted, Mount>, answers: &HashMap<PathBuf, Answer>) -> Self {
        let late = Err("mountpoint timeout".to_owned());
        let (mut space, mut mount_info) = (Vec::with_capacity(mounts.len()), Vec::new());
        for (at, mount) in mounts {
            // Of several mounts at one path, the last one hides the others, and answers for them.
            let answer = answers.get(&mount.path).unwrap_or(&late);
            if answer.is_ok() {
                let [major, minor] = mount.number.map(|number| number.to_string());
                let labels = [at.device.clone(), major, minor, at.mountpoint.clone()];
                mount_info.push((labels, 1));
            }
            let device_error = answer.as_ref().err().cloned().unwrap_or_default();
            let Mounted { device, mountpoint, fstype } = at;
            let labels = Device { device, mountpoint, fstype, device_error };
            space.push((labels, Space::new(mount.is_read_only, answer.as_ref().ok())));
        }
        Self { space: space.into_iter().collect(), mount_info }
    }
}

impl Space {
    fn new(readonly: bool, answer: Option<&StatVfs>) -> Self {
        let bytes = |blocks: u64, it: &StatVfs| blocks.saturating_mul(it.f_frsize);
        Self {
            size_bytes: answer.map(|it| bytes(it.f_blocks, it)),
            free_bytes: answer.map(|it| bytes(it.f_bfree, it)),
            avail_bytes: answer.map(|it| bytes(it.f_bavail, it)),
            files: answer.map(|it| it.f_files),
            files_free: answer.map(|it| it.f_ffree),
            readonly,
            device_error: answer.is_none(),
        }
    }
}
