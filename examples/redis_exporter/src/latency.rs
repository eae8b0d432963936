//! Latencies of commands, and latency spikes.

use std::collections::BTreeMap;

use hello_exporter::key_values::KeyValues;
use hello_exporter::{Collector, HistogramSnapshot, SummarySnapshot};

use crate::info::Info;
use crate::resp::Reply;

#[derive(Collector)]
pub(crate) struct Latencies {
    /// Percentiles of the time that a command takes, in microseconds.
    #[metric(labels = ["cmd"])]
    pub(crate) latency_percentiles_usec: Vec<(String, SummarySnapshot)>,

    /// Time that a command takes, in microseconds.
    #[metric(labels = ["cmd"])]
    commands_latencies_usec: Vec<(String, HistogramSnapshot)>,

    /// When the last latency spike, longer than `latency-monitor-threshold`, occurred, in seconds
    /// since the Unix epoch.
    #[metric(labels = ["event_name"])]
    latency_spike_last: Vec<(String, i64)>,

    /// Duration of the last latency spike, in seconds.
    #[metric(labels = ["event_name"])]
    latency_spike_duration_seconds: Vec<(String, f64)>,
}

impl Latencies {
    /// Reads the reply to LATENCY LATEST.
    pub(crate) fn read_latest(&mut self, reply: &Reply) {
        for event in reply.elements() {
            if let [name, Reply::Integer(last), Reply::Integer(millis), ..] = event.elements()
                && let Some(name) = name.text()
            {
                self.latency_spike_last.push((name.clone(), *last));
                self.latency_spike_duration_seconds.push((name, *millis as f64 / 1e3));
            }
        }
    }

    /// Reads the reply to LATENCY HISTOGRAM: names of commands, and their calls by duration. The
    /// sums of the durations are in INFO.
    pub(crate) fn read_histograms(&mut self, reply: &Reply, info: &Info) {
        let micros = info.commands.iter().filter_map(|(name, stats)| {
            Some((*name, KeyValues::of_parts(stats).get("usec").ok()??))
        });
        let micros: BTreeMap<&str, f64> = micros.collect();
        for pair in reply.elements().chunks_exact(2) {
            if let [name, histogram] = pair
                && let Some(name) = name.text()
            {
                let histogram = histogram_of(histogram.elements(), sum(&micros, &name));
                self.commands_latencies_usec.extend(histogram.map(|histogram| (name, histogram)));
            }
        }
    }
}

/// Reads the elements `calls`, the number of calls, `histogram_usec`, and the calls up to each
/// number of microseconds.
fn histogram_of(elements: &[Reply], sum: f64) -> Option<HistogramSnapshot> {
    let [_, calls, _, buckets, ..] = elements else { return None };
    let count = |reply: &Reply| u64::try_from(reply.integer()?).ok();
    let bucket = |pair: &[Reply]| match pair {
        [bound, calls] => Some((bound.integer()? as f64, count(calls)?)),
        _ => None,
    };
    let buckets: Option<Vec<(f64, u64)>> = buckets.elements().chunks_exact(2).map(bucket).collect();
    HistogramSnapshot::new(buckets?, sum, count(calls)?).ok()
}

/// Returns the time of a command and its subcommands.
fn sum(micros: &BTreeMap<&str, f64>, command: &str) -> f64 {
    let start = format!("{command}|");
    let subcommands = micros.range(&*start..).take_while(|(name, _)| name.starts_with(&start));
    let own = micros.get(command).copied().unwrap_or_default();
    own + subcommands.map(|(_, micros)| micros).sum::<f64>()
}
