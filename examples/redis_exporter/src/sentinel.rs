//! Sentinels, which monitor masters.

use std::collections::BTreeMap;

use hello_exporter::key_values::{KeyValues, KeyValuesError};
use hello_exporter::{Collector, Labels, Rows};
use serde::Deserialize;

use crate::config::{AllSettings, Settings};
use crate::flags::Options;
use crate::info::Info;
use crate::resp::{Commands, Reply};
use crate::skipped::Skipped;

#[derive(Collector)]
pub(crate) struct Sentinel {
    #[metric(flatten)]
    info: SentinelInfo,

    #[metric(flatten)]
    masters: Rows<MasterLabels, MasterInfo>,

    #[metric(flatten)]
    details: Rows<MasterLabels, MasterDetails>,

    /// Whether enough Sentinels can agree to fail over a master, with this Sentinel's message.
    #[metric(labels = ["master_name", "message"])]
    sentinel_master_ckquorum_status: Vec<([String; 2], bool)>,

    #[metric(flatten, prefix = "sentinel_config_")]
    config: AllSettings,
}

/// A field has the name of its line.
#[derive(Collector, Deserialize)]
struct SentinelInfo {
    /// Masters that this Sentinel monitors.
    sentinel_masters: Option<f64>,

    /// Whether this Sentinel is in TILT mode: it does not trust its clock.
    sentinel_tilt: Option<f64>,

    /// Running scripts.
    sentinel_running_scripts: Option<f64>,

    /// Scripts in the queue.
    sentinel_scripts_queue_length: Option<f64>,

    /// Flags of simulated failures.
    sentinel_simulate_failure_flags: Option<f64>,
}

#[derive(Labels)]
struct MasterLabels {
    #[label(name = "master_name")]
    name: String,
    #[label(name = "master_address")]
    address: String,
}

/// The line of INFO about one master.
#[derive(Collector, Deserialize)]
#[collector(subsystem = "sentinel_master")]
struct MasterInfo {
    /// Whether a master is healthy.
    #[metric(labels = ["master_status"])]
    #[serde(skip)]
    status: Vec<(String, bool)>,

    /// Replicas of a master.
    slaves: Option<f64>,

    /// Sentinels that monitor a master.
    sentinels: Option<f64>,
}

/// The values of one master from SENTINEL MASTERS, and the number of its healthy Sentinels and
/// replicas.
#[derive(Collector, Deserialize)]
#[collector(subsystem = "sentinel_master")]
struct MasterDetails {
    /// Sentinels that must agree that a master is down.
    #[metric(name = "setting_ckquorum")]
    quorum: Option<f64>,

    /// Time that a failover may take, in milliseconds.
    #[metric(name = "setting_failover_timeout")]
    #[serde(rename = "failover-timeout")]
    failover_timeout: Option<f64>,

    /// Replicas that may synchronise at once after a failover.
    #[metric(name = "setting_parallel_syncs")]
    #[serde(rename = "parallel-syncs")]
    parallel_syncs: Option<f64>,

    /// Time that a master may be silent before it counts as down, in milliseconds.
    #[metric(name = "setting_down_after_milliseconds")]
    #[serde(rename = "down-after-milliseconds")]
    down_after_milliseconds: Option<f64>,

    /// Epoch of the configuration of a master.
    #[serde(rename = "config-epoch")]
    config_epoch: Option<f64>,

    /// Time since the last valid reply of a master to a ping, in seconds.
    #[metric(name = "last_ok_ping_reply_seconds")]
    #[serde(rename = "last-ok-ping-reply")]
    last_ok_ping_reply: Option<f64>,

    /// Healthy Sentinels of a master, including this one.
    #[serde(skip)]
    ok_sentinels: Option<u64>,

    /// Healthy replicas of a master.
    #[serde(skip)]
    ok_slaves: Option<u64>,
}

/// The most masters for which CKQUORUM, SENTINELS and SLAVES are run.
const MOST_MASTERS: usize = 1000;

/// A master, as SENTINEL MASTERS describes it.
pub(crate) struct Monitored {
    name: String,
    fields: BTreeMap<String, String>,
}

