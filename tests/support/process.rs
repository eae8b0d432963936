//! Runs programs of this workspace.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Builds the tutorial's exporter and returns its path.
pub fn build() -> PathBuf {
    build_program("hello_exporter", ["--bin", "hello_exporter"])
}

/// Builds an example of the library, or of this package, and returns its path.
pub fn build_example(package: &'static str, name: &'static str) -> PathBuf {
    build_program(package, ["--example", name])
}

/// Builds the library and returns the path of the file that a program links with.
pub fn build_library() -> PathBuf {
    let messages = cargo_build("hello_exporter", &["--lib"]);
    let files = messages.iter().filter(|message| message["target"]["name"] == "hello_exporter");
    let files = files.filter_map(|message| message["filenames"].as_array()).flatten();
    let mut libraries = files.filter_map(Value::as_str).filter(|file| file.ends_with(".rlib"));
    libraries.next_back().map(PathBuf::from).expect("cargo names the library")
}

/// Builds a program of any package once, and returns its path.
pub fn build_program(package: &'static str, target: [&'static str; 2]) -> PathBuf {
    type Built = BTreeMap<(&'static str, [&'static str; 2]), PathBuf>;
    static BUILT: Mutex<Built> = Mutex::new(Built::new());

    let mut built = BUILT.lock().expect("no build has failed");
    let build = || {
        let messages = cargo_build(package, &target);
        let mut executables = messages.iter().filter_map(|message| message["executable"].as_str());
        executables.next().map(PathBuf::from).expect("cargo names the executable")
    };
    built.entry((package, target)).or_insert_with(build).clone()
}

/// Builds a target of a package and returns cargo's messages.
fn cargo_build(package: &str, target: &[&str]) -> Vec<Value> {
    let output = cargo()
        .args(["build", "--quiet", "--package", package, "--message-format=json"])
        .args(target)
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{target:?} does not build");
    let messages = String::from_utf8(output.stdout).expect("messages are UTF-8");
    messages.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Returns cargo as a shell would run it.
pub fn cargo() -> Command {
    without_cargo_env(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Returns a command without the variables that cargo sets for a test. If cargo, or a program that
/// runs cargo, had them, build scripts would see a changed environment, and cargo would build
/// everything again.
pub fn without_cargo_env(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    let of_package = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_"];
    for (name, _) in std::env::vars_os() {
        let is_of_package = |text: &str| of_package.iter().any(|prefix| text.starts_with(prefix));
        if name.to_str().is_some_and(is_of_package) {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a program with this input, and returns its output.
pub fn output_of(command: &mut Command, input: &[u8]) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program is installed: tests/run does it");
    let mut stdin = child.stdin.take().expect("a pipe");
    thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input).expect("the program reads its input"));
        child.wait_with_output().expect("the program ends")
    })
}

/// A running exporter, killed when it is dropped.
#[derive(Debug)]
pub struct Exporter {
    child: Child,
    log: Log,
    /// The address that it listens on.
    pub address: SocketAddr,
}

impl Exporter {
    /// Starts the tutorial's exporter on a free port of the loopback and waits until it listens.
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_program(&build(), arguments)
    }

    /// Starts another program that accepts the same flags.
    pub fn start_program(program: &Path, arguments: &[&str]) -> Self {
        Self::start_command(&mut command(program, "127.0.0.1:0", arguments))
    }

    /// Starts a command, and waits until it logs the address that it listens on.
    pub fn start_command(command: &mut Command) -> Self {
        let mut child = spawn(command);
        let log = Log::of(&mut child);
        let address = log.next_address();
        Self { child, log, address }
    }

    /// Starts a program that may not log its address, on a port that was free just now.
    pub fn start_unlogged(program: &Path, arguments: &[&str]) -> Self {
        let address = free_address();
        let mut command = command(program, &address.to_string(), arguments);
        Self::once_accepting(spawn(&mut command), address)
    }

    /// Starts a program by socket activation, as systemd does.
    pub fn start_activated(program: &Path, arguments: &[&str]) -> Self {
        let address = free_address();
        let child = activate(&[&address.to_string()], program, arguments);
        Self::once_accepting(child, address)
    }

    /// Starts a program by socket activation on a Unix socket. Its address is unspecified.
    pub fn start_activated_on(program: &Path, socket: &Path, arguments: &[&str]) -> Self {
        let child = activate(&[socket.to_str().expect("the path is UTF-8")], program, arguments);
        let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        Self::once_listening(child, address, || UnixStream::connect(socket).is_ok())
    }

    /// Starts a program by socket activation on a Unix socket and on a free port of the loopback.
    pub fn start_activated_on_both(program: &Path, socket: &Path, arguments: &[&str]) -> Self {
        let address = free_address();
        let path = socket.to_str().expect("the path is UTF-8");
        let child = activate(&[&address.to_string(), path], program, arguments);
        Self::once_accepting(child, address)
    }

    /// Waits until a program accepts connections to this address.
    fn once_accepting(child: Child, address: SocketAddr) -> Self {
        Self::once_listening(child, address, || TcpStream::connect(address).is_ok())
    }

    /// Waits until `is_listening` returns true.
    fn once_listening(
        mut child: Child,
        address: SocketAddr,
        is_listening: impl Fn() -> bool,
    ) -> Self {
        let log = Log::of(&mut child);
        let deadline = Instant::now() + TIMEOUT;
        while !is_listening() {
            assert!(Instant::now() < deadline, "nobody listens on {address}");
            thread::sleep(Duration::from_millis(10));
        }
        Self { child, log, address }
    }

    /// Returns the next address that it logs.
    pub fn next_address(&mut self) -> SocketAddr {
        self.log.next_address()
    }

    /// Returns the next line of the log that contains this text.
    pub fn next_line_with(&mut self, text: &str) -> String {
        self.log.next_line_with(text)
    }

    /// Returns the process's current resources.
    pub fn resources(&self) -> Resources {
        let path = |file: &str| format!("/proc/{}/{file}", self.child.id());
        let count = |directory| std::fs::read_dir(path(directory)).expect("it runs").count();
        let status = std::fs::read_to_string(path("status")).expect("it runs");
        let bytes = |key| {
            let line = status.lines().find_map(|line| line.strip_prefix(key));
            let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
            kib.and_then(|kib| kib.parse::<usize>().ok()).expect("a number of kB") * 1024
        };
        Resources {
            files: count("fd"),
            threads: count("task"),
            resident: bytes("VmRSS:"),
            peak_resident: bytes("VmHWM:"),
        }
    }

    /// Sends a signal, such as `TERM`.
    pub fn send_signal(&self, name: &str) {
        let kill = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.child.id().to_string())
            .status()
            .expect("kill runs");
        assert!(kill.success());
    }

    /// Sends a signal, and returns the exit status and the rest of the log.
    pub fn signal(self, name: &str) -> (ExitStatus, Vec<String>) {
        self.send_signal(name);
        self.wait()
    }

    /// Waits until the program ends, and returns its exit status and the rest of the log.
    pub fn wait(mut self) -> (ExitStatus, Vec<String>) {
        let log = std::iter::from_fn(|| self.log.next_line(Instant::now() + TIMEOUT)).collect();
        (self.child.wait().expect("the exporter ends"), log)
    }
}

