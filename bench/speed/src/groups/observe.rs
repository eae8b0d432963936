//! Observations of a histogram without labels.

use std::hint::black_box;

use figures::Entrant;

use super::exposition::value;
use super::{Done, nanoseconds};
use crate::contenders::{Contender, Expose, Format, Histogram};
use crate::every_contender;
use crate::labels::{self, BUCKETS};
use crate::measure::{self, entrant, time};

const VALUES: usize = 4_096;

/// Measures how long a histogram with [`BUCKETS`] takes to observe random values.
pub fn observe(name: &str) -> Done {
    let title = format!("an observation, {} buckets", BUCKETS.len());
    nanoseconds(name, &title, every_contender!(observation()))?;
    Ok(())
}

fn observation<C: Contender>() -> Entrant {
    let mut histogram = C::Histogram::new();
    let values = labels::observations(VALUES);
    let mut done = 0;
    let run = move |times| {
        let elapsed = time(|| {
            for _ in 0..times {
                values.iter().for_each(|value| histogram.observe(black_box(*value)));
            }
        });
        done += times * VALUES;
        // The scrape checks the count. It also makes the crate `metrics` aggregate the
        // observations, which it only queues until then.
        let count = value(histogram.expose(Format::Text), "request_seconds_count");
        assert_eq!(count, done as f64, "{}", C::NAME);
        elapsed
    };
    entrant::<C>(measure::nanoseconds(VALUES, run))
}
