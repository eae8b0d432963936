//! `measured`, twice: with dynamic sets of label values, which accept any value like all other
//! contenders, and with methods and codes in fixed sets, whose values are known when the program
//! starts.

use measured::lasso::{Rodeo, RodeoReader, Spur};
use measured::metric::histogram::Thresholds;
use measured::text::TextEncoder;
use measured::{CounterVec, FixedCardinalityLabel, HistogramVec, LabelGroup, MetricGroup};
use paracord::ParaCord;

use super::{Contender, Counters, Expose, Format, Histogram, Histograms};
use crate::labels::{BUCKETS, CODES, Labels, METHODS, Pair};

pub struct Measured;

impl Contender for Measured {
    const NAME: &'static str = "measured";

    type Counters = Encoded<Requests>;
    type Histograms = Encoded<Seconds>;
    type Histogram = Encoded<UnlabelledSeconds>;
}

/// `measured` with fixed sets. Its figures are printed, but it is not a peer: the others accept any
/// value.
pub struct MeasuredFixed;

impl Contender for MeasuredFixed {
    const NAME: &'static str = "measured_fixed";
    const IS_PEER: bool = false;

    type Counters = Encoded<FixedRequests>;
    type Histograms = Encoded<Seconds>;
    type Histogram = Encoded<UnlabelledSeconds>;
}

type Known = RodeoReader<Spur, ahash::RandomState>;

fn known(values: &[&str]) -> Known {
    let mut known = Rodeo::with_hasher(ahash::RandomState::default());
    for value in values {
        known.get_or_intern(value);
    }
    known.into_reader()
}

/// The crate has no constant labels: this label has a single value.
#[derive(Clone, Copy, FixedCardinalityLabel)]
pub enum Service {
    Checkout,
}

#[derive(Clone, Copy, LabelGroup)]
#[label(set = RequestSet)]
pub struct Request<'a> {
    service: Service,
    #[label(dynamic_with = ParaCord, default)]
    method: &'a str,
    #[label(dynamic_with = ParaCord, default)]
    path: &'a str,
    #[label(dynamic_with = ParaCord, default)]
    code: &'a str,
}

#[derive(Clone, Copy, LabelGroup)]
#[label(set = FixedRequestSet)]
pub struct FixedRequest<'a> {
    service: Service,
    #[label(fixed_with = Known)]
    method: &'a str,
    #[label(dynamic_with = ParaCord, default)]
    path: &'a str,
    #[label(fixed_with = Known)]
    code: &'a str,
}

#[derive(LabelGroup)]
#[label(set = EndpointSet)]
pub struct Endpoint<'a> {
    #[label(dynamic_with = ParaCord, default)]
    method: &'a str,
    #[label(dynamic_with = ParaCord, default)]
    path: &'a str,
}

#[derive(MetricGroup)]
pub struct Requests {
    /// Requests served.
    requests_total: CounterVec<RequestSet>,
}

#[derive(MetricGroup)]
pub struct FixedRequests {
    /// Requests served.
    requests_total: CounterVec<FixedRequestSet>,
}

#[derive(MetricGroup)]
pub struct Seconds {
    /// Time to serve a request.
    request_seconds: HistogramVec<EndpointSet, { BUCKETS.len() }>,
}

#[derive(MetricGroup)]
pub struct UnlabelledSeconds {
    /// Time to serve a request.
    request_seconds: measured::Histogram<{ BUCKETS.len() }>,
}

/// Metrics and their encoder, which is reused as its documentation recommends.
pub struct Encoded<M> {
    metrics: M,
    encoder: TextEncoder<Vec<u8>>,
}

impl<M> Encoded<M> {
    fn new(metrics: M) -> Self {
        Self { metrics, encoder: TextEncoder::new(Vec::new()) }
    }
}

impl<M: MetricGroup<TextEncoder<Vec<u8>>> + 'static> Expose for Encoded<M> {
    fn expose(&mut self, _: Format) -> &[u8] {
        self.encoder.writer.clear();
        self.metrics.collect_group_into(&mut self.encoder).unwrap();
        self.encoder.flush().unwrap();
        &self.encoder.writer
    }
}

/// Implements the traits for both label sets, which have no trait in common.
macro_rules! counters {
    ($family:ident: $request:ident, $set:expr) => {
        impl Counters for Encoded<$family> {
            type Key = Labels;

            fn new() -> Self {
                Self::new($family { requests_total: CounterVec::with_label_set($set) })
            }

            fn key(labels: &Labels) -> Self::Key {
                labels.clone()
            }

            fn inc_by(&self, [method, path, code]: &Self::Key, count: u64) {
                let request = $request { service: Service::Checkout, method, path, code };
                self.metrics.requests_total.inc_by(request, count);
            }

            fn inc(&self, [method, path, code]: &Self::Key) {
                let request = $request { service: Service::Checkout, method, path, code };
                self.metrics.requests_total.inc(request);
            }

            /// Keeps the identifier of the series: a guard of the series itself would block the
            /// creation of others.
            fn pin<'a>(&'a self, [method, path, code]: &'a Self::Key) -> impl Fn() + 'a {
                let family = &self.metrics.requests_total;
                let request = $request { service: Service::Checkout, method, path, code };
                let id = family.with_labels(request);
                move || family.get_metric(id).inc()
            }
        }
    };
}

counters!(Requests: Request, RequestSet::default());
counters!(FixedRequests: FixedRequest, FixedRequestSet::new(known(&METHODS), known(&CODES)));

fn thresholds() -> Thresholds<{ BUCKETS.len() }> {
    Thresholds::with_buckets(BUCKETS)
}

impl Histograms for Encoded<Seconds> {
    fn new() -> Self {
        let set = EndpointSet::default();
        let request_seconds = HistogramVec::with_label_set_and_metadata(set, thresholds());
        Self::new(Seconds { request_seconds })
    }

    fn observe(&self, [method, path]: &Pair, value: f64) {
        self.metrics.request_seconds.observe(Endpoint { method, path }, value);
    }
}

impl Histogram for Encoded<UnlabelledSeconds> {
    fn new() -> Self {
        let request_seconds = measured::Histogram::with_metadata(thresholds());
        Self::new(UnlabelledSeconds { request_seconds })
    }

    fn observe(&self, value: f64) {
        self.metrics.request_seconds.observe(value);
    }
}
