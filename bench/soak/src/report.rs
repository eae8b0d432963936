//! The report of a run, and its result.

use std::collections::BTreeMap;
use std::process::ExitStatus;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::Shared;
use crate::server::Resources;

/// The number of lines that a run prints while it lasts.
const LINES: u32 = 30;

/// A resource, and how much its use may grow from the start to the end of a run: by `share` of the
/// use at the start, or by `minimum` if that is more. bench/README.md gives the reasons.
struct Limit {
    name: &'static str,
    unit: &'static str,
    divisor: f64,
    of: fn(&Reading) -> f64,
    share: f64,
    minimum: f64,
}

const MIB: f64 = 1024.0 * 1024.0;

const LIMITS: [Limit; 4] = [
    Limit {
        name: "resident memory",
        unit: " MiB",
        divisor: MIB,
        of: |reading| reading.resources.resident_bytes as f64,
        share: 0.1,
        minimum: 4.0 * MIB,
    },
    Limit {
        name: "heap",
        unit: " MiB",
        divisor: MIB,
        of: |reading| reading.heap_bytes,
        share: 0.05,
        minimum: 448.0 * 1024.0,
    },
    Limit {
        name: "descriptors",
        unit: "",
        divisor: 1.0,
        of: |reading| reading.resources.descriptors as f64,
        share: 0.0,
        minimum: 2.0,
    },
    Limit {
        name: "threads",
        unit: "",
        divisor: 1.0,
        of: |reading| reading.resources.threads as f64,
        share: 0.0,
        minimum: 4.0,
    },
];

/// The resources at one time.
struct Reading {
    elapsed: Duration,
    resources: Resources,
    heap_bytes: f64,
}

pub struct Report {
    duration: Duration,
    next_line: Duration,
    readings: Vec<Reading>,
}

impl Report {
    pub fn new(duration: Duration) -> Self {
        println!(
            "{:>8} {:>14} {:>8} {:>9} {:>8} {:>7} {:>8} {:>8} {:>5} {:>7}",
            "elapsed",
            "updates",
            "scrapes",
            "removals",
            "expired",
            "reloads",
            "RSS MiB",
            "heap KiB",
            "files",
            "threads",
        );
        Self { duration, next_line: duration / LINES, readings: Vec::new() }
    }

    /// Returns the time from which memory is compared: a tenth of the run, at least 10 seconds, at
    /// most a minute. Until then, the exporter starts threads and makes its buffers.
    fn settling_time(&self) -> Duration {
        (self.duration / 10).clamp(Duration::from_secs(10), Duration::from_secs(60))
    }

    /// Adds a reading, and prints a line if one is due.
    pub fn add(&mut self, elapsed: Duration, resources: Resources, shared: &Shared) {
        let last = shared.last.lock().unwrap().clone();
        let number = |name: &str| last.get(name).copied().unwrap_or_default();
        let heap_bytes = number("heap_bytes");
        self.readings.push(Reading { elapsed, resources, heap_bytes });
        if elapsed < self.next_line {
            return;
        }
        self.next_line += self.duration / LINES;
        println!(
            "{:>7}s {:>14} {:>8} {:>9} {:>8} {:>7} {:>8.1} {:>8.0} {:>5} {:>7}",
            elapsed.as_secs(),
            number("updates_total"),
            shared.scrapes.load(Ordering::Relaxed),
            number("removals_total"),
            number("expirations_total"),
            shared.reloads.load(Ordering::Relaxed),
            resources.resident_bytes as f64 / MIB,
            heap_bytes / 1024.0,
            resources.descriptors,
            resources.threads,
        );
    }

    /// Prints the results. Returns `true` if nothing was lost, nothing failed and nothing grew.
    pub fn conclude(
        &self,
        shared: &Shared,
        [compared, wrong]: [usize; 2],
        last: &BTreeMap<String, f64>,
        status: ExitStatus,
    ) -> bool {
        let number = |name: &str| last.get(name).copied().unwrap_or_default();
        let lost = number("lost_total");
        let failures = shared.failures.lock().unwrap();
        let of = |kind| failures.iter().filter(|failure| **failure == kind).count();
        let (scrapes, reloads) = (of("scrape"), of("reload"));
        println!();
        println!("updates: {}", number("updates_total"));
        println!("lost updates: {lost}");
        println!("series with a wrong value in any of nine expositions: {wrong} of {compared}");
        println!(
            "removals: {}; contested ones with an exact number of updates: {}",
            number("removals_total"),
            number("exact_removals_total"),
        );
        println!("series with unproven updates: {}", number("unproven_total"));
        println!("failed scrapes: {scrapes} of {}", shared.scrapes.load(Ordering::Relaxed));
        println!("failed reloads: {reloads} of {}", shared.reloads.load(Ordering::Relaxed));
        println!("exporter: {status}");
        let grown = LIMITS.iter().filter(|limit| self.has_grown(limit)).count();
        let is_used = number("updates_total") > 0.0 && compared > 0;
        let is_good = is_used && lost == 0.0 && wrong == 0 && failures.is_empty();
        let is_good = is_good && status.success() && grown == 0;
        println!("{}", if is_good { "passed" } else { "FAILED" });
        is_good
    }

    /// Prints the medians of the first and the last fifth after the settling time. Returns
    /// `true` if the difference exceeds the limit.
    fn has_grown(&self, limit: &Limit) -> bool {
        let start = self.settling_time();
        let fifth = self.duration.saturating_sub(start) / 5;
        let [first, last] = [start, self.duration - fifth].map(|from| {
            let times = from..from + fifth;
            let readings = self.readings.iter().filter(|it| times.contains(&it.elapsed));
            median(readings.map(limit.of).collect())
        });
        let (Some(first), Some(last)) = (first, last) else {
            println!("{}: too few readings", limit.name);
            return true;
        };
        let allowed = (first * limit.share).max(limit.minimum);
        let has_grown = last > first + allowed;
        println!(
            "{}: {:.2}{unit} in the first fifth, {:.2}{unit} in the last; at most {:.2}{unit} more{}",
            limit.name,
            first / limit.divisor,
            last / limit.divisor,
            allowed / limit.divisor,
            if has_grown { ": GROWN" } else { "" },
            unit = limit.unit,
        );
        has_grown
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
