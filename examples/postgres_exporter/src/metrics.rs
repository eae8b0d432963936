//! The metrics, with the names of the postgres_exporter that is written in Go, and the queries that
//! return them as columns. A column that the server's version lacks is left out.

use std::sync::Arc;

use hello_exporter::{Collector, DynamicFamilies, Labels, Rows};
use serde::Deserialize;

use crate::postgres::{Postgres, Result, fields, row};

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
    server.query(include_str!("../sql/sizes.sql")).await??.iter().map(fields).map(row).collect()
}

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
    server.query(include_str!("../sql/activity.sql")).await??.iter().map(fields).map(row).collect()
}

/// Returns the settings, one family each.
pub(crate) async fn settings(server: Arc<Postgres>) -> Result<DynamicFamilies> {
    let mut families = DynamicFamilies::new();
    for row in server.query(include_str!("../sql/settings.sql")).await??.iter().map(fields) {
        let [name, help] = ["name", "help"].map(|key| row.text(key).unwrap_or_default());
        families.gauge(name.to_owned(), help.to_owned()).value(row.get::<f64>("value")?);
    }
    Ok(families)
}
