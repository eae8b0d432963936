//! LineEncoder, appended to a vector: the one place that writes into memory that is not initialized.
//!
//! A [`Cursor`] asks once for the room of a line, and copies its parts with a few moves each that are as wide
//! as they may be. With a vector's own methods, which ask for every part, call `memcpy` for it, and store
//! a length behind it, a line took 1.4 times as long.
//!
//! What makes it sound:
//!
//! - From [`Cursor::new`] until it is dropped a cursor holds the vector alone, and nobody else moves its
//!   memory. Whoever does, [`grow`], hands back both pointers anew.
//! - `at` and `end` point into the vector's memory, or one past it: `end` to where its capacity ends, `at`
//!   not behind it. All bytes in front of `at` are initialized; what becomes the vector's length is where
//!   `at` points, when the cursor is dropped and before the vector grows.
//! - Only [`Cursor::push`] and what calls it write, at `at`, and move it by what they have written. Whoever
//!   calls them has asked [`Cursor::reserve`] for as many bytes before.

#![allow(unsafe_code, reason = "see the invariants above")]

use super::SampleValue;
use super::decimal::{self, EIGHT_DIGITS, MOST_DIGITS};

/// The end of a vector, to which lines are appended.
pub(super) struct Cursor<'v> {
    out: &'v mut Vec<u8>,
    /// Where the next byte goes.
    at: *mut u8,
    /// Where the room ends.
    end: *mut u8,
}

impl<'v> Cursor<'v> {
    #[inline(always)]
    pub(super) fn new(out: &'v mut Vec<u8>) -> Self {
        let (at, end) = ends(out);
        Self { out, at, end }
    }

    /// Appends parts, one behind the other.
    #[inline(always)]
    pub(super) fn parts<const N: usize>(&mut self, parts: [&[u8]; N]) {
        self.reserve(length(&parts, 0));
        // SAFETY: this is what was asked for.
        unsafe { parts.iter().for_each(|part| self.push(part)) }
    }

    /// Appends parts, one behind the other, a number, and what ends it.
    #[inline(always)]
    pub(super) fn number<const N: usize>(
        &mut self,
        parts: [&[u8]; N],
        value: SampleValue,
        end: &[u8],
    ) {
        let Some((is_negative, magnitude)) = value.integer() else {
            self.parts(parts);
            return self.parts([value.float_text(&mut zmij::Buffer::new()).as_bytes(), end]);
        };
        let sign: &[u8] = if is_negative { b"-" } else { b"" };
        self.reserve(length(&parts, sign.len() + MOST_DIGITS + end.len()));
        // SAFETY: this is what was asked for.
        unsafe {
            parts.iter().for_each(|part| self.push(part));
            self.push(sign);
            self.push_integer(magnitude);
            self.push(end);
        }
    }

    /// Makes room for so many bytes.
    #[inline(always)]
    fn reserve(&mut self, length: usize) {
        // SAFETY: both point into the vector's memory, or one past it, and `at` not behind `end`.
        let room = unsafe { self.end.offset_from_unsigned(self.at) };
        if length > room {
            (self.at, self.end) = grow(self.out, self.at, length);
        }
    }

    /// Appends bytes.
    ///
    /// # Safety
    ///
    /// There is room for them.
    #[inline(always)]
    unsafe fn push(&mut self, part: &[u8]) {
        // SAFETY: there is room for the part, which is not in it: it is borrowed, and so is the vector.
        unsafe {
            copy(part, self.at);
            self.at = self.at.add(part.len());
        }
    }

    /// Appends an integer.
    ///
    /// # Safety
    ///
    /// There is room for [`MOST_DIGITS`].
    #[inline(always)]
    unsafe fn push_integer(&mut self, value: u64) {
        // SAFETY: there is room for twenty bytes. One word is eight of them.
        unsafe {
            self.at = match value < EIGHT_DIGITS {
                true => write_digits(value, self.at),
                false => write_long(value, self.at),
            };
        }
    }
}

impl Drop for Cursor<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        set_length(self.out, self.at);
    }
}

/// How many bytes the parts are, and as many more; or more than there can be.
#[inline(always)]
fn length(parts: &[&[u8]], more: usize) -> usize {
    parts.iter().fold(more, |length, part| length.saturating_add(part.len()))
}

/// Where a vector's bytes end, and where its room does.
#[inline(always)]
fn ends(out: &mut Vec<u8>) -> (*mut u8, *mut u8) {
    let (length, capacity) = (out.len(), out.capacity());
    let start = out.as_mut_ptr();
    // SAFETY: neither is behind the vector's memory.
    unsafe { (start.add(length), start.add(capacity)) }
}

/// Makes a vector end at `at`.
#[inline(always)]
fn set_length(out: &mut Vec<u8>, at: *mut u8) {
    // SAFETY: `at` points into the vector's memory, or one past it, and the bytes in front are initialized.
    unsafe {
        let length = at.offset_from_unsigned(out.as_ptr());
        out.set_len(length);
    }
}

/// Makes room for so many bytes behind `at`, where the vector's bytes end.
///
/// The pointers come and go by value, so that a cursor lies in registers.
#[cold]
#[inline(never)]
fn grow(out: &mut Vec<u8>, at: *mut u8, length: usize) -> (*mut u8, *mut u8) {
    set_length(out, at);
    out.reserve(length);
    ends(out)
}

