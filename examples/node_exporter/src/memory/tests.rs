//! Lines of `/proc/meminfo` and `/proc/vmstat`.

use super::{Memory, count, memory};
use crate::files::tests::{numbers_of, read_text};

fn field(field: &str, name: &str, value: u64) -> Memory {
    Memory { field: field.to_owned(), name: name.to_owned(), value }
}

#[test]
fn invalid_line_has_no_field() {
    let text = "MemTotal:       32767416 kB\n\
                MemFree:1 kB\n\
                Active(anon):          2 kB\n\
                HugePages_Total:      12\n\
                Cached:               16\n\
                Buffers:          198904 k\n\
                Dirty:            198904 kB 7\n\
                HugePages_Free:        3 kB\n\
                Slab\n\
                Mapped 5 kB\n\
                Shmem:            -1 kB\n\
                Swap-Total: 1 kB\n\
                DirectMap1G:    29360128 kB\n";
    let (read, skipped) = read_text(text, |lines| lines.read(memory));
    let expected = [
        field("MemTotal", "MemTotal_bytes", 32_767_416 * 1024),
        field("MemFree", "MemFree_bytes", 1024),
        field("Active(anon)", "Active_anon_bytes", 2048),
        field("HugePages_Total", "HugePages_Total", 12),
        field("DirectMap1G", "DirectMap1G_bytes", 29_360_128 * 1024),
    ];
    assert_eq!(read, expected);
    assert_eq!(numbers_of(&skipped), [5, 6, 7, 8, 9, 10, 11, 12]);
}

#[test]
fn count_is_a_name_and_a_number() {
    let text = "pgpgin 1\npgpgout\npswpin 1 2\npswpout x\n7 8\npgfault -7\n";
    let (read, skipped) = read_text(text, |lines| lines.read(|line| Ok(count(line)?.0.to_owned())));
    assert_eq!(read, ["pgpgin", "pgfault"]);
    assert_eq!(numbers_of(&skipped), [2, 3, 4, 5]);
}
