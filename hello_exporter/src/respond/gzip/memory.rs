//! The tokens of the last body.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;

use super::lines::Lines;
use super::symbols::MOST_LITERALS;

/// Up to [`MOST_LITERALS`] bytes, and then a match.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Token {
    /// The number of bytes.
    pub(super) literals: u8,
    /// How many lines back the match begins.
    pub(super) back: u8,
    /// The length of the match; 0 if there is none.
    pub(super) length: u16,
    /// Where in its line the match begins.
    pub(super) offset: u16,
}

/// A key of the last body.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Key {
    /// The number of its tokens.
    tokens: u16,
    /// The checksum of its bytes that are in no match.
    checksum: u16,
    identity: Identity,
}

/// The hash of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Identity(u32);

impl Identity {
    pub(super) fn of(key: &[u8]) -> Self {
        Self(FixedState::default().hash_one(key) as u32)
    }
}

impl Key {
    /// Returns whether this is the checksum of its bytes that are in no match. Otherwise the tokens
    /// are those of another key: they would do, but a search finds better ones.
    #[inline(always)]
    pub(super) fn has(self, checksum: Checksum) -> bool {
        self.checksum == checksum.folded()
    }
}

/// A checksum of bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Checksum(u32);

impl Checksum {
    /// Adds the lowest `count` bytes.
    #[inline(always)]
    pub(super) fn with(self, bytes: u32, count: u32) -> Self {
        Self(self.0.rotate_left(7) ^ (u64::from(bytes) & ((1 << (8 * count)) - 1)) as u32)
    }

    #[inline(always)]
    fn folded(self) -> u16 {
        (self.0 ^ self.0 >> 16) as u16
    }
}

/// The tokens of all keys of a body, in order.
#[derive(Default)]
struct Parse {
    keys: Vec<Key>,
    tokens: Vec<Token>,
}

/// A place in a [`Parse`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    key: usize,
    token: usize,
}

impl Parse {
    fn end(&self) -> Place {
        Place { key: self.keys.len(), token: self.tokens.len() }
    }

    /// Returns the key at a place, its tokens, and the place after it.
    #[inline(always)]
    fn key(&self, place: Place) -> Option<(Key, &[Token], Place)> {
        let key = *self.keys.get(place.key)?;
        let end = place.token + usize::from(key.tokens);
        let tokens = self.tokens.get(place.token..end)?;
        Some((key, tokens, Place { key: place.key + 1, token: end }))
    }

    fn append(&mut self, other: &Self, from: Place, to: Place) {
        self.keys.extend_from_slice(other.keys.get(from.key..to.key).unwrap_or_default());
        self.tokens.extend_from_slice(other.tokens.get(from.token..to.token).unwrap_or_default());
    }

    fn bytes(&self) -> usize {
        self.keys.capacity() * size_of::<Key>() + self.tokens.capacity() * size_of::<Token>()
    }
}

/// The tokens of the last body, which become those of the current one. As long as all keys are the
/// same, nothing is copied.
#[derive(Default)]
pub(super) struct Memory {
    old: Parse,
    /// The tokens of the current body, up to the keys that are kept.
    new: Parse,
    /// The next key of `old`.
    next: Place,
    /// Where in `old` the keys begin that are kept, but are not in `new` yet. They end at `next`.
    kept_from: Place,
    is_changed: bool,
    /// The number of keys of the current body that were not in the last one.
    new_keys: usize,
}

impl Memory {
    /// How many keys are searched for a line that has another key than the next: as many lines in a
    /// row can be removed.
    const SEARCHED_KEYS: usize = 1_024;

    /// Begins with the first key of a body.
    pub(super) fn begin(&mut self) {
        self.new = Parse::default();
        self.next = Place::default();
        self.kept_from = Place::default();
        self.is_changed = false;
        self.new_keys = 0;
    }

    /// Returns the next key, its tokens, and the place after it.
    #[inline(always)]
    pub(super) fn next(&self) -> Option<(Key, &[Token], Place)> {
        self.old.key(self.next)
    }

