//! The difference between two texts, line by line.

/// More pairs of lines than these are not searched for a common subsequence.
const MAX_PAIRS: usize = 1 << 22;

/// All lines of both texts: `- ` in front of those of `expected` only, `+ ` in front of those of
/// `actual` only, two blanks in front of those that they share.
pub(super) fn diff(expected: &[&str], actual: &[&str]) -> String {
    // Most lines are the same, so that cutting the ends leaves little to search.
    let start = common(expected.iter().zip(actual));
    let (head, expected) = expected.split_at(start);
    let (_, actual) = actual.split_at(start);
    let end = common(expected.iter().rev().zip(actual.iter().rev()));
    let (expected, tail) = expected.split_at(expected.len() - end);
    let (actual, _) = actual.split_at(actual.len() - end);

    let mut out = String::new();
    push(&mut out, "  ", head);
    push_middle(&mut out, expected, actual);
    push(&mut out, "  ", tail);
    out
}

/// How many pairs are equal before the first that is not.
fn common<'l>(pairs: impl Iterator<Item = (&'l &'l str, &'l &'l str)>) -> usize {
    pairs.take_while(|(one, other)| one == other).count()
}

fn push(out: &mut String, sign: &str, lines: &[&str]) {
    for line in lines {
        out.extend([sign, line, "\n"]);
    }
}

fn push_middle(out: &mut String, mut expected: &[&str], mut actual: &[&str]) {
    let lengths = Lengths::new(expected, actual);
    while let ([wanted, later @ ..], [found, behind @ ..]) = (expected, actual) {
        if wanted == found {
            push(out, "  ", &[wanted]);
            (expected, actual) = (later, behind);
        } else if lengths.get(later, actual) >= lengths.get(expected, behind) {
            push(out, "- ", &[wanted]);
            expected = later;
        } else {
            push(out, "+ ", &[found]);
            actual = behind;
        }
    }
    push(out, "- ", expected);
    push(out, "+ ", actual);
}

/// The lengths of the longest common subsequences of all pairs of ends, the rows and columns by how many
/// lines these have. Where nothing was searched all are zero.
struct Lengths(Vec<Vec<usize>>);

impl Lengths {
    fn new(expected: &[&str], actual: &[&str]) -> Self {
        if expected.len().saturating_mul(actual.len()) > MAX_PAIRS {
            return Self(Vec::new());
        }
        let mut rows = Vec::with_capacity(expected.len() + 1);
        let mut last = vec![0; actual.len() + 1];
        for line in expected.iter().rev() {
            let next = row(line, actual, &last);
            rows.push(std::mem::replace(&mut last, next));
        }
        rows.push(last);
        Self(rows)
    }

    fn get(&self, expected: &[&str], actual: &[&str]) -> usize {
        let row = self.0.get(expected.len());
        row.and_then(|row| row.get(actual.len())).copied().unwrap_or_default()
    }
}

/// The row of the ends that begin with `line`, from that of those behind it.
fn row(line: &str, actual: &[&str], shorter: &[usize]) -> Vec<usize> {
    let mut row = vec![0];
    let mut best = 0;
    for (other, lengths) in actual.iter().rev().zip(shorter.windows(2)) {
        best = match lengths {
            [diagonal, _] if line == *other => diagonal + 1,
            [_, without] => best.max(*without),
            _ => best,
        };
        row.push(best);
    }
    row
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

    /// The length of the longest common subsequence, as it is defined.
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
    fn of_all_short_texts_both_are_shown_and_as_much_as_possible_once() {
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
    fn more_lines_than_are_searched_are_still_shown() {
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
