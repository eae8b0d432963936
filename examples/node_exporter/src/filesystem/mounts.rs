//! The table of mounts.

#[cfg(test)]
mod tests;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::Flags;
use crate::files::{Invalid, Result, Skipped, lossy, number};

/// The labels of a mount.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mounted {
    pub(super) device: String,
    /// The path on the host.
    pub(super) mountpoint: String,
    pub(super) fstype: String,
}

#[derive(Debug, PartialEq)]
pub(super) struct Mount {
    pub(super) is_read_only: bool,
    /// Major and minor number of the device.
    pub(super) number: [u32; 2],
    /// The path at which this program sees the mount.
    pub(super) path: PathBuf,
}

/// Returns a function that reads the mounts of the host, from the table of PID 1. If that cannot be
/// read, because it is hidden, the function reads the mounts of this process.
pub(super) fn reader(flags: &Flags) -> impl Fn() -> Result<Vec<(Mounted, Mount)>> + use<> {
    let (of_init, own) = (flags.procfs.join("1/mountinfo"), flags.procfs.join("self/mountinfo"));
    let rootfs = flags.rootfs.path().to_owned();
    move || {
        let (file, table) = match of_init.bytes() {
            Ok(table) => (&of_init, table),
            Err(_) => (&own, own.bytes()?),
        };
        let skipped = Skipped::of(file);
        let lines = table.strip_suffix(b"\n").unwrap_or(&table).split(|byte| *byte == b'\n');
        let mounts = lines.zip(1..).filter_map(|(line, number)| {
            mount(line, &rootfs).map_err(|error| skipped.add(number, error)).ok()
        });
        Ok(mounts.collect())
    }
}

/// Reads a line of the table: `36 35 98:0 /root /mnt rw,noatime master:1 - ext3 /dev/root rw`, with
/// any number of fields such as `master:1`. It is read as bytes, because a path need not be UTF-8.
pub(super) fn mount(line: &[u8], rootfs: &Path) -> Result<(Mounted, Mount), Invalid> {
    if line.contains(&0) {
        return Err(Invalid::Nul);
    }
    let words: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
    let separator = words.iter().skip(6).position(|word| *word == b"-").map(|index| index + 6);
    let parts = separator.map_or((&*words, &[][..]), |index| words.split_at(index));
    let ([id, parent, numbers, _, path, options, ..], [_, fs_type, device, super_options]) = parts
    else {
        return Err(wrong_words(line, words.len()));
    };
    for id in [id, parent] {
        number::<u32>(&String::from_utf8_lossy(id))?;
    }
    if !path.starts_with(b"/") {
        return Err(Invalid::word(&String::from_utf8_lossy(path), "a path"));
    }
    let path = unescaped(path);
    let path = Path::new(OsStr::from_bytes(&path));
    // The table of this process has the paths under which it sees the host.
    let mount_point = Path::new("/").join(path.strip_prefix(rootfs).unwrap_or(path));
    let inside = mount_point.strip_prefix("/").unwrap_or(&mount_point);
    let mount = Mount {
        is_read_only: is_read_only(options, super_options),
        number: device_number(numbers)?,
        path: rootfs.join(inside),
    };
    let at = Mounted {
        device: lossy(unescaped(device)),
        mountpoint: lossy(mount_point.into_os_string().into_encoded_bytes()),
        fstype: lossy(unescaped(fs_type)),
    };
    Ok((at, mount))
}

fn wrong_words(line: &[u8], found: usize) -> Invalid {
    if line.trim_ascii().is_empty() {
        return Invalid::Empty;
    }
    Invalid::Words { found, expected: "6 or more, then `-` and 3" }
}

/// Reads a device number such as `98:0`.
fn device_number(numbers: &[u8]) -> Result<[u32; 2], Invalid> {
    let text = String::from_utf8_lossy(numbers);
    let (major, minor) = text.split_once(':').ok_or(Invalid::Lacks(':'))?;
    Ok([number(major)?, number(minor)?])
}

/// Returns whether the mount or its filesystem is read-only. A filesystem can become read-only
/// after an error.
fn is_read_only(options: &[u8], super_options: &[u8]) -> bool {
    let has = |options: &[u8], wanted: &[u8]| {
        options.split(|byte| *byte == b',').any(|option| option == wanted)
    };
    [options, super_options]
        .iter()
        .any(|options| has(options, b"ro") || has(options, b"emergency_ro"))
}

/// Undoes the kernel's escapes: it writes spaces, tabs, newlines, `\` and `#` as `\` and three
/// octal digits.
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
    let digits = Some(digits).filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
    u8::from_str_radix(str::from_utf8(digits).ok()?, 8).ok()
}
