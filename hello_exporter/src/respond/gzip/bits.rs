//! Writes codes of different lengths, each with its lowest bit first.

/// A code, or several codes and extra bits one after the other. It has at most 26 bits; the lowest
/// six hold their number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Code(u32);

impl Code {
    /// Six, so that the counts of a word's codes are added without a carry into the bits.
    const COUNT_BITS: u32 = 6;

    pub(super) fn new(bits: u32, count: u32) -> Self {
        Self(bits << Self::COUNT_BITS | count)
    }

    #[inline(always)]
    pub(super) fn bits(self) -> u32 {
        self.0 >> Self::COUNT_BITS
    }

    #[inline(always)]
    pub(super) fn count(self) -> u32 {
        self.0 & ((1 << Self::COUNT_BITS) - 1)
    }

    /// Returns this code if the condition holds, and else an empty one. It does not branch, since
    /// the condition is hard to predict.
    #[inline(always)]
    pub(super) fn only_if(self, condition: bool) -> Self {
        Self(std::hint::select_unpredictable(condition, self.0, 0))
    }

    /// Returns this code, followed by `count` extra bits.
    pub(super) fn followed_by(self, bits: u32, count: u32) -> Self {
        Self::new(self.bits() | bits << self.count(), self.count() + count)
    }
}

/// The end of the bits that are written to a vector. It is a plain value, so that it stays in
/// registers, and so that an earlier one takes back all bits that were written since.
#[derive(Clone, Copy, Debug)]
pub(super) struct BitEnd {
    /// The number of whole bytes that are written. The vector can be longer meanwhile.
    bytes: u32,
    /// Bits that are not written yet.
    bits: u64,
    /// The lowest six bits are the number of `bits`. The others have no meaning:
    /// [`push`](Self::push) adds a whole [`Code`], which saves an instruction.
    count: u32,
}

impl BitEnd {
    pub(super) fn of(out: &[u8]) -> Self {
        Self { bytes: out.len() as u32, bits: 0, count: 0 }
    }

    /// Appends a code. At most 56 bits are appended before they are [`written`](Self::written).
    #[inline(always)]
    pub(super) fn push(self, code: Code) -> Self {
        let bits = self.bits | u64::from(code.bits()) << (self.count & 63);
        Self { bits, count: self.count.wrapping_add(code.0), ..self }
    }

    /// Appends `count` bits; all bits above them are zero.
    #[inline(always)]
    pub(super) fn push_bits(self, bits: u32, count: u32) -> Self {
        let bits = self.bits | u64::from(bits) << (self.count & 63);
        Self { bits, count: self.count.wrapping_add(count), ..self }
    }

    /// Writes all whole bytes, and keeps up to seven bits.
    #[inline(always)]
    pub(super) fn written(self, out: &mut Vec<u8>) -> Self {
        let Self { bytes, bits, count } = self;
        let start = bytes as usize;
        match out.get_mut(start..start + 8).and_then(|target| target.first_chunk_mut::<8>()) {
            Some(target) => *target = bits.to_le_bytes(),
            None => grow_and_write(out, start, bits),
        }
        Self { bytes: bytes + ((count & 63) >> 3), bits: bits >> (count & 56), count: count & 7 }
    }

    /// Fills the last byte with zeros, and ends the vector there.
    pub(super) fn finish(self, out: &mut Vec<u8>) {
        let end = Self { count: (self.count & 63).next_multiple_of(8), ..self }.written(out);
        out.truncate(end.bytes as usize);
    }
}

/// Writes at `end`, and adds room for later bytes: little enough to be in the cache when they are
/// written.
#[cold]
#[inline(never)]
fn grow_and_write(out: &mut Vec<u8>, end: usize, bits: u64) {
    const ROOM: usize = 16 << 10;
    out.truncate(end);
    out.extend_from_slice(&bits.to_le_bytes());
    out.resize(out.len() + ROOM, 0);
}
