//! CPU times that fall.

use super::{Rising, Times};

fn times(idle: u64, iowait: u64) -> Times {
    Times::from([(0, [1, 0, 0, idle, iowait, 0, 0, 0, 0, 0])])
}

#[test]
fn times_fall_only_after_a_cpu_was_offline() {
    let rising = Rising::default();
    assert_eq!(rising.correct(times(1000, 50)), times(1000, 50));
    assert_eq!(rising.correct(times(999, 40)), times(1000, 50));
    assert_eq!(rising.correct(times(1001, 51)), times(1001, 51));
    assert_eq!(rising.correct(times(600, 5)), times(600, 5));
}
