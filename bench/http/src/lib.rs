//! The series of the servers that are measured.

use std::env;

use speed::labels::{Labels, label_sets};

/// The environment variable with the number of series that a server has.
pub const SERIES: &str = "SERIES";

/// Returns the labels of the server's series, in random order; none if [`SERIES`] is not set.
///
/// # Panics
///
/// Panics if the variable is not a number.
pub fn series() -> Vec<Labels> {
    let number = env::var(SERIES).map_or(0, |number| number.parse().unwrap());
    label_sets(number)
}
