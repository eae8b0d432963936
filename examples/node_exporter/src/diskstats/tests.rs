//! Reading `/proc/diskstats` as different kernels write it.

use super::{Disk, read};
use crate::files::tests::{numbers_of, read_text};

fn disk(name: &str, counts: u64) -> Disk {
    Disk { major: 8, minor: 0, name: name.to_owned(), counts: (1..=counts).collect() }
}

fn line(name: &str, counts: u64) -> String {
    let counts: Vec<String> = (1..=counts).map(|count| count.to_string()).collect();
    format!("   8       0 {name} {}\n", counts.join(" "))
}

#[test]
fn line_must_have_11_15_or_17_numbers() {
    let lines: String = [4, 11, 15, 16, 17, 18].map(|counts| line("sda", counts)).concat();
    let (disks, skipped) = read_text(&lines, read);
    assert_eq!(disks, [11, 15, 17].map(|counts| disk("sda", counts)));
    assert_eq!(numbers_of(&skipped), [1, 4, 6]);
    let invalid = "8 0 sda\n8 x sda 1 2 3 4 5 6 7 8 9 10 11\n8 0 sda 1 2 3 4 5 6 7 8 9 10 y\n";
    let (disks, skipped) = read_text(&format!("{invalid}{}", line("sdb", 11)), read);
    assert_eq!(disks, [disk("sdb", 11)]);
    assert_eq!(numbers_of(&skipped), [1, 2, 3]);
}

#[test]
fn extra_columns_are_accepted_if_all_lines_have_them() {
    let lines = [line("sda", 19), line("sdb", 19)].concat();
    assert_eq!(read_text(&lines, read), (vec![disk("sda", 19), disk("sdb", 19)], vec![]));
}

#[test]
fn system_without_disks_is_valid() {
    assert_eq!(read_text("", read), (vec![], vec![]));
}
