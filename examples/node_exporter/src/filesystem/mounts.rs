//! What is mounted where.

#[cfg(test)]
mod tests;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use hello_exporter::Labels;

use crate::Flags;
use crate::files::{Result, lossy};

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Labels)]
pub(crate) struct Mounted {
    pub(super) device: String,
    /// As the host has it.
    pub(super) mountpoint: String,
    pub(super) fstype: String,
}

#[derive(Debug, PartialEq)]
pub(super) struct Mount {
    pub(super) at: Mounted,
    pub(super) is_read_only: bool,
    /// Where this program finds it.
    pub(super) path: PathBuf,
}

/// Reads the mounts of the host, which PID 1 has; its own where these are hidden.
pub(super) fn reader(flags: &Flags) -> impl Fn() -> Result<Vec<Mount>> + use<> {
    let (of_init, own) = (flags.procfs.join("1/mounts"), flags.procfs.join("self/mounts"));
    let rootfs = flags.rootfs.path().to_owned();
    move || {
        let table = of_init.bytes().or_else(|_| own.bytes())?;
        let lines = table.split(|byte| *byte == b'\n');
        Ok(lines.filter_map(|line| mount(line, &rootfs)).collect())
    }
}

/// A line of the table. It is read as bytes: a path need not be UTF-8.
fn mount(line: &[u8], rootfs: &Path) -> Option<Mount> {
    let mut words = line.split(|byte| *byte == b' ').map(unescaped);
    let (device, path, fs_type, options) =
        (words.next()?, words.next()?, words.next()?, words.next()?);
    let path = Path::new(OsStr::from_bytes(&path));
    // Where the table is its own, paths are those under which it sees the host.
    let mount_point = Path::new("/").join(path.strip_prefix(rootfs).unwrap_or(path));
    let inside = mount_point.strip_prefix("/").unwrap_or(&mount_point);
    Some(Mount {
        path: rootfs.join(inside),
        at: Mounted {
            device: lossy(device),
            mountpoint: lossy(mount_point.into_os_string().into_encoded_bytes()),
            fstype: lossy(fs_type),
        },
        is_read_only: options.split(|byte| *byte == b',').any(|option| option == b"ro"),
    })
}

/// The kernel writes spaces, tabs, newlines, `\` and `#` as `\` and three octal digits.
fn unescaped(mut word: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(word.len());
    while let Some((first, rest)) = word.split_first() {
        let escaped = match rest {
            digits if *first == b'\\' => digits.get(..3).and_then(octal),
            _ => None,
        };
        bytes.push(escaped.unwrap_or(*first));
        word = if escaped.is_some() { rest.get(3..).unwrap_or_default() } else { rest };
    }
    bytes
}

fn octal(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(str::from_utf8(digits).ok()?, 8).ok()
}
