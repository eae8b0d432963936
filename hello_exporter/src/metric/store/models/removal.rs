//! Updates and scrapes during removals and compactions.

use super::*;
use crate::sync::model::{check, check_some};

/// Asserts that all `updates` of the series `a`, each by one, were counted before its removal or by
/// its successor, and that none reached the removed record afterwards, when it had the value
/// `last`.
fn assert_counted(gauges: &Gauges, removed: &Record, last: u64, updates: u64) {
    assert_eq!(removed.get(), last, "an update reached a removed record");
    let after = gauges.get("a").unwrap_or(0);
    assert_eq!(last + after, INITIAL + updates, "an update is lost");
}

/// Removes the series `a` while the threads that `start` returns update it, each once, and asserts
/// that every update is counted.
fn race_with_a_removal<const N: usize>(start: impl FnOnce(&Gauges) -> [JoinHandle<()>; N]) {
    let gauges = Gauges::with(["a", "b"]);
    let removed = gauges.record("a");
    let updaters = start(&gauges);
    assert!(gauges.0.remove(&["a"]));
    let last = removed.get();
    join(updaters);
    assert_counted(&gauges, &removed, last, N as u64);
    assert_eq!(gauges.get("b"), Some(INITIAL));
}

fn update_by_labels(stripe: usize, gauges: &Gauges) -> JoinHandle<()> {
    let gauges = gauges.clone();
    spawn(stripe, move || gauges.add("a", 1))
}

fn update_pinned(pinned: Pinned) -> JoinHandle<()> {
    spawn(1, move || pinned.add(1))
}

#[test]
fn update_by_labels_is_counted_before_or_after_a_removal() {
    check(|| race_with_a_removal(|gauges| [update_by_labels(1, gauges)]));
}

#[test]
fn update_of_a_pinned_handle_is_counted_before_or_after_a_removal() {
    check(|| race_with_a_removal(|gauges| [update_pinned(gauges.pin_now("a"))]));
}

#[test]
fn updates_by_labels_and_of_a_pinned_handle_are_counted_before_or_after_a_removal() {
    check_some(2, || {
        race_with_a_removal(|gauges| {
            let pinned = gauges.pin("a");
            [update_by_labels(0, gauges), update_pinned(pinned)]
        });
    });
}

/// Removes two of the series `a`, `b` and `c`. The compaction moves `c` to the place of `a`.
fn compact(gauges: &Gauges) {
    assert_eq!(gauges.0.remove_rendered(&[rendered("a"), rendered("b")]), 2);
}

#[test]
fn threads_that_share_a_pinned_handle_find_a_moved_series() {
    check_some(2, || {
        let gauges = Gauges::with(["a", "b", "c"]);
        let pinned = gauges.pin_now("c");
        let updaters = [0, 1].map(|stripe| {
            let pinned = pinned.clone();
            spawn(stripe, move || pinned.add(1))
        });
        compact(&gauges);
        join(updaters);
        assert_eq!(gauges.scrape(), series([("c", INITIAL + 2)]));
    });
}

#[test]
fn shared_pinned_handle_of_a_removed_series_does_not_update_the_one_that_moves_there() {
    check_some(2, || {
        let gauges = Gauges::with(["a", "b", "c"]);
        let removed = gauges.record("a");
        let pinned = gauges.pin_now("a");
        let updaters = [0, 1].map(|stripe| {
            let pinned = pinned.clone();
            spawn(stripe, move || pinned.add(1))
        });
        compact(&gauges);
        let last = removed.get();
        join(updaters);
        assert_counted(&gauges, &removed, last, 2);
        assert_eq!(gauges.get("c"), Some(INITIAL));
    });
}

#[test]
fn scrape_sees_a_series_once_while_it_is_moved_and_updated() {
    check_some(2, || {
        let gauges = Gauges::with(["a", "b", "c"]);
        let pinned = gauges.pin_now("c");
        let compactor = spawn(0, {
            let gauges = gauges.clone();
            move || compact(&gauges)
        });
        let updater = spawn(1, move || pinned.add(1));
        let seen = gauges.scrape();
        let c = |(x, _): &&(String, u64)| *x == rendered("c");
        let values: Vec<u64> = seen.iter().filter(c).map(|(_, value)| *value).collect();
        assert!(values == [INITIAL] || values == [INITIAL + 1], "{seen:?}");
        join([compactor, updater]);
        assert_eq!(gauges.scrape(), series([("c", INITIAL + 1)]));
    });
}

#[test]
fn update_of_a_pinned_handle_is_counted_before_or_after_a_clear() {
    check(|| {
        let gauges = Gauges::with(["a"]);
        let removed = gauges.record("a");
        let pinned = gauges.pin_now("a");
        let updater = spawn(1, move || pinned.add(1));
        gauges.0.clear();
        let last = removed.get();
        // It has the place of the first series.
        gauges.add("b", 1);
        join([updater]);
        assert_counted(&gauges, &removed, last, 1);
        assert_eq!(gauges.get("b"), Some(1));
    });
}

#[test]
fn scrape_sees_a_series_at_most_once_while_it_is_removed_and_created_again() {
    check(|| {
        // The first three fill a chunk.
        let gauges = Gauges::with(["a", "b", "c", "d"]);
        let creator = spawn(1, {
            let gauges = gauges.clone();
            move || {
                assert!(gauges.0.remove(&["a"]));
                gauges.add("a", 1);
            }
        });
        let seen = gauges.scrape();
        let count = |x: &str| seen.iter().filter(|(found, _)| *found == rendered(x)).count();
        assert!(count("a") <= 1 && count("d") == 1, "{seen:?}");
        join([creator]);
        let [b, c, d] = ["b", "c", "d"].map(|x| (x, INITIAL));
        assert_eq!(gauges.scrape(), series([b, c, d, ("a", 1)]));
    });
}
