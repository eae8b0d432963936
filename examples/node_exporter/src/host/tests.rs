//! What stands in os-release.

use super::{assignment, major_minor};

#[test]
fn a_line_of_os_release_is_read_as_a_shell_reads_it() {
    let value = |line| assignment(line).map(|(_, value)| value);
    for (line, expected) in [
        ("ID=debian", "debian"),
        ("ID=\"a b\"", "a b"),
        ("ID='a \\b'", "a \\b"),
        (r#"ID="a \"b\" \$c\\""#, r#"a "b" $c\"#),
        ("ID=\"\"", ""),
        ("  ID=a=b  ", "a=b"),
    ] {
        assert_eq!(value(line).as_deref(), Some(expected), "{line}");
    }
    assert_eq!(value("# a comment"), None);
    assert_eq!(value(""), None);
}

#[test]
fn a_version_is_its_major_and_minor_part() {
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
