//! New series become visible as a whole.

use super::*;
use crate::sync::model::{check, check_some};

#[test]
fn scrape_sees_all_of_a_new_series_or_nothing() {
    check(|| {
        let gauges = Gauges::with(["a"]);
        let creator = spawn(1, {
            let gauges = gauges.clone();
            move || gauges.add("b", 1)
        });
        let seen = gauges.scrape();
        let (a, b) = (("a", INITIAL), "b");
        let possible = [series([a]), series([a, (b, 0)]), series([a, (b, 1)])];
        assert!(possible.contains(&seen), "{seen:?}");
        join([creator]);
        assert_eq!(gauges.scrape(), series([a, (b, 1)]));
    });
}

#[test]
fn lookup_finds_all_of_a_new_series_or_nothing() {
    check(|| {
        let gauges = Gauges::with(["a"]);
        let creator = spawn(1, {
            let gauges = gauges.clone();
            move || gauges.add("b", 1)
        });
        let found = gauges.get("b");
        assert!(matches!(found, None | Some(0 | 1)), "{found:?}");
        join([creator]);
        assert_eq!(gauges.get("b"), Some(1));
    });
}

#[test]
fn two_threads_create_one_series() {
    // The first series also needs the first chunk and index.
    for initial in [&[][..], &["a"]] {
        check_some(3, move || {
            let gauges = Gauges::with([]);
            initial.iter().for_each(|x| gauges.add(x, INITIAL));
            let creator = spawn(1, {
                let gauges = gauges.clone();
                move || gauges.add("b", 1)
            });
            gauges.add("b", 1);
            join([creator]);
            let seen = gauges.scrape();
            assert_eq!(seen.last(), series([("b", 2)]).last());
            assert_eq!((seen.len(), gauges.0.len()), (initial.len() + 1, initial.len() + 1));
        });
    }
}

#[test]
fn scrape_sees_a_series_of_two_creators_once() {
    check_some(3, || {
        let gauges = Gauges::with(["a"]);
        let creators = [0, 1].map(|stripe| {
            let gauges = gauges.clone();
            spawn(stripe, move || gauges.add("b", 1))
        });
        let seen = gauges.scrape();
        assert!(matches!(seen.len(), 1 | 2) && seen[0].1 == INITIAL, "{seen:?}");
        assert!(seen.get(1).is_none_or(|(x, value)| *x == rendered("b") && *value <= 2));
        join(creators);
        assert_eq!(gauges.scrape(), series([("a", INITIAL), ("b", 2)]));
    });
}
