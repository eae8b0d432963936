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

/// Reads a file of the repository, with one space in place of each line break and its indentation.
pub fn read_unwrapped(path: &str) -> String {
    read(path).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the first fenced block of a document in this language.
pub fn block<'t>(document: &'t str, language: &str) -> &'t str {
    let (_, rest) = document.split_once(&format!("```{language}\n")).expect("there is one");
    rest.split_once("```").expect("it has an end").0
}

/// A Rust file.
pub struct Source {
    /// Its path, from the root of the repository on.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Returns the Rust files in a directory of the repository and below it, in order of their paths.
pub fn sources(directory: &str) -> Vec<Source> {
    let entries = fs::read_dir(repository(directory)).expect("the directory is there");
    let mut sources = Vec::new();
    for entry in entries {
        let entry = entry.expect("the directory can be read");
        let path = format!("{directory}/{}", entry.file_name().display());
        if entry.path().is_dir() {
            sources.extend(self::sources(&path));
        } else if path.ends_with(".rs") {
            let text = read(&path);
            sources.push(Source { path, text });
        }
    }
    sources.sort_by(|one, other| one.path.cmp(&other.path));
    sources
}

/// Returns the number of lines of the Rust files in a directory of the repository, without blank
/// lines, comments and the files `tests.rs`.
pub fn lines_of_code(directory: &str) -> usize {
    let sources = sources(directory);
    let code = sources.iter().filter(|source| !source.path.ends_with("/tests.rs"));
    code.flat_map(|source| source.text.lines().map(str::trim))
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .count()
}

/// Returns a number as documents write it: `2,028`.
pub fn with_comma(number: usize) -> String {
    match number {
        0..1000 => number.to_string(),
        _ => format!("{},{:03}", number / 1000, number % 1000),
    }
}
