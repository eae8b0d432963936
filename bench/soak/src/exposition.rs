//! An exposition, read from any format.

use std::collections::{HashMap, HashSet};

use crate::BoxError;

/// The samples of an exposition.
pub struct Exposition {
    /// The value of each series. A key is a series in the text format, with its labels sorted by
    /// name, and the bounds of buckets as Rust formats them.
    pub samples: HashMap<String, f64>,
}

/// Collects an exposition. Rejects repeated families, series and labels.
#[derive(Default)]
pub struct Reader {
    families: HashSet<String>,
    samples: HashMap<String, f64>,
}

/// A label's name and its escaped value.
pub type Label = (String, String);

impl Reader {
    pub fn add_family(&mut self, name: &str) -> Result<(), BoxError> {
        if self.families.insert(name.to_owned()) {
            Ok(())
        } else {
            Err(format!("repeated family `{name}`").into())
        }
    }

    pub fn add(&mut self, name: &str, mut labels: Vec<Label>, value: f64) -> Result<(), BoxError> {
        for (label, value) in &mut labels {
            if matches!(&**label, "le" | "quantile") {
                *value = value.parse::<f64>()?.to_string();
            }
        }
        labels.sort();
        if labels.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(format!("repeated label of `{name}`").into());
        }
        let series = format!("{name}{}", rendered(&labels));
        match self.samples.insert(series.clone(), value) {
            Some(_) => Err(format!("repeated series `{series}`").into()),
            None => Ok(()),
        }
    }

    /// Returns the exposition. Fails if the source has failed, or if a metric is missing that every
    /// scrape has.
    pub fn finish(self) -> Result<Exposition, BoxError> {
        let is_successful = "soak_exporter_scrape_collector_success{collector=\"config\"}";
        if self.samples.get(is_successful) != Some(&1.0) {
            return Err("the source has failed".into());
        }
        for family in ["soak_kept_total{", "soak_config_version", "process_cpu_seconds_total"] {
            if !self.samples.keys().any(|series| series.starts_with(family)) {
                return Err(format!("no sample of `{family}`").into());
            }
        }
        Ok(Exposition { samples: self.samples })
    }
}

/// Returns labels in the text format.
pub fn rendered(labels: &[Label]) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let labels: Vec<_> = labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
    format!("{{{}}}", labels.join(","))
}

/// Checks the buckets of one histogram, in the order of the exposition.
#[derive(Default)]
pub struct Buckets {
    last: Option<(f64, f64)>,
}

impl Buckets {
    /// Adds a bucket. Bounds must increase, and counts must not decrease.
    pub fn add(&mut self, bound: f64, count: f64) -> Result<(), BoxError> {
        if let Some((last, before)) = self.last
            && (bound <= last || count < before)
        {
            return Err(format!("bucket {bound} with {count} after {last} with {before}").into());
        }
        self.last = Some((bound, count));
        Ok(())
    }

    /// Checks that the last bucket has the bound infinity, and contains all observations.
    pub fn finish(&self, count: f64) -> Result<(), BoxError> {
        match self.last {
            Some((bound, last)) if bound != f64::INFINITY || last != count => {
                Err(format!("last bucket {bound} with {last} of {count} observations").into())
            }
            _ => Ok(()),
        }
    }
}
