//! Seven metrics of a job queue, written by hand with the `prometheus` crate.

use std::io;

use actix_web::http::header::ContentType;
use actix_web::{App, HttpResponse, HttpServer, web};
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{
    Gauge, GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry,
    TextEncoder,
};

#[derive(Clone)]
struct Queue {
    jobs_total: IntCounterVec,
    failures_total: IntCounterVec,
    duration_seconds: HistogramVec,
    waiting: GaugeVec,
    workers: IntGauge,
    last_success_timestamp_seconds: Gauge,
    memory_bytes: IntGauge,
}

fn opts(name: &str, help: &str) -> Opts {
    Opts::new(name, help).namespace("queue").const_label("site", "north")
}

impl Queue {
    fn new() -> prometheus::Result<Self> {
        let duration = opts("duration_seconds", "Time to process a job.");
        let duration = HistogramOpts::from(duration).buckets(vec![0.1, 1.0, 10.0]);
        let last_success = opts("last_success_timestamp_seconds", "Time of the last success.");
        Ok(Self {
            jobs_total: IntCounterVec::new(opts("jobs_total", "Jobs processed."), &["queue"])?,
            failures_total: IntCounterVec::new(
                opts("failures_total", "Jobs that failed."),
                &["queue", "reason"],
            )?,
            duration_seconds: HistogramVec::new(duration, &["queue"])?,
            waiting: GaugeVec::new(opts("waiting", "Jobs waiting."), &["queue"])?,
            workers: IntGauge::with_opts(opts("workers", "Workers running."))?,
            last_success_timestamp_seconds: Gauge::with_opts(last_success)?,
            memory_bytes: IntGauge::with_opts(opts("memory_bytes", "Memory in use."))?,
        })
    }

    fn collectors(&self) -> [&dyn Collector; 7] {
        [
            &self.jobs_total,
            &self.failures_total,
            &self.duration_seconds,
            &self.waiting,
            &self.workers,
            &self.last_success_timestamp_seconds,
            &self.memory_bytes,
        ]
    }
}

impl Collector for Queue {
    fn desc(&self) -> Vec<&Desc> {
        self.collectors().into_iter().flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.collectors().into_iter().flat_map(Collector::collect).collect()
    }
}

async fn metrics(registry: web::Data<Registry>) -> HttpResponse {
    match TextEncoder::new().encode_to_string(&registry.gather()) {
        Ok(body) => HttpResponse::Ok().content_type(ContentType::plaintext()).body(body),
        Err(error) => HttpResponse::InternalServerError().body(error.to_string()),
    }
}

#[actix_web::main]
async fn main() -> io::Result<()> {
    let queue = Queue::new().map_err(io::Error::other)?;
    queue.jobs_total.with_label_values(&["mail"]).inc_by(3);
    queue.failures_total.with_label_values(&["mail", "timeout"]).inc();
    queue.duration_seconds.with_label_values(&["mail"]).observe(0.5);
    queue.waiting.with_label_values(&["mail"]).set(2.0);
    queue.workers.set(4);
    queue.last_success_timestamp_seconds.set(1_700_000_000.5);
    queue.memory_bytes.set(1_048_576);
    let registry = Registry::new();
    registry.register(Box::new(queue)).map_err(io::Error::other)?;
    let registry = web::Data::new(registry);
    let address = std::env::args().nth(1).unwrap_or_else(|| "0.0.0.0:9000".to_owned());
    let address = address.trim_start_matches("--web.listen-address=");
    HttpServer::new(move || {
        App::new().app_data(registry.clone()).route("/metrics", web::get().to(metrics))
    })
    .bind(address)?
    .run()
    .await
}
