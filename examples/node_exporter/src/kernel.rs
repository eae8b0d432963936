//! What the kernel counts of itself.

use hello_exporter::{Collector, Families};

use crate::Flags;
use crate::files::{Result, named_lines};

#[derive(Collector)]
#[collector(namespace = "node", no_new)]
pub(crate) struct Loadavg {
    /// Threads that ran or waited to run, on average of the last minute.
    load1: f64,
    /// Threads that ran or waited to run, on average of the last five minutes.
    load5: f64,
    /// Threads that ran or waited to run, on average of the last fifteen minutes.
    load15: f64,
}

pub(crate) fn loadavg(flags: &Flags) -> impl Fn() -> Result<Loadavg> + use<> {
    let file = flags.procfs.join("loadavg");
    move || match *file.numbers()? {
        [load1, load5, load15] => Ok(Loadavg { load1, load5, load15 }),
        _ => Err(file.lacks("three averages")),
    }
}

#[derive(Collector, Default)]
#[collector(namespace = "node", no_new)]
pub(crate) struct Stat {
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

/// In the order of the kernel's file.
const VECTORS: &str = "hi timer net_tx net_rx block block_iopoll tasklet sched hrtimer rcu";

pub(crate) fn stat(flags: &Flags) -> impl Fn() -> Result<Stat> + use<> {
    let file = flags.procfs.join("stat");
    let has_softirqs = flags.softirq;
    move || {
        let mut stat = Stat::default();
        for (name, values) in named_lines(&file.text()?) {
            let mut numbers = values.map_while(|value| value.parse().ok());
            match name {
                "intr" => stat.interrupts = numbers.next(),
                "ctxt" => stat.context_switches = numbers.next(),
                "processes" => stat.forks = numbers.next(),
                "btime" => stat.boot_time_seconds = numbers.next(),
                "procs_running" => stat.procs_running = numbers.next(),
                "procs_blocked" => stat.procs_blocked = numbers.next(),
                // The first one is the sum.
                "softirq" if has_softirqs => {
                    stat.softirqs = VECTORS.split(' ').zip(numbers.skip(1)).collect();
                }
                _ => {}
            }
        }
        Ok(stat)
    }
}

#[derive(Collector)]
#[collector(namespace = "node", subsystem = "filefd", no_new)]
pub(crate) struct Filefd {
    /// File handles that are allocated.
    allocated: u64,
    /// File handles that may be allocated.
    maximum: u64,
}

pub(crate) fn filefd(flags: &Flags) -> impl Fn() -> Result<Filefd> + use<> {
    let file = flags.procfs.join("sys/fs/file-nr");
    move || match *file.numbers()? {
        [allocated, _, maximum] => Ok(Filefd { allocated, maximum }),
        _ => Err(file.lacks("three numbers")),
    }
}

/// How long threads were stalled: since Linux 4.20, where the kernel keeps account of it.
pub(crate) fn pressure(flags: &Flags) -> impl Fn() -> Result<Families> + use<> {
    let directory = flags.procfs.join("pressure");
    move || {
        let texts = ["cpu", "io", "memory"].map(|name| (name, directory.join(name).text()));
        let mut families = Families::new();
        for (resource, text) in &texts {
            let records = text.iter().flat_map(|text| text.lines());
            records.for_each(|record| add_stalls(&mut families, resource, record));
        }
        // Without one of them there are the others.
        let [(_, cpu), (_, io), (_, memory)] = texts;
        cpu.or(io).or(memory).map(|_| families)
    }
}

/// A line for `some` or all threads, `full`; of CPUs the kernel does not know the latter.
fn add_stalls(families: &mut Families, resource: &str, record: &str) {
    let (who, state) = match (resource, record.split(' ').next()) {
        (_, Some("some")) => ("some", "waiting"),
        ("io" | "memory", Some("full")) => ("all", "stalled"),
        _ => return,
    };
    if let Ok(record) = procfs::parse_pressure_record(record) {
        let name = format!("node_pressure_{resource}_{state}_seconds_total");
        let help = format!("Time that {who} threads waited for {resource}, in seconds.");
        families.counter(name, help).value(record.total as f64 / 1e3 / 1e3);
    }
}
