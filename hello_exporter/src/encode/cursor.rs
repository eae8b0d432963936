//! Appends lines and messages to a vector. No other code of the library writes into uninitialized
//! memory.
//!
//! A [`Cursor`] reserves the bytes of a line at once, or in two steps if its number is not written
//! as an integer. It copies a part of up to 128 bytes in two moves, as wide as its length permits.
//! The methods of a vector reserve for every part, call `memcpy` and store the length: a line took
//! 1.4 times as long with them.
//!
//! The invariants that make it sound:
//!
//! - A cursor borrows the vector exclusively until it is dropped. Only [`grow`] moves the vector's
//!   memory, and it returns the new pointers.
//! - `at` and `end` point into the vector's memory, or one byte past it. `end` is the end of its
//!   capacity; `at` is at or before `end`. All bytes before `at` are initialized. The vector's
//!   length is set to `at` when the cursor is dropped, and before the vector grows.
//! - Only [`Cursor::push`], [`Cursor::push_integer`] and [`Cursor::prefix`] write. They write at
//!   `at`, and advance it past the bytes that count. For fewer than eight digits, `push_integer`
//!   still writes eight bytes, and `prefix` always writes its whole array. All these bytes are
//!   reserved with [`Cursor::reserve`] before.

#![allow(unsafe_code, reason = "see the invariants above")]

use super::SampleValue;
use super::decimal::{self, EIGHT_DIGITS, MOST_DIGITS};

/// Appends a number: integers in full, floats in the fewest digits that read back the same.
pub(super) fn append_number(value: SampleValue, out: &mut Vec<u8>) {
    Cursor::new(out).number([], value, b"");
}

/// The end of a vector, to which lines are appended.
pub(super) struct Cursor<'v> {
    out: &'v mut Vec<u8>,
    /// The position of the next byte.
    at: *mut u8,
    /// The end of the capacity.
    end: *mut u8,
}

impl<'v> Cursor<'v> {
    #[inline(always)]
    pub(super) fn new(out: &'v mut Vec<u8>) -> Self {
        let (at, end) = ends(out);
        Self { out, at, end }
    }

    /// Appends parts, one after the other.
    #[inline(always)]
    pub(super) fn parts<const N: usize>(&mut self, parts: [&[u8]; N]) {
        self.reserve(length(&parts, 0));
        // SAFETY: all parts are reserved.
        unsafe { parts.iter().for_each(|part| self.push(part)) }
    }

