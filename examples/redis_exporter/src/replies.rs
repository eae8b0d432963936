//! The commands that a server is asked, and how its replies become metrics.

use std::collections::BTreeMap;
use std::time::SystemTime;

use hello_exporter::{HistogramSnapshot, Rows, SummarySnapshot};
use redis::{FromRedisValue, Pipeline, ServerError, Value, from_redis_value};
use serde_json::Error;

use crate::info::Info;
use crate::metrics::{
    CommandLabels, Commands, Config, Database, DatabaseLabels, RedisMetrics, Replication, SlowLog,
    Spike, SpikeLabels,
};

/// Why there are no metrics in what a server has replied.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplyError {
    #[error("INFO was refused with {0}")]
    Refused(ServerError),
    #[error("INFO was not answered as Redis does")]
    NotRedis,
    #[error("cannot read INFO")]
    Unreadable(#[from] Error),
}

/// What is asked, all at once.
pub(crate) fn commands(config: &str, with_histograms: bool) -> Pipeline {
    let mut commands = Pipeline::new();
    commands.cmd("INFO").arg("ALL");
    commands.cmd(config).arg("GET").arg("*");
    commands.cmd("SLOWLOG").arg("LEN");
    commands.cmd("SLOWLOG").arg("GET").arg(1);
    commands.cmd("LATENCY").arg("LATEST");
    if with_histograms {
        commands.cmd("LATENCY").arg("HISTOGRAM");
    }
    commands
}

/// The replies to [`commands`]. Only INFO has to be answered: a server that is run by somebody else often keeps the rest
/// to itself.
pub(crate) fn read(replies: Vec<Value>, with_settings: bool) -> Result<RedisMetrics, ReplyError> {
    let mut replies = replies.into_iter();
    let mut next = || replies.next().unwrap_or(Value::Nil);
    let text = info_text(next())?;
    let info = Info::of_lines(&text);
    let settings: BTreeMap<String, String> = read_or_default(next());
    let settings: Info = settings.iter().map(|(key, text)| (&**key, &**text)).collect();
    Ok(RedisMetrics {
        info: info.numbers()?,
        instance_info: vec![(info.texts()?, true)],
        start_time_seconds: info.number("uptime_in_seconds").map(start_time),
        replication: replication(&info)?,
        databases: databases(&info, settings.number("databases"))?,
        config: config(&settings, with_settings)?,
        slow_log: slow_log(next(), next()),
        spikes: spikes(next()),
        commands: commands_of(&info, next())?,
    })
}

/// The text of INFO, if it is one.
fn info_text(reply: Value) -> Result<String, ReplyError> {
    let text = match reply {
        Value::ServerError(error) => return Err(ReplyError::Refused(error)),
        reply => read_or_default::<Vec<u8>>(reply),
    };
    let text = String::from_utf8_lossy(&text).into_owned();
    if text.contains("redis_version:") { Ok(text) } else { Err(ReplyError::NotRedis) }
}

/// Nothing where the server has refused the command.
fn read_or_default<T: FromRedisValue + Default>(reply: Value) -> T {
    from_redis_value(reply).unwrap_or_default()
}

fn start_time(uptime: f64) -> f64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    now.as_secs() as f64 - uptime
}

fn replication(info: &Info) -> Result<Replication, Error> {
    let mut replication = Replication::new();
    for (number, replica) in info.entries("slave") {
        if number.parse::<u32>().is_ok() {
            replication.replicas.push(replica.texts()?, replica.numbers()?);
        }
    }
    if info.get("role") == Some("slave") {
        replication.master.push(info.texts()?, info.numbers()?);
        replication.slave_info.push((info.texts()?, true));
    }
    Ok(replication)
}

/// As many databases as a server has that does not say it.
const DATABASES: f64 = 16.0;

/// No more than so many are told of that have no keys.
const MOST_EMPTY_DATABASES: f64 = 10_000.0;

