//! Comments and prose wrap at 100 columns, except tables and listings.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::fs;
use std::path::Path;

use hello_exporter_tests::{read, repository};

const COLUMNS: usize = 100;

/// Directories whose files are generated, wholly or in part.
const GENERATED: [&str; 3] = ["target", "golden", ".git"];

/// Calls `visit` with the path of each file below a directory of the repository.
fn visit_files(directory: &str, visit: &mut dyn FnMut(&str)) {
    let mut names: Vec<String> = fs::read_dir(repository(directory))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    for name in names.iter().filter(|name| !GENERATED.contains(&name.as_str())) {
        let path = Path::new(directory).join(name);
        let path = path.to_str().unwrap();
        if repository(path).is_dir() {
            visit_files(path, visit);
        } else {
            visit(path);
        }
    }
}

/// Returns the prose of a line of Markdown. An indented line is a listing.
fn markdown(line: &str) -> Option<&str> {
    Some(if line.starts_with("    ") { "" } else { line })
}

/// Returns the text of a comment on a line of its own, without the slashes.
fn comment(line: &str) -> Option<&str> {
    let comment = line.trim_start().strip_prefix("//")?;
    Some(comment.trim_start_matches(['/', '!']))
}

/// Returns the numbers of the lines that should wrap. `prose` returns the prose of a line, if it
/// has any.
fn long_lines(text: &str, prose: fn(&str) -> Option<&str>) -> Vec<usize> {
    let mut is_listing = false;
    let mut long = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let Some(prose) = prose(line).map(str::trim_start) else {
            is_listing = false;
            continue;
        };
        if prose.starts_with("```") {
            is_listing = !is_listing;
        }
        let is_table = prose.starts_with('|');
        // A long link has no place to wrap.
        let can_wrap = prose.trim_start_matches("- ").contains(' ');
        if !is_listing && !is_table && can_wrap && line.chars().count() > COLUMNS {
            long.push(number);
        }
    }
    long
}

#[test]
fn comments_and_prose_wrap() {
    let mut long = Vec::new();
    visit_files(".", &mut |path| {
        let lines = match Path::new(path).extension().and_then(|it| it.to_str()) {
            Some("rs") => long_lines(&read(path), comment),
            Some("md") => long_lines(&read(path), markdown),
            _ => Vec::new(),
        };
        long.extend(lines.into_iter().map(|line| format!("{path}:{line}")));
    });
    assert!(long.is_empty(), "more than {COLUMNS} columns:\n{}", long.join("\n"));
}

#[test]
fn tables_and_listings_are_excepted() {
    let long = "word ".repeat(30);
    let text = format!("{long}\n| {long}|\n```\n{long}\n```\n- [x](https://{})\n", "y".repeat(100));
    assert_eq!(long_lines(&text, markdown), [1]);
    let code = format!("/// {long}\nlet x = \"// {long}\";\n    // {long}\n//! ```\n//! {long}\n");
    assert_eq!(long_lines(&code, comment), [1, 3]);
}
