//! Golden files: texts below `tests/` that tests compare with.

use std::collections::BTreeSet;

use hello_exporter::Registry;

use crate::repository::data;
use crate::{exposition, open_metrics};

/// Asserts that a file below `tests/` has this text. With `GOLDEN=overwrite`, writes the file.
#[track_caller]
pub fn assert_golden(file: &str, actual: &str) {
    let path = data(file);
    if std::env::var_os("GOLDEN").is_some_and(|value| value == "overwrite") {
        return std::fs::write(path, actual).expect("the golden file is written");
    }
    let golden = std::fs::read_to_string(path).ok();
    assert!(
        golden.as_deref() == Some(actual),
        "tests/{file} is missing or differs (`-` golden, `+` actual):\n{}\n\
         if the change is meant: {}",
        changes(golden.as_deref().unwrap_or_default(), actual),
        command()
    );
}

/// Asserts that a registry exposes `expositions/NAME.txt` in the text format, and
/// `expositions/NAME.openmetrics` in OpenMetrics.
#[track_caller]
pub fn assert_golden_formats(name: &str, registry: &Registry) {
    assert_golden(&format!("expositions/{name}.txt"), &exposition(registry));
    assert_golden(&format!("expositions/{name}.openmetrics"), &open_metrics(registry));
}

/// Returns the removed lines, then the added lines, each in the order of their text. If only the
/// order or the number of lines differs, returns the actual text.
fn changes(golden: &str, actual: &str) -> String {
    let (old, new): (BTreeSet<&str>, BTreeSet<&str>) =
        (golden.lines().collect(), actual.lines().collect());
    if old == new {
        return actual.to_owned();
    }
    let removed =
        golden.lines().filter(|line| !new.contains(line)).map(|line| format!("-{line}\n"));
    let added = actual.lines().filter(|line| !old.contains(line)).map(|line| format!("+{line}\n"));
    removed.chain(added).collect()
}

/// Returns the command that overwrites the golden files of the running test.
fn command() -> String {
    let program = std::env::current_exe().expect("the program has a path");
    let stem = program.file_stem().unwrap_or_default().to_string_lossy();
    let test = stem.rsplit_once('-').map_or(&*stem, |(test, _)| test);
    format!("GOLDEN=overwrite cargo test --package hello_exporter_tests --test {test}")
}

#[cfg(test)]
mod tests {
    use super::changes;

    #[test]
    fn changed_lines_are_shown_in_order() {
        let changes = changes("# 1\na\nb\n", "# 1\nb\nc\n");
        assert_eq!(changes, "-a\n+c\n");
    }

    #[test]
    fn text_with_the_same_lines_is_shown_whole() {
        assert_eq!(changes("a\nb\n", "b\na\n"), "b\na\n");
    }
}
