//! Sentinels, which monitor the masters of others.

use std::collections::BTreeMap;

use hello_exporter::key_values::{KeyValues, KeyValuesError};
use hello_exporter::{Collector, Labels, Rows};
use serde::Deserialize;

use crate::config::{AllSettings, Settings};
use crate::flags::Asked;
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

    /// Whether there are enough Sentinels to fail a master over, and what this one says of it.
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

    /// Whether this Sentinel trusts its own clock no longer.
    sentinel_tilt: Option<f64>,

    /// Scripts that are running.
    sentinel_running_scripts: Option<f64>,

    /// Scripts that wait.
    sentinel_scripts_queue_length: Option<f64>,

    /// Failures that are simulated.
    sentinel_simulate_failure_flags: Option<f64>,
}

#[derive(Labels)]
struct MasterLabels {
    #[label(name = "master_name")]
    name: String,
    #[label(name = "master_address")]
    address: String,
}

/// INFO of one master.
#[derive(Collector, Deserialize)]
#[collector(subsystem = "sentinel_master")]
struct MasterInfo {
    /// Whether a master is well.
    #[metric(labels = ["master_status"])]
    #[serde(skip)]
    status: Vec<(String, bool)>,

    /// Replicas of a master.
    slaves: Option<f64>,

    /// Sentinels that monitor a master.
    sentinels: Option<f64>,
}

/// SENTINEL MASTERS of one master, and what its replicas and Sentinels are.
#[derive(Collector, Deserialize)]
#[collector(subsystem = "sentinel_master")]
struct MasterDetails {
    /// Sentinels that have to agree on the failure of a master.
    #[metric(name = "setting_ckquorum")]
    quorum: Option<f64>,

    /// How long a failover may take, in milliseconds.
    #[metric(name = "setting_failover_timeout")]
    #[serde(rename = "failover-timeout")]
    failover_timeout: Option<f64>,

    /// Replicas that may synchronise at once after a failover.
    #[metric(name = "setting_parallel_syncs")]
    #[serde(rename = "parallel-syncs")]
    parallel_syncs: Option<f64>,

    /// How long a master may be silent before it is taken for down, in milliseconds.
    #[metric(name = "setting_down_after_milliseconds")]
    #[serde(rename = "down-after-milliseconds")]
    down_after_milliseconds: Option<f64>,

    /// Epoch of the configuration of a master.
    #[serde(rename = "config-epoch")]
    config_epoch: Option<f64>,

    /// How long ago a master has last answered a ping, in seconds.
    #[metric(name = "last_ok_ping_reply_seconds")]
    #[serde(rename = "last-ok-ping-reply")]
    last_ok_ping_reply: Option<f64>,

    /// Sentinels of a master that are well, this one among them.
    #[serde(skip)]
    ok_sentinels: Option<u64>,

    /// Replicas of a master that are well.
    #[serde(skip)]
    ok_slaves: Option<u64>,
}

/// Masters of which more is asked than there is in INFO.
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

    /// Adds the commands about one master that SENTINEL MASTERS does not answer.
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
            details.ok_sentinels = number_of_well(sentinels).map(|others| others + 1);
            details.ok_slaves = number_of_well(replicas);
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
            // The reply was dropped, and says neither.
            _ => return,
        };
        self.sentinel_master_ckquorum_status.push(([name.to_owned(), message], is_reached));
    }

    pub(crate) fn read_settings(&mut self, settings: &Settings, asked: &Asked) {
        self.config = AllSettings::read(settings, asked);
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

/// Counts the servers of a reply that no Sentinel takes for down; `None` if it is no list.
fn number_of_well(reply: &Reply) -> Option<u64> {
    if !matches!(reply, Reply::Array(_)) {
        return None;
    }
    let flags = reply.elements().iter().filter_map(|server| {
        server.pairs().find(|(key, _)| key == "flags").map(|(_, flags)| flags)
    });
    let well = flags.filter(|flags| !flags.contains("o_down") && !flags.contains("s_down"));
    Some(well.count() as u64)
}
