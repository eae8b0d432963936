//! How INFO becomes metrics. The lines that are there decide what is exposed, whatever the server
//! calls itself.

use std::time::SystemTime;

use hello_exporter::SummarySnapshot;
use hello_exporter::key_values::{KeyValues, KeyValuesError};

use crate::flags::Asked;
use crate::info::{Info, Master as MasterLines};
use crate::info_metrics::InfoMetrics;
use crate::metrics::{Command, CommandLabels, Database, DatabaseLabels, Master, RedisMetrics};

/// Databases of a server that does not say how many it has.
const DATABASES: f64 = 16.0;

/// Databases without keys that are exposed.
const MOST_EMPTY_DATABASES: f64 = 10_000.0;

impl RedisMetrics {
    /// Reads INFO but for its databases.
    pub(crate) fn of_info(info: &Info, asked: &Asked) -> Result<Self, KeyValuesError> {
        let mut metrics = Self::new();
        metrics.info = InfoMetrics::read(&info.fields, asked.include_system_metrics)?;
        metrics.instance_info.push((info.fields.texts()?, true));
        metrics.start_time_seconds = info.fields.number("uptime_in_seconds").map(start_time);
        metrics.read_replicas(info)?;
        metrics.read_masters(info)?;
        metrics.read_commands(info)?;
        metrics.read_errors(info);
        metrics.sentinel.read_info(info)?;
        let threads = info.io_threads.iter();
        metrics.active_time_io_thread_seconds_total = threads
            .filter_map(|(thread, text)| Some(((*thread).to_owned(), text.parse().ok()?)))
            .collect();
        Ok(metrics)
    }

    fn read_replicas(&mut self, info: &Info) -> Result<(), KeyValuesError> {
        for replica in &info.replicas {
            let replica = KeyValues::of_parts(replica);
            self.replicas.push(replica.texts()?, replica.numbers()?);
        }
        Ok(())
    }

    fn read_masters(&mut self, info: &Info) -> Result<(), KeyValuesError> {
        let is_slave = info.fields.get("role") == Some("slave");
        let none = (info.masters.is_empty() && is_slave).then(MasterLines::new);
        let read_only = info.fields.get("slave_read_only").unwrap_or_default();
        for lines in info.masters.iter().chain(&none) {
            let fields: KeyValues = lines.iter().copied().collect();
            let mut master: Master = fields.numbers()?;
            // A link that is not up is `down`, `connecting`, `handshake`.
            master.master_link_status = fields.get("master_link_status").map(|it| it == "up");
            master.slave_info.push((read_only.to_owned(), true));
            self.masters.push(fields.texts()?, master);
        }
        Ok(())
    }

    fn read_commands(&mut self, info: &Info) -> Result<(), KeyValuesError> {
        for (name, stats) in &info.commands {
            let mut command: Command = KeyValues::of_parts(stats).numbers()?;
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
            let count = KeyValues::of_parts(text).number("count").or_else(|| text.parse().ok());
            self.errors_total.push(((*name).to_owned(), count));
        }
    }

    /// Reads the databases, and adds those without keys up to the number of them that the settings
    /// say.
    pub(crate) fn read_databases(
        &mut self,
        info: &Info,
        number: Option<f64>,
    ) -> Result<(), KeyValuesError> {
        for (number, database) in &info.databases {
            let mut database: Database = KeyValues::of_parts(database).numbers()?;
            // Dragonfly says -1 where it does not know.
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

/// Returns how many databases a server has: those of a cluster have one.
pub(crate) fn number_of_databases(info: &Info, setting: Option<f64>) -> f64 {
    match info.fields.get("cluster_enabled") {
        Some("1") => 1.0,
        _ => setting.unwrap_or(DATABASES),
    }
}

fn start_time(uptime: f64) -> f64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    now.as_secs() as f64 - uptime
}

/// Makes a summary of the percentiles `p50`, `p99` and `p99.9`.
fn summary(percentiles: &KeyValues, stats: &KeyValues) -> Option<SummarySnapshot> {
    let percentiles = percentiles.iter().filter_map(|(name, value)| {
        Some((name.strip_prefix('p')?.parse().ok()?, value.parse().ok()?))
    });
    let (micros, calls) = (stats.number("usec")?, stats.number("calls")?);
    SummarySnapshot::of_percentiles(percentiles, micros, calls as u64).ok()
}
