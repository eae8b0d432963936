//! The symbols of a block: bytes, the lengths and distances of matches, and its end.
//!
//! [RFC 1951, section 3.2.5](https://www.rfc-editor.org/rfc/rfc1951#section-3.2.5) has the symbols
//! of lengths and distances.

use super::bits::{BitEnd, Code};
use super::huffman::{self, MOST_BITS};

/// The shortest and the longest match.
const LEAST_LENGTH: usize = 3;
pub(super) const MOST_LENGTH: usize = 258;

/// How many bytes are written at once: their codes, of at most 15 bits, and the bits that do not
/// fill a byte yet fit into a word.
pub(super) const MOST_LITERALS: usize = 3;

const END_OF_BLOCK: usize = 256;
const FIRST_LENGTH: usize = 257;
const LENGTHS: usize = 29;
const DISTANCES: usize = 30;

/// The least length or distance of a symbol, and the number of its extra bits.
type Range = (u16, u8);

#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
const LENGTH_RANGES: [Range; LENGTHS] = {
    let mut ranges = [(0, 0); LENGTHS];
    let mut symbol = 0;
    let mut least = LEAST_LENGTH as u16;
    while symbol < LENGTHS - 1 {
        let extra = if symbol < 8 { 0 } else { symbol as u8 / 4 - 1 };
        ranges[symbol] = (least, extra);
        least += 1 << extra;
        symbol += 1;
    }
    ranges[LENGTHS - 1] = (MOST_LENGTH as u16, 0);
    ranges
};

#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
const DISTANCE_RANGES: [Range; DISTANCES] = {
    let mut ranges = [(0, 0); DISTANCES];
    let mut symbol = 0;
    let mut least = 1;
    while symbol < DISTANCES {
        let extra = if symbol < 4 { 0 } else { symbol as u8 / 2 - 1 };
        ranges[symbol] = (least, extra);
        least += 1 << extra;
        symbol += 1;
    }
    ranges
};

/// The symbols of distances up to 256, and then of every 128th one: see [`distance_slot`].
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
const SYMBOL_OF_DISTANCE: [u8; 512] = {
    let mut symbols = [0; 512];
    let mut symbol = 0;
    while symbol < DISTANCES {
        let (least, extra) = DISTANCE_RANGES[symbol];
        let mut distance = least as u32;
        while distance < least as u32 + (1 << extra) {
            symbols[distance_slot(distance)] = symbol as u8;
            distance += if distance > 256 { 128 } else { 1 };
        }
        symbol += 1;
    }
    symbols
};

const fn distance_slot(distance: u32) -> usize {
    let from_zero = distance.wrapping_sub(1) as usize;
    if from_zero < 256 { from_zero } else { 256 + (from_zero >> 7) }
}

#[inline(always)]
fn distance_symbol(distance: u32) -> usize {
    SYMBOL_OF_DISTANCE.get(distance_slot(distance)).copied().unwrap_or_default().into()
}

/// How often each symbol occurs in a block.
#[derive(Clone)]
pub(super) struct Counts {
    /// Of bytes, the end, and lengths.
    main: [u32; FIRST_LENGTH + LENGTHS],
    distances: [u32; DISTANCES],
}

impl Default for Counts {
    fn default() -> Self {
        Self { main: [0; FIRST_LENGTH + LENGTHS], distances: [0; DISTANCES] }
    }
}

impl Counts {
    pub(super) fn literal(&mut self, byte: u8) {
        count(&mut self.main, usize::from(byte));
    }

    pub(super) fn matched(&mut self, length: usize, distance: u32) {
        let symbol = LENGTH_RANGES.partition_point(|&(least, _)| usize::from(least) <= length);
        count(&mut self.main, FIRST_LENGTH - 1 + symbol);
        count(&mut self.distances, distance_symbol(distance));
    }
}

fn count(counts: &mut [u32], symbol: usize) {
    if let Some(count) = counts.get_mut(symbol) {
        *count = count.saturating_add(1);
    }
}

/// The codes of a block. Every symbol has one, so that any body can be written.
pub(super) struct Codes {
    literals: [Code; 256],
    /// By length, each with its extra bits.
    lengths: [Code; MOST_LENGTH + 1],
    /// By symbol.
    distances: [DistanceCode; DISTANCES],
    end_of_block: Code,
    /// The numbers of bits of all codes.
    main_bits: Vec<u32>,
    distance_bits: Vec<u32>,
}

