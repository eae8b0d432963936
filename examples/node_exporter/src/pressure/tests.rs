//! Files of `/proc/pressure`.

use super::Times;
use crate::files::tests::{numbers_of, read_text};

fn read(text: &str) -> (Times, Vec<usize>) {
    let (times, skipped) = read_text(text, |lines| {
        let mut times = Times::default();
        lines.read(|line| times.add(line));
        times
    });
    (times, numbers_of(&skipped))
}

#[test]
fn truncated_file_lacks_only_the_missing_lines() {
    const SOME: &str = "some avg10=0.16 avg60=0.05 avg300=0.77 total=14036781000123\n";
    const FULL: &str = "full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n";
    let (some, full) = (Some(14_036_781.000_123), Some(7e-6));
    assert_eq!(read(&[SOME, FULL].concat()), (Times { some, full }, vec![]));
    let some_alone = Times { some, full: None };
    for (end, skipped) in [(0, vec![]), (4, vec![2]), (20, vec![2]), (37, vec![2]), (45, vec![2])] {
        assert_eq!(read(&[SOME, &FULL[..end]].concat()), (some_alone.clone(), skipped), "{end}");
    }
    for invalid in [
        "",
        "some",
        "many avg10=0.16 avg60=0.05 avg300=0.77 total=1",
        "full avg10=0.16 avg60=0.05 avg300=0.77 total=1 x",
        "full avg10=0.16 avg60=0.05 avg300=0.77 total=18446744073709551616",
        "full avg10=0.16 avg60=0.05 avg300=-0.77 total=1",
        "full avg10=0.16 avg300=0.05 avg60=0.77 total=1",
        "full avg10=0.16 avg60=0.05 avg300=0.77 total:1",
        "full avg10=0.16 avg60=0.05 avg300=0.77 total=1\0",
    ] {
        assert_eq!(
            read(&format!("{SOME}{invalid}\n")),
            (some_alone.clone(), vec![2]),
            "{invalid:?}"
        );
    }
}
