//! The updates that a writer has counted itself, and the samples that are expected from them.

use std::collections::BTreeMap;

/// The bounds of the classic histograms.
const BOUNDS: [u32; 3] = [1, 4, 16];

/// The observations of a histogram. Their values are whole numbers, so sums are exact.
#[derive(Clone, Default)]
pub struct Observations {
    pub count: u64,
    pub sum: u64,
    /// The number of values up to each bound.
    buckets: [u64; BOUNDS.len()],
}

impl Observations {
    pub fn observe(&mut self, value: u32) {
        self.count += 1;
        self.sum += u64::from(value);
        for (bucket, bound) in self.buckets.iter_mut().zip(BOUNDS) {
            *bucket += u64::from(value <= bound);
        }
    }
}

/// The samples that the exporter must expose. If several writers update a series, its value is the
/// sum of theirs.
#[derive(Default)]
pub struct Expected(BTreeMap<String, f64>);

impl Expected {
    /// Adds to the value of a series. Its rendered `labels` are sorted by name.
    pub fn add(&mut self, name: &str, labels: &str, value: f64) {
        *self.0.entry(format!("{name}{{{labels}}}")).or_default() += value;
    }

    /// Adds to the count and the sum of a histogram, which every format has.
    pub fn add_histogram(&mut self, name: &str, labels: &str, observed: &Observations) {
        self.add(&format!("{name}_count"), labels, observed.count as f64);
        self.add(&format!("{name}_sum"), labels, observed.sum as f64);
    }

    /// Adds to the samples of a histogram with classic buckets. `le` sorts before all other labels.
    pub fn add_classic(&mut self, name: &str, labels: &str, observed: &Observations) {
        self.add_histogram(name, labels, observed);
        for (bucket, bound) in observed.buckets.iter().zip(BOUNDS) {
            let labels = format!("le=\"{bound}\",{labels}");
            self.add(&format!("{name}_bucket"), &labels, *bucket as f64);
        }
    }

    pub fn add_all(&mut self, other: Self) {
        for (series, value) in other.0 {
            *self.0.entry(series).or_default() += value;
        }
    }

    pub fn samples(&self) -> impl Iterator<Item = (&String, &f64)> {
        self.0.iter()
    }
}
