//! Remembers what the last scrape cost, to choose the thread of the next one.
//!
//! A blocking thread costs a scrape two context switches, which take longer than encoding a few
//! families. So a worker itself encodes a scrape that cannot block, if the last one was quick. Its
//! other connections wait meanwhile.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The size and the time of the last exposition that had all families.
#[derive(Debug, Default)]
pub(super) struct LastScrape {
    was_quick: AtomicBool,
}

impl LastScrape {
    /// Most bytes of a quick exposition, before it is compressed. They are encoded and compressed
    /// in about 0.2 ms, and sent in one piece.
    const MOST_BYTES: usize = 64 << 10;

    /// The longest time in which a quick exposition is encoded, without the compression. Reading
    /// `/proc` takes most of it. Clients do not notice it: a Go exporter takes as long for `a` and
    /// `b` of the README.
    const MOST_TIME: Duration = Duration::from_millis(1);

    /// Returns whether the last exposition was quick; `false` before the first one.
    pub(super) fn was_quick(&self) -> bool {
        self.was_quick.load(Ordering::Relaxed)
    }

    /// Records an exposition.
    pub(super) fn record(&self, bytes: usize, time: Duration) {
        let is_quick = bytes <= Self::MOST_BYTES && time <= Self::MOST_TIME;
        self.was_quick.store(is_quick, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_exposition_that_was_encoded_fast_is_quick() {
        let (bytes, time) = (LastScrape::MOST_BYTES, LastScrape::MOST_TIME);
        let last = LastScrape::default();
        assert!(!last.was_quick());
        for (bytes, time, expected) in [
            (bytes, time, true),
            (bytes + 1, time, false),
            (0, Duration::ZERO, true),
            (0, time + Duration::from_nanos(1), false),
        ] {
            last.record(bytes, time);
            assert_eq!(last.was_quick(), expected, "{bytes} {time:?}");
        }
    }
}
