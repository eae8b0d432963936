//! `--web.listen-address=unix:PATH`.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use hello_exporter_tests::http::get;
use hello_exporter_tests::{Exporter, build, curl, text, until};
use tempfile::TempDir;

fn socket() -> (TempDir, PathBuf, String) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("exporter.sock");
    let flag = format!("--web.listen-address=unix:{}", path.display());
    (directory, path, flag)
}

fn status(socket: &Path) -> u16 {
    let arguments = ["--unix-socket", socket.to_str().unwrap()];
    curl("http://localhost/metrics", &arguments).unwrap().status
}

/// Returns the status and the last message of an exporter that does not start.
fn refused(flag: &str) -> (i32, String) {
    let output = Command::new(build()).arg(flag).output().unwrap();
    let log = text(&output.stderr);
    let message = log.lines().last().unwrap().split_once("msg=").map_or("", |(_, it)| it);
    (output.status.code().unwrap(), message.trim_matches('"').to_owned())
}

#[test]
fn socket_file_is_served_and_removed() {
    let (_directory, path, flag) = socket();
    let exporter = Exporter::start(&[&flag]);
    until(|| path.exists());
    assert_eq!(status(&path), 200);
    // The other address is served, too.
    assert_eq!(get(exporter.address, "/metrics").status, 200);
    let metadata = fs::symlink_metadata(&path).unwrap();
    assert!(metadata.file_type().is_socket());
    assert_eq!(metadata.permissions().mode() & 0o777, 0o666);
    let (status, log) = exporter.signal("TERM");
    assert_eq!(status.code(), Some(0), "{log:?}");
    assert!(!path.exists());
}

#[test]
fn stale_socket_file_is_replaced() {
    let (_directory, path, flag) = socket();
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let exporter = Exporter::start(&[&flag]);
    until(|| UnixListener::bind(&path).is_err());
    assert_eq!(status(&path), 200);
    drop(exporter);
}

#[test]
fn live_socket_and_other_files_are_refused() {
    let (_directory, path, flag) = socket();
    let listener = UnixListener::bind(&path).unwrap();
    let message = |reason| format!("cannot listen on unix:{}: {reason}", path.display());
    assert_eq!(refused(&flag), (1, message("another process listens on this socket")));
    drop(listener);
    fs::remove_file(&path).unwrap();
    fs::write(&path, "a file").unwrap();
    assert_eq!(refused(&flag), (1, message("the file exists, and is no socket")));
    assert_eq!(fs::read_to_string(&path).unwrap(), "a file");
}

#[test]
fn file_of_another_exporter_is_not_removed() {
    let (_directory, path, flag) = socket();
    let exporter = Exporter::start(&[&flag]);
    until(|| path.exists());
    fs::remove_file(&path).unwrap();
    let other = Exporter::start(&[&flag]);
    until(|| path.exists());
    assert_eq!(exporter.signal("TERM").0.code(), Some(0));
    assert_eq!(status(&path), 200);
    drop(other);
}

#[test]
fn address_without_a_path_is_an_error_of_the_flags() {
    for address in ["unix:", "unix:/", "unix:.."] {
        let output =
            Command::new(build()).arg(format!("--web.listen-address={address}")).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let message = text(&output.stderr);
        let expected = format!(
            "error: invalid value '{address}' for '--web.listen-address <ADDRESS>': expected \
             `host:port`, `:port` or `[ipv6]:port`, with a port from 0 to 65535, or `unix:PATH`\n"
        );
        assert!(message.starts_with(&expected), "{message}");
    }
}
