//! The difference between two texts, line by line.

use std::convert::Infallible;

use similar::algorithms::{DiffHook, lcs, myers};

/// The maximum number of pairs of lines that [`lcs`] compares; it needs four bytes for each.
const MAX_PAIRS: usize = 1 << 22;

/// Returns all lines of both texts: `- ` before lines of `expected` only, `+ ` before lines of
/// `actual` only, two spaces before lines of both.
pub(super) fn diff(expected: &[&str], actual: &[&str]) -> String {
    let mut lines = SignedLines { expected, actual, out: String::new() };
    let (all_expected, all_actual) = (0..expected.len(), 0..actual.len());
    let Ok(()) = if expected.len().saturating_mul(actual.len()) <= MAX_PAIRS {
        lcs::diff_deadline_raw(&mut lines, expected, all_expected, actual, all_actual, None)
    } else {
        myers::diff(&mut lines, expected, all_expected, actual, all_actual)
    };
    lines.out
}

/// Writes the lines of both texts with their signs.
struct SignedLines<'l> {
    expected: &'l [&'l str],
    actual: &'l [&'l str],
    out: String,
}

fn push(out: &mut String, sign: &str, lines: &[&str], start: usize, count: usize) {
    for line in lines.iter().skip(start).take(count) {
        out.extend([sign, line, "\n"]);
    }
}

impl DiffHook for SignedLines<'_> {
    type Error = Infallible;

    fn equal(&mut self, expected: usize, _: usize, count: usize) -> Result<(), Infallible> {
        push(&mut self.out, "  ", self.expected, expected, count);
        Ok(())
    }

    fn delete(&mut self, expected: usize, count: usize, _: usize) -> Result<(), Infallible> {
        push(&mut self.out, "- ", self.expected, expected, count);
        Ok(())
    }

    fn insert(&mut self, _: usize, actual: usize, count: usize) -> Result<(), Infallible> {
        push(&mut self.out, "+ ", self.actual, actual, count);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters(text: &str) -> Vec<&str> {
        text.split("").filter(|letter| !letter.is_empty()).collect()
    }

    #[test]
    fn a_difference_keeps_the_longest_common_lines() {
        let cases = [
            ("", "", ""),
            ("abc", "abc", "a b c "),
            ("abc", "", "-a -b -c "),
            ("", "ab", "+a +b "),
            ("abc", "axc", "a -b +x c "),
            ("abcd", "bcde", "-a b c d +e "),
            ("aab", "ab", "a -a b "),
            ("abcabba", "cbabac", "-a -b c -a b +a b a +c "),
        ];
        for (expected, actual, difference) in cases {
            let lines = diff(&letters(expected), &letters(actual));
            assert_eq!(lines.replace(' ', "").replace('\n', " "), difference);
        }
    }

    /// Returns the length of the longest common subsequence, by its definition.
    fn longest(one: &[&str], other: &[&str]) -> usize {
        match (one, other) {
            ([first, rest @ ..], [other_first, other_rest @ ..]) => {
                let here = usize::from(first == other_first) + longest(rest, other_rest);
                here.max(longest(rest, other)).max(longest(one, other_rest))
            }
            _ => 0,
        }
    }

    #[test]
    fn short_texts_share_a_longest_subsequence() {
        let texts: Vec<String> = (0..6_u32)
            .flat_map(|length| (0..1 << length).map(move |bits| (length, bits)))
            .map(|(length, bits)| (0..length).map(|at| ["a", "b"][bits >> at & 1]).collect())
            .collect();
        for (expected, actual) in texts.iter().flat_map(|one| texts.iter().map(move |it| (one, it)))
        {
            let (expected, actual) = (letters(expected), letters(actual));
            let shown = diff(&expected, &actual);
            let of = |signs: [&str; 2]| -> Vec<&str> {
                let lines = shown.lines().map(|line| line.split_at(2));
                lines.filter(|(sign, _)| signs.contains(sign)).map(|(_, line)| line).collect()
            };
            assert_eq!(of(["  ", "- "]), expected);
            assert_eq!(of(["  ", "+ "]), actual);
            assert_eq!(of(["  ", "  "]).len(), longest(&expected, &actual));
        }
    }

    #[test]
    fn long_texts_are_shown_in_full() {
        let lines: Vec<String> = (0..6000).map(|at| format!("line {at}")).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let (expected, actual) = lines.split_at(3000);
        let shown: String = expected
            .iter()
            .map(|line| format!("- {line}\n"))
            .chain(actual.iter().map(|line| format!("+ {line}\n")))
            .collect();
        assert_eq!(diff(expected, actual), shown);
    }
}
