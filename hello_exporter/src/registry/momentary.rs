//! A collector that exists for one scrape, and may bring families that were not registered.

use std::collections::HashMap;

use crate::collect::{Declared, FieldError};
use crate::desc::Desc;
use crate::encode::FamilyEncoder;

/// A collector that exists for one scrape: one that a function makes, the metrics of a source, or
/// the families that a foreign registry gathers.
pub(crate) trait Momentary {
    /// Writes the samples of a family that was declared when the collector was registered.
    fn collect(&self, index: usize, encoder: &mut FamilyEncoder<'_>);

    /// Checks that the metrics are those that are declared.
    fn verify(&self) -> Result<(), FieldError> {
        Ok(())
    }

    /// Whether there can be families that are not declared.
    fn has_late(&self) -> bool {
        false
    }

    /// Visits the families that are not declared, each with its number of series, in an order that
    /// does not change.
    fn late(&self, visit: &mut dyn FnMut(&Desc, u64)) {
        let _ = visit;
    }

    /// Writes the samples of the family that [`late`](Self::late) visits at this position.
    fn collect_late(&self, position: usize, encoder: &mut FamilyEncoder<'_>) {
        let _ = (position, encoder);
    }
}

impl<M: Declared> Momentary for M {
    fn collect(&self, index: usize, encoder: &mut FamilyEncoder<'_>) {
        M::collect(self, index, encoder);
    }

    fn verify(&self) -> Result<(), FieldError> {
        M::verify(self)
    }

    fn has_late(&self) -> bool {
        M::HAS_LATE
    }

    fn late(&self, visit: &mut dyn FnMut(&Desc, u64)) {
        M::late(self, visit);
    }

    fn collect_late(&self, mut position: usize, encoder: &mut FamilyEncoder<'_>) {
        M::collect_late(self, &mut position, encoder);
    }
}

/// A family that a collector has in a scrape, and did not declare.
pub(super) struct LateFamily {
    /// Its index among the families of the collector.
    pub(super) index: usize,
    pub(super) desc: Desc,
    /// The number of series that are dropped if the family is refused.
    pub(super) series: u64,
}

/// The index of every undeclared family that a collector has ever had.
pub(super) struct LateIndices {
    next: usize,
    indices: HashMap<String, usize>,
}

impl LateIndices {
    /// Limits the names that are kept while the collector is registered, so that names which change
    /// with every scrape do not fill the memory.
    const MOST: usize = 10_000;

    /// Limits the length of these names.
    const MOST_NAME_BYTES: usize = 1024;

    /// Starts after the `declared` families, with the indices of all in `descs`, which are
    /// registered whatever their number and length.
    pub(super) fn after(declared: usize, descs: &[Desc]) -> Self {
        let names = descs.iter().map(|desc| desc.name().to_owned());
        Self { next: declared + descs.len(), indices: names.zip(declared..).collect() }
    }

    /// Returns the index of a family; `None` if there are too many, or the name is too long.
    fn index(&mut self, name: &str) -> Option<usize> {
        if let Some(&index) = self.indices.get(name) {
            return Some(index);
        }
        if self.indices.len() >= Self::MOST || name.len() > Self::MOST_NAME_BYTES {
            return None;
        }
        let index = self.next;
        self.next = self.next.saturating_add(1);
        self.indices.insert(name.to_owned(), index);
        Some(index)
    }
}

/// The undeclared families of a collector in one scrape.
#[derive(Default)]
pub(super) struct LateFamilies {
    /// The position of each, by its index.
    positions: HashMap<usize, usize>,
    /// The families that are not in the plan, or have other labels there.
    pub(super) new: Vec<LateFamily>,
    /// The number of series that are dropped because there are too many families, two have the same
    /// name, or a name is too long.
    pub(super) surplus: u64,
}

impl LateFamilies {
    pub(super) fn of(
        collector: &dyn Momentary,
        indices: &mut LateIndices,
        is_planned: impl Fn(usize, &Desc) -> bool,
    ) -> Self {
        let mut late = Self::default();
        let mut position = 0;
        collector.late(&mut |desc, series| {
            match indices.index(desc.name()).filter(|index| !late.positions.contains_key(index)) {
                Some(index) => {
                    late.positions.insert(index, position);
                    if !is_planned(index, desc) {
                        late.new.push(LateFamily { index, desc: desc.clone(), series });
                    }
                }
                None => late.surplus += series,
            }
            position += 1;
        });
        late
    }

    pub(super) fn position(&self, index: usize) -> Option<usize> {
        self.positions.get(&index).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desc::MetricType;

    #[test]
    fn long_name_shifts_no_index() {
        let long = "a".repeat(LateIndices::MOST_NAME_BYTES + 1);
        let desc = |name: &str| Desc::new(name.to_owned(), "Help.", MetricType::Gauge);
        let mut indices = LateIndices::after(2, &[desc(&long), desc("b")]);
        let found = [&long, "b", "c", &format!("{long}a")].map(|name| indices.index(name));
        assert_eq!(found, [Some(2), Some(3), Some(4), None]);
    }
}
