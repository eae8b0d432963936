//! The lines of a file, any of which may be invalid.

use std::str::FromStr;

use hello_exporter::collect::SampleValue;

use super::{File, Skipped};

/// A file, line by line. Invalid lines are skipped, and reported when this is dropped.
pub(crate) struct Lines<'f> {
    text: String,
    skipped: Skipped<'f>,
}

/// A line with its number, which counts from 1.
#[derive(Clone, Copy)]
pub(crate) struct Line<'t> {
    pub(crate) number: usize,
    pub(crate) text: &'t str,
}

/// Why a line is skipped.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum Invalid {
    #[error("the line is empty")]
    Empty,
    #[error("the line has NUL bytes")]
    Nul,
    #[error("the line has no `{0}`")]
    Lacks(char),
    #[error("the line has {found} words, expected {expected}")]
    Words { found: usize, expected: &'static str },
    #[error("`{word}` is invalid, expected {expected}")]
    Word { word: String, expected: &'static str },
    #[error("the line has names whose values are not on the next line")]
    WithoutValues,
    #[error("the line has values whose names are not on the line before")]
    WithoutNames,
}

impl Invalid {
    /// The most characters of a word that a message quotes.
    const QUOTED: usize = 40;

    pub(crate) fn word(word: &str, expected: &'static str) -> Self {
        Self::Word { word: word.chars().take(Self::QUOTED).collect(), expected }
    }
}

impl<'f> Lines<'f> {
    pub(crate) fn new(file: &'f File, mut text: String) -> Self {
        // An empty file counts as one empty line, so that there is a line to report.
        if text.is_empty() {
            text.push('\n');
        }
        Self { text, skipped: Skipped::of(file) }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Line<'_>> {
        self.text.lines().zip(1..).map(|(text, number)| Line { number, text })
    }

    /// Returns the result of `read` for each line. Empty lines, lines with NUL bytes and lines for
    /// which `read` fails are skipped.
    pub(crate) fn read<'t, T>(
        &'t self,
        mut read: impl FnMut(&'t str) -> Result<T, Invalid>,
    ) -> Vec<T> {
        let read = |line: Line<'t>| {
            let read = line.checked().and_then(&mut read);
            read.map_err(|error| self.skip(line.number, error)).ok()
        };
        self.iter().filter_map(read).collect()
    }

    /// Records that a line is skipped.
    pub(crate) fn skip(&self, line: usize, why: Invalid) {
        self.skipped.add(line, why);
    }

    /// Returns the lines that were skipped so far, and why.
    #[cfg(test)]
    pub(crate) fn skipped(&self) -> Vec<(usize, String)> {
        self.skipped.lines().into_iter().map(|(line, why)| (line, why.to_string())).collect()
    }

    /// Returns whether the file contains only white space.
    pub(crate) fn are_blank(&self) -> bool {
        self.text.trim().is_empty()
    }
}

impl<'t> Line<'t> {
    /// Returns the text, unless it is empty or has NUL bytes.
    pub(crate) fn checked(self) -> Result<&'t str, Invalid> {
        match self.text {
            text if text.contains('\0') => Err(Invalid::Nul),
            text if text.trim().is_empty() => Err(Invalid::Empty),
            text => Ok(text),
        }
    }
}

/// Splits a line into exactly `N` words.
pub(crate) fn words<'t, const N: usize>(
    line: &'t str,
    expected: &'static str,
) -> Result<[&'t str; N], Invalid> {
    let words: Vec<&str> = line.split_whitespace().collect();
    words.try_into().map_err(|words: Vec<&str>| Invalid::Words { found: words.len(), expected })
}

/// Splits a line at its first colon. Old kernels write no blank after the colon.
pub(crate) fn named(line: &str) -> Result<(&str, &str), Invalid> {
    line.split_once(':').map(|(name, rest)| (name.trim(), rest)).ok_or(Invalid::Lacks(':'))
}

/// Returns the word, if it can be part of a metric's name.
pub(crate) fn name(word: &str) -> Result<&str, Invalid> {
    let is_in_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let begins = word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    if begins && word.bytes().all(is_in_name) {
        return Ok(word);
    }
    Err(Invalid::word(word, "a name of letters, digits and `_`"))
}

pub(crate) fn number<N: FromStr>(word: &str) -> Result<N, Invalid> {
    word.parse().map_err(|_| Invalid::word(word, "an integer in range"))
}

pub(crate) fn numbers<'t, N: FromStr>(
    words: impl IntoIterator<Item = &'t str>,
) -> Result<Vec<N>, Invalid> {
    words.into_iter().map(number).collect()
}

/// Reads an integer of 64 bits. It may be negative, or a counter that uses all bits.
pub(crate) fn signed(word: &str) -> Result<SampleValue, Invalid> {
    let unsigned = word.parse::<u64>().map(SampleValue::from);
    unsigned.or_else(|_| number::<i64>(word).map(SampleValue::from))
}

/// Reads a decimal number as the kernel writes it: without sign or exponent, and with an integer
/// part of at most 64 bits.
pub(crate) fn decimal(word: &str) -> Result<f64, Invalid> {
    let (integer, decimals) = word.split_once('.').unwrap_or((word, "0"));
    let are_digits = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit());
    let is_decimal = are_digits(integer) && are_digits(decimals) && integer.parse::<u64>().is_ok();
    let parsed = word.parse().ok().filter(|_| is_decimal);
    parsed.ok_or_else(|| Invalid::word(word, "a decimal number in range"))
}

/// Returns the most words that a row of a table may have: as many as the shortest row has, but at
/// least `known`. Newer kernels append columns to all rows, so an unknown column is invalid if only
/// some rows have it.
pub(crate) fn widest<'t>(rows: impl Iterator<Item = &'t str>, known: usize) -> usize {
    let widths = rows.map(|row| row.split_whitespace().count());
    widths.min().unwrap_or_default().max(known)
}
