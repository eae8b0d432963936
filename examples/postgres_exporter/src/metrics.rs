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

pub(crate) const DATABASES: &str = "
    SELECT *, floor(extract(epoch FROM stats_reset)) AS stats_reset FROM pg_stat_database";

/// A database, or, with the number 0 and no name, what all databases share.
#[derive(Labels, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Database {
    datid: String,
    datname: String,
}

#[derive(Collector, Deserialize)]
#[collector(namespace = "pg_stat_database")]
pub(crate) struct DatabaseStats {
    /// Number of backends currently connected to this database. This is the only column in this
    /// view that returns a value reflecting current state; all other columns return the accumulated
    /// values since the last reset.
    numbackends: Option<f64>,

    /// Number of transactions in this database that have been committed
    #[metric(counter)]
    xact_commit: Option<f64>,

    /// Number of transactions in this database that have been rolled back
    #[metric(counter)]
    xact_rollback: Option<f64>,

    /// Number of disk blocks read in this database
    #[metric(counter)]
    blks_read: Option<f64>,

    /// Number of times disk blocks were found already in the buffer cache, so that a read was not
    /// necessary (this only includes hits in the PostgreSQL buffer cache, not the operating
    /// system's file system cache)
    #[metric(counter)]
    blks_hit: Option<f64>,

    /// Number of rows returned by queries in this database
    #[metric(counter)]
    tup_returned: Option<f64>,

    /// Number of rows fetched by queries in this database
    #[metric(counter)]
    tup_fetched: Option<f64>,

    /// Number of rows inserted by queries in this database
    #[metric(counter)]
    tup_inserted: Option<f64>,

    /// Number of rows updated by queries in this database
    #[metric(counter)]
    tup_updated: Option<f64>,

    /// Number of rows deleted by queries in this database
    #[metric(counter)]
    tup_deleted: Option<f64>,

    /// Number of queries canceled due to conflicts with recovery in this database. (Conflicts occur
    /// only on standby servers; see pg_stat_database_conflicts for details.)
    #[metric(counter)]
    conflicts: Option<f64>,

    /// Number of temporary files created by queries in this database. All temporary files are
    /// counted, regardless of why the temporary file was created (e.g., sorting or hashing), and
    /// regardless of the log_temp_files setting.
    #[metric(counter)]
    temp_files: Option<f64>,

    /// Total amount of data written to temporary files by queries in this database. All temporary
    /// files are counted, regardless of why the temporary file was created, and regardless of the
    /// log_temp_files setting.
    #[metric(counter)]
    temp_bytes: Option<f64>,

    /// Number of deadlocks detected in this database
    #[metric(counter)]
    deadlocks: Option<f64>,

    /// Time spent reading data file blocks by backends in this database, in milliseconds
    #[metric(counter)]
    blk_read_time: Option<f64>,

    /// Time spent writing data file blocks by backends in this database, in milliseconds
    #[metric(counter)]
    blk_write_time: Option<f64>,

    /// Time at which these statistics were last reset
    #[metric(counter)]
    stats_reset: Option<f64>,
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
