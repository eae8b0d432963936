//! Compares bytes, several at once.

/// Returns eight bytes, the first one lowest; zeros after the end.
#[inline(always)]
pub(super) fn bytes_at(body: &[u8], at: u32) -> u64 {
    let at = at as usize;
    match body.get(at..at + 8).and_then(|bytes| bytes.first_chunk()) {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => last_bytes(body, at),
    }
}

#[cold]
fn last_bytes(body: &[u8], at: usize) -> u64 {
    let rest = body.get(at..).unwrap_or_default();
    rest.iter().take(8).rev().fold(0, |bytes, byte| bytes << 8 | u64::from(*byte))
}

/// Returns how many bytes are before the first zero.
#[inline(always)]
pub(super) fn bytes_before_zero(bytes: u64) -> u32 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let zeros = bytes.wrapping_sub(ONES) & !bytes & (ONES << 7);
    zeros.trailing_zeros() / 8
}

/// Returns whether `length` bytes are the same at `source` and `at`.
///
/// [`SHORT`] or [`MEDIUM`] bytes are compared at once, and a mask selects the first `length`: the
/// processor would mispredict the end of a loop.
#[inline(always)]
pub(super) fn is_same(body: &[u8], source: u32, at: u32, length: u32) -> bool {
    let is_same = if length as usize <= SHORT {
        are_same_within::<SHORT>(body, source, at, length)
    } else {
        are_same_within::<MEDIUM>(body, source, at, length)
    };
    is_same.unwrap_or_else(|| are_long_same(body, source, at, length))
}

const SHORT: usize = 32;

/// Most matches at the start of a key are shorter.
const MEDIUM: usize = 96;

/// Returns whether `length` bytes are the same; `None` if `length` is more than `MOST`, or if the
/// body has fewer than `MOST` bytes after either place.
#[inline(always)]
fn are_same_within<const MOST: usize>(
    body: &[u8],
    source: u32,
    at: u32,
    length: u32,
) -> Option<bool> {
    /// The bytes from `MEDIUM - length` on are a mask of the first `length` bytes.
    const MASKS: [u8; 2 * MEDIUM] = {
        let mut masks = [0; 2 * MEDIUM];
        let (with_bits, _) = masks.split_at_mut(MEDIUM);
        with_bits.copy_from_slice(&[u8::MAX; MEDIUM]);
        masks
    };
    // `words` skips the rest of a division by eight.
    const { assert!(MOST <= MEDIUM && MOST.is_multiple_of(8)) };
    if length as usize > MOST {
        return None;
    }
    let (one, other) = (first::<MOST>(body, source)?, first::<MOST>(body, at)?);
    let mask = first::<MOST>(&MASKS, MEDIUM as u32 - length)?;
    let words = words(one).zip(words(other)).zip(words(mask));
    let differing =
        words.fold(0, |differing, ((one, other), mask)| differing | (one ^ other) & mask);
    Some(differing == 0)
}

#[inline(always)]
fn first<const N: usize>(bytes: &[u8], at: u32) -> Option<&[u8; N]> {
    let at = at as usize;
    bytes.get(at..at + N)?.first_chunk()
}

#[inline(always)]
fn words<const N: usize>(bytes: &[u8; N]) -> impl Iterator<Item = u64> {
    bytes.as_chunks::<8>().0.iter().map(|word| u64::from_ne_bytes(*word))
}

#[inline(never)]
fn are_long_same(body: &[u8], source: u32, at: u32, length: u32) -> bool {
    let bytes = |start: u32| body.get(start as usize..start.checked_add(length)? as usize);
    bytes(source).is_some() && bytes(source) == bytes(at)
}

/// Returns how many bytes are the same at the start of both.
pub(super) fn common_prefix(one: &[u8], other: &[u8]) -> usize {
    let (one_words, one_rest) = one.as_chunks::<8>();
    let (other_words, other_rest) = other.as_chunks::<8>();
    for (number, (one, other)) in one_words.iter().zip(other_words).enumerate() {
        let differing = u64::from_le_bytes(*one) ^ u64::from_le_bytes(*other);
        if differing != 0 {
            return number * 8 + (differing.trailing_zeros() / 8) as usize;
        }
    }
    let rest = one_rest.iter().zip(other_rest).take_while(|(one, other)| one == other);
    one_words.len() * 8 + rest.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_bytes_are_found_at_any_length() {
        for length in 0..200 {
            for rest in [0, 1, 31, 32, 33, 95, 96, 97] {
                let one: Vec<u8> = (0..length as u8).collect();
                let end = vec![0xff; rest];
                let body = [&one[..], b"-", &one[..], &end[..]].concat();
                let at = length as u32 + 1;
                assert!(is_same(&body, 0, at, length as u32));
                for differing in 0..length {
                    let mut body = body.clone();
                    body[differing] ^= 0x80;
                    assert!(!is_same(&body, 0, at, length as u32), "{differing} of {length}");
                }
                assert!(!is_same(&body, 0, at, length as u32 + rest as u32 + 1));
            }
        }
    }
}
