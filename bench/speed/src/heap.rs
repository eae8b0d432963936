//! Counts the bytes of heap that a family keeps. An argument chooses groups, as for `speed`.

use allocation_counter::measure;
use figures::Entrant;
use speed::contenders::{Contender, Counters};
use speed::every_contender;
use speed::groups::Done;
use speed::labels::{Labels, label_sets, label_sets_with_own_paths, label_sets_with_shared_paths};
use speed::measure::entrant;

/// The name of a group, and the function that creates its labels.
type Group = (&'static str, fn(usize) -> Vec<Labels>);

const GROUPS: [Group; 3] = [
    ("heap_per_series_100000", label_sets),
    ("heap_per_series_own_paths_100000", label_sets_with_own_paths),
    ("heap_per_series_shared_paths_100000", label_sets_with_shared_paths),
];

fn main() -> Done {
    let part = std::env::args().nth(1).unwrap_or_default();
    for (name, labels) in GROUPS.iter().filter(|(name, _)| name.contains(&part)) {
        let title = format!("{name}: heap of a series");
        let entrants = every_contender!(heap(&labels(100_000))).into();
        figures::Group { name: (*name).to_owned(), title, unit: "bytes" }.measure(entrants)?;
    }
    Ok(())
}

fn heap<C: Contender>(series: &[Labels]) -> Entrant {
    let series = series.to_vec();
    entrant::<C>(move || Ok(bytes::<C::Counters>(&series) as f64 / series.len() as f64))
}

/// Returns the bytes that a family keeps allocated, with its registry and index, and without the
/// keys that are created for it.
fn bytes<C: Counters>(series: &[Labels]) -> i64 {
    let mut counters = None;
    let kept = measure(|| {
        let counters = counters.insert(C::new());
        series.iter().for_each(|labels| counters.inc(&C::key(labels)));
    });
    kept.bytes_current
}
