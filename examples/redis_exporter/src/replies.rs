//! The commands that a server is asked, and how its replies become metrics.

use std::collections::BTreeMap;
use std::time::SystemTime;

use hello_exporter::{Fields, FieldsError, SummarySnapshot};
use redis::{FromRedisValue, Pipeline, Value, from_redis_value};

use crate::error::Error;
use crate::metrics::{Command, CommandLabels, Database, DatabaseLabels, Master, RedisMetrics};

/// The settings that are told of. Each is asked for by itself: passwords are settings as well, and before Redis 7 one command
/// gets only one.
const SETTINGS: [&str; 4] = ["databases", "io-threads", "maxclients", "maxmemory"];

/// What is asked, all at once, behind what these commands are.
pub(crate) fn add_commands(mut commands: Pipeline) -> Pipeline {
    commands.cmd("CLIENT").arg("SETNAME").arg("redis_exporter");
    commands.cmd("INFO").arg("ALL");
    for setting in SETTINGS {
        commands.cmd("CONFIG").arg("GET").arg(setting);
    }
    commands.cmd("SLOWLOG").arg("LEN");
    commands.cmd("SLOWLOG").arg("GET").arg(1);
    commands.cmd("LATENCY").arg("LATEST");
    commands
}

/// The replies to [those](add_commands). Only INFO has to be answered: a server that is run by somebody else often keeps the rest
/// to itself.
pub(crate) fn read(replies: impl Iterator<Item = Value>) -> Result<RedisMetrics, Error> {
    let mut replies = replies.skip(1);
    let mut next = || replies.next().unwrap_or(Value::Nil);
    let text = info_text(next())?;
    let info = Fields::of_lines(&text);
    let of_reply = |_| read_or_default::<BTreeMap<String, String>>(next());
    let settings: BTreeMap<_, _> = SETTINGS.into_iter().flat_map(of_reply).collect();
    let settings: Fields = settings.iter().map(|(key, text)| (&**key, &**text)).collect();
    let mut metrics = RedisMetrics::new();
    metrics.read_server(&info)?;
    metrics.read_replication(&info)?;
    metrics.read_commands(&info)?;
    metrics.read_databases(&info, settings.number("databases"))?;
    metrics.config = settings.numbers()?;
    metrics.slowlog_length = read_or_default(next());
    metrics.read_slow_log(next());
    metrics.read_latest(next());
    Ok(metrics)
}

/// The text of INFO, if it is one.
fn info_text(reply: Value) -> Result<String, Error> {
    let text: Vec<u8> = match reply {
        Value::ServerError(error) => return Err(error.into()),
        reply => read_or_default(reply),
    };
    let text = String::from_utf8_lossy(&text).into_owned();
    if text.contains("redis_version:") { Ok(text) } else { Err(Error::NotRedis) }
}

/// Nothing where the server has refused the command.
fn read_or_default<T: FromRedisValue + Default>(reply: Value) -> T {
    from_redis_value(reply).unwrap_or_default()
}

/// As many databases as a server has that does not say it.
const DATABASES: f64 = 16.0;

/// No more than so many are told of that have no keys.
const MOST_EMPTY_DATABASES: f64 = 10_000.0;

impl RedisMetrics {
    fn read_server(&mut self, info: &Fields) -> Result<(), FieldsError> {
        self.info = info.numbers()?;
        self.info.latest_fork_usec = self.info.latest_fork_usec.map(|micros| micros / 1e6);
        self.instance_info.push((info.texts()?, true));
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let uptime = info.number("uptime_in_seconds");
        self.start_time_seconds = uptime.map(|uptime| now.as_secs() as f64 - uptime);
        Ok(())
    }

    fn read_replication(&mut self, info: &Fields) -> Result<(), FieldsError> {
        for replica in info.numbered("slave").into_values() {
            // Old servers have no names in these lines.
            if let Ok(labels) = replica.texts() {
                self.replicas.push(labels, replica.numbers()?);
            }
        }
        if info.get("role") == Some("slave") {
            let mut master: Master = info.numbers()?;
            let read_only = info.get("slave_read_only").unwrap_or_default();
            master.slave_info.push((read_only.to_owned(), true));
            self.master.push(info.texts()?, master);
        }
        Ok(())
    }

    fn read_databases(&mut self, info: &Fields, number: Option<f64>) -> Result<(), FieldsError> {
        let is_cluster = info.get("cluster_enabled") == Some("1");
        let number = if is_cluster { 1.0 } else { number.unwrap_or(DATABASES) };
        let mut databases = info.numbered("db");
        for number in 0..number.min(MOST_EMPTY_DATABASES) as u32 {
            databases.entry(number).or_insert_with(|| Fields::of_parts("keys=0,expires=0"));
        }
        for (number, database) in databases {
            let mut database: Database = database.numbers()?;
            database.avg_ttl = database.avg_ttl.map(|millis| millis / 1e3);
            self.databases.push(DatabaseLabels { db: format!("db{number}") }, database);
        }
        Ok(())
    }

    fn read_commands(&mut self, info: &Fields) -> Result<(), FieldsError> {
        let stats = info.entries("cmdstat_");
        for (name, stats) in &stats {
            let mut command: Command = stats.numbers()?;
            command.usec = command.usec.map(|micros| micros / 1e6);
            self.commands.push(CommandLabels { cmd: (*name).to_owned() }, command);
        }
        for (name, percentiles) in info.entries("latency_percentiles_usec_") {
            let summary = stats.get(name).and_then(|stats| summary(&percentiles, stats));
            self.latency_percentiles_usec.extend(summary.map(|it| (name.to_owned(), it)));
        }
        for (name, error) in info.entries("errorstat_") {
            self.errors_total.push((name.to_owned(), error.number("count")));
        }
        Ok(())
    }

    fn read_slow_log(&mut self, entries: Value) {
        let entries: Option<Vec<Vec<Value>>> = read_or_default(entries);
        let last = entries.map(|entries| match entries.first().map(Vec::as_slice) {
            Some([Value::Int(id), _, Value::Int(micros), ..]) => (*id, *micros as f64 / 1e6),
            _ => (0, 0.0),
        });
        (self.slowlog_last_id, self.last_slow_execution_duration_seconds) = last.unzip();
    }

    fn read_latest(&mut self, events: Value) {
        for event in read_or_default::<Vec<Vec<Value>>>(events) {
            if let [Value::BulkString(name), Value::Int(last), Value::Int(millis), ..] = &*event {
                let name = String::from_utf8_lossy(name).into_owned();
                self.latency_spike_last.push((name.clone(), *last));
                self.latency_spike_duration_seconds.push((name, *millis as f64 / 1e3));
            }
        }
    }
}

/// Of the percentiles `p50`, `p99` and `p99.9`.
fn summary(percentiles: &Fields, stats: &Fields) -> Option<SummarySnapshot> {
    let percentiles = percentiles.iter().filter_map(|(name, value)| {
        Some((name.strip_prefix('p')?.parse().ok()?, value.parse().ok()?))
    });
    let (micros, calls) = (stats.number("usec")?, stats.number("calls")?);
    SummarySnapshot::of_percentiles(percentiles, micros, calls as u64).ok()
}
