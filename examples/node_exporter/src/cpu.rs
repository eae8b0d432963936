//! CPU times from `/proc/stat`, and properties of the CPUs from `/sys`.

mod info;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use hello_exporter::Collector;
use rustix::param::clock_ticks_per_second;

use crate::Flags;
use crate::files::{File, Invalid, Result, number};
use crate::stat::{Stat, Times};
use info::CpuInfo;

#[derive(Collector, Default)]
#[collector(namespace = "node", subsystem = "cpu", no_new)]
pub(crate) struct Cpu {
    /// Time that a CPU spent in each mode, in seconds.
    #[metric(name = "seconds_total", counter, labels = ["cpu", "mode"])]
    seconds: Vec<((u32, &'static str), f64)>,

    /// Time that a CPU spent in guests, in seconds; it is part of `user` and `nice` too.
    #[metric(name = "guest_seconds_total", counter, labels = ["cpu", "mode"])]
    guest_seconds: Vec<((u32, &'static str), f64)>,

    /// How often a core was slowed down because it was too hot.
    #[metric(name = "core_throttles_total", counter, labels = ["package", "core"])]
    core_throttles: BTreeMap<(u32, u32), u64>,

    /// How often a package was slowed down because it was too hot.
    #[metric(name = "package_throttles_total", counter, labels = ["package"])]
    package_throttles: BTreeMap<u32, u64>,

    /// CPUs that are isolated from the scheduler.
    #[metric(labels = ["cpu"])]
    isolated: Vec<(u16, u8)>,

    /// Whether a CPU is online; missing if the kernel cannot take the first CPU offline.
    #[metric(labels = ["cpu"])]
    online: Vec<(u32, bool)>,

    #[metric(flatten)]
    info: CpuInfo,
}

const MODES: [&str; 8] = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"];
const GUEST_MODES: [&str; 2] = ["user", "nice"];
const IDLE: usize = 3;

pub(crate) fn source(flags: &Flags) -> impl Fn() -> Result<Cpu> + use<> {
    let stat = flags.procfs.join("stat");
    let cpus = flags.sysfs.join("devices/system/cpu");
    let has_guest = !flags.without_cpu_guest;
    let info = info::reader(flags);
    let rising = Rising::default();
    move || {
        let mut metrics = Cpu { info: info()?, ..Cpu::default() };
        let times = rising.correct(Stat::read(&stat)?.times);
        metrics.seconds = seconds(&times, &MODES, 0);
        if has_guest {
            metrics.guest_seconds = seconds(&times, &GUEST_MODES, MODES.len());
        }
        metrics.add_throttles(&cpus);
        metrics.isolated = isolated(&cpus).into_iter().map(|cpu| (cpu, 1)).collect();
        metrics.online = online(&cpus);
        Ok(metrics)
    }
}

/// Returns each CPU's times in `modes`, the first of which is at the index `first`, in seconds.
fn seconds(times: &Times, modes: &[&'static str], first: usize) -> Vec<((u32, &'static str), f64)> {
    let per_second = clock_ticks_per_second() as f64;
    let of_cpu = |(cpu, times): (&u32, &[u64; 10])| {
        let times = modes.iter().zip(times.iter().skip(first));
        let seconds = times.map(|(mode, ticks)| ((*cpu, *mode), *ticks as f64 / per_second));
        seconds.collect::<Vec<_>>()
    };
    times.iter().flat_map(of_cpu).collect()
}

/// The times of the last read. The kernel's idle and iowait times sometimes fall a little, and
/// counters must not.
#[derive(Default)]
struct Rising(Mutex<Times>);

impl Rising {
    fn correct(&self, mut times: Times) -> Times {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (cpu, times) in &mut times {
            if let Some(last) = last.get(cpu).filter(|last| !is_replugged(last, times)) {
                times.iter_mut().zip(last).for_each(|(time, last)| *time = (*time).max(*last));
            }
        }
        last.clone_from(&times);
        times
    }
}

/// Returns whether a CPU was taken offline and online again, which resets its times to zero: its
/// idle time has fallen by at least 3 seconds.
fn is_replugged(last: &[u64; 10], now: &[u64; 10]) -> bool {
    last[IDLE] >= now[IDLE].saturating_add(3 * clock_ticks_per_second())
}

impl Cpu {
    /// Adds the throttles of each core and package. All CPUs of a core or a package have the same
    /// count, so the first one counts. A CPU whose files are missing or invalid is left out.
    fn add_throttles(&mut self, cpus: &File) {
        for (_, cpu) in cpus.numbered("cpu") {
            let Some((package, core)) = package_and_core(&cpu.join("topology")) else {
                continue;
            };
            let count = |name| cpu.join("thermal_throttle").join(name).number();
            if let Some(throttles) = count("core_throttle_count") {
                self.core_throttles.entry((package, core)).or_insert(throttles);
            }
            if let Some(throttles) = count("package_throttle_count") {
                self.package_throttles.entry(package).or_insert(throttles);
            }
        }
    }
}

/// Returns the package and the core of a CPU; `None` if a file is missing or invalid, or has -1,
/// because the kernel does not know the number.
fn package_and_core(topology: &File) -> Option<(u32, u32)> {
    let number = |name| u32::try_from(topology.join(name).number::<i64>()?).ok();
    Some((number("physical_package_id")?, number("core_id")?))
}

/// Returns which CPUs are online. The result is empty if the first CPU has no `online` file, as in
/// the original.
fn online(cpus: &File) -> Vec<(u32, bool)> {
    let cpus = cpus.numbered("cpu");
    let is_there = |cpu: &File| cpu.join("online").path().exists();
    if !cpus.first().is_some_and(|(_, cpu)| is_there(cpu)) {
        return Vec::new();
    }
    let online =
        cpus.iter().filter_map(|(number, cpu)| Some((*number, cpu.join("online").flag()?)));
    online.collect()
}

/// Returns the isolated CPUs, which the kernel lists in one line such as `0-2,7`.
fn isolated(cpus: &File) -> Vec<u16> {
    let file = cpus.join("isolated");
    let Ok(lines) = file.lines() else {
        return Vec::new();
    };
    // The line is empty if no CPU is isolated.
    if lines.are_blank() { Vec::new() } else { lines.read(ranges).concat() }
}

fn ranges(list: &str) -> Result<Vec<u16>, Invalid> {
    let range = |range: &str| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (u16, u16) = (number(first)?, number(last)?);
        if first > last {
            return Err(Invalid::word(range, "a range such as `0-2`"));
        }
        Ok(first..=last)
    };
    let ranges: Result<Vec<_>, Invalid> = list.trim().split(',').map(range).collect();
    Ok(ranges?.into_iter().flatten().collect())
}
