//! The first increment of a series.

use std::time::Duration;

use figures::Entrant;

use super::exposition::values;
use super::{Done, nanoseconds};
use crate::contenders::{Contender, Counters, Expose, Format};
use crate::every_contender;
use crate::labels::{self, Labels};
use crate::measure::{self, entrant, time};

/// Measures the creation of this number of series in a new family.
pub fn create(name: &str, number: usize) -> Done {
    let series = labels::label_sets(number);
    nanoseconds(name, "a new series", every_contender!(creation(&series)))?;
    Ok(())
}

fn creation<C: Contender>(series: &[Labels]) -> Entrant {
    let keys: Vec<_> = series.iter().map(C::Counters::key).collect();
    let (mut counters, _) = created::<C::Counters>(&keys);
    assert_eq!(values(counters.expose(Format::Text)), vec![1.0; keys.len()], "{}", C::NAME);
    entrant::<C>(measure::nanoseconds(series.len(), move |times| {
        (0..times).map(|_| created::<C::Counters>(&keys).1).sum()
    }))
}

/// Returns a new family with these series, and the time that their creation took.
fn created<C: Counters>(keys: &[C::Key]) -> (C, Duration) {
    let counters = C::new();
    let elapsed = time(|| keys.iter().for_each(|key| counters.inc(key)));
    (counters, elapsed)
}
