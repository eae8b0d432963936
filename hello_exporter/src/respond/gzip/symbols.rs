//! The symbols of a block: bytes, the lengths and distances of matches, and its end.
//!
//! [RFC 1951, section 3.2.5](https://www.rfc-editor.org/rfc/rfc1951#section-3.2.5) has the symbols
//! of lengths and distances.

use super::bits::{BitEnd, Code};
use super::huffman::{self, MOST_BITS};

/// The shortest and the longest match.
const LEAST_LENGTH: usize = 3;
pub(super) const MOST_LENGTH: u32 = 258;

/// How many bytes are written at once: their codes and the bits that do not fill a byte yet fit
/// into a word.
pub(super) const MOST_LITERALS: u32 = 4;

/// The most bits of the code of a byte or length. RFC 1951 permits 15. With 13, four codes and the
/// seven bits before them fit into a word, and two codes fit into a [`Code`].
const MOST_MAIN_BITS: u32 = 13;

const END_OF_BLOCK: usize = 256;
const FIRST_LENGTH: usize = 257;
const LENGTHS: usize = 29;

/// A power of two above the longest match, so that `%` keeps an index in bounds without a branch.
const LENGTH_SLOTS: usize = 512;

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
const SYMBOL_OF_DISTANCE: [u8; DISTANCE_SLOTS] = {
    let mut symbols = [0; DISTANCE_SLOTS];
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

const DISTANCE_SLOTS: usize = 512;

/// All distances of a slot have the same symbol.
#[inline(always)]
const fn distance_slot(distance: u32) -> usize {
    let from_zero = distance.wrapping_sub(1) as usize;
    if from_zero < 256 { from_zero } else { 256 + (from_zero >> 7) }
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

    pub(super) fn matched(&mut self, length: u32, distance: u32) {
        let symbol = LENGTH_RANGES.partition_point(|&(least, _)| u32::from(least) <= length);
        count(&mut self.main, FIRST_LENGTH - 1 + symbol);
        let symbol = SYMBOL_OF_DISTANCE.get(distance_slot(distance)).copied();
        count(&mut self.distances, symbol.unwrap_or_default().into());
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
    lengths: [Code; LENGTH_SLOTS],
    /// By [`distance_slot`].
    distances: [DistanceCode; DISTANCE_SLOTS],
    /// By [`Digits`].
    digits: [Code; 256],
    end_of_block: Code,
    /// The numbers of bits of all codes.
    main_bits: Vec<u32>,
    distance_bits: Vec<u32>,
}

/// The code of the distances with the same symbol.
#[derive(Clone, Copy, Default)]
struct DistanceCode {
    /// `addend + (distance << shift)` is the code, followed by its extra bits.
    addend: u32,
    shift: u8,
    /// The number of bits of the code and its extra bits.
    count: u8,
}

impl DistanceCode {
    fn new(code: Code, (least, extra): Range) -> Self {
        let (shift, least) = (code.count(), u32::from(least));
        Self {
            addend: code.bits().wrapping_sub(least << shift),
            shift: shift as u8,
            count: shift as u8 + extra,
        }
    }
}

impl Codes {
    /// Returns codes that are short for symbols that occurred often.
    pub(super) fn new(counts: &Counts) -> Self {
        let main_bits = huffman::numbers_of_bits(&raised(&counts.main), MOST_MAIN_BITS);
        let distance_bits = huffman::numbers_of_bits(&raised(&counts.distances), MOST_BITS);
        let main = huffman::codes(&main_bits);
        let main_code = |symbol: usize| main.get(symbol).copied().unwrap_or_default();
        let distances: Vec<DistanceCode> = huffman::codes(&distance_bits)
            .into_iter()
            .zip(DISTANCE_RANGES)
            .map(|(code, range)| DistanceCode::new(code, range))
            .collect();
        Self {
            literals: std::array::from_fn(main_code),
            lengths: lengths(|symbol| main_code(FIRST_LENGTH + symbol)),
            distances: SYMBOL_OF_DISTANCE
                .map(|symbol| distances.get(usize::from(symbol)).copied().unwrap_or_default()),
            digits: std::array::from_fn(|pair| Digits::code(pair, main_code)),
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

    /// Appends the first `count` of [`MOST_LITERALS`] bytes, the lowest first.
    #[inline(always)]
    pub(super) fn literals(&self, bytes: u32, count: u32, end: BitEnd) -> BitEnd {
        let code = |at: u32| {
            let byte = (bytes >> (8 * at)) as u8;
            self.literals.get(usize::from(byte)).copied().unwrap_or_default().only_if(at < count)
        };
        end.push(code(0)).push(code(1)).push(code(2)).push(code(3))
    }

    /// Appends up to four digits.
    #[inline(always)]
    pub(super) fn digits(&self, digits: Digits, end: BitEnd) -> BitEnd {
        let code =
            |pair: u64| self.digits.get(usize::from(pair as u8)).copied().unwrap_or_default();
        end.push(code(digits.0)).push(code(digits.0 >> 16))
    }

    #[inline(always)]
    pub(super) fn matched(&self, length: u32, distance: u32, end: BitEnd) -> BitEnd {
        let length = self.lengths.get(length as usize % LENGTH_SLOTS).copied();
        let of_distance = self.distances.get(distance_slot(distance) % DISTANCE_SLOTS).copied();
        let DistanceCode { addend, shift, count } = of_distance.unwrap_or_default();
        let bits = addend.wrapping_add(distance << (shift & 31));
        end.push(length.unwrap_or_default()).push_bits(bits, count.into())
    }

    pub(super) fn end_block(&self, end: BitEnd, out: &mut Vec<u8>) -> BitEnd {
        end.push(self.end_of_block).written(out)
    }
}

/// Returns the codes of all lengths, with their extra bits.
fn lengths(code: impl Fn(usize) -> Code) -> [Code; LENGTH_SLOTS] {
    let mut lengths = [Code::default(); LENGTH_SLOTS];
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

/// Up to eight decimal digits. Every second byte has two of them, the first one in its low half; a
/// half without a digit has all bits.
#[derive(Clone, Copy)]
pub(super) struct Digits(u64);

impl Digits {
    const NONE: usize = 15;

    /// Returns the first `count` of eight bytes, the lowest first; `None` if one is not a digit.
    #[inline(always)]
    pub(super) fn of(bytes: u64, count: u32) -> Option<Self> {
        const ZEROS: u64 = every_byte(b'0');
        /// Added to a byte above nine, this sets its highest bit.
        const ABOVE_NINE: u64 = every_byte(0x80 - 10);
        let beyond = (u64::MAX << (4 * count)) << (4 * count);
        let digits = bytes ^ ZEROS;
        let others = (digits | digits.wrapping_add(ABOVE_NINE)) & every_byte(0x80) & !beyond;
        let digits = (digits | beyond) & every_byte(0x0f);
        (others == 0).then_some(Self(digits | digits >> 4))
    }

    /// Returns those after the first four.
    #[inline(always)]
    pub(super) fn rest(self) -> Self {
        Self(self.0 >> 32)
    }

    /// Returns the code of a byte with two digits.
    fn code(pair: usize, code: impl Fn(usize) -> Code) -> Code {
        let of = |digit| if digit == Self::NONE { Code::default() } else { code(digit + 0x30) };
        let second = of(pair >> 4);
        of(pair & 0x0f).followed_by(second.bits(), second.count())
    }
}

const fn every_byte(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_only_digits() {
        for count in 0..=8 {
            let digits = u64::from_le_bytes(*b"01239876");
            for at in 0..8 {
                for byte in 0..=u8::MAX {
                    let mut bytes = digits.to_le_bytes();
                    bytes[at] = byte;
                    let is_digits = bytes[..count].iter().all(u8::is_ascii_digit);
                    let found = Digits::of(u64::from_le_bytes(bytes), count as u32);
                    assert_eq!(found.is_some(), is_digits, "{count} of {bytes:?}");
                }
            }
        }
    }

    #[test]
    fn digits_have_the_codes_of_their_bytes() {
        let mut counts = Counts::default();
        b"00012345678899".iter().for_each(|byte| counts.literal(*byte));
        let codes = Codes::new(&counts);
        for number in ["", "7", "70", "012", "9999", "12345", "98765432"] {
            let mut bytes = [0xff; 8];
            bytes[..number.len()].copy_from_slice(number.as_bytes());
            let digits = Digits::of(u64::from_le_bytes(bytes), number.len() as u32).unwrap();
            let mut out = [Vec::new(), Vec::new()];
            let [one, other] = &mut out;
            let end = codes.digits(digits, BitEnd::of(one)).written(one);
            codes.digits(digits.rest(), end).written(one).finish(one);
            let mut end = BitEnd::of(other);
            for byte in number.bytes() {
                end = codes.literals(byte.into(), 1, end).written(other);
            }
            end.finish(other);
            assert_eq!(one, other, "{number}");
        }
    }
}
