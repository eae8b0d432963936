//! The positions of values in cache lines.

use super::Layout;
use crate::metric::store::sizes::LINE_WORDS;
use crate::sync::modelled::AtomicU64;

/// Which words may share a cache line with a value. Threads that write to the same line wait for
/// each other.
#[derive(Clone, Copy)]
pub(in crate::metric::store) enum Placement {
    /// Only words of its own record. So a lookup of one series does not wait for a write to
    /// another. Two records of 9 to 12 words take three lines.
    Alone,
    /// All words but those of other values. A record of more than a line has padding only if its
    /// value would share a line with the previous one.
    Packed,
}

/// The position of a value in its record.
pub(super) enum ValuePosition {
    /// It precedes the labels.
    First,
    /// It follows the labels, after unused words.
    Last { padding: usize },
}

impl Placement {
    /// Places the value of a record at the start of `free`. Returns `None` if there is no room.
    pub(super) fn place(
        self,
        free: &[AtomicU64],
        record_words: usize,
        layout: Layout,
    ) -> Option<ValuePosition> {
        let room = free.len().checked_sub(record_words)?;
        let start = free.as_ptr().addr() / size_of::<AtomicU64>();
        let is_packed = matches!(self, Self::Packed) && record_words > LINE_WORDS;
        // At the start of a line, a value may come first if the record ends in a later line.
        let ends_later = layout.state_words / LINE_WORDS < record_words / LINE_WORDS;
        if !is_packed && start.is_multiple_of(LINE_WORDS) && ends_later {
            return Some(ValuePosition::First);
        }
        let to_line_end = |word: usize| word.wrapping_neg() % LINE_WORDS;
        let state = start + record_words - layout.state_words;
        let is_in_line_before = state / LINE_WORDS == (start - 1) / LINE_WORDS;
        let needed = if is_in_line_before { to_line_end(state) } else { 0 };
        let wanted = if is_packed { 0 } else { to_line_end(start + record_words + needed) };
        let padding = (needed + wanted).min(room);
        (needed <= room).then_some(ValuePosition::Last { padding })
    }
}