fn databases(
    info: &Info,
    configured: Option<f64>,
) -> Result<Rows<DatabaseLabels, Database>, Error> {
    let is_cluster = info.get("cluster_enabled") == Some("1");
    let number = if is_cluster { 1.0 } else { configured.unwrap_or(DATABASES) };
    let number = number.min(MOST_EMPTY_DATABASES) as u32;
    let empty = (0..number).map(|number| (number, Info::of_parts("keys=0,expires=0")));
    let used = info.entries("db").into_iter();
    let used = used.filter_map(|(number, database)| Some((number.parse().ok()?, database)));
    let databases: BTreeMap<u32, Info> = empty.chain(used).collect();
    let row = |(number, database): (_, Info)| {
        Ok((DatabaseLabels { db: format!("db{number}") }, database.numbers()?))
    };
    databases.into_iter().map(row).collect()
}

/// A command, `calls` and how many, `histogram_usec` and how many took at most how long.
type Histogram = (String, (Value, u64, Value, Vec<(f64, u64)>));

fn commands_of(info: &Info, histograms: Value) -> Result<Commands, Error> {
    let stats = info.entries("cmdstat_");
    let mut commands = Commands::new();
    for (name, stats) in &stats {
        let labels = CommandLabels { cmd: (*name).to_owned() };
        commands.commands.push(labels, stats.numbers()?);
    }
    for (name, percentiles) in info.entries("latency_percentiles_usec_") {
        let summary = stats.get(name).and_then(|stats| summary(&percentiles, stats));
        commands.latency_percentiles_usec.extend(summary.map(|it| (name.to_owned(), it)));
    }
    for (name, (_, calls, _, buckets)) in read_or_default::<Vec<Histogram>>(histograms) {
        let micros = stats.get(&*name).and_then(|stats| stats.number("usec"));
        let histogram = HistogramSnapshot::new(buckets, micros.unwrap_or_default(), calls).ok();
        commands.commands_latencies_usec.extend(histogram.map(|it| (name, it)));
    }
    for (name, error) in info.entries("errorstat_") {
        commands.errors_total.push((name.to_owned(), error.number("count")));
    }
    Ok(commands)
}

/// `p50`, `p99` and `p99.9` as the quantiles 0.5, 0.99 and 0.999.
fn summary(percentiles: &Info, stats: &Info) -> Option<SummarySnapshot> {
    let quantile = |(name, value): (&str, &str)| {
        // By its digits: a hundredth of 99.9 is not quite the number that 0.999 is.
        let quantile = format!("{}e-2", name.strip_prefix('p')?);
        Some((quantile.parse().ok()?, value.parse().ok()?))
    };
    let mut quantiles: Vec<(f64, f64)> = percentiles.iter().filter_map(quantile).collect();
    quantiles.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    SummarySnapshot::new(quantiles, stats.number("usec")?, stats.number("calls")? as u64).ok()
}

/// Settings whose values nobody is told.
const SECRETS: [&str; 4] =
    ["masterauth", "requirepass", "tls-client-key-file-pass", "tls-key-file-pass"];

fn config(settings: &Info, with_all: bool) -> Result<Config, Error> {
    let mut config: Config = settings.numbers()?;
    for (key, text) in settings.iter().filter(|(key, _)| with_all && !SECRETS.contains(key)) {
        config.value.push((key.to_owned(), text.parse().ok()));
        config.key_value.push(((key.to_owned(), text.to_owned()), true));
    }
    Ok(config)
}

fn slow_log(length: Value, last: Value) -> SlowLog {
    let entries: Option<Vec<Vec<Value>>> = read_or_default(last);
    let last = entries.map(|entries| match entries.first().map(Vec::as_slice) {
        Some([Value::Int(id), _, Value::Int(micros), ..]) => (*id, *micros as f64 / 1e6),
        _ => (0, 0.0),
    });
    let (last_id, last_slow_execution_duration_seconds) = last.unzip();
    SlowLog { length: read_or_default(length), last_id, last_slow_execution_duration_seconds }
}

fn spikes(events: Value) -> Rows<SpikeLabels, Spike> {
    let row = |event: Vec<Value>| match event.as_slice() {
        [Value::BulkString(name), Value::Int(last), Value::Int(millis), ..] => {
            let event_name = String::from_utf8_lossy(name).into_owned();
            let spike = Spike { last: *last, duration_seconds: *millis as f64 / 1e3 };
            Some((SpikeLabels { event_name }, spike))
        }
        _ => None,
    };
    read_or_default::<Vec<Vec<Value>>>(events).into_iter().filter_map(row).collect()
}