    /// Keeps the next key; `after` is the place after it.
    #[inline(always)]
    pub(super) fn keep(&mut self, after: Place) {
        self.next = after;
    }

    /// Finds the key with this identity among the next ones, and drops those before it, so that it
    /// is the next. Returns `false` if there is none.
    pub(super) fn skip_to(&mut self, identity: Identity) -> bool {
        let later = self.old.keys.get(self.next.key..).unwrap_or_default();
        // More keys than that can have been removed. All of them are searched only at the 1st, 2nd,
        // 4th, 8th and so on new key, which bounds the time.
        let most = if self.new_keys.is_power_of_two() { later.len() } else { Self::SEARCHED_KEYS };
        let found = later.iter().take(most).position(|key| key.identity == identity);
        let Some(skipped) = found.and_then(|at| later.get(..at)) else { return false };
        let tokens: usize = skipped.iter().map(|key| usize::from(key.tokens)).sum();
        let Place { key, token } = self.next;
        let found = Place { key: key + skipped.len(), token: token + tokens };
        if found != self.next {
            self.copy_kept();
            self.next = found;
            self.kept_from = found;
        }
        true
    }

    /// Drops the next key.
    pub(super) fn drop_next(&mut self) {
        if let Some((_, _, after)) = self.next() {
            self.copy_kept();
            self.next = after;
            self.kept_from = after;
        }
    }

    /// Inserts a key before the next one, and returns it with its tokens, which `search` adds.
    pub(super) fn insert(
        &mut self,
        identity: Identity,
        search: impl FnOnce(&mut NewKey<'_>),
    ) -> (Key, &[Token]) {
        self.copy_kept();
        self.new_keys += 1;
        let start = self.new.tokens.len();
        let mut new = NewKey { tokens: &mut self.new.tokens, checksum: Checksum::default() };
        search(&mut new);
        let checksum = new.checksum.folded();
        // A key of more tokens does not fit: it is written as bytes.
        self.new.tokens.truncate(start + usize::from(u16::MAX));
        let tokens = self.new.tokens.get(start..).unwrap_or_default();
        let key = Key { tokens: tokens.len() as u16, checksum, identity };
        self.new.keys.push(key);
        (key, tokens)
    }

    fn copy_kept(&mut self) {
        self.is_changed = true;
        self.new.append(&self.old, self.kept_from, self.next);
        self.kept_from = self.next;
    }

    /// Ends the body: its tokens are the next one's old ones.
    pub(super) fn finish(&mut self) {
        if self.is_changed || self.next != self.old.end() {
            self.copy_kept();
            self.old = std::mem::take(&mut self.new);
            self.old.keys.shrink_to_fit();
            self.old.tokens.shrink_to_fit();
        }
    }

    pub(super) fn new_keys(&self) -> usize {
        self.new_keys
    }

    pub(super) fn bytes(&self) -> usize {
        self.old.bytes() + self.new.bytes()
    }
}

/// Adds the tokens of a new key.
pub(super) struct NewKey<'m> {
    tokens: &'m mut Vec<Token>,
    checksum: Checksum,
}

impl NewKey<'_> {
    /// Adds bytes.
    pub(super) fn literals(&mut self, bytes: &[u8]) {
        for few in bytes.chunks(MOST_LITERALS as usize) {
            let bytes = few.iter().rev().fold(0, |bytes, byte| bytes << 8 | u32::from(*byte));
            self.checksum = self.checksum.with(bytes, few.len() as u32);
            self.tokens.push(Token { literals: few.len() as u8, ..Token::default() });
        }
    }

    /// Adds bytes, and a match that begins at this place.
    pub(super) fn matched(&mut self, bytes: &[u8], length: usize, source: u32, lines: &Lines) {
        self.literals(bytes);
        let back = lines.back_of(source);
        let offset = source - lines.start_of(back);
        let matched = Token { literals: 0, back, length: length as u16, offset: offset as u16 };
        match self.tokens.last_mut().filter(|_| !bytes.is_empty()) {
            Some(last) => *last = Token { literals: last.literals, ..matched },
            None => self.tokens.push(matched),
        }
    }
}
