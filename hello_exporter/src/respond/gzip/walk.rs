//! Goes through a body, line by line, and hands symbols to a sink.

use super::bytes::{bytes_at, bytes_before_zero, is_same};
use super::lines::Lines;
use super::matcher::{Matcher, WINDOW};
use super::memory::{Checksum, Identity, Key, Memory, Token};
use super::symbols::MOST_LENGTH;

/// The number of lines of a block.
const BLOCK_LINES: u32 = 16_384;

/// The checksum is updated after this many lines, while they are in the cache. A block has a
/// multiple of it.
const SUMMED_LINES: u32 = 64;

const MOST_DISTANCE: u32 = WINDOW as u32;

/// Takes symbols.
pub(super) trait Sink {
    /// The end of what it has taken: a plain value. Symbols are taken back by using an earlier one.
    type End: Copy;

    /// Ends the block before this one, and begins this one.
    fn begin_block(&mut self, number: usize, end: Self::End) -> Self::End;

    /// Takes the first `count` of four bytes, the lowest first.
    fn literals(&mut self, bytes: u32, count: u32, end: Self::End) -> Self::End;

    /// Takes the first `count` of eight bytes, the lowest first. They are mostly digits.
    fn value(&mut self, bytes: u64, count: u32, end: Self::End) -> Self::End;

    fn matched(&mut self, length: u32, distance: u32, end: Self::End) -> Self::End;

    /// Adds part of the body to its checksum.
    fn add_to_checksum(&mut self, bytes: &[u8]) {
        let _ = bytes;
    }
}

/// A walk through a body.
pub(super) struct Walk<'w, S: Sink> {
    pub(super) body: &'w [u8],
    pub(super) matcher: &'w mut Matcher,
    pub(super) lines: &'w mut Lines,
    pub(super) memory: &'w mut Memory,
    pub(super) sink: &'w mut S,
    /// Where [`run`](Self::run) begins. Functions that are not inlined receive and return the
    /// progress here, too.
    pub(super) progress: Progress<S::End>,
}

/// How far a body is handed over.
///
/// Functions take and return it as a plain value: as long as its address is not needed, it stays in
/// registers, which doubles the speed. Functions that are not inlined get it in
/// [`Walk::progress`], and leave it there.
#[derive(Clone, Copy)]
pub(super) struct Progress<E> {
    at: u32,
    /// The length of the match before `at`, which the sink has not taken yet, because it may get
    /// longer; 0 if there is none.
    length: u32,
    distance: u32,
    end: E,
}

impl<E: Copy> Progress<E> {
    pub(super) fn start(end: E) -> Self {
        Self { at: 0, length: 0, distance: 0, end }
    }

    /// Moves the place, after the first bytes of the body were removed.
    pub(super) fn shift(&mut self, bytes: u32) {
        self.at = self.at.saturating_sub(bytes);
    }

    /// Hands over the match, and returns the sink's end.
    pub(super) fn finish<S: Sink<End = E>>(self, sink: &mut S) -> E {
        flush(sink, self).end
    }
}

/// Returns the number of the block that has a line.
pub(super) fn block_of(line: u32) -> usize {
    (line / BLOCK_LINES) as usize
}

