//! `process_*`: the resources of the exporter's process, with the names and help of the Go client,
//! and `process_threads` as in the `prometheus` crate.

mod open_file;
mod stat;

use std::fs;

use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Resource, getrlimit};

use open_file::OpenFile;
use stat::Stat;

/// The metrics of a process. Values that cannot be read are missing.
#[derive(hello_exporter_derive::Collector)]
#[collector(crate = crate, namespace = "process", no_new)]
pub(crate) struct ProcessMetrics {
    /// Total user and system CPU time spent in seconds.
    #[metric(counter)]
    cpu_seconds_total: Option<f64>,

    /// Number of open file descriptors.
    open_fds: Option<u64>,

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
    threads: Option<u64>,

    /// Number of bytes received by the process over the network.
    #[metric(counter)]
    network_receive_bytes_total: Option<u64>,

    /// Number of bytes sent by the process over the network.
    #[metric(counter)]
    network_transmit_bytes_total: Option<u64>,
}

/// Reads the files of this process in `/proc`.
///
/// A scrape takes most of its time here. So the files stay open, the limits come from system calls,
/// since another process can change them with `prlimit`, and constants are read once.
pub(crate) struct OwnProcess {
    start_time_seconds: Option<f64>,
    stat: Option<OpenFile>,
    netstat: Option<OpenFile>,
}

impl OwnProcess {
    pub(crate) fn new() -> Self {
        let stat = OpenFile::new("/proc/self/stat");
        let start_time_seconds = stat.as_ref().and_then(start_time_seconds);
        Self { start_time_seconds, stat, netstat: OpenFile::new("/proc/self/net/netstat") }
    }

    /// Returns the current metrics. An error in one file affects only its own metrics.
    pub(crate) fn metrics(&self) -> ProcessMetrics {
        let stat = self.stat.as_ref().and_then(|file| file.read(Stat::parse));
        let octets = self.netstat.as_ref().and_then(|file| file.read(octets));
        let [received, sent] = octets.unwrap_or_default();
        ProcessMetrics {
            cpu_seconds_total: stat.map(|stat| seconds(stat.cpu_ticks)),
            open_fds: open_descriptors(),
            max_fds: Some(soft_limit(Resource::Nofile)),
            virtual_memory_bytes: stat.map(|stat| stat.virtual_bytes),
            virtual_memory_max_bytes: Some(soft_limit(Resource::As)),
            resident_memory_bytes: stat.map(|stat| stat.resident_pages * page_size() as u64),
            start_time_seconds: self.start_time_seconds,
            threads: stat.map(|stat| stat.threads),
            // All traffic of the network namespace, as the Go client counts it.
            network_receive_bytes_total: received,
            network_transmit_bytes_total: sent,
        }
    }
}

/// Returns when the process started, from the boot of the system.
fn start_time_seconds(stat: &OpenFile) -> Option<f64> {
    let start = stat.read(Stat::parse)?.start_ticks;
    let system = fs::read_to_string("/proc/stat").ok()?;
    let boot = system.lines().find_map(|line| line.strip_prefix("btime "))?;
    Some(boot.trim().parse::<u64>().ok()? as f64 + seconds(start))
}

fn seconds(ticks: u64) -> f64 {
    ticks as f64 / clock_ticks_per_second() as f64
}

/// Returns a limit; the largest number for no limit, as in the Go client.
fn soft_limit(resource: Resource) -> u64 {
    getrlimit(resource).current.unwrap_or(u64::MAX)
}

/// Returns the number of open file descriptors. Since Linux 6.2, it is the size of their directory;
/// before, the size is 0, and they are counted without the one that this opens.
fn open_descriptors() -> Option<u64> {
    const DIRECTORY: &str = "/proc/self/fd";

    let size = fs::metadata(DIRECTORY).ok()?.len();
    if size > 0 {
        return Some(size);
    }
    let entries = fs::read_dir(DIRECTORY).ok()?.count() as u64;
    Some(entries.saturating_sub(1))
}

/// Returns the received and the sent bytes in `netstat`, from its pair of lines `IpExt: names…` and
/// `IpExt: numbers…`.
fn octets(netstat: &[u8]) -> Option<[Option<u64>; 2]> {
    let mut lines = str::from_utf8(netstat).ok()?.lines().filter(|line| line.starts_with("IpExt:"));
    let names = lines.next()?.split_ascii_whitespace();
    let values = lines.next()?.split_ascii_whitespace();
    let (mut received, mut sent) = (None, None);
    for (name, value) in names.zip(values) {
        match name {
            "InOctets" => received = value.parse().ok(),
            "OutOctets" => sent = value.parse().ok(),
            _ => {}
        }
    }
    Some([received, sent])
}

#[cfg(test)]
mod tests {
    use super::*;

    const NETSTAT: &str = "\
        TcpExt: SyncookiesSent InOctets\nTcpExt: 1 2\n\
        IpExt: InNoRoutes InOctets OutOctets InMcastOctets\nIpExt: 3 4 18446744073709551615 6\n\
        MPTcpExt: InOctets\nMPTcpExt: 7\n";

    #[test]
    fn octets_are_found_by_their_names() {
        let cases = [
            (NETSTAT.as_bytes(), Some([Some(4), Some(u64::MAX)])),
            (b"", None),
            (b"IpExt: InOctets OutOctets\n", None),
            (b"IpExt: InOctets OutOctets\nIpExt: 1", Some([Some(1), None])),
            (b"IpExt: OutOctets\nIpExt: 2\n", Some([None, Some(2)])),
            (b"IpExt: InOctets OutOctets\nIpExt: x 2\n", Some([None, Some(2)])),
            (b"\xff\nIpExt: InOctets\nIpExt: 1\n", None),
        ];
        for (netstat, expected) in cases {
            assert_eq!(octets(netstat), expected, "{}", netstat.escape_ascii());
        }
    }

    #[test]
    fn values_are_current() {
        let process = OwnProcess::new();
        let before = process.metrics();
        let files: Vec<_> = (0..99).map(|_| fs::File::open("/proc/self/stat").unwrap()).collect();
        let memory = vec![1_u8; 64 << 20];
        let ticks = || process.metrics().cpu_seconds_total.unwrap();
        while ticks() < before.cpu_seconds_total.unwrap() + 0.02 {}
        let after = process.metrics();
        let growth = |of: fn(&ProcessMetrics) -> Option<u64>| {
            of(&after).unwrap().saturating_sub(of(&before).unwrap())
        };
        // Other tests close files and free memory meanwhile.
        assert!(growth(|it| it.open_fds) > 50);
        assert!(growth(|it| it.resident_memory_bytes) > 32 << 20);
        assert!(growth(|it| it.virtual_memory_bytes) > 32 << 20);
        drop((files, memory));
        assert_eq!(after.start_time_seconds, before.start_time_seconds);
        assert!(after.threads >= Some(1) && after.max_fds >= after.open_fds);
        assert!(after.network_receive_bytes_total >= before.network_receive_bytes_total);
    }

    #[test]
    fn unreadable_files_lose_only_their_own_metrics() {
        let process = OwnProcess { start_time_seconds: None, stat: None, netstat: None };
        let metrics = process.metrics();
        assert_eq!((metrics.cpu_seconds_total, metrics.threads), (None, None));
        assert_eq!(metrics.network_receive_bytes_total, None);
        assert!(metrics.open_fds > Some(0) && metrics.max_fds > Some(0));
    }
}
