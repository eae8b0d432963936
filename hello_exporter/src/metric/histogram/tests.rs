use super::*;
use crate::metric::word;

#[test]
fn observations_are_counted_in_the_first_matching_bucket() {
    let histogram = Histogram::new(&[-1.0, 0.0, 1.0]);
    for value in [f64::NEG_INFINITY, -1.0, -0.5, 0.0, 1.0, 1.5, f64::INFINITY, f64::NAN] {
        histogram.observe(value);
    }
    let counts: Vec<u64> = histogram.words.iter().take(4).map(word::load).collect();
    assert_eq!(counts, [2, 2, 1, 3]);
    assert_eq!(histogram.count(), 8);
    assert!(histogram.sum().is_nan());
}
