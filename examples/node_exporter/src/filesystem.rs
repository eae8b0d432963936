//! Space and inodes of mounted filesystems.

mod mounts;
mod watch;

use std::time::Duration;

use hello_exporter::{Collector, Rows};
use rustix::fs::{StatVfs, statvfs};

use crate::Flags;
use crate::files::Result;
use mounts::{Mount, Mounted};
use watch::Watch;

/// What gives no answer has no more than the error.
#[derive(Collector)]
#[collector(namespace = "node", subsystem = "filesystem", no_new)]
pub(crate) struct Filesystem {
    /// Size in bytes.
    size_bytes: Option<u64>,
    /// Free space in bytes.
    free_bytes: Option<u64>,
    /// Free space in bytes, without what is kept for root.
    avail_bytes: Option<u64>,
    /// Inodes.
    files: Option<u64>,
    /// Free inodes.
    files_free: Option<u64>,
    /// Whether it is mounted read-only.
    readonly: Option<bool>,
    /// Whether it could not be asked for these.
    device_error: bool,
}

/// For all of them together.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) fn source(flags: &Flags) -> impl Fn() -> Result<Rows<Mounted, Filesystem>> + use<> {
    let mounts = mounts::reader(flags);
    let (points, types) = (flags.mount_points.clone(), flags.filesystem_types.clone());
    let watch = Watch::new(flags.mount_timeout, |path| statvfs(path).map_err(Into::into));
    move || {
        let mut mounts = mounts()?;
        mounts.retain(|Mount { at, .. }| points.keeps(&at.mountpoint) && types.keeps(&at.fstype));
        // One that is mounted there twice is one.
        mounts.sort_by(|one, other| one.at.cmp(&other.at));
        mounts.dedup_by(|one, other| one.at == other.at);
        let answers = watch.ask(mounts.iter().map(|mount| mount.path.clone()).collect());
        let row = |mount: Mount| {
            // Of those at one path the last one hides the others, and answers for them.
            let answer = answers.get(&mount.path).and_then(Option::as_ref);
            (mount.at, Filesystem::new(mount.is_read_only, answer))
        };
        Ok(mounts.into_iter().map(row).collect())
    }
}

impl Filesystem {
    fn new(is_read_only: bool, answer: Option<&StatVfs>) -> Self {
        let bytes = |blocks: u64, it: &StatVfs| blocks.saturating_mul(it.f_frsize);
        Self {
            size_bytes: answer.map(|it| bytes(it.f_blocks, it)),
            free_bytes: answer.map(|it| bytes(it.f_bfree, it)),
            avail_bytes: answer.map(|it| bytes(it.f_bavail, it)),
            files: answer.map(|it| it.f_files),
            files_free: answer.map(|it| it.f_ffree),
            readonly: answer.map(|_| is_read_only),
            device_error: answer.is_none(),
        }
    }
}
