//! Lines of os-release.

use super::{INFO, Os, day, major_minor, value};
use crate::files::tests::{numbers_of, read_text};

#[test]
fn value_is_read_as_a_shell_reads_it() {
    for (text, expected) in [
        ("debian", "debian"),
        ("\"a b\"", "a b"),
        ("'a \\b'", "a \\b"),
        (r#""a \"b\" \$c\\""#, r#"a "b" $c\"#),
        ("\"\"", ""),
        ("a=b", "a=b"),
    ] {
        assert_eq!(value("ID", text).as_deref(), Ok(expected), "{text}");
    }
    for text in ["\"", "\"a", "'a\"", "'a' b"] {
        assert!(value("ID", text).is_err(), "{text}");
    }
}

#[test]
fn version_is_its_major_and_minor_number() {
    for (version, expected) in [
        ("12", Some(12.0)),
        ("37.2.1", Some(37.2)),
        ("20.04", Some(20.04)),
        ("11-sid", Some(11.0)),
        ("rolling", None),
        ("", None),
        (".", None),
    ] {
        assert_eq!(major_minor(version), expected, "{version}");
    }
}

#[test]
fn support_ends_at_the_begin_of_a_day() {
    assert_eq!(day("1970-01-02"), Ok(86400));
    assert_eq!(day("2024-02-29"), Ok(1_709_164_800));
    for text in ["", "2024", "2024-1-2", "2023-02-29", "2024-02-29x", "2024-02-29-1", "soon"] {
        assert!(day(text).is_err(), "{text}");
    }
}

#[test]
fn invalid_line_drops_the_series_with_its_label() {
    const FILE: &str = "# A comment\n\n  ID=x  \nNAME=\"A B\"\nVERSION_ID=12.5\n\
                        SUPPORT_END=1970-01-02\nHOME_URL=z\n";
    let read = |text: &str| {
        let (os, skipped) = read_text(text, Os::of);
        let end = os.support_end_timestamp_seconds;
        ([os.info.len(), os.version.len(), usize::from(end.is_some())], numbers_of(&skipped))
    };
    let (os, _) = read_text(FILE, Os::of);
    let label =
        |name| os.info[0].0[INFO.iter().position(|it| *it == name).expect("a label")].as_str();
    assert_eq!(["ID", "NAME", "VERSION_ID", "VERSION"].map(label), ["x", "A B", "12.5", ""]);
    assert_eq!(read(FILE), ([1, 1, 1], vec![]));
    for (line, by, expected) in [
        ("NAME=\"A B\"", "NAME=\"A B", ([0, 0, 1], vec![4])),
        ("NAME=\"A B\"", "NAM", ([0, 0, 1], vec![4])),
        ("VERSION_ID=12.5", "VERSION_ID=12\0", ([0, 0, 1], vec![5])),
        ("VERSION_ID=12.5", "VERSION=12\0", ([0, 0, 1], vec![5])),
        ("SUPPORT_END=1970-01-02", "SUPPORT_END=1970", ([1, 1, 0], vec![6])),
        ("HOME_URL=z", "HOME_URL", ([1, 1, 1], vec![7])),
    ] {
        assert_eq!(read(&FILE.replace(line, by)), expected, "{by:?}");
    }
}
