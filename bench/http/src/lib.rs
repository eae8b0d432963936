//! What the servers that are measured serve.

use std::env;

use speed::labels::{Labels, label_sets};

/// How many series a server is told to have, by the environment.
pub const SERIES: &str = "SERIES";

/// The labels of its series, in random order.
///
/// # Panics
///
/// The variable is no number.
pub fn series() -> Vec<Labels> {
    let number = env::var(SERIES).map_or(0, |number| number.parse().unwrap());
    label_sets(number)
}
