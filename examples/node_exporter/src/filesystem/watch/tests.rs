//! Tests of mounts that do not answer.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::NamedTempFile;

use super::{Watch, lock};

static SERVER: Mutex<()> = Mutex::new(());

/// Returns 1 for a directory, 0 for a file or a mount of the server, `None` if the path does not
/// exist. A mount of the server does not answer while `SERVER` is locked.
fn query(path: &Path) -> Option<u64> {
    if path.starts_with("/a server") {
        drop(lock(&SERVER));
        return Some(0);
    }
    fs::metadata(path).map(|metadata| u64::from(metadata.is_dir())).ok()
}

/// Returns more mounts than there are threads. They are queried before all others but `/`.
fn mounts_of_server() -> impl Iterator<Item = PathBuf> {
    (0..10).map(|number| PathBuf::from(format!("/a server/{number}")))
}

fn answers(watch: &Watch<Option<u64>>) -> HashMap<PathBuf, Option<u64>> {
    let others = ["/", "/proc/stat", "/nowhere", "/proc"].map(PathBuf::from);
    watch.query(mounts_of_server().chain(others).collect())
}

/// Returns the log lines about the server's mounts, sorted.
fn logged(log: &Path) -> Vec<String> {
    let log = fs::read_to_string(log).expect("it is there");
    let lines = log.lines().filter(|line| line.contains("/a server"));
    let mut logged: Vec<String> = lines.map(|line| line.trim_start().to_owned()).collect();
    logged.sort();
    logged
}

#[test]
fn stuck_mounts_fail_alone_recover_and_are_logged_once() {
    let (file, log) = NamedTempFile::new().expect("a directory for it").into_parts();
    let lines = tracing_subscriber::fmt().with_writer(Arc::new(file)).with_target(false);
    tracing::subscriber::set_global_default(lines.without_time().finish()).expect("the only one");
    let short = Duration::from_millis(10);
    let watch = Watch { patience: short, ..Watch::new(Duration::from_secs(2), 4, query) };
    let held = lock(&SERVER);
    let others = [("/", Some(1)), ("/proc/stat", Some(0)), ("/nowhere", None), ("/proc", Some(1))];
    let without: HashMap<_, _> = others.map(|(path, answer)| (path.into(), answer)).into();
    assert_eq!(answers(&watch), without);
    assert_eq!(*lock(&watch.busy), mounts_of_server().map(|path| (path, true)).collect());
    let line = |message: &str, path: PathBuf| format!("{message} path={}", path.display());
    let stuck = mounts_of_server().map(|path| line("WARN A mount does not answer", path));
    let stuck: Vec<String> = stuck.collect();
    assert_eq!(logged(&log), stuck);
    // They are known to be stuck now. Waiting for them would take an hour.
    let watch = Watch { timeout: Duration::from_secs(3600), ..watch };
    assert_eq!(answers(&watch), without);
    assert_eq!(logged(&log), stuck, "not logged again");
    drop(held);
    let deadline = Instant::now() + Duration::from_secs(30);
    while logged(&log).len() < 20 {
        assert!(Instant::now() < deadline, "{:?}", logged(&log));
        thread::sleep(Duration::from_millis(1));
    }
    let with = mounts_of_server().map(|path| (path, Some(0))).chain(without).collect();
    assert_eq!(answers(&watch), with);
    let again = mounts_of_server().map(|path| line("INFO A mount answers again", path));
    assert_eq!(logged(&log), Vec::from_iter(again.chain(stuck)));
}

static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// Returns how many queries are running, including this one.
fn count(_: &Path) -> usize {
    let running = RUNNING.fetch_add(1, Ordering::SeqCst) + 1;
    thread::yield_now();
    RUNNING.fetch_sub(1, Ordering::SeqCst);
    running
}

#[test]
fn few_threads_query_many_mounts() {
    let long = Duration::from_secs(3600);
    let watch = Watch { patience: long, ..Watch::new(long, 4, count) };
    let paths: BTreeSet<_> = (0..3000).map(|number| PathBuf::from(number.to_string())).collect();
    let answers = watch.query(paths.clone());
    assert!(answers.keys().all(|path| paths.contains(path)) && answers.len() == 3000);
    let most = answers.values().max().copied();
    assert!(most <= Some(4), "{most:?}");
}

static GATE: Mutex<()> = Mutex::new(());

fn wait(_: &Path) {
    drop(lock(&GATE));
}

#[test]
fn mounts_left_out_for_lack_of_time_are_queried_next() {
    let long = Duration::from_secs(3600);
    let watch = Watch { patience: long, ..Watch::new(Duration::from_secs(1), 4, wait) };
    let held = lock(&GATE);
    let paths: BTreeSet<_> = (0..9).map(|number| PathBuf::from(number.to_string())).collect();
    assert_eq!(watch.query(paths.clone()), HashMap::new());
    assert!(lock(&watch.busy).len() <= 4, "there are no more threads");
    assert_eq!(watch.query(paths.clone()), HashMap::new());
    assert!(lock(&watch.busy).len() <= 8, "and each of these replaces one that is stuck");
    let watch = Watch { timeout: long, ..watch };
    drop(held);
    assert!(watch.query(paths).contains_key(Path::new("8")), "it was not queried before");
}
