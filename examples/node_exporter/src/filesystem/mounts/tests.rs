//! Tables of mounts.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::{Mount, Mounted, mount};

fn expected(mount_point: &str, path: impl Into<PathBuf>) -> Option<Mount> {
    Some(Mount {
        at: Mounted {
            device: "/dev/sda1".to_owned(),
            mountpoint: mount_point.to_owned(),
            fstype: "ext4".to_owned(),
        },
        is_read_only: true,
        path: path.into(),
    })
}

#[test]
fn what_the_kernel_escapes_is_read() {
    let line = br"/dev/sda1 /a\040b\134\011c\043\\9 ext4 noatime,ro 0 0";
    assert_eq!(mount(line, Path::new("/")), expected("/a b\\\tc#\\\\9", "/a b\\\tc#\\\\9"));
}

#[test]
fn a_path_that_is_not_utf8_is_asked_as_it_is() {
    let path = Path::new(OsStr::from_bytes(b"/host/d\xffta"));
    let line = b"/dev/sda1 /d\xffta ext4 ro 0 0";
    assert_eq!(mount(line, Path::new("/host")), expected("/d\u{fffd}ta", path));
}

#[test]
fn mount_points_are_those_of_the_host() {
    let host = Path::new("/host");
    assert_eq!(mount(b"/dev/sda1 /host/data ext4 ro", host), expected("/data", "/host/data"));
    assert_eq!(mount(b"/dev/sda1 /host ext4 ro", host), expected("/", "/host/"));
    assert_eq!(mount(b"/dev/sda1 /data ext4 ro", host), expected("/data", "/host/data"));
    assert_eq!(mount(b"/dev/sda1 /hosts ext4 ro", host), expected("/hosts", "/host/hosts"));
    assert_eq!(mount(b"", host), None);
}
