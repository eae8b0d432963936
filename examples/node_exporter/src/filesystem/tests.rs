//! Tests of messages, and of filesystems that do not answer.

use std::collections::{BTreeMap, HashMap};

use rustix::io::Errno;

use super::{Filesystems, message};

#[test]
fn messages_are_spelled_as_in_go() {
    for (error, expected) in [
        (Errno::NOENT, "no such file or directory"),
        (Errno::ACCESS, "permission denied"),
        (Errno::IO, "input/output error"),
        (Errno::NOTCONN, "transport endpoint is not connected"),
        (Errno::STALE, "stale NFS file handle"),
        (Errno::HOSTDOWN, "host is down"),
    ] {
        assert_eq!(message(error), expected);
    }
}

#[test]
fn filesystem_that_does_not_answer_has_no_device_number() {
    let read = |line: &str| super::mounts::mount(line.as_bytes(), "/".as_ref()).expect("a mount");
    let mounts = BTreeMap::from([read("1 2 8:1 / /gone rw - nfs4 server:/export rw")]);
    let Filesystems { mount_info, .. } = Filesystems::new(mounts, &HashMap::new());
    assert_eq!(mount_info, []);
}