impl<S: Sink> Walk<'_, S> {
    /// Hands over all lines from [`progress`](Self::progress) on, and returns the progress after
    /// them.
    pub(super) fn run(mut self) -> Progress<S::End> {
        let mut progress = self.progress;
        while !self.is_end(progress) {
            let number = self.lines.number();
            if number.is_multiple_of(BLOCK_LINES) {
                self.progress = progress;
                self.begin_block();
                progress = self.progress;
            }
            let start = progress.at as usize;
            for _ in number % SUMMED_LINES..SUMMED_LINES {
                progress = self.line(progress);
                self.lines.end_line(progress.at);
                if self.is_end(progress) {
                    break;
                }
            }
            self.sink
                .add_to_checksum(self.body.get(start..progress.at as usize).unwrap_or_default());
        }
        progress
    }

    #[inline(always)]
    fn is_end(&self, progress: Progress<S::End>) -> bool {
        progress.at as usize >= self.body.len()
    }

    #[inline(never)]
    fn begin_block(&mut self) {
        let progress = self.flush(self.progress);
        let number = block_of(self.lines.number());
        self.progress = Progress { end: self.sink.begin_block(number, progress.end), ..progress };
    }

    /// Hands over a line: from the newline before it to the one after it.
    #[inline(always)]
    fn line(&mut self, mut progress: Progress<S::End>) -> Progress<S::End> {
        if let Some(after) = self.next_key(progress) {
            progress = after;
        } else {
            self.progress = progress;
            self.other_key();
            progress = self.progress;
        }
        self.lines.set_key_end(progress.at);
        let bytes = bytes_at(self.body, progress.at);
        let length = self.tail_length(bytes, progress.at);
        if length < 8 {
            return self.part_of_tail(bytes, length, progress);
        }
        self.progress = progress;
        self.long_tail();
        self.progress
    }

    /// Hands over the next key of the memory; `None` if it does not fit.
    #[inline(always)]
    fn next_key(&mut self, progress: Progress<S::End>) -> Option<Progress<S::End>> {
        let (key, tokens, place) = self.memory.next()?;
        let writer = KeyWriter { body: self.body, lines: self.lines, sink: self.sink };
        let after = writer.write(key, tokens, progress)?;
        self.memory.keep(place);
        Some(after)
    }

    /// Hands over a key that is not the next one of the memory, or whose tokens do not fit.
    #[cold]
    #[inline(never)]
    fn other_key(&mut self) {
        let progress = self.progress;
        let start = progress.at as usize;
        let key_end = key_end(self.body, start);
        let identity = Identity::of(self.body.get(start..key_end).unwrap_or_default());
        if self.memory.skip_to(identity) {
            if let Some(after) = self.next_key(progress) {
                self.progress = after;
                return;
            }
            self.memory.drop_next();
        }
        self.new_key(identity, key_end);
    }

    /// Searches for the matches of a key that is not in the memory, and hands it over.
    fn new_key(&mut self, identity: Identity, key_end: usize) {
        let Self { body, matcher, lines, memory, sink, progress } = self;
        lines.set_key_end(key_end as u32);
        let distance = (progress.length > 0).then_some(progress.distance);
        let (key, tokens) =
            memory.insert(identity, |new| matcher.search(body, lines, distance, new));
        let written = KeyWriter { body, lines, sink: &mut **sink }.write(key, tokens, *progress);
        // Tokens that do not fit would be a fault of the search. Then the line is written as bytes,
        // of which the first is the newline before it.
        self.progress = written.unwrap_or_else(|| {
            let Progress { at, end, .. } = self.flush(self.progress);
            let end = self.sink.literals(bytes_at(self.body, at) as u32, 1, end);
            Progress { at: at + 1, ..Progress::start(end) }
        });
    }

    /// Hands over a tail of at least eight bytes, part by part.
    #[inline(never)]
    fn long_tail(&mut self) {
        let mut progress = self.repeating_tail(self.progress).unwrap_or(self.progress);
        loop {
            let bytes = bytes_at(self.body, progress.at);
            let length = self.tail_length(bytes, progress.at);
            progress = self.part_of_tail(bytes, length, progress);
            if length < 8 {
                break;
            }
        }
        self.progress = progress;
    }

    /// Hands over up to eight bytes of the tail, of which the first ones can continue the match.
    #[inline(always)]
    fn part_of_tail(
        &mut self,
        bytes: u64,
        length: u32,
        mut progress: Progress<S::End>,
    ) -> Progress<S::End> {
        let same = if progress.length > 0 { self.continued(bytes, length, progress) } else { 0 };
        progress.at += same;
        progress.length += same;
        if same == length {
            return progress;
        }
        let Progress { at, end, .. } = self.flush(progress);
        let end = self.sink.value(bytes >> (8 * same), length - same, end);
        Progress { at: at + length - same, ..Progress::start(end) }
    }

    /// Begins a match with the last long tail, if the first eight bytes are the same: timestamps
    /// and similar values are often the same in all series. Returns `None` if there is no earlier
    /// long tail, if the bytes differ, or if the current match already has this distance.
    #[inline(always)]
    fn repeating_tail(&mut self, progress: Progress<S::End>) -> Option<Progress<S::End>> {
        let source = self.lines.replace_long_tail(progress.at)?;
        let distance = progress.at - source;
        if progress.length > 0 && progress.distance == distance {
            return None;
        }
        let bytes = bytes_at(self.body, progress.at);
        let is_same = distance <= MOST_DISTANCE && bytes_at(self.body, source) == bytes;
        is_same.then(|| {
            let Progress { at, end, .. } = self.flush(progress);
            Progress { at: at + 8, length: 8, distance, end }
        })
    }

    /// Returns how many of eight bytes are in the tail.
    #[inline(always)]
    fn tail_length(&self, bytes: u64, at: u32) -> u32 {
        const NEWLINES: u64 = 0x0a0a_0a0a_0a0a_0a0a;
        bytes_before_zero(bytes ^ NEWLINES).min((self.body.len() as u32).wrapping_sub(at))
    }

    /// Returns by how many bytes of the tail the match gets longer.
    #[inline(always)]
    fn continued(&self, bytes: u64, length: u32, progress: Progress<S::End>) -> u32 {
        let differing = bytes ^ bytes_at(self.body, progress.at.wrapping_sub(progress.distance));
        let same = (differing.trailing_zeros() / 8).min(length);
        if progress.length + same <= MOST_LENGTH { same } else { 0 }
    }

    #[inline(always)]
    fn flush(&mut self, progress: Progress<S::End>) -> Progress<S::End> {
        flush(self.sink, progress)
    }
}