/// Copies bytes.
///
/// Up to 128 it is two moves, which may overlap, without a loop and without a call.
///
/// # Safety
///
/// `to` is where as many bytes can be written, none of them among these.
#[inline(always)]
unsafe fn copy(from: &[u8], to: *mut u8) {
    // SAFETY: no move is longer than the bytes.
    unsafe {
        match from.len() {
            32..=64 => copy_ends::<32>(from, to),
            65..=128 => copy_ends::<64>(from, to),
            16..32 => copy_ends::<16>(from, to),
            8..16 => copy_ends::<8>(from, to),
            4..8 => copy_ends::<4>(from, to),
            2..4 => copy_ends::<2>(from, to),
            1 => copy_ends::<1>(from, to),
            0 => (),
            length => to.copy_from_nonoverlapping(from.as_ptr(), length),
        }
    }
}

/// Copies the first `N` bytes and the last `N`.
///
/// # Safety
///
/// There are at least `N` bytes and at most twice as many, and `to` is as for [`copy`].
#[inline(always)]
unsafe fn copy_ends<const N: usize>(from: &[u8], to: *mut u8) {
    let last = from.len() - N;
    // SAFETY: `last + N` is how many bytes there are.
    unsafe {
        let (first, second) = (from.as_ptr(), from.as_ptr().add(last));
        write::<N>(first.cast::<[u8; N]>().read(), to);
        write::<N>(second.cast::<[u8; N]>().read(), to.add(last));
    }
}

/// Writes `N` bytes.
///
/// # Safety
///
/// They can be written at `to`.
#[inline(always)]
unsafe fn write<const N: usize>(bytes: [u8; N], to: *mut u8) {
    // SAFETY: an array of bytes has no alignment.
    unsafe { to.cast::<[u8; N]>().write(bytes) }
}

/// Writes an integer below [`EIGHT_DIGITS`], and says where it ends.
///
/// # Safety
///
/// Eight bytes can be written at `to`.
#[inline(always)]
unsafe fn write_digits(value: u64, to: *mut u8) -> *mut u8 {
    let (digits, length) = decimal::digits(value as u32);
    // SAFETY: eight bytes are written, of which not more than eight count.
    unsafe {
        write(digits, to);
        to.add(length)
    }
}

/// Writes an integer from [`EIGHT_DIGITS`] on, and says where it ends.
///
/// # Safety
///
/// [`MOST_DIGITS`] bytes can be written at `to`.
#[inline(never)]
unsafe fn write_long(value: u64, to: *mut u8) -> *mut u8 {
    let (high, low) = (value / EIGHT_DIGITS, value % EIGHT_DIGITS);
    // SAFETY: an integer below 10¹⁶ is written to two words, which is sixteen bytes. A longer one begins
    // with what is left above them, which is not more than 1844, and ends at the twentieth byte.
    unsafe {
        let to = match high < EIGHT_DIGITS {
            true => write_digits(high, to),
            false => write_eight(high % EIGHT_DIGITS, write_digits(high / EIGHT_DIGITS, to)),
        };
        write_eight(low, to)
    }
}

/// Writes eight digits of an integer below [`EIGHT_DIGITS`], and says where they end.
///
/// # Safety
///
/// Eight bytes can be written at `to`.
#[inline(always)]
unsafe fn write_eight(value: u64, to: *mut u8) -> *mut u8 {
    // SAFETY: eight bytes are written.
    unsafe {
        write(decimal::eight_digits(value as u32), to);
        to.add(8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same with a vector's own methods.
    fn expected(parts: &[&[u8]], value: SampleValue, end: &[u8]) -> Vec<u8> {
        [&parts.concat(), value.to_string().as_bytes(), end].concat()
    }

    #[test]
    fn every_length_of_part_is_copied() {
        let text: Vec<u8> = (0..=255).cycle().skip(7).take(600).collect();
        for length in 0..300 {
            let parts = [&text[..length], &text[length..2 * length], &text[300 - length..300]];
            let mut out = b"#".to_vec();
            Cursor::new(&mut out).parts(parts);
            assert_eq!(out, [b"#", &parts.concat()[..]].concat(), "{length}");
        }
    }

    #[test]
    fn every_capacity_is_enough() {
        let text = [b'x'; 300];
        for capacity in 0..400 {
            for length in [0, 1, 15, 16, 33, 64, 65, 128, 129] {
                let mut out = Vec::with_capacity(capacity);
                let parts = [&text[..length], b"} "];
                let mut cursor = Cursor::new(&mut out);
                cursor.number(parts, SampleValue::U64(u64::MAX), b"\n");
                cursor.parts(parts);
                cursor.number(parts, SampleValue::I64(-7), b"\n");
                drop(cursor);
                let lines = [
                    expected(&parts, SampleValue::U64(u64::MAX), b"\n"),
                    parts.concat(),
                    expected(&parts, SampleValue::I64(-7), b"\n"),
                ];
                assert_eq!(out, lines.concat(), "{capacity} {length}");
            }
        }
    }
}
