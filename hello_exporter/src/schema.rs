//! The metrics that an exporter can expose, as data: the contract with the dashboards and alerts of
//! its users.
//!
//! A [`Schema`] comes from a type, a registry or an exporter, without a scrape. It is written as
//! JSON, compared with an older one, and turned into documents.
//!
//! ```
//! use hello_exporter::schema::Schema;
//! use hello_exporter::{Collector, Counter, Gauge};
//!
//! #[derive(Collector)]
//! struct Before {
//!     /// Jobs done.
//!     jobs: Counter,
//!     /// Jobs that wait.
//!     queue_length: Gauge,
//! }
//!
//! #[derive(Collector)]
//! struct After {
//!     /// Jobs done.
//!     #[metric(renamed_from = "jobs")]
//!     jobs_total: Counter,
//! }
//!
//! let changes = Schema::of::<Before>().changes(&Schema::of::<After>());
//! let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
//! assert_eq!(
//!     changes,
//!     [
//!         "breaking: `queue_length` is gone",
//!         "compatible: `jobs` is deprecated: renamed to jobs_total",
//!         "compatible: `jobs_total` is new",
//!     ],
//! );
//! ```

mod build;
mod changes;
#[cfg(feature = "check-rules")]
mod check;
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub mod fuzzing;
mod grafana;
mod json;
mod markdown;
mod promql;
mod relabel;
mod rules;
mod series;
mod yaml;

use serde::{Deserialize, Serialize};

use crate::desc::MetricType;
pub(crate) use build::SchemaBuilder;
pub use changes::{Change, Impact};
#[cfg(feature = "check-rules")]
pub use check::{Finding, RuleFile, RuleFileError};
pub use json::{SchemaError, VERSION};

/// The metric families that an exporter can expose.
///
/// [`to_json`](Self::to_json) writes the form for files. Serialized by serde, a schema has no
/// version.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(expecting = "a schema")]
#[non_exhaustive]
pub struct Schema {
    /// The name of the exporter; empty for a type or a registry.
    #[serde(default)]
    pub exporter: String,
    /// The prefix of the metrics about the exporter's sources, without the last `_`; empty for a
    /// type or a registry.
    #[serde(default)]
    pub namespace: String,
    /// The sources, sorted by name.
    #[serde(default)]
    pub collectors: Vec<CollectorSchema>,
    /// The families of the path for metrics, sorted by name.
    pub families: Vec<FamilySchema>,
    /// Whether that path can have further families, whose names are known only at run time.
    #[serde(default)]
    pub has_dynamic: bool,
    /// The probes, sorted by path.
    #[serde(default)]
    pub probes: Vec<ProbeSchema>,
}

/// A source, which flags and metrics call a collector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(expecting = "a collector")]
#[non_exhaustive]
pub struct CollectorSchema {
    /// Its name, as in `--collector.NAME`.
    pub name: String,
    /// Whether it runs unless a flag disables it.
    pub enabled_by_default: bool,
}

/// The families of a probe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(expecting = "a probe")]
#[non_exhaustive]
pub struct ProbeSchema {
    /// The path at which it is served.
    pub path: String,
    /// Its families, sorted by name.
    pub families: Vec<FamilySchema>,
    /// Whether a target can have further families.
    #[serde(default)]
    pub has_dynamic: bool,
}

/// A metric family.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(expecting = "a family")]
#[non_exhaustive]
pub struct FamilySchema {
    /// The full name, with namespace and subsystem.
    pub name: String,
    /// The type.
    #[serde(rename = "type")]
    pub metric_type: MetricType,
    /// The unit, if it is declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The help text.
    pub help: String,
    /// The labels of each series, constant ones first. A state set also has the label of its
    /// states.
    #[serde(default)]
    pub labels: Vec<LabelSchema>,
    /// The upper bounds of a histogram's classic buckets, without `+Inf`. Empty if there are none,
    /// or if only the values know them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buckets: Vec<f64>,
    /// Whether a histogram has native buckets.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_native: bool,
    /// The sources that expose the family; empty if the family is part of every scrape.
    #[serde(default)]
    pub collectors: Vec<String>,
    /// Why the family is deprecated, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecated: Option<String>,
    /// The new name, if this is the family under its old name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_to: Option<String>,
}

/// A label of a family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(expecting = "a label")]
#[non_exhaustive]
pub struct LabelSchema {
    /// The name.
    pub name: String,
    /// All values, sorted, if only these are possible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<String>>,
    /// Whether the label is constant: a collector has one value for all its series.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_constant: bool,
}

impl Schema {
    /// Returns the family with this name, at the path for metrics or at any probe.
    pub fn family(&self, name: &str) -> Option<&FamilySchema> {
        self.all_families().find(|family| family.name == name)
    }

    /// Iterates over the families of the path for metrics, then over those of the probes.
    pub fn all_families(&self) -> impl Iterator<Item = &FamilySchema> {
        self.families.iter().chain(self.probes.iter().flat_map(|probe| &probe.families))
    }
}

impl FamilySchema {
    /// Returns whether the family is to stay: it is neither deprecated nor an old name.
    pub(crate) fn is_current(&self) -> bool {
        self.deprecated.is_none() && self.renamed_to.is_none()
    }

    /// Returns the label with this name.
    pub fn label(&self, name: &str) -> Option<&LabelSchema> {
        self.labels.iter().find(|label| label.name == name)
    }
}
