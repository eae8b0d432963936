//! Encoding of a family into a buffer that is kept.

use std::hint::black_box;
use std::time::Duration;

use figures::{Entrant, Measurement};

use super::aging::Aging;
use super::exposition::{occurrences, values};
use super::{Done, nanoseconds};
use crate::contenders::{Contender, Counters, Expose, Format, Histograms, Ours};
use crate::every_contender;
use crate::labels::{self, BUCKETS, Labels, PATH};
use crate::measure::{self, entrant, time};

const OBSERVATIONS: usize = 20;

/// The samples of a histogram: its buckets, `+Inf`, the sum and the count.
const SAMPLES: usize = BUCKETS.len() + 3;

/// Measures the text format, on a heap that contains little else.
pub fn text(name: &str, series: &[Labels]) -> Done {
    let contenders = every_contender!(counters(series, Format::Text, Aging::none));
    nanoseconds(name, "a series in the text format", contenders.into_iter().flatten())?;
    Ok(())
}

/// Measures the text format, on a heap that is aged before and during the creation of the series.
pub fn text_aged(name: &str, series: &[Labels]) -> Done {
    let aging = || Aging::before(series.len());
    let contenders = every_contender!(counters(series, Format::Text, aging));
    let title = "a series in the text format, the heap being aged";
    nanoseconds(name, title, contenders.into_iter().flatten())?;
    Ok(())
}

/// Measures OpenMetrics, and prints how ours compares with our text format.
pub fn open_metrics(name: &str, series: &[Labels]) -> Done {
    let contenders = every_contender!(counters(series, Format::OpenMetrics, Aging::none));
    let text = Entrant::own("text", encoding_ours(series, Format::Text));
    let entrants = contenders.into_iter().flatten().chain([text]);
    let rounds = nanoseconds(name, "a series in OpenMetrics, and ours in text", entrants)?;
    rounds.ratio(&format!("open_metrics_to_text_{}", series.len()), Ours::NAME, "text");
    Ok(())
}

/// Measures histograms in the text format.
pub fn histograms(name: &str, number: usize) -> Done {
    let title = format!("a histogram of {} buckets in the text format", BUCKETS.len());
    nanoseconds(name, &title, every_contender!(histogram_family(number)))?;
    Ok(())
}

/// Returns the measurement of ours.
pub fn encoding_ours(series: &[Labels], format: Format) -> impl FnMut() -> Measurement + use<> {
    encoding::<Ours>(series, format, Aging::none())
}

/// Returns our exposition of these series in the text format.
pub(super) fn exposition(series: &[Labels]) -> Vec<u8> {
    let mut counters = filled::<<Ours as Contender>::Counters>(series, || ());
    counters.expose(Format::Text).to_vec()
}

/// Returns the measurement of a contender; `None` if it does not have the format.
fn counters<C: Contender>(
    series: &[Labels],
    format: Format,
    aging: impl FnOnce() -> Aging,
) -> Option<Entrant> {
    let can = C::FORMATS.contains(&format);
    can.then(|| entrant::<C>(encoding::<C>(series, format, aging())))
}

fn encoding<C: Contender>(
    series: &[Labels],
    format: Format,
    mut aging: Aging,
) -> impl FnMut() -> Measurement + use<C> {
    let mut counters = filled::<C::Counters>(series, || aging.between());
    assert_eq!(occurrences(counters.expose(format), PATH), series.len(), "{}", C::NAME);
    assert_eq!(values(counters.expose(format)).len(), series.len(), "{}", C::NAME);
    measure::nanoseconds(series.len(), move |times| {
        // Keeps alive, as long as the series, the allocations that have aged the heap.
        black_box(&aging);
        expose(&mut counters, format, times)
    })
}

/// Returns a family with these series and random values. Calls `created` after the creation of each
/// series.
pub fn filled<C: Counters>(series: &[Labels], mut created: impl FnMut()) -> C {
    let counters = C::new();
    let mut rng = labels::rng();
    for labels in series {
        counters.inc_by(&C::key(labels), rng.u64(..1_000_000));
        created();
    }
    counters
}

fn histogram_family<C: Contender>(number: usize) -> Entrant {
    let mut family = C::Histograms::new();
    let observations = labels::observations(number * OBSERVATIONS);
    for (pair, values) in labels::pairs(number).iter().zip(observations.chunks(OBSERVATIONS)) {
        values.iter().for_each(|value| family.observe(pair, *value));
    }
    let exposition = family.expose(Format::Text);
    assert_eq!(values(exposition).len(), number * SAMPLES, "{}", C::NAME);
    let run = move |times| expose(&mut family, Format::Text, times);
    entrant::<C>(measure::nanoseconds(number, run))
}

fn expose(metrics: &mut impl Expose, format: Format, times: usize) -> Duration {
    time(|| {
        for _ in 0..times {
            black_box(metrics.expose(format));
        }
    })
}
