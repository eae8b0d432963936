//! The structure of the library: which room uses which, and how long its files and functions are.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::sync::LazyLock;

use hello_exporter_tests::{Source, sources};

/// The paths below `crate` that the server may use: its own, `internals`, the core's public
/// modules, and public names that no public module has.
const OPEN_TO_SERVER: [&str; 13] = [
    "server",
    "internals",
    "collect",
    "metric",
    "registry",
    "respond",
    "schema",
    "name",
    "interop",
    "testing",
    "encode::Format",
    "LabelValue",
    "Labels",
];

/// The most lines of the core that contain `cfg(feature = "server")`.
const MOST_CFGS: usize = 12;

const MOST_LINES_OF_A_FILE: usize = 420;

const MOST_LINES_OF_A_FUNCTION: usize = 45;

static LIBRARY: LazyLock<Vec<Source>> = LazyLock::new(|| sources("hello_exporter/src"));

static DERIVE: LazyLock<Vec<Source>> = LazyLock::new(|| sources("hello_exporter_derive/src"));

/// Returns the files of both crates.
fn all_files() -> impl Iterator<Item = &'static Source> {
    LIBRARY.iter().chain(DERIVE.iter())
}

fn is_of_server(source: &Source) -> bool {
    let path = source.path.strip_prefix("hello_exporter/src/");
    path.is_some_and(|path| path == "server.rs" || path.starts_with("server/"))
}

/// Returns the library's files, those of the server or all others.
fn files_of_library(of_server: bool) -> impl Iterator<Item = &'static Source> {
    all_files().filter(move |source| {
        source.path.starts_with("hello_exporter/") && is_of_server(source) == of_server
    })
}

/// Returns the lines with their numbers, without comments.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    numbered.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Returns the rest of the line after each `word` that is not the end of a longer word.
fn rests_after<'t>(line: &'t str, word: &str) -> impl Iterator<Item = &'t str> {
    line.match_indices(word).filter_map(move |(start, _)| {
        let before = line[..start].chars().next_back();
        let is_whole = !before.is_some_and(|it| it == '$' || is_of_identifier(it));
        is_whole.then(|| &line[start + word.len()..])
    })
}

/// Asserts that nothing breaks a rule; shows each `file:line: …` that does.
#[track_caller]
fn assert_none(rule: &str, breaches: impl IntoIterator<Item = String>) {
    let breaches: Vec<String> = breaches.into_iter().collect();
    assert!(breaches.is_empty(), "{rule}:\n{}", breaches.join("\n"));
}

/// Returns `file:line: …` for each line of code that `breaks` the rule.
fn lines_that<'s>(
    sources: impl Iterator<Item = &'s Source>,
    breaks: impl Fn(&str) -> bool,
) -> Vec<String> {
    let mut breaches = Vec::new();
    for Source { path, text } in sources {
        let lines = code(text).filter(|(_, line)| breaks(line));
        breaches.extend(lines.map(|(number, line)| format!("{path}:{number}: {}", line.trim())));
    }
    breaches
}

#[test]
fn core_does_not_use_server() {
    let others = files_of_library(false)
        .filter(|source| !source.path.ends_with("/lib.rs") && !source.path.ends_with("/main.rs"));
    let uses_server = |line: &str| {
        ["server::", "crate::server"].iter().any(|path| rests_after(line, path).next().is_some())
    };
    assert_none("only lib.rs and main.rs may use `server`", lines_that(others, uses_server));
}

#[test]
fn server_uses_only_open_paths() {
    assert_none(
        &format!("of `crate::` the server may use {OPEN_TO_SERVER:?}"),
        lines_that(files_of_library(true), uses_closed_path),
    );
}

fn uses_closed_path(line: &str) -> bool {
    rests_after(line, "crate::").any(|path| {
        let is_open = |open: &&str| {
            let rest = path.strip_prefix(*open);
            rest.is_some_and(|rest| !rest.starts_with(is_of_identifier))
        };
        !OPEN_TO_SERVER.iter().any(is_open)
    })
}

