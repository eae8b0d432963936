//! Which kinds of requests come again and again, so that it pays to remember their bodies.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Mutex;
use std::time::Instant;

use super::pool::{IDLE_TIMEOUT, MOST_VALUES};
use crate::sync::lock;

/// The hash of all that decides which lines a body has: the format and the query. Bodies of the
/// same kind have mostly the same lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind(u64);

impl Kind {
    pub(super) fn of(parts: impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        parts.hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// The kinds of the last requests.
#[derive(Debug, Default)]
pub(super) struct Kinds(Mutex<VecDeque<Entry>>);

#[derive(Debug)]
struct Entry {
    kind: Kind,
    last: Instant,
    /// For how many requests its bodies are not worth remembering.
    pause: u32,
}

impl Kinds {
    /// How many requests of a kind are not remembered after bodies that had mostly other lines.
    const PAUSE: u32 = 64;

    /// Records a request. Returns whether to remember its body: one of this kind came lately, among
    /// as few others as a pool keeps.
    pub(super) fn record(&self, kind: Kind) -> bool {
        self.record_at(kind, Instant::now())
    }

    fn record_at(&self, kind: Kind, now: Instant) -> bool {
        let mut entries = lock(&self.0);
        entries.retain(|entry| now.duration_since(entry.last) < IDLE_TIMEOUT);
        let known = entries.iter().position(|entry| entry.kind == kind);
        let known = known.and_then(|at| entries.remove(at));
        let pause = known.as_ref().map_or(0, |entry| entry.pause);
        if entries.len() >= MOST_VALUES {
            entries.pop_front();
        }
        entries.push_back(Entry { kind, last: now, pause: pause.saturating_sub(1) });
        known.is_some() && pause == 0
    }

    /// Records that a body of this kind had mostly other lines than the one before it.
    pub(super) fn pause(&self, kind: Kind) {
        let mut entries = lock(&self.0);
        if let Some(entry) = entries.iter_mut().find(|entry| entry.kind == kind) {
            entry.pause = Self::PAUSE;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn second_request_of_a_kind_record() {
        let kinds = Kinds::default();
        assert!(!kinds.record(Kind::of("a")));
        assert!(!kinds.record(Kind::of("b")));
        assert!(kinds.record(Kind::of("a")));
        assert!(kinds.record(Kind::of("b")));
    }

    #[test]
    fn kinds_that_take_turns_do_not_come_again_if_they_are_many() {
        let kinds = Kinds::default();
        let turn = |number: usize| (0..number).any(|kind| kinds.record(Kind::of(kind)));
        assert!(!turn(MOST_VALUES + 1) && !turn(MOST_VALUES + 1));
        assert!(!turn(1) && turn(1));
    }

    #[test]
    fn late_request_does_not_come_again() {
        let kinds = Kinds::default();
        let (kind, start) = (Kind::of("a"), Instant::now());
        let at = |seconds| kinds.record_at(kind, start + Duration::from_secs(seconds));
        assert_eq!([at(0), at(119), at(239), at(240)], [false, true, false, true]);
    }

    #[test]
    fn kind_with_changing_lines_pauses() {
        let kinds = Kinds::default();
        let kind = Kind::of("a");
        kinds.record(kind);
        kinds.pause(kind);
        let remembered = (0..=Kinds::PAUSE).map(|_| kinds.record(kind));
        let remembered: Vec<bool> = remembered.collect();
        assert_eq!(remembered.iter().filter(|is| **is).count(), 1);
        assert_eq!(remembered.last(), Some(&true));
    }
}
