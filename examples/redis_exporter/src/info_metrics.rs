//! The lines of INFO that are one metric each. A field of these structs has the name of its line.

mod clients;
mod cluster;
mod cpu;
mod memory;
mod persistence;
mod replication;
mod server;
mod stats;

use hello_exporter::key_values::{KeyValues, KeyValuesError};
use hello_exporter::{Collector, Gauge};
use serde::{Deserialize, Deserializer};

use clients::ClientsMetrics;
use cluster::ClusterMetrics;
use cpu::CpuMetrics;
use memory::MemoryMetrics;
use persistence::PersistenceMetrics;
use replication::ReplicationMetrics;
use server::ServerMetrics;
use stats::StatsMetrics;

use crate::skipped::Skipped;

/// One struct for each section.
#[derive(Collector)]
pub(crate) struct InfoMetrics {
    #[metric(flatten)]
    server: ServerMetrics,

    #[metric(flatten)]
    clients: ClientsMetrics,

    #[metric(flatten)]
    memory: MemoryMetrics,

    #[metric(flatten)]
    persistence: PersistenceMetrics,

    #[metric(flatten)]
    stats: StatsMetrics,

    #[metric(flatten)]
    replication: ReplicationMetrics,

    #[metric(flatten)]
    cpu: CpuMetrics,

    #[metric(flatten)]
    cluster: ClusterMetrics,
}

impl InfoMetrics {
    /// Reads the lines. Includes the memory of the host if `has_system` is set.
    pub(crate) fn read(
        fields: &KeyValues,
        has_system: bool,
        skipped: &mut Skipped,
    ) -> Result<Self, KeyValuesError> {
        let mut memory: MemoryMetrics = skipped.read(fields)?;
        memory.total_system_memory = memory.total_system_memory.filter(|_| has_system);
        let mut clients: ClientsMetrics = skipped.read(fields)?;
        // Dragonfly spells the key differently.
        let max_clients = || skipped.number(fields, "max_clients");
        clients.maxclients = clients.maxclients.or_else(max_clients);
        let mut stats: StatsMetrics = skipped.read(fields)?;
        stats.latest_fork_usec = stats.latest_fork_usec.map(|micros| micros / 1e6);
        Ok(Self {
            server: skipped.read(fields)?,
            clients,
            memory,
            persistence: skipped.read(fields)?,
            stats,
            replication: skipped.read(fields)?,
            cpu: skipped.read(fields)?,
            cluster: skipped.read(fields)?,
        })
    }
}

/// Reads a gauge whose name ends in `_total`. Plain values with such a name must be counters.
pub(crate) fn gauge<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Gauge>, D::Error> {
    let value = Option::<f64>::deserialize(deserializer)?;
    Ok(value.map(|value| {
        let gauge = Gauge::new();
        gauge.set(value);
        gauge
    }))
}
