//! A server that is measured, as a process of its own.

use std::error::Error;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_getcpuclockid};
use nix::unistd::Pid;

use crate::client::Connection;

/// A program, its arguments without the address, and its environment.
#[derive(Clone, Default)]
pub struct Program {
    pub path: String,
    pub arguments: Vec<String>,
    pub environment: Vec<(&'static str, String)>,
}

impl Program {
    /// A program in the directory of this one.
    pub fn built(name: &str) -> io::Result<Self> {
        let path = std::env::current_exe()?.with_file_name(name);
        Ok(Self { path: path.display().to_string(), ..Self::default() })
    }

    /// A program that is found on the `PATH`.
    pub fn installed(name: &str) -> Self {
        Self { path: name.to_owned(), ..Self::default() }
    }

    pub fn with_argument(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }
}

/// A process. It is killed when this is dropped.
pub struct Server {
    child: Child,
    address: SocketAddr,
}

/// The longest time that a server may take to start, with all its series.
const START: Duration = Duration::from_secs(60);

impl Server {
    /// Starts a program, and waits until it responds to a scrape.
    pub fn start(program: &Program) -> Result<Self, Box<dyn Error>> {
        let address = free_address()?;
        let Program { path, arguments, environment } = program;
        let child = Command::new(path)
            .arg(format!("--web.listen-address={address}"))
            .args(arguments)
            .envs(environment.iter().cloned())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| {
                format!("cannot start {path}, which bench/run or tests/run provides: {error}")
            })?;
        let server = Self { child, address };
        server.wait()?;
        Ok(server)
    }

    fn wait(&self) -> Result<(), Box<dyn Error>> {
        let deadline = Instant::now() + START;
        loop {
            let answer = self.connect().and_then(|mut connection| connection.scrape());
            match answer {
                Ok(_) => return Ok(()),
                Err(error) if Instant::now() > deadline => return Err(error.into()),
                Err(_) => thread::sleep(Duration::from_micros(200)),
            }
        }
    }

    pub fn connect(&self) -> io::Result<Connection> {
        Connection::open(self.address)
    }

    /// Returns the processor time so far, of all threads that the process has had.
    pub fn processor_time(&self) -> Result<Duration, Box<dyn Error>> {
        let clock: ClockId = clock_getcpuclockid(self.pid()?)?;
        Ok(clock.now()?.into())
    }

    pub fn resident_bytes(&self) -> Result<u64, Box<dyn Error>> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()?))?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = resident.ok_or("no `VmRSS` in the status of the process")?.trim();
        Ok(kilobytes.trim_end_matches(" kB").parse::<u64>()? << 10)
    }

    fn pid(&self) -> Result<Pid, Box<dyn Error>> {
        Ok(Pid::from_raw(i32::try_from(self.child.id())?))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns an address of the loopback that is free.
pub fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}
