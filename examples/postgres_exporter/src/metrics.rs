//! The metrics, named as the postgres_exporter that is written in Go names them, and the queries
//! whose columns they are. A column that a server of another version lacks is left out.

use hello_exporter::{Collector, Labels};
use serde::Deserialize;

pub(crate) const SIZES: &str =
    "SELECT datname, pg_database_size(oid) AS size_bytes FROM pg_database";

#[derive(Labels, Deserialize)]
pub(crate) struct DatabaseName {
    datname: String,
}

#[derive(Collector, Deserialize)]
#[collector(namespace = "pg_database")]
pub(crate) struct DatabaseSize {
    /// Disk space used by the database
    size_bytes: Option<f64>,
}

pub(crate) const ACTIVITY: &str = "
    SELECT datname, state, count(pid),
        coalesce(max(extract(epoch FROM now() - xact_start)), 0) AS max_tx_duration
    FROM pg_database CROSS JOIN unnest(ARRAY['active', 'idle', 'idle in transaction',
        'idle in transaction (aborted)', 'fastpath function call', 'disabled']) AS state
    LEFT JOIN pg_stat_activity USING (datname, state) GROUP BY datname, state";

#[derive(Labels, Deserialize)]
pub(crate) struct State {
    datname: String,
    state: String,
}

#[derive(Collector, Deserialize)]
#[collector(namespace = "pg_stat_activity")]
pub(crate) struct Activity {
    /// number of connections in this state
    count: Option<f64>,

    /// max duration in seconds any active transaction has been running
    max_tx_duration: Option<f64>,
}
