//! Goes through a body, line by line, and hands symbols to a sink.

use super::bytes::{bytes_at, bytes_before_zero, is_same};
use super::lines::Lines;
use super::matcher::Matcher;
use super::memory::{Checksum, Identity, Key, Memory, Place, Token};
use super::symbols::{MOST_LENGTH, MOST_LITERALS};

/// The number of lines of a block.
const BLOCK_LINES: u32 = 16_384;

/// How many bytes are summed at once, while they are in the cache.
const SUMMED_BYTES: usize = 8 << 10;

/// How far back a decompressor can copy: RFC 1951, section 2.
const MOST_DISTANCE: usize = 1 << 15;

/// Takes symbols.
pub(super) trait Sink {
    /// The end of what it has taken: a plain value. Symbols are taken back by using an earlier one.
    type End: Copy;

    fn begin_block(&mut self, is_first: bool, end: Self::End) -> Self::End;

    /// Takes the first `count` of [`MOST_LITERALS`] bytes, the lowest first; if it is more, all.
    fn literals(&mut self, bytes: u32, count: usize, end: Self::End) -> Self::End;

    fn matched(&mut self, length: usize, distance: u32, end: Self::End) -> Self::End;

    /// Takes part of the body for its checksum.
    fn passed(&mut self, bytes: &[u8]) {
        let _ = bytes;
    }
}

/// A walk through a body.
pub(super) struct Walk<'w, S> {
    pub(super) body: &'w [u8],
    pub(super) matcher: &'w mut Matcher,
    pub(super) lines: &'w mut Lines,
    pub(super) memory: &'w mut Memory,
    pub(super) sink: &'w mut S,
    /// Where the last tail of at least eight bytes begins.
    pub(super) long_tail: Option<usize>,
}

/// Up to where a body is written.
///
/// Functions take and return it as a plain value: as long as its address is not needed, it stays in
/// registers, which doubles the speed. What a function that is not inlined returns is therefore
/// copied field by field.
#[derive(Clone, Copy)]
struct Progress<E> {
    at: usize,
    /// The length of the match before `at`, which the sink has not taken yet, because it may get
    /// longer; 0 if there is none.
    length: usize,
    distance: u32,
    end: E,
}

