//! The commands that follow INFO, and where their replies belong.

use crate::config::{Config, Settings};
use crate::error::Error;
use crate::flags::Asked;
use crate::info::{Info, InfoText};
use crate::info_reader::number_of_databases;
use crate::metrics::RedisMetrics;
use crate::modules::Modules;
use crate::resp::{Commands, Reply};

/// A command that a server may refuse: one that is run by somebody else often keeps more than INFO
/// to itself.
#[derive(Clone, Copy)]
pub(crate) enum Question {
    /// Each setting is asked for by itself: passwords are settings as well, and before Redis 7 one
    /// command gets only one.
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

/// The settings that are exposed or needed, none of which is a password.
const SETTINGS: [&str; 6] = [
    "databases",
    "io-threads",
    "maxclients",
    "maxmemory",
    "repl-backlog-size",
    "client-output-buffer-limit",
];

/// Returns what to ask a server that has answered INFO. Replies that may be long come last: they
/// can take the room that others need.
pub(crate) fn questions(info: &Info, asked: &Asked) -> Vec<Question> {
    use Question::*;

    let has_all = asked.include_config_metrics;
    if info.fields.text("sentinel_masters").is_some() {
        return [Some(SentinelMasters), has_all.then_some(SentinelSettings)]
            .into_iter()
            .flatten()
            .collect();
    }
    let has_settings = asked.config_command != "-";
    let mut questions = Vec::new();
    if has_settings && !has_all {
        questions.extend(SETTINGS.map(Setting));
    }
    questions.extend([SlowLogLength, LastSlowCommand, LatestLatencies]);
    questions.extend((info.fields.text("cluster_enabled") == Some("1")).then_some(ClusterInfo));
    questions.extend(asked.include_modules_metrics.then_some(Modules));
    let has_histogram = !asked.exclude_latency_histogram_metrics && has_histogram(info);
    questions.extend(has_histogram.then_some(LatencyHistogram));
    questions.extend((has_settings && has_all).then_some(AllSettings));
    questions
}

/// Returns whether the server knows LATENCY HISTOGRAM, which is new in Redis 7. Others would count
/// an error at every scrape.
fn has_histogram(info: &Info) -> bool {
    let version = info.fields.text("redis_version").unwrap_or_default();
    let major = version.split('.').next().and_then(|major| major.parse().ok());
    major.is_some_and(|major: u32| major >= 7)
}

impl Question {
    pub(crate) fn add_command(self, asked: &Asked, commands: &mut Commands) {
        let config = Some(&*asked.config_command).filter(|command| !command.is_empty());
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
    /// Reads the replies to questions, of which the last ones may be missing.
    pub(crate) fn read_replies(
        &mut self,
        questions: &[Question],
        replies: &[Reply],
        (info, is_keyspace_cut): (&Info, bool),
        asked: &Asked,
    ) -> Result<(), Error> {
        let mut settings = Settings::new();
        for (question, reply) in questions.iter().zip(replies) {
            match question {
                Question::Setting(_) | Question::AllSettings => settings.extend(reply.pairs()),
                question => self.read_reply(*question, reply, info, asked)?,
            }
        }
        self.config = Config::read(&settings, asked, &mut self.skipped)?;
        let number = settings.get("databases").and_then(|number| number.parse().ok());
        let has_empty = asked.include_metrics_for_empty_databases && !is_keyspace_cut;
        Ok(self.read_databases(info, has_empty.then(|| number_of_databases(info, number)))?)
    }

    fn read_reply(
        &mut self,
        question: Question,
        reply: &Reply,
        info: &Info,
        asked: &Asked,
    ) -> Result<(), Error> {
        match question {
            Question::Setting(_) | Question::AllSettings | Question::SentinelMasters => {}
            Question::SlowLogLength => self.slowlog_length = reply.integer(),
            Question::LastSlowCommand => self.read_slow_log(reply),
            Question::LatestLatencies => self.latencies.read_latest(reply),
            Question::LatencyHistogram => self.latencies.read_histograms(reply, info),
            Question::ClusterInfo => {
                self.cluster = self.skipped.read(&text_of(reply).parse().fields)?;
            }
            Question::Modules => {
                self.modules = Modules::read(&text_of(reply).parse(), &mut self.skipped)?;
            }
            Question::SentinelSettings => {
                self.sentinel.read_settings(&reply.pairs().collect(), asked);
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

/// Returns the lines of a reply, none of one that is no text.
fn text_of(reply: &Reply) -> InfoText {
    let mut text = InfoText::default();
    if let Reply::Text(bytes) = reply {
        bytes.split(|byte| *byte == b'\n').for_each(|line| text.push(line));
    }
    text
}
