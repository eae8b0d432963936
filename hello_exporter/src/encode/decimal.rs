//! Converts integers to decimal, up to eight digits in a word.

/// The smallest integer with more than eight digits.
pub(super) const EIGHT_DIGITS: u64 = 100_000_000;

/// The most digits of an integer.
pub(super) const MOST_DIGITS: usize = 20;

/// Returns the digits of an integer below [`EIGHT_DIGITS`], and their number; the bytes after them
/// are arbitrary.
///
/// It branches on the number of pairs of digits, but not on whether the first pair is a single
/// digit. So the end of the number is known long before its digits.
#[inline(always)]
pub(super) fn digits(value: u32) -> ([u8; 8], usize) {
    let (pairs, digits, is_odd) = match value {
        ..100 => (1, pair(value), value < 10),
        100..10_000 => (2, two_pairs(value), value < 1_000),
        10_000..1_000_000 => (3, three_pairs(value), value < 100_000),
        _ => (4, four_pairs(value), value < 10_000_000),
    };
    let leading_zeros = usize::from(is_odd);
    ((digits >> (8 * leading_zeros)).to_le_bytes(), 2 * pairs - leading_zeros)
}

/// Returns the digits of an integer below [`EIGHT_DIGITS`], with leading zeros.
#[inline(always)]
pub(super) fn eight_digits(value: u32) -> [u8; 8] {
    four_pairs(value).to_le_bytes()
}

// Every division divides the value itself, so that no division waits for another.

#[inline(always)]
fn four_pairs(value: u32) -> u64 {
    let (first, second, third) = (value / 1_000_000, value / 10_000, value / 100);
    pair(first)
        | pair(second - 100 * first) << 16
        | pair(third - 100 * second) << 32
        | pair(value - 100 * third) << 48
}

#[inline(always)]
fn three_pairs(value: u32) -> u64 {
    let (first, second) = (value / 10_000, value / 100);
    pair(first) | pair(second - 100 * first) << 16 | pair(value - 100 * second) << 32
}

#[inline(always)]
fn two_pairs(value: u32) -> u64 {
    let first = value / 100;
    pair(first) | pair(value - 100 * first) << 16
}

/// Returns two digits, the first in the lowest byte.
#[inline(always)]
fn pair(value: u32) -> u64 {
    // The remainder replaces a check of bounds: the number of entries is a power of two.
    let index = value as usize % PAIRS.len();
    PAIRS.get(index).copied().map_or(0, u64::from)
}

static PAIRS: [u16; 128] = pairs();

#[expect(clippy::indexing_slicing, reason = "`at` is below 100, and constants have no iterators")]
const fn pairs() -> [u16; 128] {
    let mut pairs = [0; 128];
    let mut at = 0;
    while at < 100 {
        pairs[at] = u16::from_le_bytes([b'0' + at as u8 / 10, b'0' + at as u8 % 10]);
        at += 1;
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_digits_is_written() {
        let powers = (0..8).map(|exponent| 10_u32.pow(exponent));
        let near = powers.flat_map(|power| [power - 1, power, power + 1, 9 * power, 7 * power + 3]);
        for value in near.filter(|value| u64::from(*value) < EIGHT_DIGITS) {
            let (digits, length) = digits(value);
            assert_eq!(std::str::from_utf8(&digits[..length]), Ok(value.to_string().as_str()));
            assert_eq!(eight_digits(value), format!("{value:08}").as_bytes());
        }
    }

    #[test]
    fn every_value_of_up_to_six_digits_is_written() {
        for value in 0..1_000_000 {
            let (digits, length) = digits(value);
            assert_eq!(std::str::from_utf8(&digits[..length]).unwrap().parse(), Ok(value));
        }
    }
}
