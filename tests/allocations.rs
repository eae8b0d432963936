//! Allocations: updates of existing series, scrapes and the counting of requests make none.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::net::{Ipv6Addr, SocketAddr};
use std::num::NonZero;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use actix_web::HttpResponse;
use actix_web::dev::{Service, ServiceRequest, Transform, fn_service};
use actix_web::test::TestRequest;
use allocation_counter::measure;
use hello_exporter::http::RequestMetrics;
use hello_exporter::testing::value_of;
use hello_exporter::{
    Collector, Counter, CounterVec, Family, Format, Gauge, Histogram, HistogramVec, Info,
    LabelValue, Labels, Registry, StateSet,
};

#[derive(LabelValue)]
enum Method {
    Get,
}

#[derive(Labels)]
struct Request<S> {
    method: Method,
    path: S,
    status: u16,
}

#[derive(Collector)]
struct Metrics {
    /// A gauge.
    gauge: Gauge,
    #[metric(help = "By position.", labels = ["x", "y", "z"])]
    counters: CounterVec<3>,
    #[metric(help = "By position.", labels = ["x"])]
    histograms: HistogramVec<1>,
    #[metric(help = "By a label struct.")]
    requests: Family<Request<String>, Counter>,
    #[metric(help = "By a label struct.")]
    durations: Family<Request<String>, Histogram>,
    /// A state set.
    method: StateSet<Method>,
    #[metric(name = "release_info", help = "An info.")]
    release: Info<Release<'static>>,
}

#[derive(Labels)]
struct Release<'a> {
    version: &'a str,
}

fn request(path: &str) -> Request<&str> {
    Request { method: Method::Get, path, status: 200 }
}

fn update(metrics: &Metrics, path: &str) {
    let request = || request(path);
    metrics.gauge.add(1.5);
    metrics.method.set(Method::Get);
    metrics.counters.with(["a", path, "c"]).inc();
    metrics.histograms.with([path]).observe(0.5);
    metrics.requests.with(request()).inc();
    metrics.durations.with(&request()).observe(0.5);
}

#[test]
fn update_of_an_existing_series_allocates_nothing() {
    let metrics = Metrics::new();
    metrics
        .requests
        .with(Request { method: Method::Get, path: String::from("/"), status: 200 })
        .inc();
    update(&metrics, "/");
    update(&metrics, "C:\\\"x\"");
    for path in ["/", "C:\\\"x\""].map(String::from) {
        assert_eq!(measure(|| update(&metrics, &path)).count_total, 0, "{path}");
    }
    assert_eq!(
        metrics.requests.with(Request { method: Method::Get, path: "/", status: 200 }).get(),
        3
    );
}

#[test]
fn label_value_of_the_standard_library_allocates_nothing() {
    let family = CounterVec::new(["value"]);
    let address = SocketAddr::from((Ipv6Addr::LOCALHOST, u16::MAX));
    let update = || {
        family.with([address]).inc();
        family.with([address.ip()]).inc();
        family.with([NonZero::<u128>::MAX]).inc();
        family.with(['é']).inc();
    };
    update();
    assert_eq!(measure(update).count_total, 0);
    assert_eq!(family.with(["[::1]:65535"]).get(), 2);
}

/// The first scrape in a format allocates buffers that later ones reuse.
#[test]
fn scrape_of_live_metrics_allocates_nothing() {
    let metrics = Arc::new(Metrics::new());
    let registry = Registry::new();
    registry.register(Arc::clone(&metrics)).unwrap();
    (0..1_000).for_each(|at| update(&metrics, &format!("a \"path\"/{at}")));
    metrics.release.set(Release { version: "7.2" });
    metrics
        .requests
        .with(request("/"))
        .inc_by_with_exemplar(1, &[("trace_id", "0af7651916cd43dd")]);
    for format in [Format::Text, Format::OpenMetrics, Format::Protobuf] {
        let mut buffer = Vec::new();
        registry.encode(format, &mut buffer);
        let length = buffer.len();
        buffer.clear();
        let allocations = measure(|| registry.encode(format, &mut buffer)).count_total;
        assert_eq!((allocations, buffer.len()), (0, length), "{format:?}");
    }
}

/// Returns the number of allocations of a second request, from the call until its response is
/// ready.
fn allocations_of_a_request(service: &impl Service<ServiceRequest>) -> u64 {
    let request = || TestRequest::get().to_srv_request();
    let answer = |request| {
        let answer = pin!(service.call(request));
        assert!(answer.poll(&mut Context::from_waker(Waker::noop())).is_ready());
    };
    answer(request());
    let request = request();
    measure(|| answer(request)).count_total
}

#[test]
fn counting_a_request_allocates_nothing() {
    let answering = || {
        fn_service(async |request: ServiceRequest| {
            Ok::<_, actix_web::Error>(request.into_response(HttpResponse::Ok().finish()))
        })
    };
    let requests = RequestMetrics::new();
    let counting = requests.new_transform(answering()).into_inner().unwrap();
    let plain = allocations_of_a_request(&answering());
    assert_eq!(allocations_of_a_request(&counting), plain);
    let labels = [("method", "GET"), ("route", "unmatched"), ("code", "200")];
    assert_eq!(value_of(&requests, "http_requests_total", &labels), Some(2.0));
}
