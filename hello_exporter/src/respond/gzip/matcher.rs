//! Searches for the matches of a key in the lines before it.

use super::bytes::common_prefix;
use super::lines::{Lines, MOST_BACK};
use super::memory::NewKey;
use super::symbols::MOST_LENGTH;

/// The number of bytes by which matches are found.
const GRAM: usize = 4;

const HASH_BITS: u32 = 15;

/// How far back a decompressor can copy: RFC 1951, section 2.
pub(super) const WINDOW: usize = 1 << 15;

/// Largest distance of a match that is found. It leaves room for longer values in later bodies.
const MOST_FOUND_DISTANCE: usize = WINDOW - 2_048;

/// A match of only [`GRAM`] bytes is not worth a distance beyond this.
const SHORT_DISTANCE: usize = 2_048;

/// How many earlier places with the same hash are compared.
const MOST_PLACES: usize = 32;

/// A match of at least this length is used without a search at the next place.
const LONG: usize = 48;

/// Where each gram was last, in the keys of a body.
pub(super) struct Matcher {
    /// The last place of a gram with each hash.
    last: Box<[u32]>,
    /// The place before each place, by its lowest bits.
    previous: Box<[u32]>,
    /// Added to the places of this body, so that the places of earlier bodies are below `base`.
    base: u32,
    /// Up to where the grams of this body were added.
    added: usize,
}

impl Default for Matcher {
    fn default() -> Self {
        Self {
            last: vec![0; 1 << HASH_BITS].into(),
            previous: vec![0; WINDOW].into(),
            base: 1,
            added: 0,
        }
    }
}

/// Where a match begins, and its length.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Match {
    source: usize,
    length: usize,
}

impl Matcher {
    /// How many lines are searched, if those before them are not new themselves.
    const SEARCHED_LINES: u8 = 32;

    /// Forgets the places of the last body.
    pub(super) fn begin(&mut self) {
        self.base += self.added as u32;
        self.added = 0;
        if self.base > u32::MAX / 2 {
            self.last.fill(0);
            self.base = 1;
        }
    }

    /// Forgets the first bytes of the body, a multiple of [`WINDOW`]: the next ones are now at its
    /// start.
    pub(super) fn shift(&mut self, bytes: usize) {
        self.base = self.base.wrapping_add(bytes as u32);
        self.added = self.added.saturating_sub(bytes);
    }

    /// Searches for matches from the start to the end of the current key. If a match ends where the
    /// key starts, `distance` is its distance: one more match of this distance needs no code.
    pub(super) fn search(
        &mut self,
        body: &[u8],
        lines: &Lines,
        distance: Option<u32>,
        key: &mut NewKey<'_>,
    ) {
        let (start, key_end) = (lines.start() as usize, lines.key_end() as usize);
        self.added = self.added.max(lines.start_of(Self::SEARCHED_LINES) as usize);
        self.add(body, start);
        let mut continued = distance.and_then(|distance| at_distance(body, lines, start, distance));
        let (mut at, mut literals) = (start, start);
        while at < key_end {
            let Some((skipped, found)) = self.next(body, lines, at, continued.take()) else {
                at += 1;
                continue;
            };
            at += skipped;
            let bytes = body.get(literals..at).unwrap_or_default();
            key.matched(bytes, found.length, found.source as u32, lines);
            at += found.length;
            literals = at;
        }
        key.literals(body.get(literals..key_end).unwrap_or_default());
        self.add(body, key_end);
    }

    /// Returns the best match for this place or the one after it, and how many bytes are before it.
    fn next(
        &mut self,
        body: &[u8],
        lines: &Lines,
        at: usize,
        continued: Option<Match>,
    ) -> Option<(usize, Match)> {
        self.add(body, at);
        let found = self.longest(body, lines, at, continued)?;
        if found.length >= LONG || continued == Some(found) {
            return Some((0, found));
        }
        self.add(body, at + 1);
        let later = self.longest(body, lines, at + 1, None);
        match later.filter(|later| later.length > found.length + 1) {
            Some(later) => Some((1, later)),
            None => Some((0, found)),
        }
    }

