//! Tables of mounts.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::{Mount, Mounted, mount};
use crate::files::Invalid;

fn expected(mount_point: &str, path: impl Into<PathBuf>) -> Result<(Mounted, Mount), Invalid> {
    let at = Mounted {
        device: "/dev/sda1".to_owned(),
        mountpoint: mount_point.to_owned(),
        fstype: "ext4".to_owned(),
    };
    Ok((at, Mount { is_read_only: true, number: [8, 1], path: path.into() }))
}

#[test]
fn escapes_of_the_kernel_are_decoded() {
    let line = br"36 35 8:1 / /a\040b\134\011c\043\\9\+12 noatime,ro master:1 - ext4 /dev/sda1 rw";
    let path = "/a b\\\tc#\\\\9\\+12";
    assert_eq!(mount(line, Path::new("/")), expected(path, path));
}

#[test]
fn path_that_is_not_utf8_is_queried_unchanged() {
    let path = Path::new(OsStr::from_bytes(b"/host/d\xffta"));
    let line = b"36 35 8:1 / /d\xffta ro - ext4 /dev/sda1 rw";
    assert_eq!(mount(line, Path::new("/host")), expected("/d\u{fffd}ta", path));
}

#[test]
fn mount_points_are_paths_of_the_host() {
    let mount = |path: &str| {
        let line = format!("36 35 8:1 / {path} rw - ext4 /dev/sda1 ro");
        mount(line.as_bytes(), Path::new("/host"))
    };
    assert_eq!(mount("/host/data"), expected("/data", "/host/data"));
    assert_eq!(mount("/host"), expected("/", "/host/"));
    assert_eq!(mount("/data"), expected("/data", "/host/data"));
    assert_eq!(mount("/hosts"), expected("/hosts", "/host/hosts"));
}

#[test]
fn mount_or_its_filesystem_is_read_only() {
    for (options, super_options, expected) in [
        ("rw,relatime", "rw,errors=remount-ro", false),
        ("ro,relatime", "rw", true),
        ("rw", "ro", true),
        ("rw", "rw,emergency_ro", true),
        ("rw,emergency_ro", "rw", true),
        ("rw", "rw,x=ro", false),
    ] {
        let line = format!("36 35 8:1 / / {options} - ext4 /dev/sda1 {super_options}");
        let (_, mount) = mount(line.as_bytes(), Path::new("/")).expect("a mount");
        assert_eq!(mount.is_read_only, expected, "{line}");
    }
}

#[test]
fn malformed_line_is_refused() {
    for line in [
        "",
        "36 35 8:1 / /mnt rw master:1 ext4 /dev/sda1 rw",
        "36 35 8:1 / /mnt - ext4 /dev/sda1 rw",
        "36 35 8:1 / /mnt rw - ext4 /dev/sda1",
        "36 35 8:1 / /mnt rw - ext4 /dev/sda1 rw x",
        "36 35 8 / /mnt rw - ext4 /dev/sda1 rw",
        "36 35 8:4294967296 / /mnt rw - ext4 /dev/sda1 rw",
        "36 x 8:1 / /mnt rw - ext4 /dev/sda1 rw",
        "36 35 8:1 / x /mnt rw - ext4 /dev/sda1 rw",
        "36 35 8:1 / /mnt rw - ext4 /dev/sda1\0 rw",
    ] {
        assert!(mount(line.as_bytes(), Path::new("/")).is_err(), "{line:?}");
    }
    // The device may be empty.
    assert!(mount(b"36 35 8:1 / /mnt rw - tmpfs  rw", Path::new("/")).is_ok());
}
