//! Tests of valid and invalid lines.

use std::ffi::OsString;
use std::io;

use rustix::io::Errno;

use super::{File, FileError, Invalid, Lines, Texts, decimal, name, number, signed, widest, words};

/// Returns the result of `read` for a file with this text, and the lines that it skips.
pub(crate) fn read_text<T>(
    text: &str,
    read: impl FnOnce(&Lines<'_>) -> T,
) -> (T, Vec<(usize, String)>) {
    let file = File::from(OsString::from("/proc/file"));
    let lines = Lines::new(&file, text.to_owned());
    let result = read(&lines);
    (result, lines.skipped())
}

/// Returns the numbers of the lines that are skipped.
pub(crate) fn numbers_of(skipped: &[(usize, String)]) -> Vec<usize> {
    skipped.iter().map(|(line, _)| *line).collect()
}

#[test]
fn malformed_lines_are_skipped_with_their_numbers_and_reasons() {
    let text = "a 1\n\nb x\nc 3\0\nd 4 5\ne 18446744073709551616\nf 18446744073709551615\n";
    let read = |line: &str| {
        let [name, value] = words(line, "a name and a number")?;
        Ok(format!("{name}={}", number::<u64>(value)?))
    };
    let (read, skipped) = read_text(text, |lines| lines.read(read));
    assert_eq!(read, ["a=1", "f=18446744073709551615"]);
    let expected = [
        (2, "the line is empty"),
        (3, "`x` is invalid, expected an integer in range"),
        (4, "the line has NUL bytes"),
        (5, "the line has 3 words, expected a name and a number"),
        (6, "`18446744073709551616` is invalid, expected an integer in range"),
    ];
    assert_eq!(skipped, expected.map(|(line, why)| (line, why.to_owned())));
}

#[test]
fn empty_file_has_an_empty_line() {
    let (read, skipped) = read_text("", |lines| lines.read(|line| Ok(line.to_owned())));
    assert_eq!(read, [""; 0]);
    assert_eq!(skipped, [(1, "the line is empty".to_owned())]);
}

#[test]
fn messages_quote_the_beginning_of_a_long_word() {
    let message = Invalid::word(&"\u{e9}".repeat(1000), "a number").to_string();
    assert_eq!(message, format!("`{}` is invalid, expected a number", "\u{e9}".repeat(40)));
}

#[test]
fn numbers_are_read_as_kernels_write_them() {
    for (word, expected) in
        [("0.21", 0.21), ("7", 7.0), ("18446744073709551615.5", u64::MAX as f64)]
    {
        assert_eq!(decimal(word), Ok(expected), "{word}");
    }
    for word in ["", ".", "-1.0", "1e3", "inf", "nan", "1.2.3", "0x1", "18446744073709551616.0"] {
        assert!(decimal(word).is_err(), "{word}");
    }
    assert!(signed("-7").is_ok() && signed("18446744073709551615").is_ok());
    assert!(signed("-9223372036854775809").is_err() && signed("7.5").is_err());
    assert!(name("TCP6").is_ok() && name("_x").is_ok());
    assert!(name("").is_err() && name("6TCP").is_err() && name("a-b").is_err());
}

#[test]
fn columns_that_only_some_rows_have_are_not_expected() {
    assert_eq!(widest(["a b c", "a b c d"].into_iter(), 2), 3);
    assert_eq!(widest(["a b c", "a"].into_iter(), 2), 2);
    assert_eq!(widest([].into_iter(), 2), 2);
}

#[test]
fn text_of_a_skipped_line_is_unknown() {
    const KEYS: &[&str] = &["NAME", "NAME_ID", "OTHER"];
    let texts_of = |text: &str| {
        let (texts, skipped) = read_text(text, |lines| {
            let mut texts = Texts::of(KEYS);
            for line in lines.iter() {
                texts.add(lines, line, '=', |_, text| match text {
                    "bad" => Err(Invalid::Empty),
                    text => Ok(text.into()),
                });
            }
            ["NAME", "NAME_ID", "OTHER"].map(|key| texts.get(key).map(str::to_owned))
        });
        (texts, numbers_of(&skipped))
    };
    let known = |text: &str| Some(text.to_owned());
    // A missing key has an empty text, which is known.
    assert_eq!(texts_of("NAME=a=b\n"), ([known("a=b"), known(""), known("")], vec![]));
    assert_eq!(texts_of("NAME=bad\nOTHER=c\n"), ([None, known(""), known("c")], vec![1]));
    assert_eq!(texts_of("NAM\n"), ([None, None, known("")], vec![1]));
    // The invalid line cannot be that of a key on another line.
    assert_eq!(texts_of("NAME=a\nNAM\n"), ([known("a"), None, known("")], vec![2]));
    assert_eq!(texts_of("NAM\nNAME=a\n"), ([known("a"), None, known("")], vec![1]));
    assert_eq!(texts_of("NAME_ID x\n"), ([known(""), None, known("")], vec![1]));
    assert_eq!(texts_of("NAME_IDx\n"), ([known(""), None, known("")], vec![1]));
    assert_eq!(texts_of("NAMEx\n"), ([None, known(""), known("")], vec![1]));
    assert_eq!(texts_of("NAME=a\0\n"), ([None, known(""), known("")], vec![1]));
    assert_eq!(texts_of("NAME\0ID=a\n"), ([None, None, known("")], vec![1]));
    assert_eq!(texts_of("\0\0\nNAME=a\n"), ([known("a"), None, None], vec![1]));
    assert_eq!(texts_of("UNUSED\n"), ([known(""), known(""), known("")], vec![1]));
}

#[test]
fn file_of_a_missing_or_disabled_feature_is_absent() {
    let is_absence = |error: Errno| {
        let (path, source) = ("/proc/pressure/cpu".into(), io::Error::from(error));
        FileError { path, source }.is_absence()
    };
    assert!(is_absence(Errno::NOENT));
    // The kernel returns this error if it was booted with `psi=0`.
    assert!(is_absence(Errno::OPNOTSUPP));
    assert!(!is_absence(Errno::ACCESS) && !is_absence(Errno::IO));
}
