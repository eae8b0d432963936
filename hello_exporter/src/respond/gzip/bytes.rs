//! Compares bytes, several at once.

/// Returns eight bytes, the first one lowest; zeros after the end.
#[inline(always)]
pub(super) fn bytes_at(body: &[u8], at: usize) -> u64 {
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
pub(super) fn bytes_before_zero(bytes: u64) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let zeros = bytes.wrapping_sub(ONES) & !bytes & (ONES << 7);
    (zeros.trailing_zeros() / 8) as usize
}

/// Returns whether so many bytes are the same at both places.
#[inline(always)]
pub(super) fn is_same(body: &[u8], source: usize, at: usize, length: usize) -> bool {
    if let Some([mask_low, mask_high]) = MASKS.get(length)
        && let Some([source_low, source_high]) = words_at(body, source)
        && let Some([low, high]) = words_at(body, at)
    {
        return (source_low ^ low) & mask_low | (source_high ^ high) & mask_high == 0;
    }
    let (Some(one), Some(other)) = (body.get(source..source + length), body.get(at..at + length))
    else {
        return false;
    };
    let (ones, _) = one.as_chunks::<16>();
    let (others, _) = other.as_chunks::<16>();
    match (one.last_chunk::<16>(), other.last_chunk::<16>()) {
        (Some(last), Some(other_last)) => {
            ones.iter().zip(others).all(|(one, other)| one == other) && last == other_last
        }
        _ => one == other,
    }
}

/// By a number of bytes up to 16, two words with all bits of so many bytes.
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
const MASKS: [[u64; 2]; 17] = {
    let mut masks = [[0; 2]; 17];
    let mut length = 1;
    while length < masks.len() {
        let mask = u128::MAX >> (128 - 8 * length);
        masks[length] = [mask as u64, (mask >> 64) as u64];
        length += 1;
    }
    masks
};

/// Returns sixteen bytes as words; `None` if there are fewer.
#[inline(always)]
fn words_at(body: &[u8], at: usize) -> Option<[u64; 2]> {
    let (words, _) = body.get(at..at + 16)?.first_chunk::<16>()?.as_chunks::<8>();
    let [low, high] = words else { return None };
    Some([u64::from_le_bytes(*low), u64::from_le_bytes(*high)])
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
