//! Runs programs of this workspace.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Builds a program of the library's package, once, and gives its path.
///
/// The arguments are those of `cargo build`, such as `["--bin", "hello_exporter"]`.
pub fn build(target: [&'static str; 2]) -> PathBuf {
    static BUILT: Mutex<BTreeMap<[&str; 2], PathBuf>> = Mutex::new(BTreeMap::new());

    let mut built = BUILT.lock().expect("no build has failed");
    built.entry(target).or_insert_with(|| run_build(target)).clone()
}

/// Builds the library and gives the path of what a program links with.
pub fn build_library() -> PathBuf {
    let artifacts = cargo_build(&["--lib"]).into_iter().filter_map(|message| {
        let is_library = message["target"]["name"] == "hello_exporter";
        let files = message["filenames"].as_array().filter(|_| is_library)?.clone();
        files
            .iter()
            .filter_map(Value::as_str)
            .find(|file| file.ends_with(".rlib"))
            .map(PathBuf::from)
    });
    artifacts.last().expect("cargo names the library")
}

fn run_build(target: [&str; 2]) -> PathBuf {
    let executables = cargo_build(&target).into_iter();
    let mut executables =
        executables.filter_map(|message| Some(PathBuf::from(message["executable"].as_str()?)));
    executables.next().expect("cargo names the executable")
}

/// Builds a target of the library's package and gives what cargo says of it.
fn cargo_build(target: &[&str]) -> Vec<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let output = Command::new(cargo)
        .args(["build", "--quiet", "--package", "hello_exporter", "--message-format=json"])
        .args(target)
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{target:?} does not build");
    let messages = String::from_utf8(output.stdout).expect("messages are UTF-8");
    messages.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// A running exporter, killed when it is dropped.
#[derive(Debug)]
pub struct Exporter {
    child: Child,
    log: BufReader<ChildStderr>,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Exporter {
    /// Starts the tutorial's exporter on a free port of the loopback and waits until it listens.
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_program(["--bin", "hello_exporter"], arguments)
    }

    /// Starts the tutorial's exporter on a port of its own, without waiting for a log that says so.
    pub fn start_quietly(arguments: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        let mut child = spawn(["--bin", "hello_exporter"], &address.to_string(), arguments);
        let log = BufReader::new(child.stderr.take().expect("a pipe"));
        let deadline = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < deadline, "the exporter listens");
            thread::sleep(Duration::from_millis(10));
        }
        Self { child, log, address }
    }

    /// Starts another program of the library's package.
    pub fn start_program(target: [&'static str; 2], arguments: &[&str]) -> Self {
        let mut child = spawn(target, "127.0.0.1:0", arguments);
        let mut log = BufReader::new(child.stderr.take().expect("a pipe"));
        let address = next_address(&mut log);
        Self { child, log, address }
    }

    /// The next address that the log says it listens on.
    pub fn next_address(&mut self) -> SocketAddr {
        next_address(&mut self.log)
    }

    /// Sends a signal, such as `TERM`, and gives the exit status and the rest of the log.
    pub fn signal(mut self, name: &str) -> (ExitStatus, Vec<String>) {
        let kill = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.child.id().to_string())
            .status()
            .expect("kill runs");
        assert!(kill.success());
        let log = std::iter::from_fn(|| next_line(&mut self.log)).collect();
        (self.child.wait().expect("the exporter ends"), log)
    }
}

fn spawn(target: [&'static str; 2], address: &str, arguments: &[&str]) -> Child {
    Command::new(build(target))
        .arg(format!("--web.listen-address={address}"))
        .args(arguments)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the exporter starts")
}

impl Drop for Exporter {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn next_line(log: &mut BufReader<ChildStderr>) -> Option<String> {
    let mut line = String::new();
    let length = log.read_line(&mut line).expect("the log is UTF-8");
    (length > 0).then_some(line)
}

fn next_address(log: &mut BufReader<ChildStderr>) -> SocketAddr {
    loop {
        let line = next_line(log).expect("the exporter says where it listens");
        if line.contains("Listening on") {
            return address_in(&line);
        }
    }
}

/// The address in a log line of either format.
fn address_in(line: &str) -> SocketAddr {
    let (_, tail) = line.split_once("address").expect("an address");
    let address = tail.trim_start_matches(['=', '"', ':']);
    let end = address.find(['"', '\n', ' ']).unwrap_or(address.len());
    address[..end].parse().expect("an address")
}
