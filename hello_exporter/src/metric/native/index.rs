//! The buckets of values.
//!
//! The bucket with index `i` of a schema counts values above 2^((i - 1) * 2^-schema) and up to
//! 2^(i * 2^-schema). The bounds of a schema are also bounds of all finer schemas. So an index is
//! found for schema 8, the finest one, and coarsened from there.

use super::bounds::MANTISSAS;

pub(super) const FINEST_SCHEMA: i8 = 8;
pub(super) const COARSEST_SCHEMA: i8 = -4;

const MANTISSA_BITS: u32 = f64::MANTISSA_DIGITS - 1;
const EXPONENT_BIAS: i32 = 1023;
/// The number of bounds in an octave of schema 8.
const OCTAVE: i32 = 1 << FINEST_SCHEMA;
/// The index of `f64::MAX` in schema 8. Infinity has the next one.
const LAST_FINITE: i32 = (EXPONENT_BIAS + 1) * OCTAVE;
/// Scales subnormal numbers to normal ones.
const SCALE_EXPONENT: i32 = 64;
const SCALE: f64 = (1_u128 << SCALE_EXPONENT) as f64;

const CELL_BITS: u32 = 9;

/// An octave, divided into equal cells. The upper bits of a mantissa are the number of its cell. A
/// cell has at most one bound.
///
/// The upper bits of an entry are the mantissa of the cell's bound, or ones if it has no bound. The
/// lower bits are the number of bounds below the cell. So the shifted mantissa of a value is
/// greater than the entry if and only if the value is above the bound.
static CELLS: [u64; 1 << CELL_BITS] = cells();

#[expect(clippy::indexing_slicing, reason = "constants have no iterators; a panic is an error")]
const fn cells() -> [u64; 1 << CELL_BITS] {
    let mut cells = [0; 1 << CELL_BITS];
    let mut below = 0;
    let mut cell = 0;
    while cell < cells.len() {
        let end = (cell as u64 + 1) << (MANTISSA_BITS - CELL_BITS);
        let has_bound = below < MANTISSAS.len() && MANTISSAS[below] < end;
        let bound = if has_bound { MANTISSAS[below] } else { (1 << MANTISSA_BITS) - 1 };
        cells[cell] = bound << (64 - MANTISSA_BITS) | below as u64;
        below += has_bound as usize;
        assert!(below == MANTISSAS.len() || MANTISSAS[below] >= end, "a cell has two bounds");
        cell += 1;
    }
    cells
}

/// Returns the index of the bucket of a value, which is not zero and not NaN. The sign is ignored.
#[inline]
pub(super) fn index(value: f64, schema: i8) -> i32 {
    coarsened(finest_index(value), FINEST_SCHEMA, schema)
}

/// Returns the index of the bucket of an equal or coarser schema that contains a bucket.
#[inline]
pub(super) fn coarsened(index: i32, schema: i8, coarser: i8) -> i32 {
    let shift = schema - coarser;
    (index + (1 << shift) - 1) >> shift
}

#[inline]
fn finest_index(value: f64) -> i32 {
    let bits = value.to_bits();
    let exponent = (bits << 1 >> (MANTISSA_BITS + 1)) as i32;
    if (1..=2 * EXPONENT_BIAS).contains(&exponent) {
        normal_index(bits, exponent)
    } else if exponent == 0 {
        // The product is exact.
        let bits = (value.abs() * SCALE).to_bits();
        let exponent = (bits >> MANTISSA_BITS) as i32;
        normal_index(bits, exponent - SCALE_EXPONENT)
    } else {
        LAST_FINITE + 1
    }
}

#[inline]
fn normal_index(bits: u64, exponent: i32) -> i32 {
    let mantissa = bits << (64 - MANTISSA_BITS);
    let cell = (mantissa >> (64 - CELL_BITS)) as usize;
    let entry = CELLS.get(cell).copied().unwrap_or_default();
    let bounds_below = (entry & ((1 << (64 - MANTISSA_BITS)) - 1)) as i32;
    (exponent - EXPONENT_BIAS) * OCTAVE + bounds_below + i32::from(mantissa > entry)
}

/// Returns the upper bound of a bucket. The last bucket of finite values has `f64::MAX`, and the
/// next bucket contains only infinity.
pub(super) fn upper_bound(index: i32, schema: i8) -> f64 {
    let finest = i64::from(index) << (FINEST_SCHEMA - schema);
    let last_finite = i64::from(LAST_FINITE);
    if finest >= last_finite {
        return if finest == last_finite { f64::MAX } else { f64::INFINITY };
    }
    let octave = finest.div_euclid(i64::from(OCTAVE)) as i32;
    let position = finest.rem_euclid(i64::from(OCTAVE)) as usize;
    let mantissa = MANTISSAS.get(position).copied().unwrap_or_default();
    let with_exponent = |exponent: i32| {
        f64::from_bits(u64::from(exponent.max(0).cast_unsigned()) << MANTISSA_BITS | mantissa)
    };
    let exponent = octave + EXPONENT_BIAS;
    if exponent > 0 {
        with_exponent(exponent)
    } else {
        with_exponent(exponent + SCALE_EXPONENT) / SCALE
    }
}

/// Returns the last index whose bucket has no value above a bound, which is not negative.
pub(super) fn last_index_within(bound: f64, schema: i8) -> i32 {
    if bound == 0.0 {
        return i32::MIN;
    }
    let last = index(bound, schema);
    if upper_bound(last, schema) <= bound { last } else { last - 1 }
}

/// Returns the indices that values can have, infinity included.
pub(super) fn indices(schema: i8) -> std::ops::RangeInclusive<i32> {
    const SMALLEST: f64 = f64::from_bits(1);

    index(SMALLEST, schema)..=index(f64::INFINITY, schema)
}
