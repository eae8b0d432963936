//! Executes the tutorials: every block with a language in docs/writing-an-exporter.md and in
//! docs/asynchronous-exporter.md is a step.
//!
//! Four things differ from the reader's machine: the paths of the library and of the installed
//! program, the ports, and the profile. Release builds are debug builds in this workspace's target
//! directory, which has the dependencies.
//!
//! | words after the fence | step |
//! |---|---|
//! | a language and a file | writes the file; with `more`, appends the text to it |
//! | `diff` and a file | replaces the lines with `-` and a blank, which occur once, by those with `+`; `@@` separates hunks; with `mistake`, the change is undone after the next commands that fail |
//! | `console` | runs commands and compares their output; with `fails`, they fail |
//! | `console runs` | starts the exporter in place of the previous one |
//! | `console background` | starts a Redis server |
//! | `text log` | waits for lines of the exporter's log that contain these |

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use hello_exporter_tests::{Exporter, Redis, cargo, read, repository, without_cargo_env};
use tempfile::TempDir;

#[test]
fn steps_of_the_tutorial_do_what_they_show() {
    follow("docs/writing-an-exporter.md", "spool_exporter");
}

#[test]
fn steps_of_the_asynchronous_tutorial_do_what_they_show() {
    follow("docs/asynchronous-exporter.md", "queue_exporter");
}

fn follow(document: &str, name: &'static str) {
    let tutorial = read(document);
    let mut reader = Reader::new(name);
    for block in blocks(&tutorial) {
        reader.follow(&block);
    }
    assert!(reader.mistakes.is_empty(), "a mistake without a later `console fails`");
    let mut clean = reader.environment(cargo());
    assert!(clean.args(["clean", "--quiet", "--package", name]).status().unwrap().success());
    assert!(reader.differences.is_empty(), "{}", reader.differences.join("\n"));
}

/// Returns the target directory of this workspace.
fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap()
}

/// A fenced block: the words after the fence, and its text.
struct Block<'t> {
    words: Vec<&'t str>,
    text: &'t str,
}

fn blocks(document: &str) -> Vec<Block<'_>> {
    let parts = document.split_inclusive("\n```").map(|part| part.trim_end_matches("```"));
    let block = |part| {
        let (words, text) = str::split_once(part, '\n').unwrap();
        Block { words: words.split(' ').collect(), text }
    };
    parts.skip(1).step_by(2).map(block).collect()
}

/// A reader who follows a tutorial.
struct Reader {
    _root: TempDir,
    directory: PathBuf,
    /// The name of the crate that the tutorial creates.
    name: &'static str,
    running: Option<Exporter>,
    redis: Option<Redis>,
    /// Files with a mistake in them, and their previous contents.
    mistakes: Vec<(PathBuf, String)>,
    /// Differences from the document.
    differences: Vec<String>,
}

impl Reader {
    fn new(name: &'static str) -> Self {
        let root = TempDir::new().unwrap();
        let directory = root.path().to_owned();
        std::os::unix::fs::symlink(repository(""), directory.join("hello_exporter")).unwrap();
        let (mistakes, differences) = (Vec::new(), Vec::new());
        let (running, redis) = (None, None);
        Self { _root: root, directory, name, running, redis, mistakes, differences }
    }

    fn follow(&mut self, block: &Block<'_>) {
        match *block.words {
            ["console"] => self.type_in(block.text, true),
            ["console", "fails"] => {
                self.type_in(block.text, false);
                for (path, before) in self.mistakes.drain(..) {
                    fs::write(path, before).unwrap();
                }
            }
            ["console", "runs"] => self.run(block.text),
            ["console", "background"] => {
                assert_eq!(block.text, "$ redis-server --port 6379 --save ''\n");
                self.redis = Some(Redis::start(&[]));
            }
            ["text", "log"] => {
                let running = self.running.as_mut().unwrap();
                block.text.lines().for_each(|line| drop(running.next_line_with(line)));
            }
            ["diff", file] => self.change(file, block.text),
            ["diff", file, "mistake"] => {
                let path = self.directory.join(file);
                self.mistakes.push((path.clone(), fs::read_to_string(path).unwrap()));
                self.change(file, block.text);
            }
            [_, file] => self.write(file, block.text),
            [_, file, "more"] => {
                let before = fs::read_to_string(self.directory.join(file)).unwrap();
                self.write(file, &format!("{before}\n{}", block.text));
            }
            _ => panic!("unknown words after a fence: `{}`", block.words.join(" ")),
        }
    }

    fn write(&self, file: &str, text: &str) {
        let library = repository("hello_exporter");
        let text = text
            .replace("../hello_exporter/hello_exporter", library.to_str().unwrap())
            .replace("/usr/local/bin/spool_exporter ", &format!("{} ", self.program().display()));
        if file == "Cargo.toml" {
            // Uses the dependency versions of this workspace.
            fs::copy(repository("Cargo.lock"), self.directory.join("Cargo.lock")).unwrap();
        }
        fs::write(self.directory.join(file), text).unwrap();
        self.check_format(file);
    }