    /// Adds all grams that begin before `end`.
    fn add(&mut self, body: &[u8], end: usize) {
        for at in self.added..end {
            let Some(last) = gram(body, at).and_then(|hash| self.last.get_mut(hash)) else { break };
            if let Some(previous) = self.previous.get_mut(at % WINDOW) {
                *previous = *last;
            }
            *last = self.base.wrapping_add(at as u32);
        }
        self.added = self.added.max(end);
    }

    /// Returns the longest match for this place, which begins and ends in one earlier key; `None`
    /// if none is worth its code. It is `continued` unless another one is so much longer that it is
    /// worth its code.
    fn longest(
        &self,
        body: &[u8],
        lines: &Lines,
        at: usize,
        continued: Option<Match>,
    ) -> Option<Match> {
        // All places that are near enough have an offset that does not fit into a token.
        if at - lines.start() as usize > usize::from(u16::MAX) + MOST_FOUND_DISTANCE {
            return continued;
        }
        let first = lines.start_of(MOST_BACK) as usize;
        let first = first.max(at.saturating_sub(MOST_FOUND_DISTANCE));
        let most = (lines.key_end() as usize).checked_sub(at)?.min(MOST_LENGTH as usize);
        let mut place = *self.last.get(gram(body, at)?)?;
        let mut best = continued;
        // Another match must be longer than this.
        let mut beaten = continued.map_or(GRAM - 1, |continued| continued.length + GRAM);
        for _ in 0..MOST_PLACES {
            let Some(source) = place.checked_sub(self.base).map(|source| source as usize) else {
                break;
            };
            if source < first || source >= at || beaten >= most {
                break;
            }
            if body.get(source + beaten) == body.get(at + beaten)
                && let Some(length) = length_of(body, lines, source, at, beaten + 1, most)
            {
                best = Some(Match { source, length });
                beaten = length;
            }
            place = *self.previous.get(source % WINDOW)?;
        }
        best
    }

    pub(super) fn bytes(&self) -> usize {
        (self.last.len() + self.previous.len()) * size_of::<u32>()
    }
}

/// Returns the match at a distance, if there is one.
fn at_distance(body: &[u8], lines: &Lines, at: usize, distance: u32) -> Option<Match> {
    let source = at.checked_sub(distance as usize)?;
    let most = (lines.key_end() as usize).checked_sub(at)?.min(MOST_LENGTH as usize);
    let length = length_of(body, lines, source, at, GRAM, most)?;
    Some(Match { source, length })
}

/// Returns the length of a match, which ends with the key of its line at the latest; `None` if it
/// is shorter than `least`, or not worth its code.
fn length_of(
    body: &[u8],
    lines: &Lines,
    source: usize,
    at: usize,
    least: usize,
    most: usize,
) -> Option<usize> {
    let length = common_prefix(body.get(source..source + most)?, body.get(at..at + most)?);
    // Most places fail here, before their line is looked up.
    if length < least {
        return None;
    }
    let back = lines.back_of(source as u32);
    // An offset has 16 bits, and a match that is continued can begin before all known lines.
    u16::try_from((source as u32).checked_sub(lines.start_of(back))?).ok()?;
    let length = length.min((lines.key_end_of(back) as usize).checked_sub(source)?);
    let is_worth = length > GRAM || length == GRAM && at - source <= SHORT_DISTANCE;
    (length >= least && is_worth).then_some(length)
}

/// Returns the hash of the gram at a place.
#[inline(always)]
fn gram(body: &[u8], at: usize) -> Option<usize> {
    let bytes = body.get(at..)?.first_chunk::<GRAM>()?;
    let hash = u32::from_le_bytes(*bytes).wrapping_mul(0x9E37_79B1) >> (32 - HASH_BITS);
    Some(hash as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longest_of_many_matches_is_found() {
        let key = |number: usize| format!("\na{{path=\"{}{number:02}\"}} ", "x".repeat(60));
        let (mut lines, mut body) = (Lines::default(), String::new());
        for number in (0..20).chain([0]) {
            if !body.is_empty() {
                body += "1";
                lines.end_line(body.len() as u32);
            }
            body += &key(number);
            lines.set_key_end(body.len() as u32);
        }
        let (mut matcher, start) = (Matcher::default(), lines.start() as usize);
        matcher.add(body.as_bytes(), start);
        let found = matcher.longest(body.as_bytes(), &lines, start, None).unwrap();
        assert_eq!((found.source, found.length), (0, key(0).len()));
    }
}