fn is_of_identifier(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

#[test]
fn core_has_few_cfgs_of_server() {
    let cfgs =
        lines_that(files_of_library(false), |line| line.contains("cfg(feature = \"server\")"));
    assert!(
        cfgs.len() <= MOST_CFGS,
        "{} lines of the core say `cfg(feature = \"server\")`, expected at most {MOST_CFGS}:\n{}",
        cfgs.len(),
        cfgs.join("\n")
    );
}

#[test]
fn files_are_short() {
    assert_none(
        &format!("a file has at most {MOST_LINES_OF_A_FILE} lines"),
        all_files().filter_map(|Source { path, text }| {
            let lines = text.lines().count();
            (lines > MOST_LINES_OF_A_FILE).then(|| format!("{path}:{lines}: the last line"))
        }),
    );
}

#[test]
fn functions_are_short() {
    let sources = all_files().filter(|source| !source.path.ends_with("/tests.rs"));
    assert_none(
        &format!("a function has at most {MOST_LINES_OF_A_FUNCTION} lines"),
        sources.flat_map(|Source { path, text }| {
            let long = functions(text).into_iter();
            let long = long.filter(|function| function.lines > MOST_LINES_OF_A_FUNCTION);
            long.map(move |Function { line, name, lines }| {
                format!("{path}:{line}: `{name}` has {lines} lines")
            })
        }),
    );
}

#[test]
fn modules_are_not_named_mod() {
    let mods = all_files().filter(|source| source.path.ends_with("/mod.rs"));
    assert_none(
        "the file of a module is named for it, not `mod.rs`",
        mods.map(|source| format!("{}:1", source.path)),
    );
}

#[derive(Debug, PartialEq)]
struct Function<'t> {
    line: usize,
    name: &'t str,
    lines: usize,
}

/// Returns the functions with a body in a text as rustfmt writes it, up to a module of tests.
fn functions(text: &str) -> Vec<Function<'_>> {
    let (text, _) = text.split_once("#[cfg(test)]\nmod tests {").unwrap_or((text, ""));
    let lines: Vec<&str> = text.lines().collect();
    let mut functions = Vec::new();
    for (line, first) in code(text) {
        let rest = lines.get(line - 1..).unwrap_or_default();
        if let (Some(name), Some(lines)) = (function_name(first), lines_of_function(rest)) {
            functions.push(Function { line, name, lines });
        }
    }
    functions
}

/// Returns the name of the function that a line begins.
fn function_name(line: &str) -> Option<&str> {
    let (qualifiers, rest) = line.trim_start().split_once("fn ")?;
    let is_qualifier = |word: &str| {
        matches!(word, "const" | "async" | "unsafe" | "extern" | "\"C\"") || word.starts_with("pub")
    };
    qualifiers.split_whitespace().all(is_qualifier).then(|| {
        let end = rest.find(|it| !is_of_identifier(it));
        &rest[..end.unwrap_or(rest.len())]
    })
}

/// Returns the number of lines up to the closing brace; `None` if the function has no body.
fn lines_of_function(lines: &[&str]) -> Option<usize> {
    let ends_signature = |line: &&&str| line.ends_with(['{', '}', ';']);
    let signature_end = lines.iter().find(ends_signature)?;
    if signature_end.ends_with('}') {
        return Some(1);
    }
    let first = lines.first()?;
    let indentation = &first[..first.len() - first.trim_start().len()];
    let is_end = |line: &&str| line.strip_prefix(indentation) == Some("}");
    let body_end = || lines.iter().position(is_end).map(|index| index + 1);
    signature_end.ends_with('{').then(body_end).flatten()
}

#[test]
fn functions_are_found_with_their_lengths() {
    let text = "\
impl Gauge {
    pub(crate) const fn new(
        value: f64,
    ) -> Self
    where
        Self: Sized,
    {
        if value > 0.0 {
            return Self { value };
        }
        Self { value }
    }

    fn empty() {}
}

trait Collect {
    fn describe(&self) -> [Desc; 2];

    // fn comment() {
    async fn collect(&self) {
        callback(fn_pointer);
    }
}

#[cfg(test)]
mod tests {
    fn left_out() {
    }
}
";
    let expected = [(2, "new", 11), (14, "empty", 1), (21, "collect", 3)]
        .map(|(line, name, lines)| Function { line, name, lines });
    assert_eq!(functions(text), expected);
}

#[test]
fn closed_paths_are_recognized() {
    for closed in ["use crate::labels::X;", "use crate::{a, b};", "use crate::encode::Formats;"] {
        assert!(uses_closed_path(closed), "{closed}");
    }
    for open in ["use crate::server::x;", "$crate::labels::X", "use crate::encode::Format;"] {
        assert!(!uses_closed_path(open), "{open}");
    }
}