impl Monitored {
    /// Reads the reply to SENTINEL MASTERS.
    pub(crate) fn read(reply: &Reply) -> Vec<Self> {
        let fields = reply.elements().iter().map(|master| master.pairs().collect());
        let named = |mut fields: BTreeMap<String, String>| {
            fields.remove("name").map(|name| Self { name, fields })
        };
        fields.filter_map(named).take(MOST_MASTERS).collect()
    }

    /// Adds the commands for the facts about this master that SENTINEL MASTERS lacks.
    pub(crate) fn add_commands(&self, commands: &mut Commands) {
        for command in ["CKQUORUM", "SENTINELS", "SLAVES"] {
            commands.add(&["SENTINEL", command, &self.name]);
        }
    }
}

impl Sentinel {
    pub(crate) fn read_info(
        &mut self,
        info: &Info,
        skipped: &mut Skipped,
    ) -> Result<(), KeyValuesError> {
        self.info = skipped.read(&info.fields)?;
        for text in &info.monitored {
            if let Some((labels, fields)) = master(text) {
                let mut master: MasterInfo = skipped.read(&fields)?;
                let status = fields.text("status").unwrap_or_default();
                master.status.push((status.to_owned(), status == "ok"));
                self.masters.push(labels, master);
            }
        }
        Ok(())
    }

    /// Reads the replies to the [commands](Monitored::add_commands) about each master.
    pub(crate) fn read_masters(
        &mut self,
        masters: &[Monitored],
        replies: &[Reply],
        skipped: &mut Skipped,
    ) -> Result<(), KeyValuesError> {
        for (master, replies) in masters.iter().zip(replies.chunks_exact(3)) {
            let [quorum, sentinels, replicas] = replies else { continue };
            let fields = &master.fields;
            let text = |key: &str| fields.get(key).map(String::as_str).unwrap_or_default();
            let values: KeyValues = fields.iter().map(|(key, text)| (&**key, &**text)).collect();
            let mut details: MasterDetails = skipped.read(&values)?;
            details.last_ok_ping_reply = details.last_ok_ping_reply.map(|millis| millis / 1e3);
            details.ok_sentinels = number_of_healthy(sentinels).map(|others| others + 1);
            details.ok_slaves = number_of_healthy(replicas);
            let address = format!("{}:{}", text("ip"), text("port"));
            self.details.push(MasterLabels { name: master.name.clone(), address }, details);
            self.read_quorum(&master.name, quorum);
        }
        Ok(())
    }

    fn read_quorum(&mut self, name: &str, reply: &Reply) {
        let (message, is_reached) = match reply {
            Reply::Error(error) => (error.clone(), false),
            Reply::Text(_) => (reply.text().unwrap_or_default(), true),
            // The reply was dropped, so the status is unknown.
            _ => return,
        };
        self.sentinel_master_ckquorum_status.push(([name.to_owned(), message], is_reached));
    }

    pub(crate) fn read_settings(&mut self, settings: &Settings, options: &Options) {
        self.config = AllSettings::read(settings, options);
    }
}

/// Reads `name=NAME,status=ok,address=HOST:PORT,slaves=1,sentinels=3`. The name may contain
/// anything.
fn master(text: &str) -> Option<(MasterLabels, KeyValues<'_>)> {
    let (name, rest) = text.split_at_checked(text.rfind(",status=")?)?;
    let name = name.strip_prefix("name=")?.to_owned();
    let fields = KeyValues::of_parts(rest);
    let address = fields.text("address").unwrap_or_default().to_owned();
    Some((MasterLabels { name, address }, fields))
}

/// Counts the servers in a reply that are not considered down; `None` if the reply is not a list.
fn number_of_healthy(reply: &Reply) -> Option<u64> {
    if !matches!(reply, Reply::Array(_)) {
        return None;
    }
    let flags = reply.elements().iter().filter_map(|server| {
        server.pairs().find(|(key, _)| key == "flags").map(|(_, flags)| flags)
    });
    let healthy = flags.filter(|flags| !flags.contains("o_down") && !flags.contains("s_down"));
    Some(healthy.count() as u64)
}
