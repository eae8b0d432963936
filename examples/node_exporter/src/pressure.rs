//! Pressure stall information: how long threads waited for resources. The kernel has it since Linux
//! 4.20, if it is enabled.

#[cfg(test)]
mod tests;

use hello_exporter::Collector;

use crate::Flags;
use crate::files::{Absence, File, Invalid, Result, decimal, number, words};

#[derive(Collector, Debug, Default, PartialEq)]
#[collector(namespace = "node", subsystem = "pressure", no_new)]
pub(crate) struct Pressure {
    /// Time that some threads waited for a CPU, in seconds.
    #[metric(counter)]
    cpu_waiting_seconds_total: Option<f64>,

    /// Time that some threads waited for I/O, in seconds.
    #[metric(counter)]
    io_waiting_seconds_total: Option<f64>,

    /// Time that all threads waited for I/O, in seconds.
    #[metric(counter)]
    io_stalled_seconds_total: Option<f64>,

    /// Time that some threads waited for memory, in seconds.
    #[metric(counter)]
    memory_waiting_seconds_total: Option<f64>,

    /// Time that all threads waited for memory, in seconds.
    #[metric(counter)]
    memory_stalled_seconds_total: Option<f64>,

    /// Time that all threads waited for interrupts, in seconds.
    #[metric(counter)]
    irq_stalled_seconds_total: Option<f64>,
}

/// The times of one resource, in seconds.
#[derive(Clone, Debug, Default, PartialEq)]
struct Times {
    /// How long at least one thread waited.
    some: Option<f64>,
    /// How long all threads waited.
    full: Option<f64>,
}

pub(crate) fn source(flags: &Flags) -> impl Fn() -> Result<Pressure> + use<> {
    let directory = flags.procfs.join("pressure");
    let absence = Absence::new();
    move || {
        let [cpu, io, memory, irq] =
            ["cpu", "io", "memory", "irq"].map(|it| times(&directory.join(it)));
        let all = [cpu?, io?, memory?, irq?];
        if all.iter().all(Option::is_none) {
            absence.report(
                &directory,
                "No pressure is exposed: this kernel does not record it, or was booted with psi=0",
            );
        }
        // Linux before 6.1 lacks the file of interrupts. The line `full` is undefined for CPUs.
        let [cpu, io, memory, irq] = all.map(Option::unwrap_or_default);
        Ok(Pressure {
            cpu_waiting_seconds_total: cpu.some,
            io_waiting_seconds_total: io.some,
            io_stalled_seconds_total: io.full,
            memory_waiting_seconds_total: memory.some,
            memory_stalled_seconds_total: memory.full,
            irq_stalled_seconds_total: irq.full,
        })
    }
}

/// Reads the file of one resource; `None` if the kernel lacks the file, or was booted with `psi=0`.
fn times(file: &File) -> Result<Option<Times>> {
    let Some(lines) = file.lines_if_present()? else {
        return Ok(None);
    };
    let mut times = Times::default();
    lines.read(|line| times.add(line));
    Ok(Some(times))
}

impl Times {
    /// Adds a line such as `some avg10=0.00 avg60=0.00 avg300=0.00 total=12`, where the total is in
    /// microseconds.
    fn add(&mut self, line: &str) -> Result<(), Invalid> {
        let [who, averages @ .., total] =
            words::<5>(line, "`some` or `full`, three averages and a total")?;
        for (average, name) in averages.iter().zip(["avg10", "avg60", "avg300"]) {
            decimal(value(average, name)?)?;
        }
        let microseconds: u64 = number(value(total, "total")?)?;
        let time = match who {
            "some" => &mut self.some,
            "full" => &mut self.full,
            _ => return Err(Invalid::word(who, "`some` or `full`")),
        };
        // Divided twice, as in the original.
        *time = Some(microseconds as f64 / 1e3 / 1e3);
        Ok(())
    }
}

fn value<'t>(word: &'t str, name: &'static str) -> Result<&'t str, Invalid> {
    let value = word.strip_prefix(name).and_then(|rest| rest.strip_prefix('='));
    value.ok_or_else(|| Invalid::word(word, name))
}
