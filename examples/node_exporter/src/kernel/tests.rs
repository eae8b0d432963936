//! Files of one line.

use super::{Filefd, Loadavg};
use crate::files::tests::read_text;

fn loadavg(text: &str) -> (Vec<Loadavg>, usize) {
    let (read, skipped) = read_text(text, |lines| lines.read(Loadavg::of));
    (read, skipped.len())
}

#[test]
fn invalid_line_has_no_values() {
    let loads = Loadavg { load1: Some(0.21), load5: Some(12.37), load15: Some(100.39) };
    assert_eq!(loadavg("0.21 12.37 100.39 1/719 19737\n"), (vec![loads], 0));
    for text in [
        "",
        "\n",
        "0.21 12.37\n",
        "0.21 12.37 100.39 1/719 19737 1\n",
        "0.21 12.37 x 1/719 19737\n",
        "0.21 12.37 99999999999999999999.00 1/719 19737\n",
        "0.21 12.37 1/719 100.39 19737\n",
        "0.21 12.37 100\0 1/719 19737\n",
    ] {
        assert_eq!(loadavg(text), (vec![], 1), "{text:?}");
    }
    for text in ["1024\t0\n", "1024\t0\t1\t2\n", "1024\t0\tmany\n", "99999999999999999999 0 1\n"] {
        let (read, skipped) = read_text(text, |lines| lines.read(Filefd::of));
        assert_eq!((read, skipped.len()), (vec![], 1), "{text:?}");
    }
}
