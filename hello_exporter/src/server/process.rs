//! `process_*`: the resources of the exporter's process, with the names and help of the Go client,
//! and `process_threads` as in the `prometheus` crate.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use procfs::process::Process;
use procfs::{ProcResult, WithCurrentSystemInfo};
use rustix::process::{Resource, getrlimit};

/// The metrics of a process. Values that cannot be read are missing.
#[derive(hello_exporter_derive::Collector)]
#[collector(crate = crate, namespace = "process", no_new)]
pub(crate) struct ProcessMetrics {
    /// Total user and system CPU time spent in seconds.
    #[metric(counter)]
    cpu_seconds_total: Option<f64>,

    /// Number of open file descriptors.
    open_fds: Option<usize>,

    /// Maximum number of open file descriptors.
    max_fds: Option<u64>,

    /// Virtual memory size in bytes.
    virtual_memory_bytes: Option<u64>,

    /// Maximum amount of virtual memory available in bytes.
    virtual_memory_max_bytes: Option<u64>,

    /// Resident memory size in bytes.
    resident_memory_bytes: Option<u64>,

    /// Start time of the process since unix epoch in seconds.
    start_time_seconds: Option<f64>,

    /// Number of OS threads in the process.
    threads: Option<i64>,

    /// Number of bytes received by the process over the network.
    #[metric(counter)]
    network_receive_bytes_total: Option<u64>,

    /// Number of bytes sent by the process over the network.
    #[metric(counter)]
    network_transmit_bytes_total: Option<u64>,
}

/// Reads the files of this process in `/proc`. Opening and generating a file takes time, so limits
/// come from system calls, and constants are read once.
pub(crate) struct OwnProcess {
    process: Option<Process>,
    start_time_seconds: Option<f64>,
    /// Stays open, so that the kernel keeps a buffer that is long enough, and does not have to
    /// generate the file twice.
    netstat: Option<File>,
}

impl OwnProcess {
    pub(crate) fn new() -> Self {
        let process = Process::myself().ok();
        let start_time_seconds =
            process.as_ref().and_then(|process| start_time_seconds(process).ok());
        Self { process, start_time_seconds, netstat: File::open("/proc/self/net/netstat").ok() }
    }

    /// Returns the current metrics. An error in one file affects only its own metrics.
    pub(crate) fn metrics(&self) -> ProcessMetrics {
        let stat = self.process.as_ref().and_then(|process| process.stat().ok());
        let stat = stat.as_ref();
        let netstat = self.netstat.as_ref().and_then(|file| text(file).ok());
        let octets = |name| netstat.as_deref().and_then(|netstat| ip_ext(netstat, name));
        ProcessMetrics {
            cpu_seconds_total: stat.map(|stat| seconds(stat.utime + stat.stime)),
            open_fds: self.process.as_ref().and_then(|process| process.fd_count().ok()),
            max_fds: Some(soft_limit(Resource::Nofile)),
            virtual_memory_bytes: stat.map(|stat| stat.vsize),
            virtual_memory_max_bytes: Some(soft_limit(Resource::As)),
            resident_memory_bytes: stat.map(|stat| stat.rss_bytes().get()),
            start_time_seconds: self.start_time_seconds,
            threads: stat.map(|stat| stat.num_threads),
            // All traffic of the network namespace, as the Go client counts it.
            network_receive_bytes_total: octets("InOctets"),
            network_transmit_bytes_total: octets("OutOctets"),
        }
    }
}

fn start_time_seconds(process: &Process) -> ProcResult<f64> {
    Ok(procfs::boot_time_secs()? as f64 + seconds(process.stat()?.starttime))
}

fn seconds(ticks: u64) -> f64 {
    ticks as f64 / procfs::ticks_per_second() as f64
}

/// Returns a limit; the largest number for no limit, as in the Go client.
fn soft_limit(resource: Resource) -> u64 {
    getrlimit(resource).current.unwrap_or(u64::MAX)
}

/// Returns the current text of an open file.
fn text(file: &File) -> io::Result<String> {
    let mut text = vec![0; 16 << 10];
    let mut length = 0;
    loop {
        let free = text.get_mut(length..).unwrap_or_default();
        let room = free.len();
        let read = file.read_at(free, length as u64)?;
        length += read;
        if read < room {
            text.truncate(length);
            return String::from_utf8(text).map_err(io::Error::other);
        }
        text.resize(2 * text.len(), 0);
    }
}

/// Returns a value of the line pair `IpExt: names…` and `IpExt: numbers…`.
fn ip_ext(netstat: &str, name: &str) -> Option<u64> {
    let mut lines = netstat.lines().filter(|line| line.starts_with("IpExt:"));
    let names = lines.next()?.split_whitespace();
    let values = lines.next()?.split_whitespace();
    let (_, value) = names.zip(values).find(|(each, _)| *each == name)?;
    value.parse().ok()
}