impl<S: Sink> Walk<'_, S> {
    /// Hands over the whole body, and returns the sink's end.
    pub(super) fn run(mut self, end: S::End) -> S::End {
        self.matcher.begin();
        self.lines.begin();
        self.memory.begin();
        let mut progress = Progress { at: 0, length: 0, distance: 0, end };
        let mut passed = 0;
        while progress.at < self.body.len() {
            if self.lines.number().is_multiple_of(BLOCK_LINES) {
                let Progress { at, length, distance, end } = self.begin_block(progress);
                progress = Progress { at, length, distance, end };
            }
            progress = self.line(progress);
            self.lines.end_line(progress.at);
            if progress.at - passed >= SUMMED_BYTES {
                self.sink.passed(self.body.get(passed..progress.at).unwrap_or_default());
                passed = progress.at;
            }
        }
        self.sink.passed(self.body.get(passed..).unwrap_or_default());
        self.memory.finish();
        self.flush(progress).end
    }

    #[inline(never)]
    fn begin_block(&mut self, progress: Progress<S::End>) -> Progress<S::End> {
        let progress = self.flush(progress);
        let is_first = self.lines.number() == 0;
        Progress { end: self.sink.begin_block(is_first, progress.end), ..progress }
    }

    /// Hands over a line: from the newline before it to the one after it.
    #[inline(always)]
    fn line(&mut self, mut progress: Progress<S::End>) -> Progress<S::End> {
        match self.next_key(progress) {
            Some((after_key, place)) => {
                self.memory.keep(place);
                progress = after_key;
            }
            None => {
                let Progress { at, length, distance, end } = self.other_key(progress);
                progress = Progress { at, length, distance, end };
            }
        }
        self.lines.set_key_end(progress.at);
        self.tail(progress)
    }

    /// Hands over the next key of the memory; `None` if it does not fit.
    #[inline(always)]
    fn next_key(&mut self, progress: Progress<S::End>) -> Option<(Progress<S::End>, Place)> {
        let (key, tokens, after) = self.memory.next()?;
        let writer = KeyWriter { body: self.body, lines: self.lines, sink: self.sink };
        Some((writer.write(key, tokens, progress)?, after))
    }

    /// Hands over a key that is not the next one of the memory, or whose tokens do not fit.
    #[cold]
    #[inline(never)]
    fn other_key(&mut self, progress: Progress<S::End>) -> Progress<S::End> {
        let key_end = key_end(self.body, progress.at);
        let identity = Identity::of(self.body.get(progress.at..key_end).unwrap_or_default());
        if self.memory.skip_to(identity) {
            if let Some((after_key, place)) = self.next_key(progress) {
                self.memory.keep(place);
                return after_key;
            }
            self.memory.drop_next();
        }
        let Self { body, matcher, lines, memory, sink, .. } = self;
        lines.set_key_end(key_end);
        let (key, tokens) = memory.insert(identity, |new| matcher.search(body, lines, new));
        let written = KeyWriter { body, lines, sink: &mut **sink }.write(key, tokens, progress);
        // Tokens that do not fit would be a fault of the search. Then the line is written as bytes,
        // of which the first is the newline before it.
        written.unwrap_or_else(|| {
            let progress = self.flush(progress);
            let byte = bytes_at(self.body, progress.at) as u32;
            let end = self.sink.literals(byte, 1, progress.end);
            Progress { at: progress.at + 1, end, ..progress }
        })
    }

    /// Hands over the rest of a line, up to the next newline.
    #[inline(always)]
    fn tail(&mut self, mut progress: Progress<S::End>) -> Progress<S::End> {
        let mut is_continued = progress.length > 0;
        if self.tail_length(bytes_at(self.body, progress.at), progress.at) == 8
            && let Some(repeating) = self.repeating_tail(progress)
        {
            (progress, is_continued) = (repeating, true);
        }
        loop {
            let bytes = bytes_at(self.body, progress.at);
            let length = self.tail_length(bytes, progress.at);
            let same = if is_continued { self.continued(bytes, length, progress) } else { 0 };
            is_continued = same == 8;
            progress =
                Progress { at: progress.at + same, length: progress.length + same, ..progress };
            if same < length {
                progress = self.flush(progress);
                progress = self.literals(bytes >> (8 * same), length - same, progress);
            }
            if length < 8 {
                return progress;
            }
        }
    }

    /// Begins a match with the last long tail, if the first eight bytes are the same: timestamps
    /// and similar values are often the same in all series.
    #[inline(always)]
    fn repeating_tail(&mut self, progress: Progress<S::End>) -> Option<Progress<S::End>> {
        let source = self.long_tail.replace(progress.at)?;
        let distance = progress.at - source;
        if progress.length > 0 && progress.distance as usize == distance {
            return None;
        }
        let bytes = bytes_at(self.body, progress.at);
        let is_same = distance <= MOST_DISTANCE && bytes_at(self.body, source) == bytes;
        is_same.then(|| Progress { distance: distance as u32, ..self.flush(progress) })
    }

    /// Returns how many of eight bytes are in the tail.
    #[inline(always)]
    fn tail_length(&self, bytes: u64, at: usize) -> usize {
        const NEWLINES: u64 = 0x0a0a_0a0a_0a0a_0a0a;
        bytes_before_zero(bytes ^ NEWLINES).min(self.body.len() - at)
    }

    /// Returns by how many bytes of the tail the match gets longer.
    #[inline(always)]
    fn continued(&self, bytes: u64, length: usize, progress: Progress<S::End>) -> usize {
        let source = progress.at - progress.distance as usize;
        let differing = bytes ^ bytes_at(self.body, source);
        let same = (differing.trailing_zeros() as usize / 8).min(length);
        if progress.length + same <= MOST_LENGTH { same } else { 0 }
    }

    /// Hands over up to eight bytes.
    #[inline(always)]
    fn literals(
        &mut self,
        bytes: u64,
        length: usize,
        progress: Progress<S::End>,
    ) -> Progress<S::End> {
        let mut end = progress.end;
        if length > 0 {
            end = self.sink.literals(bytes as u32, length, end);
        }
        if length > MOST_LITERALS {
            end = self.sink.literals((bytes >> 24) as u32, length - MOST_LITERALS, end);
        }
        if length > 2 * MOST_LITERALS {
            end = self.sink.literals((bytes >> 48) as u32, length - 2 * MOST_LITERALS, end);
        }
        Progress { at: progress.at + length, end, ..progress }
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
        let (last, others) = tokens.split_last()?;
        for token in others {
            progress = flush(self.sink, progress);
            (progress, checksum) = self.literals(token, checksum, progress);
            if token.length > 0 {
                let distance = self.distance(token, progress.at)?;
                let length = usize::from(token.length);
                progress = Progress { at: progress.at + length, length, distance, ..progress };
            }
        }
        if last.literals > 0 {
            progress = flush(self.sink, progress);
            (progress, checksum) = self.literals(last, checksum, progress);
        }
        progress = self.last_match(last, progress)?;
        (key.has(checksum) && is_key_end(self.body, progress.at)).then_some(progress)
    }

    #[inline(always)]
    fn literals(
        &mut self,
        token: &Token,
        checksum: Checksum,
        progress: Progress<S::End>,
    ) -> (Progress<S::End>, Checksum) {
        let count = usize::from(token.literals);
        if count == 0 {
            return (progress, checksum);
        }
        let bytes = bytes_at(self.body, progress.at) as u32;
        let end = self.sink.literals(bytes, count, progress.end);
        (Progress { at: progress.at + count, end, ..progress }, checksum.with(bytes, count))
    }

    /// Hands over the last match of a key. A key of one match can continue the match of the line
    /// before it: then all of that line's tail was the same, too.
    #[inline(always)]
    fn last_match(
        &mut self,
        token: &Token,
        progress: Progress<S::End>,
    ) -> Option<Progress<S::End>> {
        let length = usize::from(token.length);
        if length == 0 {
            return Some(progress);
        }
        let distance = self.distance(token, progress.at)?;
        let at = progress.at + length;
        let joined = progress.length + length;
        if progress.length > 0 && distance == progress.distance && joined <= MOST_LENGTH {
            return Some(Progress { at, length: joined, ..progress });
        }
        let progress = flush(self.sink, progress);
        Some(Progress { at, length, distance, ..progress })
    }

    /// Returns the distance of a token's match; `None` if the bytes are not the same.
    #[inline(always)]
    fn distance(&self, token: &Token, at: usize) -> Option<u32> {
        let source = self.lines.start_of(token.back)? + usize::from(token.offset);
        let distance = at.wrapping_sub(source);
        let is_known = (1..=MOST_DISTANCE).contains(&distance);
        let is_same = is_known && is_same(self.body, source, at, token.length.into());
        is_same.then_some(distance as u32)
    }
}

/// Returns whether a key can end here: after a space, before a newline, or at the end.
#[inline(always)]
fn is_key_end(body: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| body.get(before));
    at <= body.len() && (before == Some(&b' ') || body.get(at).is_none_or(|byte| *byte == b'\n'))
}

/// Returns where the key of the line ends that starts here, see [`is_key_end`]: before the value of
/// a sample, or at the end of a comment.
fn key_end(body: &[u8], start: usize) -> usize {
    let line = body.get(start..).unwrap_or_default();
    let is_comment = line.iter().find(|byte| **byte != b'\n') == Some(&b'#');
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
