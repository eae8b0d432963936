//! Expositions as files: of batch jobs, and of `--once`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use hello_exporter::registry::TextfileError;
use hello_exporter::{Collector, Gauge, Registry};
use hello_exporter_tests::http::get;
use hello_exporter_tests::{
    Exporter, build_example, node, output_of, registry_of, until, without_cargo_env,
};
use tempfile::TempDir;

#[derive(Collector)]
#[collector(namespace = "backup")]
struct Backup {
    /// When the last backup succeeded.
    last_success_timestamp_seconds: Gauge,
}

const BACKUP: &str = "\
# HELP backup_last_success_timestamp_seconds When the last backup succeeded.
# TYPE backup_last_success_timestamp_seconds gauge
backup_last_success_timestamp_seconds 1700000000
";

fn backup() -> Registry {
    let backup = Arc::new(Backup::new());
    backup.last_success_timestamp_seconds.set(1_700_000_000.0);
    registry_of(backup)
}

fn files(directory: &TempDir) -> Vec<String> {
    let files = fs::read_dir(directory.path()).unwrap();
    files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn node_exporter_reads_a_textfile() {
    let directory = TempDir::new().unwrap();
    backup().write_textfile(directory.path().join("backup.prom")).unwrap();
    assert_eq!(files(&directory), ["backup.prom"]);
    let original = Path::new("/usr/bin/prometheus-node-exporter");
    let flag = format!("--collector.textfile.directory={}", directory.path().display());
    let flags = ["--collector.disable-defaults", "--collector.textfile", &flag];
    let exporter = Exporter::start_unlogged(original, &flags);
    let body = get(exporter.address, "/metrics").body;
    let value = "backup_last_success_timestamp_seconds 1.7e+09\n";
    assert!(body.contains(value), "{body}");
    assert!(body.contains("node_textfile_scrape_error 0\n"), "{body}");
}

#[test]
fn file_is_replaced() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("backup.prom");
    fs::write(&path, "old\n".repeat(1000)).unwrap();
    backup().write_textfile(&path).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), BACKUP);
    assert_eq!(files(&directory), ["backup.prom"]);
}

#[test]
fn failed_write_leaves_the_old_file_and_no_other() {
    let directory = TempDir::new().unwrap();
    let missing = directory.path().join("missing/backup.prom");
    let error = backup().write_textfile(&missing).unwrap_err().to_string();
    let expected =
        format!("cannot write {}: No such file or directory (os error 2)", missing.display());
    assert_eq!(error, expected);

    let error = backup().write_textfile("..").unwrap_err().to_string();
    assert_eq!(error, "cannot write ..: expected a path that ends in a file name");
}

/// Calls `refused` with a socket file, a directory and symbolic links, which all remain as they
/// are, and with the end of the message that refuses each.
fn visit_irregular(refused: impl Fn(&Path, &str)) {
    let directory = TempDir::new().unwrap();
    let path = |name: &str| directory.path().join(name);
    let _listener = UnixListener::bind(path("socket")).unwrap();
    fs::create_dir(path("directory")).unwrap();
    fs::write(path("file"), "old").unwrap();
    symlink("file", path("link")).unwrap();
    symlink("missing", path("dangling")).unwrap();
    let kinds = || {
        let entries = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap());
        let kinds = entries.map(|entry| (entry.file_name(), entry.file_type().unwrap()));
        kinds.collect::<HashMap<_, _>>()
    };
    let before = kinds();
    let (irregular, link) =
        ("is not a regular file", "is a symbolic link, expected a regular file");
    let targets = [("socket", irregular), ("directory", irregular), ("link", link)];
    for (name, reason) in targets.into_iter().chain([("dangling", link)]) {
        refused(&path(name), reason);
        assert_eq!(kinds(), before, "{name}");
    }
    assert_eq!(fs::read_to_string(path("file")).unwrap(), "old");
}

#[test]
fn irregular_file_is_not_replaced() {
    visit_irregular(|path, reason| {
        let error = backup().write_textfile(path).unwrap_err();
        assert_eq!(error.to_string(), format!("`{}` {reason}", path.display()));
        let is_link = matches!(error, TextfileError::SymbolicLink { .. });
        assert_eq!(is_link, path.is_symlink());
        assert!(is_link || matches!(error, TextfileError::NotRegular { .. }));
    });
}

#[test]
fn once_does_not_replace_an_irregular_file() {
    let program = build_example("hello_exporter_tests", "environment");
    visit_irregular(|path, reason| {
        let path = path.display();
        let output = once(&program, &[&format!("--once={path}")]);
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty(), "{output:?}");
        let log = String::from_utf8(output.stderr).unwrap();
        let message =
            format!("--once: `{path}` {reason}; without a file, --once prints to standard output");
        assert_eq!(log.lines().count(), 1, "{log}");
        assert!(log.contains(&message), "{log}");
    });
}

#[test]
fn killed_writer_leaves_a_whole_file() {
    let program = build_example("hello_exporter_tests", "textfile");
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("job.prom");
    for _ in 0..20 {
        _ = fs::remove_file(&path);
        let mut writer = Command::new(&program).arg(&path).spawn().unwrap();
        until(|| path.exists());
        writer.kill().unwrap();
        writer.wait().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let samples: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let numbers = samples.iter().map(|line| line.split_once("} ").unwrap().1);
        assert_eq!(samples.len(), 5_000);
        assert_eq!(numbers.collect::<BTreeSet<_>>().len(), 1);
    }
}

fn once(program: &Path, arguments: &[&str]) -> Output {
    output_of(without_cargo_env(program).args(arguments), b"")
}

#[test]
fn once_writes_the_metrics_of_a_host_to_a_file() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("node.prom");
    let flags = node::flags_of(&node::tree());
    let mut arguments: Vec<&str> = flags.iter().map(String::as_str).collect();
    let file = format!("--once={}", path.display());
    arguments.push(&file);
    let inode = |path: &Path| std::os::unix::fs::MetadataExt::ino(&fs::metadata(path).unwrap());
    let mut written = Vec::new();
    for _ in 0..2 {
        let output = once(&node::program(), &arguments);
        assert!(output.status.success(), "{output:?}");
        assert!(output.stdout.is_empty());
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("\nnode_scrape_collector_success{collector=\"cpu\"} 1\n"), "{text}");
        assert!(text.contains("\nnode_load1 "), "{text}");
        // These are about a server, and a textfile of each exporter would have them.
        assert!(!text.contains("process_") && !text.contains("promhttp_"), "{text}");
        written.push(inode(&path));
    }
    assert_ne!(written[0], written[1]);
    assert_eq!(files(&directory), ["node.prom"]);
}

#[test]
fn once_prints_the_metrics_and_fails_with_a_collector() {
    let program = build_example("hello_exporter_tests", "sources");
    let output = once(&program, &["--once"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{log}");
    assert!(text.contains("_scrape_collector_success{collector="), "{text}");
    assert!(log.contains("msg=\"a collector has failed: its metrics are missing\""), "{log}");
}
