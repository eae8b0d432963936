//! Counts of the kernel: load, processes, interrupts and file handles.

#[cfg(test)]
mod tests;

use hello_exporter::Collector;

use crate::Flags;
use crate::files::{Invalid, Result, decimal, number, words};
use crate::stat::Stat;

#[derive(Collector, Debug, Default, PartialEq)]
#[collector(namespace = "node", no_new)]
pub(crate) struct Loadavg {
    /// Threads that ran or waited to run, averaged over the last minute.
    load1: Option<f64>,
    /// Threads that ran or waited to run, averaged over the last five minutes.
    load5: Option<f64>,
    /// Threads that ran or waited to run, averaged over the last fifteen minutes.
    load15: Option<f64>,
}

pub(crate) fn loadavg(flags: &Flags) -> impl Fn() -> Result<Loadavg> + use<> {
    let file = flags.procfs.join("loadavg");
    move || Ok(file.lines()?.read(Loadavg::of).pop().unwrap_or_default())
}

impl Loadavg {
    fn of(line: &str) -> Result<Self, Invalid> {
        let [load1, load5, load15, threads, _] = words(line, "three averages and two other words")?;
        threads.split_once('/').ok_or(Invalid::Lacks('/'))?;
        let [load1, load5, load15] = [load1, load5, load15].map(|load| decimal(load).map(Some));
        Ok(Self { load1: load1?, load5: load5?, load15: load15? })
    }
}

#[derive(Collector)]
#[collector(namespace = "node", no_new)]
pub(crate) struct Counts {
    /// Interrupts serviced since boot.
    #[metric(name = "intr_total", counter)]
    interrupts: Option<u64>,

    /// Context switches since boot.
    #[metric(name = "context_switches_total", counter)]
    context_switches: Option<u64>,

    /// Processes and threads created since boot.
    #[metric(name = "forks_total", counter)]
    forks: Option<u64>,

    /// When the kernel booted, in seconds since the Unix epoch.
    boot_time_seconds: Option<u64>,

    /// Threads that run or are ready to run.
    procs_running: Option<u64>,

    /// Threads that wait for a disk.
    procs_blocked: Option<u64>,

    /// Softirqs serviced since boot.
    #[metric(name = "softirqs_total", counter, labels = ["vector"])]
    softirqs: Vec<(&'static str, u64)>,
}

/// The vectors, in the order of the kernel's file.
const VECTORS: [&str; 10] = [
    "hi",
    "timer",
    "net_tx",
    "net_rx",
    "block",
    "block_iopoll",
    "tasklet",
    "sched",
    "hrtimer",
    "rcu",
];

pub(crate) fn stat(flags: &Flags) -> impl Fn() -> Result<Counts> + use<> {
    let file = flags.procfs.join("stat");
    let has_softirqs = flags.softirq;
    move || {
        let stat = Stat::read(&file)?;
        let softirqs = stat.softirqs.filter(|_| has_softirqs).into_iter();
        Ok(Counts {
            interrupts: stat.interrupts,
            context_switches: stat.context_switches,
            forks: stat.forks,
            boot_time_seconds: stat.boot_time,
            procs_running: stat.procs_running,
            procs_blocked: stat.procs_blocked,
            softirqs: softirqs.flat_map(|counts| VECTORS.into_iter().zip(counts)).collect(),
        })
    }
}

#[derive(Collector, Debug, Default, PartialEq)]
#[collector(namespace = "node", subsystem = "filefd", no_new)]
pub(crate) struct Filefd {
    /// File handles that are allocated.
    allocated: Option<u64>,
    /// File handles that may be allocated.
    maximum: Option<u64>,
}

pub(crate) fn filefd(flags: &Flags) -> impl Fn() -> Result<Filefd> + use<> {
    let file = flags.procfs.join("sys/fs/file-nr");
    move || Ok(file.lines()?.read(Filefd::of).pop().unwrap_or_default())
}

impl Filefd {
    fn of(line: &str) -> Result<Self, Invalid> {
        let [allocated, free, maximum] = words(line, "three numbers")?;
        number::<u64>(free)?;
        Ok(Self { allocated: Some(number(allocated)?), maximum: Some(number(maximum)?) })
    }
}
