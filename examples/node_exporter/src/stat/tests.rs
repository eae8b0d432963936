//! Lines of `/proc/stat`.

use super::{Stat, Times};
use crate::files::tests::{numbers_of, read_text};

const TEN: [u64; 10] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

fn read(text: &str) -> (Stat, Vec<usize>) {
    let (stat, skipped) = read_text(text, Stat::of);
    (stat, numbers_of(&skipped))
}

#[test]
fn lines_of_other_kernels_are_ignored() {
    let text = "cpu  1 2 3 4 5 6 7 8 9 10\ncpu3 1 2 3 4 5 6 7 8 9 10\npage 1 2\nbtime 7\n";
    let stat = Stat { times: Times::from([(3, TEN)]), boot_time: Some(7), ..Stat::default() };
    assert_eq!(read(text), (stat, vec![]));
}

#[test]
fn only_the_invalid_line_is_skipped() {
    let text = "cpu  1 2 3 4 5 6 7 8 9 10\n\
                cpu0 1 2 3 4 5 6 7 8 9\n\
                cpu1 1 2 3 4 5 6 7 8 9 10 11\n\
                cpu2 1 2 3 x 5 6 7 8 9 10\n\
                cpu3 1 2 3 4 5 6 7 8 9 10\n\
                cpux 1 2 3 4 5 6 7 8 9 10\n\
                intr 8 x\n\
                ctxt 18446744073709551616\n\
                btime\n\
                processes 5 6\n\
                procs_running 2\n\
                softirq 1 2\n";
    let (times, procs_running) = (Times::from([(3, TEN)]), Some(2));
    let stat = Stat { times, procs_running, ..Stat::default() };
    assert_eq!(read(text), (stat, vec![2, 3, 4, 6, 7, 8, 9, 10, 12]));
}

#[test]
fn columns_of_newer_kernels_are_ignored() {
    let text = "cpu  1 2 3 4 5 6 7 8 9 10 11\ncpu0 1 2 3 4 5 6 7 8 9 10 11\n";
    assert_eq!(read(text), (Stat { times: Times::from([(0, TEN)]), ..Stat::default() }, vec![]));
}
