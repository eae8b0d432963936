//! gzip for expositions, which remembers how it compressed the last one.
//!
//! Two expositions of an exporter differ in their values, hardly in their lines. A compressor
//! searches the text before each line for matches, which is most of its work. This one searches
//! for the matches of new lines only. For all others it keeps the matches of the last exposition,
//! as [`memory::Token`]s, and compares the bytes of each match before it writes it. A token is
//! therefore only a proposal: one that does not fit costs time, and never a wrong byte.
//!
//! - The *key* of a line is everything before its value, including the newline before the line. A
//!   token's match begins in a key, and can continue through the value into the next key. A long
//!   value that repeats the last long one is a match, too, without a token.
//! - Values change their length, so a token has no distance: it has the number of lines back, and
//!   an offset in that line. A [`lines::Lines`] knows where the last lines begin.
//! - [`matcher`] searches for the matches of a new key; [`memory`] keeps those of the last
//!   exposition, and follows added and removed lines.
//! - [`symbols`] and [`huffman`] have the codes of a block, made from the symbols of an earlier
//!   exposition. Every symbol has a code, so that any text can be written with them.
//! - [`walk`] goes through a body and hands symbols to a sink, which counts or writes them.
//!
//! The format is that of [RFC 1951](https://www.rfc-editor.org/rfc/rfc1951) in a member of
//! [RFC 1952](https://www.rfc-editor.org/rfc/rfc1952).

mod bits;
mod bytes;
mod huffman;
mod lines;
mod matcher;
mod memory;
mod symbols;
mod walk;

#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;

use bits::{BitEnd, Code};
use flate2::Crc;
use lines::Lines;
use matcher::{Matcher, WINDOW};
use memory::Memory;
use symbols::{Codes, Counts, Digits, MOST_LITERALS};
use walk::{Progress, Sink, Walk, block_of};

use super::pool::Reusable;

/// A compressor for the bodies of one kind of request.
#[derive(Default)]
pub(super) struct Gzip {
    matcher: Matcher,
    lines: Lines,
    memory: Memory,
    /// The codes of each block.
    codes: Vec<Codes>,
    /// The number of bodies since the codes were made.
    uses: u32,
}

impl Gzip {
    /// The lengths of bodies that are compressed as a whole. The header with the codes is too large
    /// for a shorter body; the memory of a longer one is mostly too large for the pool.
    pub(super) const LENGTHS: RangeInclusive<usize> = 4 << 10..=32 << 20;

    /// Number of bodies after which the codes are made again, because values change.
    const RENEWAL: u32 = 64;

    /// Magic number, method, no flags, no time, and the operating system, which is unknown: RFC
    /// 1952, section 2.3.
    const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

    /// Appends the compressed body. It is not longer than the end of [`LENGTHS`](Self::LENGTHS).
    /// Returns whether most of its lines were in the last body.
    pub(super) fn compress(&mut self, body: &[u8], out: &mut Vec<u8>) -> bool {
        let start = out.len();
        let has_codes = self.has_codes();
        if !has_codes {
            self.make_codes(body);
        }
        // `write` finds every line in the memory that `make_codes` has just filled.
        let knew_most = has_codes || self.knew_most();
        self.write(body, out);
        if knew_most && !self.knew_most() {
            self.make_codes(body);
            out.truncate(start);
            self.write(body, out);
            return false;
        }
        knew_most
    }

    /// Returns whether there are codes of an earlier body, which need not be made again. Only then
    /// can a body be compressed part by part.
    pub(super) fn has_codes(&self) -> bool {
        self.uses > 0 && !self.codes.is_empty()
    }

    /// Returns whether most lines of the last walk were in the memory.
    fn knew_most(&self) -> bool {
        self.memory.new_keys() <= self.lines.number() as usize / 2
    }

    fn make_codes(&mut self, body: &[u8]) {
        let mut counter = Counter::default();
        self.begin_walk();
        self.walk(body, &mut counter, Progress::start(())).finish(&mut counter);
        self.memory.finish();
        self.codes.clear();
        self.codes.extend(counter.blocks.iter().map(Codes::new));
    }

    fn write(&mut self, body: &[u8], out: &mut Vec<u8>) {
        let mut stream = self.begin(out);
        self.append(&mut stream, body, out);
        self.finish(stream, out);
    }

    /// Begins a body, which is then compressed part by part.
    pub(super) fn begin(&mut self, out: &mut Vec<u8>) -> Stream {
        self.begin_walk();
        out.extend_from_slice(&Self::HEADER);
        Stream { progress: Progress::start(BitEnd::of(out)), sum: Crc::new() }
    }

    /// Compresses the complete lines in a buffer, and removes those that are too far back for
    /// matches.
    pub(super) fn compress_lines(
        &mut self,
        stream: &mut Stream,
        buffer: &mut Vec<u8>,
        out: &mut Vec<u8>,
    ) {
        // A line begins with the newline before it.
        let Some(end) = buffer.iter().rposition(|byte| *byte == b'\n') else { return };
        self.append(stream, buffer.get(..end).unwrap_or_default(), out);
        let removed = end.saturating_sub(WINDOW) / WINDOW * WINDOW;
        buffer.drain(..removed);
        self.matcher.shift(removed);
        self.lines.shift(removed as u32);
        stream.progress.shift(removed as u32);
    }

