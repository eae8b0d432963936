//! Files of the repository.

use std::fs;
use std::path::{Path, PathBuf};

/// Returns the path of a file below `tests/`.
pub fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Returns the path of a file of the repository.
pub fn repository(path: &str) -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().expect("the package is in the repository").join(path)
}

/// Reads a file of the repository.
pub fn read(path: &str) -> String {
    fs::read_to_string(repository(path)).expect("the file is there")
}

/// Returns the first fenced block of a document in this language.
pub fn block<'t>(document: &'t str, language: &str) -> &'t str {
    let (_, rest) = document.split_once(&format!("```{language}\n")).expect("there is one");
    rest.split_once("```").expect("it has an end").0
}
