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
    nanoseconds(name, &title, every_contender!(classic_observation()))?;
    Ok(())
}

fn classic_observation<C: Contender>() -> Entrant {
    observation::<C, C::Histogram>(|histogram| {
        value(histogram.expose(Format::Text), "request_seconds_count")
    })
}

/// Creates the entrant of a histogram, whose count `scrape` reads from an exposition.
pub fn observation<C: Contender, H: Histogram>(
    scrape: impl Fn(&mut H) -> f64 + 'static,
) -> Entrant {
    let mut histogram = H::new();
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
        assert_eq!(scrape(&mut histogram), done as f64, "{}", C::NAME);
        elapsed
    };
    entrant::<C>(measure::nanoseconds(VALUES, run))
}
