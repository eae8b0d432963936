//! The fields of the messages, and how the protocol buffer encoding writes them.

/// The fields of a `MetricFamily`.
pub(super) mod family {
    pub(in crate::encode) const NAME: u64 = 1;
    pub(in crate::encode) const HELP: u64 = 2;
    pub(in crate::encode) const TYPE: u64 = 3;
    pub(in crate::encode) const METRIC: u64 = 4;
    pub(in crate::encode) const UNIT: u64 = 5;
}

/// The fields of a `Metric`.
pub(super) mod metric {
    pub(in crate::encode) const LABEL: u64 = 1;
    pub(in crate::encode) const GAUGE: u64 = 2;
    pub(in crate::encode) const COUNTER: u64 = 3;
    pub(in crate::encode) const SUMMARY: u64 = 4;
    pub(in crate::encode) const UNTYPED: u64 = 5;
    pub(in crate::encode) const TIMESTAMP: u64 = 6;
    pub(in crate::encode) const HISTOGRAM: u64 = 7;
}

/// Fields of a `Counter`.
pub(super) mod counter {
    pub(in crate::encode) const EXEMPLAR: u64 = 2;
    pub(in crate::encode) const CREATED_TIMESTAMP: u64 = 3;
}

/// Fields of a `Histogram` and of its `Bucket`s.
pub(super) mod histogram {
    pub(in crate::encode) const BUCKET: u64 = 3;
    pub(in crate::encode) const BUCKET_EXEMPLAR: u64 = 3;
    pub(in crate::encode) const SCHEMA: u64 = 5;
    pub(in crate::encode) const ZERO_THRESHOLD: u64 = 6;
    pub(in crate::encode) const ZERO_COUNT: u64 = 7;
    pub(in crate::encode) const NEGATIVE_SPAN: u64 = 9;
    pub(in crate::encode) const NEGATIVE_DELTA: u64 = 10;
    pub(in crate::encode) const POSITIVE_SPAN: u64 = 12;
    pub(in crate::encode) const POSITIVE_DELTA: u64 = 13;
    pub(in crate::encode) const CREATED_TIMESTAMP: u64 = 15;
    pub(in crate::encode) const EXEMPLARS: u64 = 16;
}

/// Fields of a `Summary`.
pub(super) mod summary {
    pub(in crate::encode) const CREATED_TIMESTAMP: u64 = 4;
}

/// The fields of a `LabelPair`.
pub(super) mod label {
    pub(in crate::encode) const NAME: u64 = 1;
    pub(in crate::encode) const VALUE: u64 = 2;
}

/// The fields of a `google.protobuf.Timestamp`.
pub(super) mod time {
    pub(in crate::encode) const SECONDS: u64 = 1;
    pub(in crate::encode) const NANOSECONDS: u64 = 2;
}

pub(super) const VARINT: u64 = 0;
pub(super) const FIXED_64: u64 = 1;
pub(super) const DELIMITED: u64 = 2;

pub(super) fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(super) fn integer(field: u64, value: u64, out: &mut Vec<u8>) {
    varint(field << 3 | VARINT, out);
    varint(value, out);
}

/// Appends an integer of type `sint32` or `sint64`.
pub(super) fn signed(field: u64, value: i64, out: &mut Vec<u8>) {
    integer(field, (value << 1 ^ value >> 63).cast_unsigned(), out);
}

pub(super) fn double(field: u64, value: f64, out: &mut Vec<u8>) {
    varint(field << 3 | FIXED_64, out);
    out.extend_from_slice(&value.to_le_bytes());
}

pub(super) fn text(field: u64, value: &str, out: &mut Vec<u8>) {
    varint(field << 3 | DELIMITED, out);
    varint(value.len() as u64, out);
    out.extend_from_slice(value.as_bytes());
}

/// Appends a message in a message, or a text of unknown length.
pub(super) fn message(field: u64, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = begin(field, out);
    write(out);
    end(start, out);
}

/// Begins a message, and returns the offset of its length.
pub(super) fn begin(field: u64, out: &mut Vec<u8>) -> usize {
    varint(field << 3 | DELIMITED, out);
    out.push(0);
    out.len() - 1
}

