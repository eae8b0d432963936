//! Times of the CPUs, and what `/sys` tells of them.

mod info;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use hello_exporter::Collector;

use crate::Flags;
use crate::files::{File, Result, named_lines};
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

    /// CPUs that the scheduler leaves alone.
    #[metric(labels = ["cpu"])]
    isolated: Vec<(u32, u8)>,

    #[metric(flatten)]
    info: CpuInfo,
}

const MODES: [&str; 8] = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"];
const GUEST_MODES: [&str; 2] = ["user", "nice"];
const IDLE: usize = 3;

/// Of every CPU, the ticks in each mode and each guest mode.
type Times = BTreeMap<u32, [u64; 10]>;

pub(crate) fn source(flags: &Flags) -> impl Fn() -> Result<Cpu> + use<> {
    let stat = flags.procfs.join("stat");
    let cpus = flags.sysfs.join("devices/system/cpu");
    let has_guest = !flags.without_cpu_guest;
    let info = info::reader(flags);
    let rising = Rising::default();
    move || {
        let mut metrics = Cpu { info: info()?, ..Cpu::default() };
        let times = rising.of(times(&stat.text()?));
        metrics.seconds = seconds(&times, &MODES, 0);
        if has_guest {
            metrics.guest_seconds = seconds(&times, &GUEST_MODES, MODES.len());
        }
        metrics.add_throttles(&cpus);
        let isolated = cpus.join("isolated").text().unwrap_or_default();
        metrics.isolated = ranges(isolated.trim()).map(|cpu| (cpu, 1)).collect();
        Ok(metrics)
    }
}

/// Offline CPUs are missing, so that each is known by its number.
fn times(stat: &str) -> Times {
    let cpus = named_lines(stat).filter_map(|(name, values)| {
        let cpu = name.strip_prefix("cpu")?.parse().ok()?;
        let mut times = [0; 10];
        for (time, value) in times.iter_mut().zip(values) {
            *time = value.parse().ok()?;
        }
        Some((cpu, times))
    });
    cpus.collect()
}

/// Of every CPU, the times that begin with the `first`, in seconds.
fn seconds(times: &Times, modes: &[&'static str], first: usize) -> Vec<((u32, &'static str), f64)> {
    let per_second = procfs::ticks_per_second() as f64;
    let of_cpu = |(cpu, times): (&u32, &[u64; 10])| {
        let times = modes.iter().zip(times.iter().skip(first));
        let seconds = times.map(|(mode, ticks)| ((*cpu, *mode), *ticks as f64 / per_second));
        seconds.collect::<Vec<_>>()
    };
    times.iter().flat_map(of_cpu).collect()
}

/// What was seen last: idle and iowait times sometimes fall by a little, and counters must not.
#[derive(Default)]
struct Rising(Mutex<Times>);

impl Rising {
    fn of(&self, mut times: Times) -> Times {
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

/// A CPU that was taken out and put back begins anew.
fn is_replugged(last: &[u64; 10], now: &[u64; 10]) -> bool {
    last[IDLE] >= now[IDLE] + 3 * procfs::ticks_per_second()
}

impl Cpu {
    /// What one CPU does not tell is left out.
    fn add_throttles(&mut self, cpus: &File) {
        for (_, cpu) in cpus.numbered("cpu") {
            let package = cpu.join("topology/physical_package_id").number();
            let core = cpu.join("topology/core_id").number();
            let (Some(package), Some(core)) = (package, core) else {
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

/// A list of the kernel, such as `0-2,7`.
fn ranges(list: &str) -> impl Iterator<Item = u32> {
    let range = |range: &str| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        Some(first.parse().ok()?..=last.parse().ok()?)
    };
    list.split(',').filter_map(range).flatten()
}
