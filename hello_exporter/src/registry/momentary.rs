//! A collector that is there for one scrape, and may have families that nobody knew before.

use std::collections::HashMap;

use crate::collect::{Declared, FieldError};
use crate::desc::Desc;
use crate::encode::FamilyEncoder;

/// What a function makes at a scrape, what a source has given, what a foreign registry gathers.
pub(crate) trait Momentary {
    /// Writes the samples of a family that was declared when the collector was registered.
    fn collect(&self, index: usize, encoder: &mut FamilyEncoder<'_>);

    /// Checks that the metrics are those that are declared.
    fn verify(&self) -> Result<(), FieldError> {
        Ok(())
    }

    /// Whether there may be families beside the declared ones.
    fn has_late(&self) -> bool {
        false
    }

    /// Shows all families beside the declared ones, and how many series each of them has, in an order that
    /// does not change.
    fn late(&self, visit: &mut dyn FnMut(&Desc, u64)) {
        let _ = visit;
    }

    /// Writes the samples of the family that [`late`](Self::late) shows at this position.
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

/// A family that a collector has, but did not have when it was registered.
pub(super) struct LateFamily {
    /// What the collector's registration calls it.
    pub(super) index: usize,
    pub(super) desc: Desc,
    /// How many series are lost where the family is refused.
    pub(super) series: u64,
}

/// The index of every family that a collector has ever had beside the declared ones.
pub(super) struct LateIndices {
    next: usize,
    indices: HashMap<String, usize>,
}

impl LateIndices {
    /// A name that is taken in is kept for as long as the collector is registered: whoever makes names of what
    /// changes with every scrape does not fill the memory with them.
    const MOST: usize = 10_000;

    /// Nor with long names.
    const MOST_NAME_BYTES: usize = 1024;

    /// Starts after the `declared` families, with the indices of those in `descs`.
    pub(super) fn after(declared: usize, descs: &[Desc]) -> Self {
        let mut indices = Self { next: declared, indices: HashMap::new() };
        for desc in descs {
            indices.index(desc.name());
        }
        indices
    }

    /// Nothing where there are too many, or the name is too long.
    fn index(&mut self, name: &str) -> Option<usize> {
        if let Some(&index) = self.indices.get(name) {
            return Some(index);
        }
        if self.indices.len() == Self::MOST || name.len() > Self::MOST_NAME_BYTES {
            return None;
        }
        let index = self.next;
        self.next = self.next.saturating_add(1);
        self.indices.insert(name.to_owned(), index);
        Some(index)
    }
}

/// The late families of a collector in one scrape.
#[derive(Default)]
pub(super) struct LateFamilies {
    /// The position of each, by its index.
    positions: HashMap<usize, usize>,
    /// Those that are not in the plan.
    pub(super) new: Vec<LateFamily>,
    /// How many series are lost because there are too many families, two of one name, or one with too long a name.
    pub(super) surplus: u64,
}

impl LateFamilies {
    pub(super) fn of(
        collector: &dyn Momentary,
        indices: &mut LateIndices,
        is_planned: impl Fn(usize) -> bool,
    ) -> Self {
        let mut late = Self::default();
        let mut position = 0;
        collector.late(&mut |desc, series| {
            match indices.index(desc.name()).filter(|index| !late.positions.contains_key(index)) {
                Some(index) => {
                    late.positions.insert(index, position);
                    if !is_planned(index) {
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
