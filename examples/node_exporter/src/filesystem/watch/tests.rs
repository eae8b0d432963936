//! Mounts that do not answer.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};
use std::{fs, io};

use super::Watch;

static SERVER: Mutex<()> = Mutex::new(());

/// A mount of a server does not answer while the server is held.
fn ask(path: &Path) -> io::Result<u64> {
    if path.starts_with("/server") {
        drop(server());
        return Ok(0);
    }
    fs::metadata(path).map(|metadata| u64::from(metadata.is_dir()))
}

fn server() -> MutexGuard<'static, ()> {
    SERVER.lock().expect("nobody panics with it")
}

fn answers(watch: &Watch<u64>) -> Vec<Option<u64>> {
    let paths = ["/", "/server/a", "/proc/stat", "/server/b", "/nowhere", "/proc"];
    let answers = watch.ask(paths.into_iter().map(PathBuf::from).collect());
    paths.iter().map(|path| answers.get(Path::new(path)).copied().flatten()).collect()
}

#[test]
fn a_stuck_mount_costs_itself_and_comes_back() {
    let watch = Watch::new(Duration::from_secs(2), ask);
    let held = server();
    let without = [Some(1), None, Some(0), None, None, Some(1)];
    assert_eq!(answers(&watch), without);
    // Now it is known, and not waited for: this would take an hour.
    let watch = Watch { timeout: Duration::from_secs(3600), ..watch };
    assert_eq!(answers(&watch), without);
    drop(held);
    let deadline = Instant::now() + Duration::from_secs(30);
    while !watch.asked.paths().is_empty() {
        assert!(Instant::now() < deadline, "they have answered");
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(answers(&watch), [Some(1), Some(0), Some(0), Some(0), None, Some(1)]);
}
