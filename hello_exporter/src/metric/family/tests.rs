use std::collections::BTreeMap;
use std::thread;

use super::*;
use crate::labels::SplitLabels;
use crate::metric::word;

/// Returns the rendered labels and the value of every series.
fn series(family: &CounterVec<2>) -> Vec<(String, u64)> {
    let snapshot = family.series.store.snapshot();
    let series = snapshot.series();
    let joined = |labels: SplitLabels<'_>| labels.join(&mut Vec::new()).as_str().to_owned();
    series.map(|(labels, words)| (joined(labels), word::load(&words[0]))).collect()
}

#[test]
fn label_values_are_not_concatenated_to_a_key() {
    let family = CounterVec::new(["x", "y"]);
    family.with(["ab", "c"]).inc();
    family.with(["a", "bc"]).inc_by(2);
    family.with(["", "abc"]).inc_by(4);
    let expected = [(r#"x="ab",y="c""#, 1), (r#"x="a",y="bc""#, 2), (r#"x="",y="abc""#, 4)];
    assert_eq!(series(&family), expected.map(|(labels, value)| (labels.to_owned(), value)));
}

#[test]
fn value_that_looks_escaped_is_another_series() {
    let family = CounterVec::new(["x", "y"]);
    let values = ["a\"b", "a\\\"b", "a\\b", "a\\\\b", "a\nb", "a\\nb"];
    for round in 0..2 {
        for (at, value) in values.iter().enumerate() {
            family.with([*value, "q\",y=\""]).inc_by(at as u64 + round);
        }
    }
    for (at, value) in values.iter().enumerate() {
        assert_eq!(family.with([*value, "q\",y=\""]).get(), 2 * at as u64 + 1, "{value:?}");
    }
    assert_eq!(series(&family).len(), values.len());
}

#[test]
fn values_of_every_length_are_distinct() {
    let family = CounterVec::new(["x", "y"]);
    let long = "0123456789abcdefghijklmnopqrstuvwxyz";
    for end in 0..long.len() {
        for start in 0..=end {
            family.with([&long[start..end], &long[..start]]).inc();
        }
    }
    let all = series(&family);
    assert!(all.iter().all(|(_, value)| *value == 1));
    assert_eq!(all.len(), 36 * 37 / 2);
    let distinct: BTreeMap<_, _> = all.iter().cloned().collect();
    assert_eq!(distinct.len(), all.len());
}

#[test]
fn overlong_value_is_cut_at_a_character() {
    let family = CounterVec::new(["x", "y"]);
    let long = "é".repeat(40_000);
    family.with([&long[..], ""]).inc();
    family.with([&long[..70_000], ""]).inc();
    let all = series(&family);
    assert_eq!(all, [(format!("x=\"{}\",y=\"\"", "é".repeat(32_767)), 2)]);
}

#[test]
fn concurrent_increments_are_counted_while_the_family_grows() {
    const THREADS: u64 = 4;
    const SERIES: u64 = 5_000;
    let family = CounterVec::new(["x", "y"]);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let family = &family;
            scope.spawn(move || {
                for step in 0..SERIES {
                    let at = (step * 7 + thread * 1_009) % SERIES;
                    family.with([at, at / 3]).inc();
                }
            });
        }
        let seen = scope.spawn(|| (0..50).map(|_| series(&family).len()).collect::<Vec<_>>());
        assert!(seen.join().unwrap().is_sorted());
    });
    let all = series(&family);
    assert_eq!(all.len() as u64, SERIES);
    assert!(all.iter().all(|(_, value)| *value == THREADS));
}
