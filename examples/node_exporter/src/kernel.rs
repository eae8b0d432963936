//! What the kernel counts of itself.

use hello_exporter::Collector;

use crate::Flags;
use crate::files::{File, FileError, named_lines};

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

pub(crate) fn loadavg(flags: &Flags) -> impl Fn() -> Result<Loadavg, FileError> + use<> {
    let file = flags.procfs.join("loadavg");
    move || {
        let text = file.text()?;
        let numbers = text.split_whitespace().map_while(|number| number.parse().ok());
        match *numbers.take(3).collect::<Vec<f64>>() {
            [load1, load5, load15] => Ok(Loadavg { load1, load5, load15 }),
            _ => Err(file.lacks("three averages")),
        }
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

pub(crate) fn stat(flags: &Flags) -> impl Fn() -> Result<Stat, FileError> + use<> {
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
                    stat.softirqs = VECTORS.into_iter().zip(numbers.skip(1)).collect();
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

pub(crate) fn filefd(flags: &Flags) -> impl Fn() -> Result<Filefd, FileError> + use<> {
    let file = flags.procfs.join("sys/fs/file-nr");
    move || {
        let text = file.text()?;
        let numbers: Option<Vec<u64>> =
            text.split_whitespace().map(|number| number.parse().ok()).collect();
        match numbers.as_deref() {
            Some(&[allocated, _, maximum]) => Ok(Filefd { allocated, maximum }),
            _ => Err(file.lacks("three numbers")),
        }
    }
}

#[derive(Collector)]
#[collector(namespace = "node", subsystem = "pressure", no_new)]
pub(crate) struct Pressure {
    /// Time that some threads waited for a CPU, in seconds.
    #[metric(counter)]
    cpu_waiting_seconds_total: Option<f64>,

    /// Time that some threads waited for IO, in seconds.
    #[metric(counter)]
    io_waiting_seconds_total: Option<f64>,

    /// Time that all threads waited for IO, in seconds.
    #[metric(counter)]
    io_stalled_seconds_total: Option<f64>,

    /// Time that some threads waited for memory, in seconds.
    #[metric(counter)]
    memory_waiting_seconds_total: Option<f64>,

    /// Time that all threads waited for memory, in seconds.
    #[metric(counter)]
    memory_stalled_seconds_total: Option<f64>,
}

pub(crate) fn pressure(flags: &Flags) -> impl Fn() -> Result<Pressure, FileError> + use<> {
    let file = |name| flags.procfs.join("pressure").join(name);
    let (cpu, io, memory) = (file("cpu"), file("io"), file("memory"));
    move || {
        let (cpu, io, memory) = match (stalled(&cpu), stalled(&io), stalled(&memory)) {
            (Err(error), Err(_), Err(_)) => return Err(error),
            (cpu, io, memory) => (cpu.ok(), io.ok(), memory.ok()),
        };
        Ok(Pressure {
            cpu_waiting_seconds_total: cpu.and_then(|cpu| cpu.some),
            io_waiting_seconds_total: io.and_then(|io| io.some),
            io_stalled_seconds_total: io.and_then(|io| io.full),
            memory_waiting_seconds_total: memory.and_then(|memory| memory.some),
            memory_stalled_seconds_total: memory.and_then(|memory| memory.full),
        })
    }
}

/// Seconds in which some or all threads were stalled.
#[derive(Clone, Copy)]
struct Stalled {
    some: Option<f64>,
    full: Option<f64>,
}

fn stalled(file: &File) -> Result<Stalled, FileError> {
    let text = file.text()?;
    let seconds = |kind| {
        let line = text.lines().find(|line| line.starts_with(kind))?;
        let record = procfs::parse_pressure_record(line).ok()?;
        Some(record.total as f64 / 1e6)
    };
    Ok(Stalled { some: seconds("some"), full: seconds("full") })
}
