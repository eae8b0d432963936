//! The groups of figures.

use std::hint::black_box;

use figures::Entrant;
use speed::contenders::{
    Contender, Fastmetrics, Format, Metrics, Ours, Prometheus, PrometheusClient,
};
use speed::groups::encode::{encoding_ours, filled};
use speed::groups::exposition::occurrences;
use speed::groups::observe::observation;
use speed::groups::{Done, nanoseconds};
use speed::labels::{Labels, PATH};
use speed::measure::{self, entrant, time};

use crate::contenders::Protobuf;
use crate::exposition::{metrics, native_count};
use crate::native::{self, Native};

/// Measures protobuf, and prints how ours compares with our text format.
pub fn encode(name: &str, series: &[Labels]) -> Done {
    let entrants = [
        encoding::<Ours>(series),
        encoding::<Prometheus>(series),
        encoding::<PrometheusClient>(series),
        encoding::<Metrics>(series),
        encoding::<Fastmetrics>(series),
        Entrant::own("text", encoding_ours(series, Format::Text)),
    ];
    let rounds = nanoseconds(name, "a series in protobuf, and ours in text", entrants)?;
    rounds.ratio(&format!("protobuf_to_text_{}", series.len()), Ours::NAME, "text");
    Ok(())
}

fn encoding<C: Protobuf>(series: &[Labels]) -> Entrant {
    let counters = filled::<C::Counters>(series, || ());
    let mut buffer = Vec::new();
    C::encode(&counters, &mut buffer);
    assert_eq!(occurrences(&buffer, PATH), series.len(), "{}", C::NAME);
    let metrics = metrics(&buffer);
    let complete =
        metrics.iter().filter(|metric| metric.label.len() == 4 && metric.counter.is_some());
    assert_eq!(complete.count(), series.len(), "{}", C::NAME);
    entrant::<C>(measure::nanoseconds(series.len(), move |times| {
        time(|| {
            for _ in 0..times {
                buffer.clear();
                C::encode(&counters, &mut buffer);
                black_box(&buffer);
            }
        })
    }))
}

/// Measures how long a native histogram takes to observe random values.
pub fn observe_native(name: &str) -> Done {
    let entrants = [
        native_observation::<Ours, native::Ours>(),
        native_observation::<PrometheusClient, native::PrometheusClient>(),
        native_observation::<Metrics, native::Metrics>(),
    ];
    nanoseconds(name, "an observation of a native histogram", entrants)?;
    Ok(())
}

fn native_observation<C: Contender, N: Native>() -> Entrant {
    observation::<C, N>(|histogram| {
        let mut buffer = Vec::new();
        histogram.encode(&mut buffer);
        native_count(&buffer)
    })
}
