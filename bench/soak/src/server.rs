//! The exporter as a process.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::BoxError;
use crate::client::Client;

/// The longest time that the exporter may take to start, to stop its writers, and to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// The process and its configuration files. It is killed when this is dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    directory: TempDir,
}

/// The resources of a process.
#[derive(Clone, Copy)]
pub struct Resources {
    pub resident_bytes: u64,
    pub descriptors: u64,
    pub threads: u64,
}

/// Hashes of the password, with two salts, at the lowest cost.
const HASHES: [&str; 2] = [
    "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW",
    "$2b$04$ABCDEFGHIJKLMNOPQRSTUux/yVoHLb2P5.QxxfIdIyVUJvRQqUe5S",
];

/// The values of `X-Frame-Options` in the two web configurations.
pub const FRAME_OPTIONS: [&str; 2] = ["deny", "sameorigin"];

impl Server {
    /// Starts the exporter, and waits until it is ready.
    pub fn start() -> Result<Self, BoxError> {
        let directory = TempDir::new()?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let program = std::env::current_exe()?.with_file_name("soak_exporter");
        let paths = Files { directory: directory.path().to_owned() };
        paths.write_config(0)?;
        paths.write_web_config(0)?;
        let child = Command::new(program)
            .arg(format!("--web.listen-address={address}"))
            .arg(format!("--config.file={}", paths.path("soak.yml").display()))
            .arg(format!("--web.config.file={}", paths.path("web.yml").display()))
            .args(["--web.enable-lifecycle", "--log.level=warn"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let server = Self { child, address, directory };
        let deadline = Instant::now() + PATIENCE;
        while !server.is_ready() {
            if Instant::now() > deadline {
                return Err(format!("the exporter is not ready after {PATIENCE:?}").into());
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(server)
    }

    fn is_ready(&self) -> bool {
        let response =
            Client::connect(self.address).and_then(|mut it| it.send("GET", "/-/ready", ""));
        response.is_ok_and(|response| response.status == 200)
    }

    pub fn files(&self) -> Files {
        Files { directory: self.directory.path().to_owned() }
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    pub fn resources(&self) -> Result<Resources, BoxError> {
        let process = PathBuf::from(format!("/proc/{}", self.child.id()));
        let status = fs::read_to_string(process.join("status"))?;
        let number = |key: &str| -> Result<u64, BoxError> {
            let line = status.lines().find_map(|line| line.strip_prefix(key));
            let number =
                line.ok_or_else(|| format!("no `{key}` in the status of the process"))?.trim();
            Ok(number.trim_end_matches(" kB").parse()?)
        };
        Ok(Resources {
            resident_bytes: number("VmRSS:")? << 10,
            descriptors: fs::read_dir(process.join("fd"))?.count() as u64,
            threads: number("Threads:")?,
        })
    }

    /// Stops the writers, and returns the samples that the exporter must expose from now on.
    pub fn stop_writers(&mut self) -> Result<BTreeMap<String, f64>, BoxError> {
        self.child.stdin.as_mut().ok_or("no standard input")?.write_all(b"stop\n")?;
        let output = self.child.stdout.take().ok_or("the writers have already stopped")?;
        let (sender, receiver) = mpsc::channel();
        // If the writers hang, the thread ends when the exporter is killed.
        thread::spawn(move || sender.send(read_samples(output)));
        receiver.recv_timeout(PATIENCE).map_err(|_| {
            format!("the exporter's threads have not stopped in {PATIENCE:?}: deadlock or panic")
        })?
    }

    /// Ends the exporter by a signal, and returns its exit status.
    pub fn end(&mut self) -> Result<ExitStatus, BoxError> {
        signal::kill(self.pid(), Signal::SIGTERM)?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.child.try_wait()? {
                Some(status) => return Ok(status),
                None if Instant::now() > deadline => {
                    return Err(format!("the exporter has not ended in {PATIENCE:?}").into());
                }
                None => thread::sleep(Duration::from_millis(10)),
            }
        }
    }
}

/// Reads the samples that the exporter prints once its writers have stopped.
fn read_samples(output: ChildStdout) -> Result<BTreeMap<String, f64>, BoxError> {
    let mut samples = BTreeMap::new();
    for line in BufReader::new(output).lines() {
        let line = line?;
        match line.rsplit_once(' ') {
            Some((series, value)) => {
                samples.insert(series.to_owned(), value.parse()?);
            }
            None if line == "end" => return Ok(samples),
            None => return Err(format!("unexpected output `{line}`").into()),
        }
    }
    Err("the exporter has ended".into())
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The configuration files.
pub struct Files {
    directory: PathBuf,
}

impl Files {
    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Replaces a file atomically.
    fn replace(&self, name: &str, contents: &str) -> Result<(), BoxError> {
        let new = self.path("new");
        fs::write(&new, contents)?;
        Ok(fs::rename(new, self.path(name))?)
    }

    pub fn write_config(&self, version: u64) -> Result<(), BoxError> {
        self.replace("soak.yml", &format!("version: {version}\n"))
    }

    /// Writes one of two web configurations, which differ in the header and the password's hash.
    pub fn write_web_config(&self, number: usize) -> Result<(), BoxError> {
        let (header, hash) = (FRAME_OPTIONS[number % 2], HASHES[number % 2]);
        let header = format!("http_server_config:\n  headers:\n    X-Frame-Options: {header}\n");
        self.replace("web.yml", &format!("{header}basic_auth_users:\n  soak: {hash}\n"))
    }
}
