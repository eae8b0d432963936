//! The program `configured`, whose parts expose which version of the configuration they use.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::http::{Response, get};
use crate::{Exporter, build_example, text};

/// Returns the path of the program.
pub fn program() -> PathBuf {
    build_example("hello_exporter_tests", "configured")
}

/// A directory with a configuration file.
#[derive(Debug)]
pub struct ConfigDirectory {
    directory: TempDir,
    /// The file.
    pub file: PathBuf,
}

impl ConfigDirectory {
    /// Creates a file with these contents.
    pub fn of(contents: &str) -> Self {
        let directory = TempDir::new().expect("a directory");
        let file = directory.path().join("config.yml");
        let directory = Self { directory, file };
        directory.write(contents);
        directory
    }

    /// Replaces the file as a whole.
    pub fn write(&self, contents: &str) {
        self.remove();
        let new = self.directory.path().join("new");
        fs::write(&new, contents).expect("it is writable");
        fs::rename(new, &self.file).expect("it is writable");
    }

    /// Removes the file, or the directory in its place.
    pub fn remove(&self) {
        _ = fs::remove_dir(&self.file);
        _ = fs::remove_file(&self.file);
    }

    /// Puts a directory in the place of the file.
    pub fn make_unreadable(&self) {
        self.remove();
        fs::create_dir(&self.file).expect("it is writable");
    }

    /// Starts the program with this file.
    pub fn start(&self, arguments: &[&str]) -> Exporter {
        Exporter::start_program(&program(), &[&[&*flag(&self.file)], arguments].concat())
    }

    /// Runs the program with this file. It must end by itself.
    pub fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(program());
        command.arg("--web.listen-address=127.0.0.1:0").arg(flag(&self.file)).args(arguments);
        command.output().expect("the program runs")
    }

    /// Replaces the path of the file by `@`.
    pub fn shortened(&self, text: &str) -> String {
        text.replace(&self.file.display().to_string(), "@")
    }

    /// Returns the errors that a program has logged, without their times and the file's path.
    pub fn errors(&self, output: &Output) -> Vec<String> {
        let log = self.shortened(&text(&output.stderr));
        let errors = log.lines().filter_map(|line| line.split_once(" level=error "));
        errors.map(|(_, error)| error.to_owned()).collect()
    }
}

fn flag(file: &Path) -> String {
    format!("--config.file={}", file.display())
}

/// Returns the samples of the versions that a response has.
pub fn versions(response: &Response) -> Vec<&str> {
    let is_version = |line: &&str| !line.starts_with('#') && line.contains("version");
    let has_number = |line: &&str| !line.contains("build_info");
    response.body.lines().filter(is_version).filter(has_number).collect()
}

/// Returns the samples of a scrape in which all parts use this version.
pub fn all_versions(version: u32) -> Vec<String> {
    let names = [
        "blocking_version_at_end",
        "blocking_version_at_start",
        "cached_version",
        "encoding_version",
        "slow_version_at_end",
        "slow_version_at_start",
        "turn_version",
    ];
    names.map(|name| format!("{name} {version}")).to_vec()
}

/// Returns whether the last reload succeeded, as the exporter exposes it.
pub fn is_last_reload_successful(exporter: &Exporter) -> bool {
    let name = "configured_config_last_reload_successful";
    let body = get(exporter.address, &format!("/metrics?name[]={name}")).body;
    let last = body.lines().last().expect("the metric is exposed").to_owned();
    last == format!("{name} 1")
}