/// Ends a message: writes its length to the offset `start`, where one byte is reserved.
pub(super) fn end(start: usize, out: &mut Vec<u8>) {
    end_reserved(start, 1, out);
}

/// Writes the length of a message to the offset `start`, where some bytes are reserved, and returns
/// how many it takes. Moves the message if another number is reserved.
pub(super) fn end_reserved(start: usize, reserved: usize, out: &mut Vec<u8>) -> usize {
    let written = start + reserved..out.len();
    let mut length = written.len() as u64;
    let bytes = varint_length(length);
    if bytes != reserved {
        out.resize(written.end + bytes.saturating_sub(reserved), 0);
        out.copy_within(written.clone(), start + bytes);
        out.truncate(start + bytes + written.len());
    }
    for byte in out.iter_mut().skip(start).take(bytes - 1) {
        *byte = length as u8 | 0x80;
        length >>= 7;
    }
    if let Some(last) = out.get_mut(start + bytes - 1) {
        *last = length as u8;
    }
    bytes
}

/// Returns the number of bytes of a varint.
#[inline(always)]
pub(super) fn varint_length(value: u64) -> usize {
    value.max(1).ilog2() as usize / 7 + 1
}

/// Returns the tag of a field whose number is below 16.
pub(super) const fn tag(field: u64, wire_type: u64) -> u8 {
    (field << 3 | wire_type) as u8
}

/// Lengths below this are varints of one byte.
pub(super) const SHORT: usize = 0x80;

/// A varint below [`LIMIT`](Self::LIMIT).
#[derive(Clone, Copy)]
pub(super) struct Varint {
    /// Its bytes, and zeros after them.
    array: [u8; 8],
    pub(super) length: usize,
}

impl Varint {
    pub(super) const LIMIT: u64 = 1 << 56;

    /// Returns the varint of a value below [`LIMIT`](Self::LIMIT), without branches.
    #[inline(always)]
    pub(super) fn new(value: u64) -> Self {
        // Each step halves the groups of bits: two of 28, four of 14, eight of 7.
        let groups = value & 0x0fff_ffff | (value & 0x00ff_ffff_f000_0000) << 4;
        let groups = groups & 0x0000_3fff_0000_3fff | (groups & 0x0fff_c000_0fff_c000) << 2;
        let groups = groups & 0x007f_007f_007f_007f | (groups & 0x3f80_3f80_3f80_3f80) << 1;
        let length = varint_length(value % Self::LIMIT);
        let more = 0x0080_8080_8080_8080 & ((1 << (8 * (length - 1))) - 1);
        Self { array: (groups | more).to_le_bytes(), length }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.array.get(..self.length).unwrap_or_default()
    }

    /// Returns its bytes in little-endian order, and zeros after them.
    #[inline(always)]
    pub(super) fn word(self) -> u64 {
        u64::from_le_bytes(self.array)
    }

    /// Returns the number of bytes of a length.
    #[inline(always)]
    pub(super) fn length(value: usize) -> usize {
        if value < SHORT { 1 } else { varint_length(value as u64) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_without_branches_are_those_with_branches() {
        let powers = (0..56).map(|bits| 1_u64 << bits);
        for value in powers.flat_map(|power| [power - 1, power, power + power / 3]) {
            let mut expected = Vec::new();
            varint(value, &mut expected);
            assert_eq!(Varint::new(value).bytes(), expected, "{value}");
            assert_eq!(Varint::length(value as usize), expected.len(), "{value}");
            let word = expected.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
            assert_eq!(Varint::new(value).word(), word, "{value}");
        }
    }

    #[test]
    fn message_ends_with_any_number_of_reserved_bytes() {
        for length in [0, 1, 127, 128, 129, 16_383, 16_384, 16_385, 2_097_152] {
            let mut expected = b"before".to_vec();
            varint(length as u64, &mut expected);
            let bytes = expected.len() - 6;
            expected.extend((0..length).map(|at| at as u8));
            for reserved in 1..5 {
                let mut out = b"before".to_vec();
                out.resize(6 + reserved, 0);
                out.extend((0..length).map(|at| at as u8));
                assert_eq!(end_reserved(6, reserved, &mut out), bytes);
                assert!(out == expected, "{length} {reserved}");
            }
        }
    }
}
