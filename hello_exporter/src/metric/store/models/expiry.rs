//! Updates while their series expires.

use super::*;
use crate::clock;
use crate::sync::model::{check, check_some};

/// Returns a family whose series `a` has expired, but is not removed yet, and a handle to the
/// series. The clock is paused for all threads of a model, because loom runs them on one.
fn expired() -> (Gauges, Pinned) {
    let expire_after = Some(Duration::from_millis(100));
    clock::pause(Some(1));
    let gauges = Gauges::new(Limits { expire_after, ..Limits::default() }, ["a"]);
    let pinned = gauges.pin_now("a");
    gauges.0.remove_expired();
    clock::pause(Some(101));
    (gauges, pinned)
}

/// Asserts that all updates, each by one, were counted: the first one kept the series, or created
/// it again.
fn assert_counted(gauges: &Gauges, updates: u64) {
    let seen = gauges.scrape();
    let (kept, created) = (series([("a", INITIAL + updates)]), series([("a", updates)]));
    assert!(seen == kept || seen == created, "{seen:?}");
}

#[test]
fn update_by_labels_keeps_an_expired_series_or_creates_it_again() {
    check(|| {
        let (gauges, _) = expired();
        let updater = spawn(1, {
            let gauges = gauges.clone();
            move || gauges.add("a", 1)
        });
        gauges.0.remove_expired();
        join([updater]);
        assert_counted(&gauges, 1);
    });
}

#[test]
fn update_of_a_pinned_handle_keeps_an_expired_series_or_creates_it_again() {
    check(|| {
        let (gauges, pinned) = expired();
        let updater = spawn(1, move || pinned.add(1));
        gauges.0.remove_expired();
        join([updater]);
        assert_counted(&gauges, 1);
    });
}

#[test]
fn updates_during_two_sweeps_keep_an_expired_series_or_create_it_again() {
    check_some(2, || {
        let (gauges, pinned) = expired();
        let by_labels = gauges.clone();
        let sweeper = gauges.clone();
        let threads = [
            spawn(0, move || sweeper.0.remove_expired()),
            spawn(1, move || {
                by_labels.add("a", 1);
                pinned.add(1);
            }),
        ];
        gauges.0.remove_expired();
        join(threads);
        assert_counted(&gauges, 2);
    });
}

#[test]
fn sweep_before_a_creation_spares_a_series_that_is_updated() {
    check_some(3, || {
        let (gauges, _) = expired();
        let updater = spawn(1, {
            let gauges = gauges.clone();
            move || gauges.add("a", 1)
        });
        gauges.add("b", 1);
        join([updater]);
        let a = gauges.get("a");
        assert!(a == Some(INITIAL + 1) || a == Some(1), "{a:?}");
        assert_eq!((gauges.get("b"), gauges.0.len()), (Some(1), 2));
    });
}