/// Hands over the match.
#[inline(always)]
fn flush<S: Sink>(sink: &mut S, progress: Progress<S::End>) -> Progress<S::End> {
    if progress.length == 0 {
        return progress;
    }
    let end = sink.matched(progress.length, progress.distance, progress.end);
    Progress { length: 0, end, ..progress }
}

/// Hands over one key.
struct KeyWriter<'k, S> {
    body: &'k [u8],
    lines: &'k Lines,
    sink: &'k mut S,
}

impl<S: Sink> KeyWriter<'_, S> {
    /// Hands over a key; `None` if it is not at this place.
    #[inline(always)]
    fn write(
        mut self,
        key: Key,
        tokens: &[Token],
        mut progress: Progress<S::End>,
    ) -> Option<Progress<S::End>> {
        let mut checksum = Checksum::default();
        for token in tokens {
            (progress, checksum) = self.literals(token, checksum, progress);
            if token.length > 0 {
                progress = self.begin_match(token, progress)?;
            }
        }
        let is_whole = !tokens.is_empty() && is_key_end(self.body, progress.at);
        (is_whole && key.has(checksum)).then_some(progress)
    }

    #[inline(always)]
    fn literals(
        &mut self,
        token: &Token,
        checksum: Checksum,
        progress: Progress<S::End>,
    ) -> (Progress<S::End>, Checksum) {
        let count = u32::from(token.literals);
        if count == 0 {
            return (progress, checksum);
        }
        let Progress { at, end, .. } = flush(self.sink, progress);
        let bytes = bytes_at(self.body, at) as u32;
        let end = self.sink.literals(bytes, count, end);
        (Progress { at: at + count, ..Progress::start(end) }, checksum.with(bytes, count))
    }

    /// Begins the match of a token, or continues the one before it. `None` if the bytes are not the
    /// same.
    #[inline(always)]
    fn begin_match(
        &mut self,
        token: &Token,
        progress: Progress<S::End>,
    ) -> Option<Progress<S::End>> {
        let length = u32::from(token.length);
        let distance = self.distance(token, progress.at)?;
        let at = progress.at + length;
        if progress.length > 0 {
            let joined = progress.length + length;
            if distance == progress.distance && joined <= MOST_LENGTH {
                return Some(Progress { at, length: joined, ..progress });
            }
            let end = flush(self.sink, progress).end;
            return Some(Progress { at, length, distance, end });
        }
        Some(Progress { at, length, distance, ..progress })
    }

    /// Returns the distance of a token's match; `None` if the bytes are not the same.
    #[inline(always)]
    fn distance(&self, token: &Token, at: u32) -> Option<u32> {
        let source = self.lines.start_of(token.back).wrapping_add(token.offset.into());
        let distance = at.wrapping_sub(source);
        let is_known = (1..=MOST_DISTANCE).contains(&distance);
        let is_same = is_known && is_same(self.body, source, at, token.length.into());
        is_same.then_some(distance)
    }
}

/// Returns whether a key can end here: after a space, before a newline, or at the end.
#[inline(always)]
fn is_key_end(body: &[u8], at: u32) -> bool {
    let at = at as usize;
    let before = at.checked_sub(1).and_then(|before| body.get(before));
    at <= body.len() && (before == Some(&b' ') || body.get(at).is_none_or(|byte| *byte == b'\n'))
}

/// Returns where the key of the line ends that starts here, see [`is_key_end`]: before the value of
/// a sample, or at the end of a comment.
fn key_end(body: &[u8], start: usize) -> usize {
    let line = body.get(start..).unwrap_or_default();
    let is_comment = line.strip_prefix(b"\n").unwrap_or(line).starts_with(b"#");
    let (mut in_quotes, mut in_braces, mut is_escaped) = (false, false, false);
    for (at, byte) in line.iter().enumerate() {
        match byte {
            b'\n' if at > 0 => return start + at,
            _ if is_comment => {}
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = in_quotes,
            b'"' => in_quotes = !in_quotes,
            b'{' if !in_quotes => in_braces = true,
            b'}' if !in_quotes => in_braces = false,
            b' ' if !in_quotes && !in_braces => return start + at + 1,
            _ => {}
        }
    }
    body.len()
}
