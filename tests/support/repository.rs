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

/// Returns the lines of all files in a directory, without blank lines, comments and tests.
pub fn lines_of_code(directory: &Path) -> usize {
    let mut lines = 0;
    for entry in fs::read_dir(directory).expect("the directory is there") {
        let path = entry.expect("the directory can be read").path();
        if path.is_dir() {
            lines += lines_of_code(&path);
        } else if !path.ends_with("tests.rs") {
            let source = fs::read_to_string(path).expect("the file is there");
            let code = source.lines().map(str::trim);
            lines += code.filter(|line| !line.is_empty() && !line.starts_with("//")).count();
        }
    }
    lines
}