    /// Appends parts, one after the other, then `value`, then `end`.
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
        // SAFETY: all parts, the sign, `MOST_DIGITS` digits and `end` are reserved.
        unsafe {
            parts.iter().for_each(|part| self.push(part));
            self.push(sign);
            self.push_integer(magnitude);
            self.push(end);
        }
    }

    /// Appends the first `length` bytes of an array, or all if it has fewer. This takes one move of
    /// the whole array.
    #[inline(always)]
    pub(super) fn prefix<const N: usize>(&mut self, bytes: &[u8; N], length: usize) {
        self.reserve(N);
        // SAFETY: `N` bytes are reserved. `at` advances past at most those, which are written.
        unsafe {
            write(*bytes, self.at);
            self.at = self.at.add(length.min(N));
        }
    }

    /// Reserves `length` bytes.
    #[inline(always)]
    fn reserve(&mut self, length: usize) {
        // SAFETY: both point into the vector's memory, or one past it, and `at` is at or before
        // `end`.
        let room = unsafe { self.end.offset_from_unsigned(self.at) };
        if length > room {
            (self.at, self.end) = grow(self.out, self.at, length);
        }
    }

    /// Appends bytes.
    ///
    /// # Safety
    ///
    /// They are reserved.
    #[inline(always)]
    unsafe fn push(&mut self, part: &[u8]) {
        // SAFETY: the bytes are reserved. The part does not overlap them: the vector is borrowed
        // exclusively.
        unsafe {
            copy(part, self.at);
            self.at = self.at.add(part.len());
        }
    }

    /// Appends an integer.
    ///
    /// # Safety
    ///
    /// [`MOST_DIGITS`] bytes are reserved.
    #[inline(always)]
    unsafe fn push_integer(&mut self, value: u64) {
        // SAFETY: the caller has reserved `MOST_DIGITS` bytes, which is enough for either function.
        unsafe {
            self.at = if value < EIGHT_DIGITS {
                write_digits(value, self.at)
            } else {
                write_long(value, self.at)
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

/// Returns the length of all parts plus `more`, saturating.
#[inline(always)]
fn length(parts: &[&[u8]], more: usize) -> usize {
    parts.iter().fold(more, |length, part| length.saturating_add(part.len()))
}

/// Returns the end of a vector's bytes and the end of its capacity.
#[inline(always)]
fn ends(out: &mut Vec<u8>) -> (*mut u8, *mut u8) {
    let (length, capacity) = (out.len(), out.capacity());
    let start = out.as_mut_ptr();
    // SAFETY: neither is past the end of the vector's memory.
    unsafe { (start.add(length), start.add(capacity)) }
}

/// Sets the vector's length so that it ends at `at`.
#[inline(always)]
fn set_length(out: &mut Vec<u8>, at: *mut u8) {
    // SAFETY: `at` points into the vector's memory, or one past it, and the bytes before it are
    // initialized.
    unsafe {
        let length = at.offset_from_unsigned(out.as_ptr());
        out.set_len(length);
    }
}

/// Reserves `length` bytes after `at`, the end of the vector's bytes.
///
/// The pointers are passed and returned by value, so that a cursor stays in registers.
#[cold]
#[inline(never)]
fn grow(out: &mut Vec<u8>, at: *mut u8, length: usize) -> (*mut u8, *mut u8) {
    set_length(out, at);
    out.reserve(length);
    ends(out)
}

/// Copies bytes. It copies up to 128 in two moves, which may overlap, without a loop or a call.
///
/// # Safety
///
/// `from.len()` bytes can be written at `to`, and do not overlap `from`.
#[inline(always)]
unsafe fn copy(from: &[u8], to: *mut u8) {
    // SAFETY: no move is longer than `from`.
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
/// `from` has from `N` to `2 * N` bytes, and `to` is as for [`copy`].
#[inline(always)]
unsafe fn copy_ends<const N: usize>(from: &[u8], to: *mut u8) {
    let last = from.len() - N;
    // SAFETY: `last + N` is the length of `from`.
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
    // SAFETY: the caller guarantees `N` writable bytes, and the alignment of a byte array is 1.
    unsafe { to.cast::<[u8; N]>().write(bytes) }
}

/// Writes an integer below [`EIGHT_DIGITS`], and returns its end.
///
/// # Safety
///
/// Eight bytes can be written at `to`.
#[inline(always)]
unsafe fn write_digits(value: u64, to: *mut u8) -> *mut u8 {
    let (digits, length) = decimal::digits(value as u32);
    // SAFETY: eight bytes are written, and `length` is at most eight.
    unsafe {
        write(digits, to);
        to.add(length)
    }
}

/// Writes an integer of at least [`EIGHT_DIGITS`], and returns its end.
///
/// # Safety
///
/// [`MOST_DIGITS`] bytes can be written at `to`.
#[inline(never)]
unsafe fn write_long(value: u64, to: *mut u8) -> *mut u8 {
    let (high, low) = (value / EIGHT_DIGITS, value % EIGHT_DIGITS);
    // SAFETY: an integer below 10¹⁶ takes two words, which are sixteen bytes. A longer one has up
    // to four more digits before them (`u64::MAX` begins with 1844), so it ends at or before the
    // twentieth byte.
    unsafe {
        let to = if high < EIGHT_DIGITS {
            write_digits(high, to)
        } else {
            write_eight(high % EIGHT_DIGITS, write_digits(high / EIGHT_DIGITS, to))
        };
        write_eight(low, to)
    }
}

/// Writes the eight digits of an integer below [`EIGHT_DIGITS`], leading zeros included, and
/// returns their end.
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

    /// Returns the line as a vector's own methods write it.
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
    fn prefixes_of_arrays_are_appended_at_every_capacity() {
        let array: [u8; 32] = std::array::from_fn(|at| at as u8);
        for capacity in 0..100 {
            for length in 0..=33 {
                let mut out = Vec::with_capacity(capacity);
                let mut cursor = Cursor::new(&mut out);
                cursor.prefix(&array, length);
                cursor.prefix(&[7, 8], 1);
                cursor.prefix(&array, length);
                drop(cursor);
                let prefix = &array[..length.min(32)];
                assert_eq!(out, [prefix, &[7], prefix].concat(), "{capacity} {length}");
            }
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
