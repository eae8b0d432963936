//! `/proc/stat`. The collectors `cpu` and `stat` share this reader, so that both skip the same
//! lines.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::files::{File, Invalid, Lines, Result, number, numbers, widest};

/// The contents of the file.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Stat {
    /// The ticks that each CPU spent in each mode and each guest mode.
    pub(crate) times: Times,
    pub(crate) interrupts: Option<u64>,
    pub(crate) context_switches: Option<u64>,
    pub(crate) forks: Option<u64>,
    pub(crate) boot_time: Option<u64>,
    pub(crate) procs_running: Option<u64>,
    pub(crate) procs_blocked: Option<u64>,
    /// Counts by vector, in the order of the kernel.
    pub(crate) softirqs: Option<[u64; 10]>,
}

/// The times of each CPU by its number, since offline CPUs are missing.
pub(crate) type Times = BTreeMap<u32, [u64; 10]>;

impl Stat {
    pub(crate) fn read(file: &File) -> Result<Self> {
        Ok(Self::of(&file.lines()?))
    }

    fn of(lines: &Lines<'_>) -> Self {
        let mut stat = Self::default();
        let cpus = lines.iter().map(|line| line.text).filter(|line| line.starts_with("cpu"));
        let widest = widest(cpus, 11) - 1;
        lines.read(|line| stat.add(line, widest));
        stat
    }

    /// Adds a line: a name, and numbers. Other kernels have lines with other names, which are
    /// ignored.
    fn add(&mut self, line: &str, widest: usize) -> Result<(), Invalid> {
        let mut words = line.split_whitespace();
        let name = words.next().unwrap_or_default();
        let numbers: Vec<u64> = numbers(words)?;
        match (name, &*numbers) {
            (_, []) => return Err(Invalid::Words { found: 1, expected: "a name and numbers" }),
            ("intr", [sum, ..]) => self.interrupts = Some(*sum),
            ("softirq", _) => {
                let [_, vectors @ ..] = exactly::<11>(&numbers, "a name and 11 numbers")?;
                self.softirqs = Some(vectors);
            }
            ("ctxt", _) => self.context_switches = Some(only(&numbers)?),
            ("processes", _) => self.forks = Some(only(&numbers)?),
            ("btime", _) => self.boot_time = Some(only(&numbers)?),
            ("procs_running", _) => self.procs_running = Some(only(&numbers)?),
            ("procs_blocked", _) => self.procs_blocked = Some(only(&numbers)?),
            _ => self.add_cpu(name, &numbers, widest)?,
        }
        Ok(())
    }

    /// Adds the times of a CPU. The first line has the sums, and no CPU number. Emulated kernels
    /// may lack the times of guests, which are then 0.
    fn add_cpu(&mut self, name: &str, ticks: &[u64], widest: usize) -> Result<(), Invalid> {
        let Some(cpu) = name.strip_prefix("cpu") else {
            return Ok(());
        };
        if !matches!(ticks.len(), 8 | 10..) || ticks.len() > widest {
            return Err(Invalid::Words {
                found: ticks.len() + 1,
                expected: "a name and 8 or 10 numbers",
            });
        }
        let mut times = [0; 10];
        times.iter_mut().zip(ticks).for_each(|(time, ticks)| *time = *ticks);
        if !cpu.is_empty() {
            self.times.insert(number(cpu)?, times);
        }
        Ok(())
    }
}

fn only(numbers: &[u64]) -> Result<u64, Invalid> {
    exactly(numbers, "a name and a number").map(|[number]| number)
}

/// Returns the numbers of a line, if there are exactly `N`.
fn exactly<const N: usize>(numbers: &[u64], expected: &'static str) -> Result<[u64; N], Invalid> {
    numbers.try_into().map_err(|_| Invalid::Words { found: numbers.len() + 1, expected })
}
