//! The positions of values in cache lines.

use super::Layout;
use crate::metric::store::sizes::LINE_WORDS;
use crate::sync::modelled::AtomicU64;

/// How far values are apart. Threads that write to the same cache line wait for each other.
#[derive(Clone, Copy)]
pub(in crate::metric::store) enum Placement {
    /// A value shares its lines only with words of its own record, so that a lookup of one series
    /// does not wait for a write to the next one either. Records of 9 to 12 words take 12.
    Alone,
    /// Two values share no line. Only records of up to a line have padding.
    Packed,
}

/// The position of a value in its record.
pub(super) enum Value {
    /// It precedes the labels.
    First,
    /// It follows the labels, after unused words.
    Last { padding: usize },
}

impl Placement {
    /// Places the value of a record at the start of `free`. Returns `None` if there is no room.
    pub(super) fn value(
        self,
        free: &[AtomicU64],
        record_words: usize,
        layout: Layout,
    ) -> Option<Value> {
        let room = free.len().checked_sub(record_words)?;
        let start = free.as_ptr().addr() / size_of::<AtomicU64>();
        let is_packed = matches!(self, Self::Packed) && record_words > LINE_WORDS;
        // At the start of a line, a value may come first if the record ends in a later line.
        let ends_later = layout.state / LINE_WORDS < record_words / LINE_WORDS;
        if !is_packed && start.is_multiple_of(LINE_WORDS) && ends_later {
            return Some(Value::First);
        }
        let to_line_end = |word: usize| word.wrapping_neg() % LINE_WORDS;
        let state = start + record_words - layout.state;
        let is_in_line_before = state / LINE_WORDS == (start - 1) / LINE_WORDS;
        let needed = if is_in_line_before { to_line_end(state) } else { 0 };
        let wanted = if is_packed { 0 } else { to_line_end(start + record_words + needed) };
        let padding = (needed + wanted).min(room);
        (needed <= room).then_some(Value::Last { padding })
    }
}
