//! The indices of values, and the bounds of buckets.

use super::super::bounds::MANTISSAS;
use super::super::index::{coarsened, index, indices, last_index_within, upper_bound};
use super::model::model_index;

const SCHEMAS: std::ops::RangeInclusive<i8> = -4..=8;

/// Checks the index of a value in all schemas and with both signs.
fn check(value: f64) {
    for schema in SCHEMAS {
        let expected = model_index(value, schema);
        assert_eq!(index(value, schema), expected, "{value:e} in schema {schema}");
        assert_eq!(index(-value, schema), expected, "-{value:e} in schema {schema}");
        assert!(indices(schema).contains(&expected));
    }
}

#[test]
fn bounds_are_exact_to_half_a_unit() {
    let unit = 1_u128 << 52;
    let bound = |at: usize| unit | u128::from(MANTISSAS[at]);
    for at in 0..128 {
        // The square of a bound is the bound at twice its position. All numbers are doubled, so
        // that half a unit is an integer.
        let square = (2 * bound(at) - 1).pow(2)..=(2 * bound(at) + 1).pow(2);
        let target = 2 * (2 * bound(2 * at) - 1) * unit..=2 * (2 * bound(2 * at) + 1) * unit;
        assert!(square.start() <= target.end() && target.start() <= square.end(), "{at}");
    }
    for at in 1..256 {
        // The product of two bounds that lie symmetrically is 2.
        let (one, other) = (2 * bound(at), 2 * bound(256 - at));
        let two = 8 * unit * unit;
        assert!((one - 1) * (other - 1) <= two && two <= (one + 1) * (other + 1), "{at}");
    }
}

#[test]
fn values_next_to_bounds_are_in_the_right_buckets() {
    for exponent in [-1022, -1021, -500, -128, -2, -1, 0, 1, 2, 3, 10, 52, 511, 1022, 1023] {
        for mantissa in MANTISSAS {
            let bound = f64::from_bits(((exponent + 1023) as u64) << 52 | mantissa);
            for value in [bound.next_down(), bound, bound.next_up()] {
                check(value);
            }
        }
    }
}

#[test]
fn a_bound_is_in_its_own_bucket_and_the_next_value_in_the_next_one() {
    for schema in SCHEMAS {
        let octave = |octaves: i32| coarsened(octaves << 8, 8, schema);
        for at in (octave(-1022)..octave(-1000)).chain(octave(-3)..octave(3)) {
            let bound = upper_bound(at, schema);
            assert_eq!(index(bound, schema), at);
            assert_eq!(index(bound.next_up(), schema), at + 1);
            assert_eq!(last_index_within(bound, schema), at);
            assert_eq!(last_index_within(bound.next_down(), schema), at - 1);
        }
    }
}

#[test]
fn extreme_values_have_buckets() {
    let smallest = f64::from_bits(1);
    for value in [smallest, f64::MIN_POSITIVE, f64::MAX, f64::INFINITY] {
        for value in [value.next_down(), value, value.next_up()] {
            if value > 0.0 {
                check(value);
            }
        }
    }
    assert_eq!((index(smallest, 8), index(smallest, -4)), (-1074 * 256, -67));
    assert_eq!((index(f64::MAX, 8), index(f64::MAX, -4)), (1024 * 256, 64));
    assert_eq!((index(f64::INFINITY, 8), index(f64::INFINITY, -4)), (1024 * 256 + 1, 65));
}

#[test]
fn subnormal_values_are_in_the_right_buckets() {
    for bits in (1..5_000).chain((0..52).flat_map(|shift| [1 << shift, (1 << shift) + 1])) {
        check(f64::from_bits(bits));
    }
}

#[test]
fn random_values_are_in_the_right_buckets() {
    let mut random = super::Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..20_000 {
        let value = f64::from_bits(random.next() >> 1);
        if !value.is_nan() && value > 0.0 {
            check(value);
        }
    }
}

#[test]
fn upper_bounds_are_those_of_client_golang() {
    let cases = [
        (-1, -1, 0.25),
        (0, -1, 1.0),
        (1, -1, 4.0),
        (512, -1, f64::MAX),
        (513, -1, f64::INFINITY),
        (-1, 0, 0.5),
        (0, 0, 1.0),
        (1, 0, 2.0),
        (1024, 0, f64::MAX),
        (1025, 0, f64::INFINITY),
        // client_golang has the next smaller number, which is not the nearest one.
        (-1, 2, 0.8408964152537145),
        (0, 2, 1.0),
        (1, 2, 1.189207115002721),
        (4096, 2, f64::MAX),
        (4097, 2, f64::INFINITY),
    ];
    for (at, schema, expected) in cases {
        assert_eq!(upper_bound(at, schema), expected, "bucket {at} of schema {schema}");
    }
}
