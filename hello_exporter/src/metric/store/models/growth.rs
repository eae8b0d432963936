//! A new chunk and a larger index while other threads update.

use super::*;
use crate::sync::model::check_some;

/// The series that fill a chunk and an index.
const FULL: [&str; 3] = ["a", "b", "c"];

#[test]
fn threads_of_all_stripes_find_a_series_of_a_new_chunk() {
    check_some(3, || {
        let gauges = Gauges::with(FULL);
        let creator = spawn(1, {
            let gauges = gauges.clone();
            move || gauges.add("d", 1)
        });
        gauges.add("a", 1);
        gauges.add("d", 1);
        join([creator]);
        let [a, b, c] = FULL;
        let all = series([(a, INITIAL + 1), (b, INITIAL), (c, INITIAL), ("d", 2)]);
        assert_eq!(gauges.scrape(), all);
        assert_eq!(gauges.0.len(), 4);
    });
}

#[test]
fn updates_during_growth_are_counted() {
    check_some(2, || {
        let gauges = Gauges::with(FULL);
        let pinned = gauges.pin_now("c");
        let by_labels = gauges.clone();
        let creator = gauges.clone();
        let threads = [
            spawn(0, move || creator.add("d", 1)),
            spawn(1, move || {
                by_labels.add("a", 1);
                by_labels.add("d", 1);
            }),
        ];
        pinned.add(1);
        join(threads);
        let [a, b, c] = FULL;
        let all = series([(a, INITIAL + 1), (b, INITIAL), (c, INITIAL + 1), ("d", 2)]);
        assert_eq!(gauges.scrape(), all);
    });
}
