//! The first increment of a series.

use std::time::Duration;

use figures::Entrant;

use super::exposition::values;
use super::{Done, nanoseconds};
use crate::contenders::{Contender, Counters, Expose, Format};
use crate::every_contender;
use crate::labels::{self, Labels};
use crate::measure::{self, entrant, time};

/// Measures the creation of `number` series in an empty family.
pub fn create(name: &str, number: usize) -> Done {
    let series = labels::label_sets(number);
    nanoseconds(name, "a new series", every_contender!(entrant_of(&series)))?;
    Ok(())
}

fn entrant_of<C: Contender>(series: &[Labels]) -> Entrant {
    let keys: Vec<_> = series.iter().map(C::Counters::key).collect();
    let (mut counters, _) = fill_new_family::<C::Counters>(&keys);
    assert_eq!(values(counters.expose(Format::Text)), vec![1.0; keys.len()], "{}", C::NAME);
    entrant::<C>(measure::nanoseconds(series.len(), move |times| {
        (0..times).map(|_| fill_new_family::<C::Counters>(&keys).1).sum()
    }))
}

/// Returns a new family with these series, and how long their creation took.
fn fill_new_family<C: Counters>(keys: &[C::Key]) -> (C, Duration) {
    let counters = C::new();
    let elapsed = time(|| keys.iter().for_each(|key| counters.inc(key)));
    (counters, elapsed)
}
