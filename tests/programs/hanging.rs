//! An exporter with a collector that blocks, from its third scrape on.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use hello_exporter::collect::{Collect, Desc, Describe, FamilyEncoder, MetricType};
use hello_exporter::{Collector, Exporter, Gauge};

#[derive(Collector)]
struct Live {
    /// Is live.
    live: Gauge,
}

#[derive(Default)]
struct Hanging(AtomicU64);

impl Describe for Hanging {
    fn describe(&self) -> Vec<Desc> {
        vec![Desc::new("scrape", "Number of the scrape.", MetricType::Gauge)]
    }
}

impl Collect for Hanging {
    fn collect(&self, _: usize, encoder: &mut FamilyEncoder<'_>) {
        let before = self.0.fetch_add(1, Ordering::Relaxed);
        if before >= 2 {
            loop {
                thread::park();
            }
        }
        encoder.value(before + 1);
    }
}

fn main() -> ExitCode {
    Exporter::new("hanging").register(Live::new()).register(Hanging::default()).run()
}
