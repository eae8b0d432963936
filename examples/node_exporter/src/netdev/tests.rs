//! Lines of `/proc/net/dev`.

use super::read;
use crate::files::tests::{numbers_of, read_text};

#[test]
fn line_needs_no_blank_after_the_colon() {
    let text = "Inter-|   Receive |  Transmit\n face |bytes |bytes\n\
                eth1:181033261002 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n\
                eth0:1: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n\
                eth2: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n\
                eth3: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n\
                eth4: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 18446744073709551616\n\
                eth5  1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n\
                : 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n";
    let (devices, skipped) = read_text(text, read);
    let counts = |first| {
        let mut counts = std::array::from_fn(|index| index as u64 + 1);
        counts[0] = first;
        counts
    };
    let expected = [("eth0:1", counts(1)), ("eth1", counts(181_033_261_002))];
    let devices: Vec<(&str, [u64; 16])> =
        devices.iter().map(|(name, counts)| (name.as_str(), *counts)).collect();
    assert_eq!(devices, expected);
    assert_eq!(numbers_of(&skipped), [5, 6, 7, 8, 9]);
}
