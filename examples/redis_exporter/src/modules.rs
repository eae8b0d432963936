//! The modules of a server.

mod search;

use hello_exporter::key_values::{KeyValues, KeyValuesError};
use hello_exporter::{Collector, Labels};
use serde::Deserialize;

use crate::info::Info;
use crate::skipped::Skipped;

use search::SearchMetrics;

#[derive(Collector)]
pub(crate) struct Modules {
    /// Facts about a module.
    module_info: Vec<(ModuleLabels, bool)>,

    #[metric(flatten)]
    search: SearchMetrics,

    #[metric(flatten)]
    other: OtherMetrics,
}

#[derive(Labels, Deserialize, Default)]
#[serde(default)]
struct ModuleLabels {
    name: String,
    ver: String,
    api: String,
    filters: String,
    usedby: String,
    using: String,
}

impl Modules {
    /// Reads the section Modules of INFO.
    pub(crate) fn read(info: &Info, skipped: &mut Skipped) -> Result<Self, KeyValuesError> {
        let mut module_info = Vec::new();
        for module in &info.modules {
            module_info.push((skipped.read(&KeyValues::of_parts(module))?, true));
        }
        Ok(Self {
            module_info,
            search: skipped.read(&info.fields)?,
            other: skipped.read(&info.fields)?,
        })
    }
}

/// The lines of INFO about the modules bloom and json of Valkey. A field has the name of its line.
#[derive(Collector, Deserialize)]
pub(crate) struct OtherMetrics {
    /// Memory that Bloom filters take, in bytes.
    bf_bloom_total_memory_bytes: Option<f64>,

    /// Keys that are Bloom filters.
    bf_bloom_num_objects: Option<f64>,

    /// Filters in all Bloom filters.
    bf_bloom_num_filters_across_objects: Option<f64>,

    /// Items in all Bloom filters.
    bf_bloom_num_items_across_objects: Option<f64>,

    /// Items that all Bloom filters can take.
    bf_bloom_capacity_across_objects: Option<f64>,

    /// Memory that JSON documents take, in bytes.
    json_total_memory_bytes: Option<f64>,

    /// JSON documents.
    json_num_documents: Option<f64>,

    /// Bloom filters defragmented.
    #[metric(counter, name = "bf_bloom_defrag_hits_total")]
    bf_bloom_defrag_hits: Option<f64>,

    /// Bloom filters that needed no defragmentation.
    #[metric(counter, name = "bf_bloom_defrag_misses_total")]
    bf_bloom_defrag_misses: Option<f64>,
}
