//! Parses `/proc/self/stat`.

/// The fields of `stat` that are exposed, as proc(5) describes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stat {
    /// In user and kernel mode.
    pub(super) cpu_ticks: u64,
    pub(super) threads: u64,
    /// From the boot of the system to the start of the process.
    pub(super) start_ticks: u64,
    pub(super) virtual_bytes: u64,
    pub(super) resident_pages: u64,
}

impl Stat {
    /// Parses the file; `None` if one of the fields is missing or no number.
    pub(super) fn parse(stat: &[u8]) -> Option<Self> {
        // The name of the program is in parentheses, and can contain any byte.
        let name_end = stat.iter().rposition(|byte| *byte == b')')?;
        let rest = str::from_utf8(stat.get(name_end + 1..)?).ok()?;
        // proc(5) numbers the first of these fields 3.
        let mut fields = (3..).zip(rest.split_ascii_whitespace());
        let mut field = |number| fields.find(|(each, _)| *each == number)?.1.parse::<u64>().ok();
        Some(Self {
            cpu_ticks: field(14)?.checked_add(field(15)?)?,
            threads: field(20)?,
            start_ticks: field(22)?,
            virtual_bytes: field(23)?,
            resident_pages: field(24)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBERS: &str = "S 1 2 3 0 -1 4194304 89 0 0 0 140 15 0 0 20 0 6 0 8432 289746944 2164 \
                           18446744073709551615 1 1 0\n";

    #[test]
    fn fields_are_found_after_any_name() {
        let expected = Stat {
            cpu_ticks: 155,
            threads: 6,
            start_ticks: 8432,
            virtual_bytes: 289_746_944,
            resident_pages: 2164,
        };
        for name in [&b"hello"[..], b"", b") (", b"a b\n1 2 3", b"\xff)"] {
            let stat = [b"12 (", name, b") ", NUMBERS.as_bytes()].concat();
            assert_eq!(Stat::parse(&stat), Some(expected), "{}", name.escape_ascii());
        }
    }

    #[test]
    fn incomplete_file_is_none() {
        let whole = format!("12 (a) {NUMBERS}");
        let end = whole.find(" 18446744073709551615").unwrap();
        let until = |end: usize| Stat::parse(&whole.as_bytes()[..end]);
        assert!(until(end).is_some());
        for end in [0, 5, 6, 20, end - " 2164".len()] {
            assert_eq!(until(end), None, "{end}");
        }
        assert_eq!(Stat::parse(whole.replace("140", "x").as_bytes()), None);
    }
}