    fn check_format(&self, file: &str) {
        if file.ends_with(".rs") && self.mistakes.is_empty() {
            let mut rustfmt = Command::new("rustfmt");
            let path = self.directory.join(file);
            let output = rustfmt
                .args(["--check", "--color=never", "--edition=2024"])
                .arg(path)
                .output()
                .unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        }
    }

    /// Applies a diff, whose hunks are separated by lines with `@@`.
    fn change(&self, file: &str, diff: &str) {
        let mut text = fs::read_to_string(self.directory.join(file)).unwrap();
        for hunk in diff.split("@@\n") {
            let side = |other: char| -> String {
                let lines = hunk.lines().filter(|line| !line.starts_with(other));
                lines.map(|line| line.get(1..).unwrap_or_default().to_owned() + "\n").collect()
            };
            let (before, after) = (side('+'), side('-'));
            assert_eq!(
                text.matches(&before).count(),
                1,
                "expected these lines once:\n{before}\nin\n{text}"
            );
            text = text.replace(&before, &after);
        }
        self.write(file, &text);
    }

    /// Types commands into a shell, and compares what they print with what is shown.
    fn type_in(&mut self, text: &str, succeeds: bool) {
        for (command, shown) in commands(text) {
            if let Some(directory) = command.strip_prefix("cd ") {
                self.directory.push(directory);
                continue;
            }
            let mut shell = self.environment(without_cargo_env("sh"));
            let script = format!("exec 2>&1; {}", self.translated(command));
            let Output { status, stdout, .. } = shell.args(["-c", &script]).output().unwrap();
            let printed = String::from_utf8(stdout).unwrap();
            if status.success() != succeeds || !are_alike(&lines(shown), &lines(&printed)) {
                let difference = format!("$ {command}\n{printed}{status}; this is shown:\n{shown}");
                self.differences.push(difference);
            }
        }
    }

    /// Starts the exporter, which runs until another is started.
    fn run(&mut self, text: &str) {
        self.running = None;
        let commands = commands(text);
        let [(command, "")] = commands[..] else {
            panic!("expected one command without output: {text}")
        };
        let command = self.translated(command);
        let arguments = command.strip_prefix("cargo run").unwrap();
        let arguments = arguments.strip_prefix(" -- ").unwrap_or_default();
        let build = self.environment(cargo()).args(["build", "--quiet"]).status().unwrap();
        assert!(build.success(), "{command}");
        let mut program = self.environment(Command::new(self.program()));
        program.args(arguments.split_whitespace()).arg("--web.listen-address=127.0.0.1:0");
        self.running = Some(Exporter::start_command(&mut program));
    }

    /// Returns the command with this machine's ports and paths.
    fn translated(&self, command: &str) -> String {
        let port = self.running.as_ref().map(|running| running.address.port());
        let redis = self.redis.as_ref().map(|redis| redis.address.port().to_string());
        let release = format!("target/release/{}", self.name);
        command
            .replace("localhost:9000", &format!("localhost:{}", port.unwrap_or_default()))
            .replace("6379", &redis.unwrap_or_else(|| "6379".to_owned()))
            .replace(&release, self.program().to_str().unwrap())
            .replace(" --release", "")
    }

    fn program(&self) -> PathBuf {
        target().join("debug").join(self.name)
    }

    fn environment(&self, mut command: Command) -> Command {
        command
            .current_dir(&self.directory)
            .env("CARGO_TARGET_DIR", target())
            .env("CARGO_NET_OFFLINE", "true")
            .env("CARGO_CARGO_NEW_VCS", "none")
            .env("LC_ALL", "C")
            // The trailing colon adds systemd's own units.
            .env("SYSTEMD_UNIT_PATH", format!("{}:", self.directory.display()));
        command
    }
}

/// Returns the lines that begin with `$`, each with the lines after it.
fn commands(text: &str) -> Vec<(&str, &str)> {
    let text = text.strip_prefix("$ ").unwrap();
    text.split("\n$ ").map(|command| command.split_once('\n').unwrap_or((command, ""))).collect()
}

/// Returns whether printed lines match the shown ones. `…` stands for any lines, or for any text in
/// a line.
fn are_alike(shown: &[&str], printed: &[&str]) -> bool {
    match (shown, printed) {
        ([], _) => printed.is_empty(),
        ([line, rest @ ..], _) if *line == "…" => {
            (0..=printed.len()).any(|from| are_alike(rest, &printed[from..]))
        }
        ([line, rest @ ..], [other, others @ ..]) => {
            is_alike(line, other) && are_alike(rest, others)
        }
        _ => false,
    }
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim_end).collect()
}

fn is_alike(shown: &str, printed: &str) -> bool {
    let Some((start, end)) = shown.split_once('…') else { return shown == printed };
    printed.len() >= start.len() + end.len() && printed.starts_with(start) && printed.ends_with(end)
}
