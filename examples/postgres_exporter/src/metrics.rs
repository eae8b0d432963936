//! The metrics, named as the postgres_exporter that is written in Go names them, and the queries
//! whose columns they are. A column that a server of another version lacks is left out.

use std::sync::Arc;

use hello_exporter::{Collector, DynamicFamilies, Labels, Rows};
use serde::Deserialize;

use crate::postgres::{Postgres, Result, fields};

const SIZES: &str = "SELECT datname, pg_database_size(oid) AS size_bytes FROM pg_database";

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

pub(crate) async fn sizes(server: Arc<Postgres>) -> Result<Rows<DatabaseName, DatabaseSize>> {
    server.rows(SIZES).await
}

const ACTIVITY: &str = "
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

pub(crate) async fn activity(server: Arc<Postgres>) -> Result<Rows<State, Activity>> {
    server.rows(ACTIVITY).await
}

/// `current_setting` returns a number and the largest unit that represents it exactly: `128MB`,
/// `200ms`. -1 turns a setting off, in any unit.
const SETTINGS: &str = "
    SELECT replace(name, '.', '_') || coalesce('_' || base, '') AS name,
        short_desc || coalesce(' [Units converted to ' || base || '.]', '') AS help,
        CASE WHEN vartype = 'bool' THEN (setting = 'on')::int
            WHEN base IS NULL OR setting::float8 = -1 THEN setting::float8
            WHEN base = 'seconds' THEN extract(epoch FROM shown::interval)
            ELSE pg_size_bytes(regexp_replace(shown, '(\\d)B$', '\\1bytes')) END AS value
    FROM pg_settings, current_setting(name) AS shown, LATERAL (SELECT
        CASE WHEN unit LIKE '%B' THEN 'bytes' WHEN unit <> '' THEN 'seconds' END) AS units (base)
    WHERE vartype IN ('bool', 'integer', 'real')";

/// Returns the settings, each of which is a family of its own.
pub(crate) async fn settings(server: Arc<Postgres>) -> Result<DynamicFamilies> {
    let mut families = DynamicFamilies::new();
    for fields in server.query(SETTINGS).await?.iter().map(fields) {
        if let (Some(name), Some(value)) = (fields.text("name"), fields.get::<f64>("value")?) {
            let help = fields.text("help").unwrap_or_default().to_owned();
            families.gauge(format!("pg_settings_{name}"), help).value(value);
        }
    }
    Ok(families)
}
