//! A thread that changes the configuration files and waits until the exporter uses them.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;

use crate::client::{Client, Response};
use crate::server::{FRAME_OPTIONS, Files, Server};
use crate::{BoxError, Shared};

/// The time between two reloads.
const PAUSE: Duration = Duration::from_millis(500);

/// The longest time until a changed file is in use.
const PATIENCE: Duration = Duration::from_secs(10);

/// The event that triggers a reload.
#[derive(Clone, Copy)]
enum Trigger {
    /// `POST /-/reload`.
    Endpoint,
    /// SIGHUP.
    Signal,
    /// The exporter notices the changed file.
    File,
    /// The exporter notices the changed web configuration file.
    WebFile,
}

const TRIGGERS: [Trigger; 4] =
    [Trigger::Endpoint, Trigger::Signal, Trigger::File, Trigger::WebFile];

pub struct Reloader {
    address: SocketAddr,
    pid: Pid,
    files: Files,
}

impl Reloader {
    pub fn new(server: &Server) -> Self {
        Self { address: server.address, pid: server.pid(), files: server.files() }
    }

    /// Reloads by each trigger in turn, until the end of the run.
    pub fn run(&self, shared: &Shared) {
        for number in 1.. {
            if shared.is_over() {
                break;
            }
            match self.reload(TRIGGERS[number % TRIGGERS.len()], number) {
                Ok(()) => _ = shared.reloads.fetch_add(1, Ordering::Relaxed),
                Err(error) => shared.fail("reload", &error),
            }
            thread::sleep(PAUSE);
        }
    }

    /// Changes a file, and waits until the exporter uses it.
    fn reload(&self, trigger: Trigger, number: usize) -> Result<(), BoxError> {
        if matches!(trigger, Trigger::WebFile) {
            let number = number / TRIGGERS.len();
            self.files.write_web_config(number)?;
            let header = FRAME_OPTIONS[number % 2];
            return self.wait(|response| response.header("x-frame-options") == Some(header));
        }
        self.files.write_config(number as u64)?;
        match trigger {
            Trigger::Endpoint => {
                let response = Client::connect(self.address)?.send("POST", "/-/reload", "")?;
                if response.status != 200 {
                    return Err(format!("`/-/reload`: status {}", response.status).into());
                }
            }
            Trigger::Signal => signal::kill(self.pid, Signal::SIGHUP)?,
            Trigger::File | Trigger::WebFile => {}
        }
        let version = format!("\nsoak_config_version {number}\n");
        self.wait(|response| String::from_utf8_lossy(&response.body).contains(&version))
    }

    /// Waits until a response shows that the exporter uses the changed file.
    fn wait(&self, is_used: impl Fn(&Response) -> bool) -> Result<(), BoxError> {
        let deadline = Instant::now() + PATIENCE;
        let mut client = Client::connect(self.address)?;
        loop {
            let path = "/metrics?name[]=soak_config_version";
            let response = client.send("GET", path, "")?;
            if response.status != 200 {
                return Err(format!("status {} during a reload", response.status).into());
            }
            if is_used(&response) {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(
                    format!("the exporter does not use a changed file after {PATIENCE:?}").into()
                );
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}