    /// Compresses the rest of a body, and ends it. Returns whether most of its lines were in the
    /// last body.
    pub(super) fn end(&mut self, mut stream: Stream, rest: &[u8], out: &mut Vec<u8>) -> bool {
        self.append(&mut stream, rest, out);
        self.finish(stream, out);
        self.knew_most()
    }

    fn append(&mut self, stream: &mut Stream, body: &[u8], out: &mut Vec<u8>) {
        let codes = std::mem::take(&mut self.codes);
        let block = block_of(self.lines.number().saturating_sub(1));
        if let Some(current) = codes_of(&codes, block) {
            let mut writer = Writer { codes: &codes, current, out, sum: &mut stream.sum };
            stream.progress = self.walk(body, &mut writer, stream.progress);
        }
        self.codes = codes;
    }

    fn finish(&mut self, stream: Stream, out: &mut Vec<u8>) {
        let Stream { progress, mut sum } = stream;
        let mut end = BitEnd::of(out);
        let last_line = self.lines.number().checked_sub(1);
        // An empty body has no block of its own.
        if let Some(current) = last_line.and_then(|line| codes_of(&self.codes, block_of(line))) {
            let mut writer = Writer { codes: &self.codes, current, out, sum: &mut sum };
            end = progress.finish(&mut writer);
            end = current.end_block(end, out);
        }
        // An empty block with the fixed codes is the last one.
        end.push(Code::new(1 | 1 << 1, 3 + 7)).finish(out);
        out.extend_from_slice(&sum.sum().to_le_bytes());
        out.extend_from_slice(&sum.amount().to_le_bytes());
        self.memory.finish();
        self.uses = (self.uses + 1) % Self::RENEWAL;
    }

    fn begin_walk(&mut self) {
        self.matcher.begin();
        self.lines.begin();
        self.memory.begin();
    }

    fn walk<S: Sink>(
        &mut self,
        body: &[u8],
        sink: &mut S,
        progress: Progress<S::End>,
    ) -> Progress<S::End> {
        let Self { matcher, lines, memory, .. } = self;
        Walk { body, matcher, lines, memory, sink, progress }.run()
    }
}

/// A body that is compressed part by part.
pub(super) struct Stream {
    progress: Progress<BitEnd>,
    sum: Crc,
}

/// Returns the codes of a block: the last ones if it has none of its own.
fn codes_of(all: &[Codes], block: usize) -> Option<&Codes> {
    all.get(block).or(all.last())
}

impl Reusable for Gzip {
    fn bytes(&self) -> usize {
        let codes = self.codes.capacity() * size_of::<Codes>();
        size_of::<Self>() + self.matcher.bytes() + self.memory.bytes() + codes
    }
}

/// Counts the symbols of each block.
#[derive(Default)]
struct Counter {
    blocks: Vec<Counts>,
}

impl Sink for Counter {
    type End = ();

    fn begin_block(&mut self, _: usize, (): ()) {
        self.blocks.push(Counts::default());
    }

    fn literals(&mut self, bytes: u32, count: u32, (): ()) {
        self.value(bytes.into(), count, ());
    }

    fn value(&mut self, bytes: u64, count: u32, (): ()) {
        if let Some(block) = self.blocks.last_mut() {
            bytes.to_le_bytes().iter().take(count as usize).for_each(|byte| block.literal(*byte));
        }
    }

    fn matched(&mut self, length: u32, distance: u32, (): ()) {
        if let Some(block) = self.blocks.last_mut() {
            block.matched(length, distance);
        }
    }
}

/// Writes the symbols of each block with its codes.
struct Writer<'w> {
    codes: &'w [Codes],
    current: &'w Codes,
    out: &'w mut Vec<u8>,
    sum: &'w mut Crc,
}

impl Sink for Writer<'_> {
    type End = BitEnd;

    fn begin_block(&mut self, number: usize, mut end: BitEnd) -> BitEnd {
        if number > 0 {
            end = self.current.end_block(end, self.out);
            self.current = codes_of(self.codes, number).unwrap_or(self.current);
        }
        self.current.begin_block(end, self.out)
    }

    #[inline(always)]
    fn literals(&mut self, bytes: u32, count: u32, end: BitEnd) -> BitEnd {
        self.current.literals(bytes, count, end).written(self.out)
    }

    #[inline(always)]
    fn value(&mut self, bytes: u64, count: u32, mut end: BitEnd) -> BitEnd {
        let is_long = count > MOST_LITERALS;
        if let Some(digits) = Digits::of(bytes, count) {
            end = self.current.digits(digits, end).written(self.out);
            return if is_long {
                self.current.digits(digits.rest(), end).written(self.out)
            } else {
                end
            };
        }
        end = self.literals(bytes as u32, count.min(MOST_LITERALS), end);
        if is_long { self.literals((bytes >> 32) as u32, count - MOST_LITERALS, end) } else { end }
    }

    #[inline(always)]
    fn matched(&mut self, length: u32, distance: u32, end: BitEnd) -> BitEnd {
        self.current.matched(length, distance, end).written(self.out)
    }

    fn add_to_checksum(&mut self, bytes: &[u8]) {
        self.sum.update(bytes);
    }
}
