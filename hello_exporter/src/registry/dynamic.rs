//! Dynamic families, which a collector brings to a scrape without declaring them.
//!
//! Their names and their positions in the collector can differ from scrape to scrape. For each
//! collector, the registry gives every name a permanent index.

use std::collections::HashMap;

use crate::desc::Desc;

/// The index of every dynamic family that a collector has ever had.
pub(super) struct DynamicIndices {
    next: usize,
    indices: HashMap<String, usize>,
}

impl DynamicIndices {
    /// Limits the names that are kept while the collector is registered, so that names which change
    /// with every scrape do not fill the memory.
    const MOST: usize = 10_000;

    /// Limits the length of these names.
    const MOST_NAME_BYTES: usize = 1024;

    /// Starts after the `declared` families, with the indices of all `descs`. The limits do not
    /// refuse any of `descs`.
    pub(super) fn after(declared: usize, descs: &[Desc]) -> Self {
        let names = descs.iter().map(|desc| desc.name().to_owned());
        Self { next: declared + descs.len(), indices: names.zip(declared..).collect() }
    }

    /// Returns the index of a family, or `None` if there are too many families or the name is too
    /// long.
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

    /// Returns the positions of the dynamic families `descs`, the first of which is at position
    /// `declared`, and the families that the plan lacks.
    pub(super) fn find(
        &mut self,
        descs: impl Iterator<Item = Desc>,
        declared: usize,
        is_planned: impl Fn(usize, &Desc) -> bool,
    ) -> (DynamicPositions, Unplanned) {
        let (mut positions, mut unplanned) = (DynamicPositions::new(), Unplanned::default());
        for (position, desc) in (declared..).zip(descs) {
            let index = self.index(desc.name());
            let Some(index) = index.filter(|index| !positions.contains_key(index)) else {
                unplanned.surplus.push((position, desc));
                continue;
            };
            positions.insert(index, position);
            if !is_planned(index, &desc) {
                unplanned.new.push(DynamicFamily { index, position, desc });
            }
        }
        (positions, unplanned)
    }
}

/// A dynamic family of a collector in one scrape.
pub(super) struct DynamicFamily {
    /// Its index in the registry.
    pub(super) index: usize,
    /// Its index in the collector.
    pub(super) position: usize,
    pub(super) desc: Desc,
}

/// The index in the collector of each dynamic family of a scrape, by its index in the registry.
pub(super) type DynamicPositions = HashMap<usize, usize>;

/// The dynamic families that the plan lacks, or has without some of their labels.
#[derive(Default)]
pub(super) struct Unplanned {
    /// Families that are not in the plan, or have fewer labels there.
    pub(super) new: Vec<DynamicFamily>,
    /// Families that have no index: there are too many, two have the same name, or a name is too
    /// long.
    pub(super) surplus: Vec<(usize, Desc)>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desc::MetricType;

    #[test]
    fn long_name_shifts_no_index() {
        let long = "a".repeat(DynamicIndices::MOST_NAME_BYTES + 1);
        let desc = |name: &str| Desc::new(name.to_owned(), "Help.", MetricType::Gauge);
        let mut indices = DynamicIndices::after(2, &[desc(&long), desc("b")]);
        let found = [&long, "b", "c", &format!("{long}a")].map(|name| indices.index(name));
        assert_eq!(found, [Some(2), Some(3), Some(4), None]);
    }
}
