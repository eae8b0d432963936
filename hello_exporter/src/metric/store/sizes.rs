//! The sizes of a store. Those of models are small, so that few series need a new chunk, a larger
//! index or a compaction, and so that loom has few words to follow.

const fn size(usual: usize, of_models: usize) -> usize {
    if cfg!(loom) { of_models } else { usual }
}

pub(super) const STRIPES: usize = size(8, 2);

/// The words of a cache line. In a model, no record has padding: addresses would differ between its
/// schedules.
pub(super) const LINE_WORDS: usize = size(8, 1);

/// The fewest words of a chunk. In a model, three records with a short label and a value of one
/// word fill them.
pub(super) const FEWEST_CHUNK_WORDS: usize = size(32, 10);

/// The fewest words of a store that packs new records, used or not: 512 KiB. In so large a family,
/// two threads rarely update neighbours at the same time.
pub(super) const FEWEST_PACKED_WORDS: usize = 65_536;

/// The fewest slots of an index that is not empty. In a model, they have room for three entries.
pub(super) const FEWEST_SLOTS: usize = size(8, 4);

/// The number of words of tombstones up to which a compaction is not worth its cost.
pub(super) const FEW_WORDS: usize = size(512, 4);
