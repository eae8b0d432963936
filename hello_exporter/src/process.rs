//! `process_*`: what the exporter itself uses, named and described as the Go client does.

use procfs::process::{LimitValue, Process};
use procfs::{ProcResult, WithCurrentSystemInfo};

/// Everything is read from `/proc/self` at each scrape; what cannot be read is left out.
#[derive(Default, hello_exporter_derive::Collector)]
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

impl ProcessMetrics {
    /// The metrics of this process as they are now.
    pub(crate) fn read() -> Self {
        let mut metrics = Self::default();
        if let Ok(process) = Process::myself() {
            // Each part stands or falls alone.
            let _ = metrics.read_stat(&process);
            let _ = metrics.read_limits(&process);
            let _ = metrics.read_network(&process);
            metrics.open_fds = process.fd_count().ok();
        }
        metrics
    }

    fn read_stat(&mut self, process: &Process) -> ProcResult<()> {
        let stat = process.stat()?;
        let ticks_per_second = procfs::ticks_per_second() as f64;
        self.cpu_seconds_total = Some((stat.utime + stat.stime) as f64 / ticks_per_second);
        self.virtual_memory_bytes = Some(stat.vsize);
        self.resident_memory_bytes = Some(stat.rss_bytes().get());
        self.threads = Some(stat.num_threads);
        let boot_time = procfs::boot_time_secs()? as f64;
        self.start_time_seconds = Some(boot_time + stat.starttime as f64 / ticks_per_second);
        Ok(())
    }

    fn read_limits(&mut self, process: &Process) -> ProcResult<()> {
        let limits = process.limits()?;
        self.max_fds = Some(number(limits.max_open_files.soft_limit));
        self.virtual_memory_max_bytes = Some(number(limits.max_address_space.soft_limit));
        Ok(())
    }

    /// All traffic of the network namespace, as the Go client counts it.
    fn read_network(&mut self, process: &Process) -> ProcResult<()> {
        let mut netstat = String::new();
        std::io::Read::read_to_string(&mut process.open_relative("net/netstat")?, &mut netstat)?;
        self.network_receive_bytes_total = ip_ext(&netstat, "InOctets");
        self.network_transmit_bytes_total = ip_ext(&netstat, "OutOctets");
        Ok(())
    }
}

/// A limit in the units of the metric; no limit is the largest number, as the Go client has it.
fn number(limit: LimitValue) -> u64 {
    match limit {
        LimitValue::Unlimited => u64::MAX,
        LimitValue::Value(value) => value,
    }
}

/// A value of the line pair `IpExt: names…` and `IpExt: numbers…`.
fn ip_ext(netstat: &str, name: &str) -> Option<u64> {
    let mut lines = netstat.lines().filter(|line| line.starts_with("IpExt:"));
    let names = lines.next()?.split_whitespace();
    let values = lines.next()?.split_whitespace();
    let (_, value) = names.zip(values).find(|(each, _)| *each == name)?;
    value.parse().ok()
}
