//! The functions of this room that fuzz targets call.

use super::text::{self, SampleLine};
use crate::collect::Collect;

/// A sample as it is read.
#[derive(Clone, Debug)]
pub struct ReadSample {
    /// The name, without quotes.
    pub name: String,
    /// The names and the values of the labels, sorted.
    pub labels: Vec<(String, String)>,
    /// The value; `None` if it is not a number.
    pub value: Option<f64>,
}

/// Returns the exposition of a collector, or why `assert_exposition` panics.
///
/// # Errors
///
/// Returns an error if a registry would refuse the collector, or a scrape drop samples of it.
pub fn exposition(collector: &impl Collect) -> Result<String, String> {
    super::exposition(collector).map_err(|error| error.to_string())
}

/// Returns the lines in the order in which `assert_exposition` compares them.
pub fn sorted(exposition: &str) -> Vec<&str> {
    text::sorted(&text::lines(exposition))
}

/// Returns the samples that `value_of` finds.
pub fn samples(exposition: &str) -> Vec<ReadSample> {
    let read = |line| {
        let sample = SampleLine::read(line)?;
        let labels = sample.labels().into_iter();
        Some(ReadSample {
            name: sample.name.to_string(),
            labels: labels.map(|(name, value)| (name.into(), value.into())).collect(),
            value: sample.value(),
        })
    };
    exposition.lines().filter_map(read).collect()
}