/// The code of a distance's symbol, and its range.
#[derive(Clone, Copy, Default)]
struct DistanceCode {
    code: Code,
    least: u16,
    extra: u8,
}

impl Codes {
    /// Returns codes that are short for symbols that occurred often.
    pub(super) fn new(counts: &Counts) -> Self {
        let main_bits = huffman::numbers_of_bits(&raised(&counts.main), MOST_BITS);
        let distance_bits = huffman::numbers_of_bits(&raised(&counts.distances), MOST_BITS);
        let main = huffman::codes(&main_bits);
        let main_code = |symbol: usize| main.get(symbol).copied().unwrap_or_default();
        let mut distances = huffman::codes(&distance_bits).into_iter().zip(DISTANCE_RANGES);
        Self {
            literals: std::array::from_fn(main_code),
            lengths: lengths(|symbol| main_code(FIRST_LENGTH + symbol)),
            distances: std::array::from_fn(|_| {
                let (code, (least, extra)) = distances.next().unwrap_or_default();
                DistanceCode { code, least, extra }
            }),
            end_of_block: main_code(END_OF_BLOCK),
            main_bits,
            distance_bits,
        }
    }

    /// Writes the header of a block that is not the last: RFC 1951, section 3.2.7.
    pub(super) fn begin_block(&self, end: BitEnd, out: &mut Vec<u8>) -> BitEnd {
        const DYNAMIC_CODES: u32 = 2;
        let end = end.push(Code::new(DYNAMIC_CODES << 1, 3));
        let end = end.push(Code::new((self.main_bits.len() - 257) as u32, 5));
        let end = end.push(Code::new(self.distance_bits.len() as u32 - 1, 5));
        huffman::write_numbers_of_bits(&[&self.main_bits, &self.distance_bits], end, out)
    }

    /// Appends the first `count` of [`MOST_LITERALS`] bytes, the lowest first; if it is more, all.
    #[inline(always)]
    pub(super) fn literals(&self, bytes: u32, count: usize, end: BitEnd) -> BitEnd {
        let code = |at: usize| {
            let byte = (bytes >> (8 * at)) as u8;
            self.literals.get(usize::from(byte)).copied().unwrap_or_default().only_if(at < count)
        };
        end.push(code(0)).push(code(1)).push(code(2))
    }

    #[inline(always)]
    pub(super) fn matched(&self, length: usize, distance: u32, end: BitEnd) -> BitEnd {
        let end = end.push(self.lengths.get(length).copied().unwrap_or_default());
        let of_distance = self.distances.get(distance_symbol(distance)).copied();
        let DistanceCode { code, least, extra } = of_distance.unwrap_or_default();
        let extra_bits = distance.wrapping_sub(u32::from(least));
        let bits = code.bits() | extra_bits << code.count();
        end.push_bits(bits, code.count() + u32::from(extra))
    }

    pub(super) fn end_block(&self, end: BitEnd, out: &mut Vec<u8>) -> BitEnd {
        end.push(self.end_of_block).written(out)
    }
}

/// Returns the codes of all lengths, with their extra bits.
fn lengths(code: impl Fn(usize) -> Code) -> [Code; MOST_LENGTH + 1] {
    let mut lengths = [Code::default(); MOST_LENGTH + 1];
    for (symbol, &(least, extra)) in LENGTH_RANGES.iter().enumerate() {
        for bits in 0..1 << extra {
            if let Some(length) = lengths.get_mut(usize::from(least) + bits as usize) {
                *length = code(symbol).followed_by(bits, extra.into());
            }
        }
    }
    lengths
}

/// Returns counts that are all positive, in about the same proportions: those of symbols that did
/// not occur are together at most a 64th.
fn raised(counts: &[u32]) -> Vec<u32> {
    let total: u64 = counts.iter().map(|count| u64::from(*count)).sum();
    let factor = (counts.len() as u64 * 64 / total.max(1)).clamp(1, 4_096) as u32;
    counts.iter().map(|count| count.saturating_mul(factor).saturating_add(1)).collect()
}
