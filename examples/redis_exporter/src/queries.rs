//! The commands that follow INFO, and the metrics that their replies become.

use crate::config::{Config, Settings};
use crate::error::Error;
use crate::flags::Options;
use crate::info::{Info, InfoText};
use crate::info_reader::number_of_databases;
use crate::metrics::RedisMetrics;
use crate::modules::Modules;
use crate::resp::{Commands, Reply};

/// A command that a server may refuse. Hosted servers often permit little more than INFO.
#[derive(Clone, Copy)]
pub(crate) enum Query {
    /// Reads one setting. Reading all would include passwords, and before Redis 7, CONFIG GET takes
    /// only one name.
    Setting(&'static str),
    AllSettings,
    SlowLogLength,
    LastSlowCommand,
    LatestLatencies,
    LatencyHistogram,
    ClusterInfo,
    Modules,
    SentinelMasters,
    SentinelSettings,
}

/// The settings that are exposed or needed. None is a password.
const SETTINGS: [&str; 6] = [
    "databases",
    "io-threads",
    "maxclients",
    "maxmemory",
    "repl-backlog-size",
    "client-output-buffer-limit",
];

/// Returns the commands to run after INFO. Commands whose replies may be long come last, because
/// they can use up the limits of a scrape.
pub(crate) fn queries(info: &Info, options: &Options) -> Vec<Query> {
    use Query::*;

    let reads_all_settings = options.include_config_metrics;
    if info.fields.text("sentinel_masters").is_some() {
        return [Some(SentinelMasters), reads_all_settings.then_some(SentinelSettings)]
            .into_iter()
            .flatten()
            .collect();
    }
    let has_settings = options.config_command != "-";
    let mut queries = Vec::new();
    if has_settings && !reads_all_settings {
        queries.extend(SETTINGS.map(Setting));
    }
    queries.extend([SlowLogLength, LastSlowCommand, LatestLatencies]);
    queries.extend((info.fields.text("cluster_enabled") == Some("1")).then_some(ClusterInfo));
    queries.extend(options.include_modules_metrics.then_some(Modules));
    let has_histogram = !options.exclude_latency_histogram_metrics && has_histogram(info);
    queries.extend(has_histogram.then_some(LatencyHistogram));
    queries.extend((has_settings && reads_all_settings).then_some(AllSettings));
    queries
}

/// Returns whether the server has LATENCY HISTOGRAM, which is new in Redis 7. Other servers would
/// count an error at every scrape.
fn has_histogram(info: &Info) -> bool {
    let version = info.fields.text("redis_version").unwrap_or_default();
    let major = version.split('.').next().and_then(|major| major.parse().ok());
    major.is_some_and(|major: u32| major >= 7)
}

impl Query {
    pub(crate) fn add_command(self, options: &Options, commands: &mut Commands) {
        let config = Some(&*options.config_command).filter(|command| !command.is_empty());
        let config = config.unwrap_or("CONFIG");
        match self {
            Self::Setting(name) => commands.add(&[config, "GET", name]),
            Self::AllSettings => commands.add(&[config, "GET", "*"]),
            Self::SlowLogLength => commands.add(&["SLOWLOG", "LEN"]),
            Self::LastSlowCommand => commands.add(&["SLOWLOG", "GET", "1"]),
            Self::LatestLatencies => commands.add(&["LATENCY", "LATEST"]),
            Self::LatencyHistogram => commands.add(&["LATENCY", "HISTOGRAM"]),
            Self::ClusterInfo => commands.add(&["CLUSTER", "INFO"]),
            Self::Modules => commands.add(&["INFO", "MODULES"]),
            Self::SentinelMasters => commands.add(&["SENTINEL", "MASTERS"]),
            Self::SentinelSettings => commands.add(&["SENTINEL", "CONFIG", "GET", "*"]),
        }
    }
}

impl RedisMetrics {
    /// Reads the replies. The last ones may be missing.
    pub(crate) fn read_replies(
        &mut self,
        queries: &[Query],
        replies: &[Reply],
        (info, is_keyspace_cut): (&Info, bool),
        options: &Options,
    ) -> Result<(), Error> {
        let mut settings = Settings::new();
        for (query, reply) in queries.iter().zip(replies) {
            match query {
                Query::Setting(_) | Query::AllSettings => settings.extend(reply.pairs()),
                query => self.read_reply(*query, reply, info, options)?,
            }
        }
        self.config = Config::read(&settings, options, &mut self.skipped)?;
        let number = settings.get("databases").and_then(|number| number.parse().ok());
        let has_empty = options.include_metrics_for_empty_databases && !is_keyspace_cut;
        Ok(self.read_databases(info, has_empty.then(|| number_of_databases(info, number)))?)
    }

    fn read_reply(
        &mut self,
        query: Query,
        reply: &Reply,
        info: &Info,
        options: &Options,
    ) -> Result<(), Error> {
        match query {
            Query::Setting(_) | Query::AllSettings | Query::SentinelMasters => {}
            Query::SlowLogLength => self.slowlog_length = reply.integer(),
            Query::LastSlowCommand => self.read_slow_log(reply),
            Query::LatestLatencies => self.latencies.read_latest(reply),
            Query::LatencyHistogram => self.latencies.read_histograms(reply, info),
            Query::ClusterInfo => {
                self.cluster = self.skipped.read(&text_of(reply).parse().fields)?;
            }
            Query::Modules => {
                self.modules = Modules::read(&text_of(reply).parse(), &mut self.skipped)?;
            }
            Query::SentinelSettings => {
                self.sentinel.read_settings(&reply.pairs().collect(), options);
            }
        }
        Ok(())
    }

    fn read_slow_log(&mut self, entries: &Reply) {
        if let Reply::Array(entries) = entries {
            let last = entries.first().map(Reply::elements).unwrap_or_default();
            let (id, seconds) = match last {
                [Reply::Integer(id), _, Reply::Integer(micros), ..] => (*id, *micros as f64 / 1e6),
                _ => (0, 0.0),
            };
            (self.slowlog_last_id, self.last_slow_execution_duration_seconds) =
                (Some(id), Some(seconds));
        }
    }
}

/// Returns the lines of a reply, or none if it is not text.
fn text_of(reply: &Reply) -> InfoText {
    let mut text = InfoText::default();
    if let Reply::Text(bytes) = reply {
        bytes.split(|byte| *byte == b'\n').for_each(|line| text.push(line));
    }
    text
}
