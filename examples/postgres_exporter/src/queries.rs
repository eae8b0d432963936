//! Queries whose columns become labels and samples. They are built in from queries.yaml, or read
//! from a file in the format of the Go postgres_exporter.

use std::collections::BTreeMap;
use std::{error::Error, fs, io, path::Path, sync::Arc, time::UNIX_EPOCH};

use hello_exporter::collect::{Desc, Describe};
use hello_exporter::{DynamicFamilies, Source, key_values::KeyValues};
use serde::Deserialize;

use crate::postgres::{Postgres, Result, fields};

/// The queries, by the prefix of their metric names, and the server that runs them.
pub(crate) struct Queries(BTreeMap<String, Query>, Arc<Postgres>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    query: String,
    metrics: Vec<BTreeMap<String, Column>>,
    /// If true, the Go exporter runs the query in only one of its databases. Ignored here, because
    /// this exporter connects to only one.
    #[serde(default, rename = "master")]
    _master: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Column {
    usage: Usage,
    #[serde(default)]
    description: String,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "UPPERCASE")]
enum Usage {
    Label,
    Counter,
    Gauge,
    Untyped,
    Discard,
}

impl Queries {
    /// Returns the built-in queries.
    pub(crate) fn built_in(server: Arc<Postgres>) -> Result<Self, String> {
        Self::parse("queries.yaml".as_ref(), Ok(include_str!("../queries.yaml").into()), server)
    }

    /// Reads the queries of a file.
    pub(crate) fn read(path: &Path, server: Arc<Postgres>) -> Result<Self, String> {
        Self::parse(path, fs::read_to_string(path), server)
    }

    fn parse(path: &Path, text: io::Result<String>, server: Arc<Postgres>) -> Result<Self, String> {
        let options = serde_saphyr::options! { with_snippet: false };
        let parse = || {
            let queries = Self(serde_saphyr::from_str_with_options(&text?, options)?, server);
            queries.families().iter().try_for_each(Desc::check)?;
            Ok(queries)
        };
        parse().map_err(|error: Box<dyn Error>| format!("{}: {error}", path.display()))
    }
}

impl Source for Queries {
    type Metrics = DynamicFamilies;
    type Error = Box<dyn Error + Send + Sync>;

    /// Runs all queries. A query that fails is logged, and the others still run. A failed
    /// connection fails the scrape.
    async fn scrape(&self) -> Result<DynamicFamilies> {
        let mut families = DynamicFamilies::new();
        for (prefix, query) in &self.0 {
            let add = |row| query.add(prefix, &fields(row), &mut families);
            match self.1.query(&query.query).await? {
                Ok(rows) => rows.iter().for_each(add),
                Err(error) => {
                    let error = error.source().map(tracing::field::display);
                    tracing::warn!(query = prefix, error, "A query failed");
                }
            }
        }
        Ok(families)
    }

    /// Returns the families that the queries would yield if no column were NULL.
    fn families(&self) -> Vec<Desc> {
        let of_query = |(prefix, query): (&String, &Query)| {
            let mut families = DynamicFamilies::new();
            let row = query.columns().map(|(name, _)| (name, "0")).collect();
            query.add(prefix, &row, &mut families);
            let labels: Vec<_> = query.labels().map(str::to_owned).collect();
            families.describe().into_iter().map(move |desc| desc.with_labels(labels.clone()))
        };
        self.0.iter().flat_map(of_query).collect()
    }
}

impl Query {
    fn columns(&self) -> impl Iterator<Item = (&str, &Column)> + Clone {
        self.metrics.iter().flatten().map(|(name, column)| (&**name, column))
    }

    fn labels(&self) -> impl Iterator<Item = &str> + Clone {
        self.columns().filter(|(_, column)| column.usage == Usage::Label).map(|(name, _)| name)
    }

    /// Adds the samples of a row. A NULL label is empty. A value that is NULL or not a number gets
    /// no sample.
    fn add(&self, prefix: &str, row: &KeyValues<'_>, families: &mut DynamicFamilies) {
        let labels = self.labels().map(|name| (name, row.text(name).unwrap_or_default()));
        for (column, Column { usage, description }) in self.columns() {
            let Some(value) = row.text(column).and_then(number) else { continue };
            let (name, help) = (format!("{prefix}_{column}"), description.clone());
            let family = match usage {
                Usage::Counter => families.counter(name, help),
                Usage::Gauge => families.gauge(name, help),
                Usage::Untyped => families.untyped(name, help),
                Usage::Label | Usage::Discard => continue,
            };
            family.sample(labels.clone(), value);
        }
    }
}

/// Reads a number, a boolean, or a timestamp, which becomes seconds since the Unix epoch.
fn number(text: &str) -> Option<f64> {
    match text {
        "t" | "f" => Some(f64::from(text == "t")),
        _ => text.parse().ok().or_else(|| seconds(text)),
    }
}

/// Reads a UTC timestamp such as `2026-11-28 13:34:46.99+00`, in whole seconds. Timestamps from
/// JSON have a `T` instead of the space. The offset is not read: the connection's time zone is UTC.
fn seconds(text: &str) -> Option<f64> {
    let time = humantime::parse_rfc3339_weak(text.split('+').next()?).ok()?;
    Some(time.duration_since(UNIX_EPOCH).ok()?.as_secs() as f64)
}

#[cfg(test)]
mod tests;
