//! Turns INFO into metrics. Its lines decide what is exposed, and not the name of the server.

use std::time::SystemTime;

use hello_exporter::SummarySnapshot;
use hello_exporter::key_values::{KeyValues, KeyValuesError};

use crate::flags::Options;
use crate::info::{Info, Master as MasterLines};
use crate::info_metrics::InfoMetrics;
use crate::metrics::{Command, CommandLabels, Database, DatabaseLabels, Master, RedisMetrics};
use crate::skipped::Skipped;

/// The number of databases of a server that does not report it.
const DATABASES: f64 = 16.0;

/// Databases without keys are exposed only if their numbers are below this one.
const MOST_EMPTY_DATABASES: f64 = 10_000.0;

impl RedisMetrics {
    /// Reads INFO except its databases.
    pub(crate) fn of_info(info: &Info, options: &Options) -> Result<Self, KeyValuesError> {
        let mut metrics = Self::new(Skipped::default());
        let skipped = &mut metrics.skipped;
        metrics.info = InfoMetrics::read(&info.fields, options.include_system_metrics, skipped)?;
        metrics.instance_info.push((skipped.read(&info.fields)?, true));
        let uptime = skipped.number(&info.fields, "uptime_in_seconds");
        metrics.start_time_seconds = uptime.map(start_time);
        metrics.sentinel.read_info(info, skipped)?;
        metrics.read_io_threads(info);
        metrics.read_replicas(info)?;
        metrics.read_masters(info)?;
        metrics.read_commands(info)?;
        metrics.read_errors(info);
        Ok(metrics)
    }

    fn read_io_threads(&mut self, info: &Info) {
        for (thread, text) in &info.io_threads {
            let seconds = self.skipped.parse("used_active_time_io_thread", text);
            let sample = seconds.map(|seconds| ((*thread).to_owned(), seconds));
            self.active_time_io_thread_seconds_total.extend(sample);
        }
    }

    fn read_replicas(&mut self, info: &Info) -> Result<(), KeyValuesError> {
        for replica in &info.replicas {
            let replica = KeyValues::of_parts(replica);
            let labels = self.skipped.read(&replica)?;
            self.replicas.push(labels, self.skipped.read(&replica)?);
        }
        Ok(())
    }

    fn read_masters(&mut self, info: &Info) -> Result<(), KeyValuesError> {
        let is_slave = info.fields.text("role") == Some("slave");
        let none = (info.masters.is_empty() && is_slave).then(MasterLines::new);
        let read_only = info.fields.text("slave_read_only").unwrap_or_default();
        for lines in info.masters.iter().chain(&none) {
            let fields: KeyValues = lines.iter().copied().collect();
            let mut master: Master = self.skipped.read(&fields)?;
            // Other states of the link are `down`, `connecting` and `handshake`.
            master.master_link_status = fields.text("master_link_status").map(|it| it == "up");
            master.slave_info.push((read_only.to_owned(), true));
            self.masters.push(self.skipped.read(&fields)?, master);
        }
        Ok(())
    }

    fn read_commands(&mut self, info: &Info) -> Result<(), KeyValuesError> {
        for (name, stats) in &info.commands {
            let mut command: Command = self.skipped.read(&KeyValues::of_parts(stats))?;
            command.usec = command.usec.map(|micros| micros / 1e6);
            self.commands.push(CommandLabels { cmd: (*name).to_owned() }, command);
        }
        for (name, percentiles) in &info.percentiles {
            let stats = info.commands.get(name).map(|stats| KeyValues::of_parts(stats));
            let summary =
                stats.and_then(|stats| summary(&KeyValues::of_parts(percentiles), &stats));
            let percentiles = &mut self.latencies.latency_percentiles_usec;
            percentiles.extend(summary.map(|summary| ((*name).to_owned(), summary)));
        }
        Ok(())
    }

    fn read_errors(&mut self, info: &Info) {
        for (name, text) in &info.errors {
            let parts = KeyValues::of_parts(text);
            let count = match parts.text("count") {
                Some(_) => self.skipped.number(&parts, "count"),
                None => self.skipped.parse("errorstat", text),
            };
            self.errors_total.push(((*name).to_owned(), count));
        }
    }

    /// Reads the databases, and adds databases without keys up to `number`.
    pub(crate) fn read_databases(
        &mut self,
        info: &Info,
        number: Option<f64>,
    ) -> Result<(), KeyValuesError> {
        for (number, database) in &info.databases {
            let mut database: Database = self.skipped.read(&KeyValues::of_parts(database))?;
            // Dragonfly writes -1 if it does not know the average.
            database.avg_ttl = database.avg_ttl.filter(|ttl| *ttl >= 0.0).map(|ttl| ttl / 1e3);
            self.add_database(*number, database);
        }
        let number = number.unwrap_or(0.0).min(MOST_EMPTY_DATABASES) as u32;
        for number in (0..number).filter(|number| !info.databases.contains_key(number)) {
            let (keys, expires) = (Some(0.0), Some(0.0));
            self.add_database(number, Database { keys, expires, ..Database::default() });
        }
        Ok(())
    }

    fn add_database(&mut self, number: u32, database: Database) {
        self.databases.push(DatabaseLabels { db: format!("db{number}") }, database);
    }
}

/// Returns how many databases a server has. A server of a cluster has one.
pub(crate) fn number_of_databases(info: &Info, setting: Option<f64>) -> f64 {
    match info.fields.text("cluster_enabled") {
        Some("1") => 1.0,
        _ => setting.unwrap_or(DATABASES),
    }
}

fn start_time(uptime: f64) -> f64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    now.as_secs() as f64 - uptime
}

/// Returns a summary of percentiles such as `p50`, `p99` and `p99.9`.
fn summary(percentiles: &KeyValues, stats: &KeyValues) -> Option<SummarySnapshot> {
    let percentiles = percentiles.iter().filter_map(|(name, value)| {
        Some((name.strip_prefix('p')?.parse().ok()?, value.parse().ok()?))
    });
    let (micros, calls): (f64, f64) = (stats.get("usec").ok()??, stats.get("calls").ok()??);
    SummarySnapshot::of_percentiles(percentiles, micros, calls as u64).ok()
}
