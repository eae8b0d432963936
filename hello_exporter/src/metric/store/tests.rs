use std::collections::BTreeSet;
use std::time::SystemTime;

use super::*;
use crate::encode::unix_milliseconds;
use crate::metric::word::load;

const COUNTERS: ValueLayout = ValueLayout { words: 1, has_start: true, native: None };

/// Values of all lengths at which a record changes, with and without escapes.
fn values() -> Vec<String> {
    let lengths = [0, 1, 5, 6, 7, 8, 126, 127, 128, 129, 255, 256, 700, 65_535];
    let plain = lengths.into_iter().map(|length| "v".repeat(length));
    let escaped = [1, 63, 64, 126, 127, 128].map(|length| "\"".repeat(length));
    plain.chain(escaped).collect()
}

/// Returns a store, and the label sets of its series: up to `repeat` for each rotation of the
/// values. All but the first set of a rotation have a number as their first value.
fn filled(labels: usize, repeat: u64) -> (Store, Vec<Vec<String>>) {
    let names: Vec<String> = (0..labels).map(|at| format!("label{at}")).collect();
    let store = Store::new(names.iter().map(String::as_str), COUNTERS, Limits::default());
    let values = values();
    let sets = (0..values.len()).flat_map(|first| {
        let values = &values;
        (0..repeat).map(move |at| {
            let mut set: Vec<String> =
                (0..labels).map(|at| values[(first + at) % values.len()].clone()).collect();
            if at > 0 {
                set[0] = format!("{at}");
            }
            set
        })
    });
    let sets = Vec::from_iter(sets.collect::<BTreeSet<_>>());
    for (at, set) in sets.iter().enumerate() {
        add(&store, set, at as u64);
    }
    (store, sets)
}

fn add(store: &Store, set: &[String], amount: u64) {
    let values: Vec<&str> = set.iter().map(String::as_str).collect();
    let add = |value: SeriesValue<'_>| value.words[0].fetch_add(amount, Ordering::Relaxed);
    assert!(store.update(&values, add).is_some());
}

fn get(store: &Store, set: &[String]) -> Option<u64> {
    let values: Vec<&str> = set.iter().map(String::as_str).collect();
    store.read(&values, |value| load(&value.words[0]))
}

fn remove(store: &Store, set: &[String]) {
    let values: Vec<&str> = set.iter().map(String::as_str).collect();
    assert!(store.remove(&values));
}

/// Asserts that a scrape and lookups find these series, in this order, with these values.
fn assert_series(store: &Store, expected: &[(&Vec<String>, u64)], made_from: i64) {
    let snapshot = store.snapshot();
    let found: Vec<_> = snapshot.full_series().collect();
    assert_eq!((found.len(), store.len()), (expected.len(), expected.len()));
    let made_until = unix_milliseconds(SystemTime::now());
    let mut joined = Vec::new();
    for (found, (set, value)) in found.iter().zip(expected) {
        let values: Vec<&str> = set.iter().map(String::as_str).collect();
        let rendered = store.label_names.render(&values);
        assert_eq!(found.labels.join(&mut joined).as_str(), rendered);
        let lengths = found.lengths.clone().map(Iterator::collect::<Vec<usize>>);
        let own = values.iter().map(|value| value.len()).collect();
        assert_eq!(lengths, (!rendered.contains('\\')).then_some(own));
        assert_eq!(load::<u64>(&found.value.words[0]), *value);
        let start = found.start.map(StartTimestamp::milliseconds);
        assert!(start.is_some_and(|start| (made_from..=made_until).contains(&start)));
        assert_eq!(get(store, set), Some(*value));
    }
}

#[test]
fn series_of_every_shape_survive_growth_removal_and_compaction() {
    let made_from = unix_milliseconds(SystemTime::now());
    for labels in 1..7 {
        let (store, sets) = filled(labels, 4);
        let all: Vec<_> = sets.iter().zip(0..).collect();
        assert_series(&store, &all, made_from);
        let words = store.storage().words();
        let (removed, kept): (Vec<_>, Vec<_>) = all.iter().partition(|(_, at)| at % 5 != 0);
        removed.iter().for_each(|(set, _)| remove(&store, set));
        assert!(store.storage().words() < words, "{labels} labels: not compacted");
        assert_series(&store, &kept, made_from);
        for (set, _) in &removed {
            assert_eq!(get(&store, set), None);
            add(&store, set, 7);
        }
        let created = removed.iter().map(|(set, _)| (*set, 7));
        assert_series(&store, &kept.iter().copied().chain(created).collect::<Vec<_>>(), made_from);
    }
}

#[test]
fn series_of_a_packed_family_survive_removal_and_compaction() {
    let made_from = unix_milliseconds(SystemTime::now());
    let store = Store::new(["a", "b"], COUNTERS, Limits::default());
    let sets = (0..12_000).map(|at| vec![format!("{at}"), "x".repeat(at % 150)]);
    let sets: Vec<Vec<String>> = sets.collect();
    sets.iter().zip(0..).for_each(|(set, at)| add(&store, set, at));
    assert!(store.storage().words() > 2 * sizes::FEWEST_PACKED_WORDS);
    let all: Vec<_> = sets.iter().zip(0..).collect();
    assert_series(&store, &all, made_from);
    let rendered = all
        .iter()
        .filter(|(_, at)| at % 5 != 0)
        .map(|(set, _)| store.label_names.render(&[&set[0], &set[1]]));
    assert_eq!(store.remove_rendered(&rendered.collect::<Vec<_>>()), 9_600);
    let kept: Vec<_> = all.into_iter().filter(|(_, at)| at % 5 == 0).collect();
    assert_series(&store, &kept, made_from);
}

#[test]
fn series_without_labels_is_read_back() {
    let made_from = unix_milliseconds(SystemTime::now());
    let store = Store::new([], COUNTERS, Limits::default());
    let set = Vec::new();
    add(&store, &set, 3);
    assert_series(&store, &[(&set, 3)], made_from);
    remove(&store, &set);
    assert_eq!((get(&store, &set), store.len()), (None, 0));
}

#[test]
fn labels_with_too_many_bytes_are_dropped() {
    let names: Vec<String> = (0..32).map(|at| format!("label{at}")).collect();
    let store = Store::new(names.iter().map(String::as_str), COUNTERS, Limits::default());
    let longest = "v".repeat(65_535);
    let values = |last| [[longest.as_str(); 31].as_slice(), &[last]].concat();
    let others = store.label_names.render(&values("")).len() - store.labels_prefix.len();
    let last = "v".repeat((2 << 20) - others);
    let update = |last| store.update(&values(last), |_| ());
    assert_eq!((update(&last), store.len(), store.dropped()), (None, 0, 1));
    assert_eq!((update(&last[1..]), store.len(), store.dropped()), (Some(()), 1, 1));
}