/// Resources of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resources {
    /// Open file descriptors.
    pub files: usize,
    /// Threads.
    pub threads: usize,
    /// Resident memory, in bytes.
    pub resident: usize,
    /// The peak of the resident memory, in bytes.
    pub peak_resident: usize,
}

fn command(program: &Path, address: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.arg(format!("--web.listen-address={address}")).args(arguments);
    command
}

/// Makes systemd listen on these sockets, and start the program for the first connection.
fn activate(sockets: &[&str], program: &Path, arguments: &[&str]) -> Child {
    let mut command = Command::new("systemd-socket-activate");
    command.args(sockets.iter().map(|socket| format!("--listen={socket}")));
    spawn(command.arg(program).args(arguments))
}

fn spawn(command: &mut Command) -> Child {
    let program = command.get_program().to_owned();
    command.stderr(Stdio::piped()).spawn().unwrap_or_else(|error| {
        panic!("cannot start {program:?} (a test builds it, or tests/run installs it): {error}")
    })
}

/// Returns an unused address of the loopback.
///
/// Its port is outside the range from which the kernel assigns ports to connections and to sockets
/// bound to port 0. So no other program takes it before it is used.
pub fn free_address() -> SocketAddr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    const PORTS: std::ops::Range<u32> = 12_000..32_000;

    let is_free = |address: &SocketAddr| TcpListener::bind(address).is_ok();
    let first = std::process::id().wrapping_mul(97);
    let addresses = std::iter::repeat_with(|| {
        let next = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_add(first);
        let port = PORTS.start + next % (PORTS.end - PORTS.start);
        SocketAddr::from((Ipv4Addr::LOCALHOST, u16::try_from(port).expect("a port")))
    });
    addresses.take(1000).find(is_free).expect("a free port")
}

impl Drop for Exporter {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The longest wait for a program.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The output of a program, read on a thread so that waiting for it can time out.
#[derive(Debug)]
struct Log(Receiver<String>);

impl Log {
    fn of(child: &mut Child) -> Self {
        let mut log = BufReader::new(child.stderr.take().expect("a pipe"));
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            let mut line = String::new();
            while log.read_line(&mut line).expect("the log is UTF-8") > 0 {
                if sender.send(std::mem::take(&mut line)).is_err() {
                    break;
                }
            }
        });
        Self(lines)
    }

    /// Returns the next line, or `None` if the program has closed its log.
    fn next_line(&self, deadline: Instant) -> Option<String> {
        match self.0.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => {
                panic!("the program has neither logged the line nor ended within {TIMEOUT:?}")
            }
        }
    }

    fn next_line_with(&self, text: &str) -> String {
        let deadline = Instant::now() + TIMEOUT;
        let mut before = Vec::new();
        while let Some(line) = self.next_line(deadline) {
            if line.contains(text) {
                return line;
            }
            before.push(line);
        }
        panic!("the program ends without {text:?} in its log: {before:?}")
    }

    fn next_address(&self) -> SocketAddr {
        address_in(&self.next_line_with("Listening on"))
    }
}

/// Returns the address in a log line of either format.
fn address_in(line: &str) -> SocketAddr {
    let (_, tail) = line.split_once("address").expect("an address");
    let address = tail.trim_start_matches(['=', '"', ':', ' ']);
    let end = address.find(['"', '\n', ' ']).unwrap_or(address.len());
    address[..end].parse().expect("an address")
}
