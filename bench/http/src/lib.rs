//! The series that the measured servers expose.

use std::env;

use speed::labels::{Labels, label_sets};

/// The environment variable with the number of series of a server.
pub const SERIES: &str = "SERIES";

/// Returns the labels of the series, in random order.
///
/// # Panics
/// Panics if the variable is not a number.
pub fn series() -> Vec<Labels> {
    let number = env::var(SERIES).map_or(0, |number| number.parse().unwrap());
    label_sets(number)
}
