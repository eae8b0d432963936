//! The names of the series of a family.

use super::FamilySchema;
use crate::desc::MetricType;

impl FamilySchema {
    /// Iterates over the names of the family's samples in the text format: `x_bucket`, `x_sum` and
    /// `x_count` of a histogram `x`, for example.
    pub fn series_names(&self) -> impl Iterator<Item = String> {
        let suffixes: &[&str] = match self.metric_type {
            MetricType::Histogram => &["_bucket", "_sum", "_count"],
            MetricType::Summary => &["", "_sum", "_count"],
            _ => &[""],
        };
        suffixes.iter().map(|suffix| format!("{}{suffix}", self.name))
    }

    /// Returns the label that the samples of a histogram or a summary have in addition to those of
    /// the family.
    pub fn own_label(&self) -> Option<&'static str> {
        self.metric_type.reserved_label()
    }
}
