//! Sources that fail in every way, under many scrapes at once, by a clock that is paused.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::body::to_bytes;
use actix_web::rt;
use actix_web::test::TestRequest;
use tokio::runtime::Handle;
use tokio::time::{Instant, advance, pause, sleep};

use super::*;
use crate::http::Metrics;
use crate::registry::Registry;

/// How many values of the sources there are in memory, and how often the slow one was asked.
#[derive(Default)]
struct Counts {
    values: AtomicUsize,
    slow_runs: AtomicUsize,
    flapping_runs: AtomicUsize,
}

/// Counts itself.
struct Alive(Arc<Counts>);

impl Alive {
    fn new(counts: &Arc<Counts>) -> Self {
        counts.values.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(counts))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.values.fetch_sub(1, Ordering::Relaxed);
    }
}

macro_rules! one_gauge {
    ($($type:ident $name:literal),*) => {$(
        #[derive(hello_exporter_derive::Collector)]
        #[collector(crate = crate, no_new)]
        struct $type {
            #[metric(name = $name, help = "Help.")]
            value: u64,
            #[metric(skip)]
            _alive: Alive,
        }
    )*};
}

one_gauge!(Good "good", Slow "slow", Failing "failing", Panicking "panicking", Hanging "hanging", Flapping "flapping");

/// An application with six sources, all of which run on the runtime of the test.
fn sources(counts: &Arc<Counts>) -> Arc<Sources> {
    let mut sources = Sources::new(Registry::new());
    let mut add = |name: &'static str, source: Unbuilt<()>| {
        let scraper = (source.build)(&()).unwrap();
        sources.add(SourceOptions::new(name), (source.descs)(), scraper).unwrap();
    };
    let shared = Arc::clone(counts);
    let good = move || {
        let value = Good { value: 1, _alive: Alive::new(&shared) };
        async { Ok::<_, Infallible>(value) }
    };
    add("good", good.into_source());
    let shared = Arc::clone(counts);
    let slow = move || {
        let value = shared.slow_runs.fetch_add(1, Ordering::Relaxed) as u64 + 1;
        let value = Slow { value, _alive: Alive::new(&shared) };
        async {
            sleep(Duration::from_millis(300)).await;
            Ok::<_, Infallible>(value)
        }
    };
    add("slow", slow.into_source());
    add("failing", (|| async { Err::<Failing, _>("the backend is on fire") }).into_source());
    let panicking = || async {
        sleep(Duration::from_millis(1)).await;
        if true {
            panic!("out of cheese");
        }
        Err::<Panicking, _>("unreachable")
    };
    add("panicking", panicking.into_source());
    let hanging = || async {
        std::future::pending::<()>().await;
        Err::<Hanging, _>("unreachable")
    };
    add("hanging", hanging.into_source());
    let shared = Arc::clone(counts);
    let flapping = move || {
        let run = shared.flapping_runs.fetch_add(1, Ordering::Relaxed);
        let value = Flapping { value: 1, _alive: Alive::new(&shared) };
        async move { if run.is_multiple_of(2) { Ok(value) } else { Err("not now") } }
    };
    add("flapping", flapping.into_source());
    sources.register_own("x_").unwrap();
    Arc::new(sources.on(Some(Arc::new(SourceRuntime::current()))))
}

/// The lines of samples, without durations, and how long the answer took.
async fn scrape(metrics: Metrics, timeout: &str) -> (String, Duration) {
    let header = ("X-Prometheus-Scrape-Timeout-Seconds", timeout);
    let request = TestRequest::get().uri("/metrics").insert_header(header).to_http_request();
    let started = Instant::now();
    let response = metrics.scrape(request).await;
    let took = started.elapsed();
    assert_eq!(response.status(), 200);
    let body = to_bytes(response.into_body()).await.unwrap();
    let text = std::str::from_utf8(&body).unwrap();
    let is_compared = |line: &&str| !line.starts_with('#') && !line.contains("_duration_");
    (text.lines().filter(is_compared).map(|line| line.to_owned() + "\n").collect(), took)
}

/// What a scrape with enough time gets in the wave with this number.
fn expected(wave: usize) -> String {
    let flapping = usize::from(wave % 2 == 1);
    let sample = if flapping == 1 { "flapping 1\n" } else { "" };
    format!(
        "{sample}good 1\n\
         slow {wave}\n\
         x_scrape_collector_success{{collector=\"good\"}} 1\n\
         x_scrape_collector_success{{collector=\"slow\"}} 1\n\
         x_scrape_collector_success{{collector=\"failing\"}} 0\n\
         x_scrape_collector_success{{collector=\"panicking\"}} 0\n\
         x_scrape_collector_success{{collector=\"hanging\"}} 0\n\
         x_scrape_collector_success{{collector=\"flapping\"}} {flapping}\n"
    )
}

#[actix_web::test]
async fn what_fails_costs_its_own_metrics_and_nobody_else_their_time() {
    const SCRAPES: usize = 50;
    const WAVES: usize = 12;

    pause();
    let counts = Arc::new(Counts::default());
    let metrics = Metrics::of_sources(sources(&counts));
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let tasks_before = tasks();

    for wave in 1..=WAVES {
        let scrapes: Vec<_> =
            (0..SCRAPES).map(|_| rt::spawn(scrape(metrics.clone(), "1"))).collect();
        let impatient = rt::spawn(scrape(metrics.clone(), "0.001"));
        // A client that goes away while it waits.
        let gone = rt::spawn(scrape(metrics.clone(), "1"));
        sleep(Duration::from_millis(100)).await;
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());

        let (text, took) = impatient.await.unwrap();
        assert!(took <= Duration::from_millis(2), "{took:?}");
        assert!(text.contains("success{collector=\"slow\"} 0"), "{text}");
        for scrape in scrapes {
            let (text, took) = scrape.await.unwrap();
            assert_eq!(text, expected(wave));
            assert!(took <= Duration::from_millis(501), "{took:?}");
        }
        assert_eq!(counts.slow_runs.load(Ordering::Relaxed), wave, "once per wave");
    }

    // The one that hangs has its timeout.
    advance(Duration::from_secs(11)).await;
    while tasks() > tasks_before {
        rt::task::yield_now().await;
    }
    assert_eq!(counts.values.load(Ordering::Relaxed), 0);
}
