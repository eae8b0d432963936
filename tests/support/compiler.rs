//! The compiler's messages about the mistakes in `ui`.

use std::fs;

use crate::repository::data;

/// Returns whether the recorded message of a case in `ui` contains these words.
pub fn compiler_says(case: &str, words: &str) -> bool {
    let case = data("ui").join(case);
    assert!(case.with_extension("rs").exists(), "{}", case.display());
    let message = fs::read_to_string(case.with_extension("stderr")).expect("it is recorded");
    message.contains(words)
}
