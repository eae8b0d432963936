//! Sources that fail, hang, block or are slow, under concurrent scrapes. Most tests pause the
//! clock.

mod families;

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
use crate::registry::Registry;
use crate::server::http::Metrics;

/// Counts the values in memory, and the runs of two sources.
#[derive(Default)]
struct Counts {
    values: AtomicUsize,
    slow_runs: AtomicUsize,
    flapping_runs: AtomicUsize,
}

impl Counts {
    /// Waits until this number of values is in memory. The end of a run or of a response drops a
    /// value a moment after a client received the response.
    async fn wait_for_values(&self, expected: usize) {
        for _ in 0..5000 {
            if self.values.load(Ordering::Relaxed) == expected {
                return;
            }
            sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(self.values.load(Ordering::Relaxed), expected);
    }
}

/// A value that is counted while it exists.
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

/// Adds a source that needs no flags.
fn add(sources: &mut Sources, options: impl Into<SourceOptions>, source: impl Source) {
    let options = options.into();
    let source = ReadySource::new(options.name(), source);
    sources.add(options.settings(&()).unwrap(), source).unwrap();
}

/// Runs the sources on the runtime of the test.
fn on_runtime(mut sources: Sources) -> Arc<Sources> {
    sources.register_own("x_").unwrap();
    Arc::new(sources.on(SourceRuntime::current(), SourceRuntime::current()))
}

/// Returns an endpoint with these sources.
fn endpoint(sources: Sources) -> Metrics {
    Metrics::of_sources(on_runtime(sources))
}

/// Returns an endpoint with six sources.
fn six_sources(counts: &Arc<Counts>) -> Metrics {
    let mut sources = Sources::new(Registry::new());
    let shared = Arc::clone(counts);
    let good = move || {
        let value = Good { value: 1, _alive: Alive::new(&shared) };
        async { Ok::<_, Infallible>(value) }
    };
    add(&mut sources, "good", async_fn(good));
    let shared = Arc::clone(counts);
    let slow = move || {
        let value = shared.slow_runs.fetch_add(1, Ordering::Relaxed) as u64 + 1;
        let value = Slow { value, _alive: Alive::new(&shared) };
        async {
            sleep(Duration::from_millis(300)).await;
            Ok::<_, Infallible>(value)
        }
    };
    add(&mut sources, "slow", async_fn(slow));
    add(
        &mut sources,
        "failing",
        async_fn(|| async { Err::<Failing, _>("the backend is on fire") }),
    );
    let panicking = || async {
        sleep(Duration::from_millis(1)).await;
        if true {
            panic!("out of cheese");
        }
        Err::<Panicking, _>("unreachable")
    };
    add(&mut sources, "panicking", async_fn(panicking));
    let hanging = || async {
        std::future::pending::<()>().await;
        Err::<Hanging, _>("unreachable")
    };
    add(&mut sources, "hanging", async_fn(hanging));
    let shared = Arc::clone(counts);
    let flapping = move || {
        let run = shared.flapping_runs.fetch_add(1, Ordering::Relaxed);
        let value = Flapping { value: 1, _alive: Alive::new(&shared) };
        async move { if run.is_multiple_of(2) { Ok(value) } else { Err("not now") } }
    };
    add(&mut sources, "flapping", async_fn(flapping));
    endpoint(sources)
}

/// Scrapes. Returns the lines of samples, except those of durations and numbers of series, and the
/// time until the response.
async fn scrape(metrics: Metrics, timeout: &str) -> (String, Duration) {
    let header = ("X-Prometheus-Scrape-Timeout-Seconds", timeout);
    let request = TestRequest::get().uri("/metrics").insert_header(header).to_http_request();
    let started = Instant::now();
    let response = metrics.scrape(request).await;
    let took = started.elapsed();
    assert_eq!(response.status(), 200);
    let body = to_bytes(response.into_body()).await.unwrap();
    let text = std::str::from_utf8(&body).unwrap();
    let differs = |line: &str| line.contains("_duration_") || line.contains("_series{");
    let is_compared = |line: &&str| !line.starts_with('#') && !differs(line);
    (text.lines().filter(is_compared).map(|line| line.to_owned() + "\n").collect(), took)
}

/// Returns the samples that a scrape in this wave exposes if its timeout suffices.
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
async fn failing_source_affects_only_its_own_metrics() {
    const SCRAPES: usize = 50;
    const WAVES: usize = 12;

    pause();
    let counts = Arc::new(Counts::default());
    let metrics = six_sources(&counts);
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let tasks_before = tasks();

    for wave in 1..=WAVES {
        let scrapes: Vec<_> =
            (0..SCRAPES).map(|_| rt::spawn(scrape(metrics.clone(), "1"))).collect();
        let impatient = rt::spawn(scrape(metrics.clone(), "0.001"));
        // A client that disconnects while it waits.
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

    // The hanging source times out.
    advance(Duration::from_secs(11)).await;
    for _ in 0..1000 {
        if tasks() > tasks_before {
            rt::task::yield_now().await;
        }
    }
    assert_eq!(tasks(), tasks_before);
    counts.wait_for_values(0).await;
}

/// Returns an endpoint with one source, and its counts. The third run of the source fails.
fn one_source(options: SourceOptions, takes: Duration) -> (Metrics, Arc<Counts>) {
    let counts = Arc::new(Counts::default());
    let shared = Arc::clone(&counts);
    let source = move || {
        let value = shared.slow_runs.fetch_add(1, Ordering::Relaxed) as u64 + 1;
        let value = Slow { value, _alive: Alive::new(&shared) };
        async move {
            sleep(takes).await;
            if value.value == 3 { Err("not this time") } else { Ok(value) }
        }
    };
    let mut sources = Sources::new(Registry::new());
    add(&mut sources, options, async_fn(source));
    (endpoint(sources), counts)
}

#[actix_web::test]
async fn cache_serves_the_last_good_result_until_it_expires() {
    pause();
    let options = SourceOptions::new("slow").cache(Duration::from_secs(60));
    let (metrics, counts) = one_source(options, Duration::from_millis(100));
    let text = async || scrape(metrics.clone(), "1").await.0;
    let good = |value: u64, age: &str| {
        format!(
            "slow {value}\nx_scrape_collector_cache_age_seconds{{collector=\"slow\"}} {age}\n\
             x_scrape_collector_success{{collector=\"slow\"}} 1\n"
        )
    };
    let failed = "x_scrape_collector_success{collector=\"slow\"} 0\n";

    assert_eq!(text().await, good(1, "0"));
    advance(Duration::from_secs(59)).await;
    assert_eq!(text().await, good(1, "59"));
    advance(Duration::from_secs(1)).await;
    assert_eq!(text().await, good(2, "0"));
    advance(Duration::from_secs(60)).await;
    // An expired result does not replace a failure, and a failure is not cached.
    assert_eq!(text().await, failed);
    assert_eq!(text().await, good(4, "0"));
    // Only the cached value is left.
    counts.wait_for_values(1).await;
}

/// Scrapes like [`scrape`]. The time is in tenths of a second, rounded down, because timers may
/// fire a millisecond late.
async fn timed(metrics: &Metrics, timeout: &str) -> (String, u128) {
    let (text, took) = scrape(metrics.clone(), timeout).await;
    (text, took.as_millis() / 100)
}

#[actix_web::test]
async fn run_and_request_have_their_own_timeouts() {
    pause();
    let options = SourceOptions::new("slow").timeout(Duration::from_secs(3));
    let (metrics, counts) = one_source(options, Duration::from_millis(2900));
    let good = "slow 1\nx_scrape_collector_success{collector=\"slow\"} 1\n";
    let failed = "x_scrape_collector_success{collector=\"slow\"} 0\n";

    // The first request gives up after half its timeout. The run goes on, and the second request
    // gets its result.
    assert_eq!(timed(&metrics, "1").await, (failed.to_owned(), 5));
    assert_eq!(timed(&metrics, "10").await, (good.to_owned(), 24));
    assert_eq!(counts.slow_runs.load(Ordering::Relaxed), 1);

    // No request waits longer than the run may take.
    let options = SourceOptions::new("slow").timeout(Duration::from_secs(3));
    let (metrics, counts) = one_source(options, Duration::from_secs(4));
    assert_eq!(timed(&metrics, "60").await, (failed.to_owned(), 30));
    sleep(Duration::from_millis(1)).await;
    assert_eq!(timed(&metrics, "60").await, (failed.to_owned(), 30));
    sleep(Duration::from_millis(1)).await;
    assert_eq!(counts.slow_runs.load(Ordering::Relaxed), 2, "the first was dropped");
    counts.wait_for_values(0).await;
}

#[actix_web::test]
async fn blocked_source_runs_again_once_it_has_returned() {
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = std::sync::Mutex::new(released);
    let counts = Arc::new(Counts::default());
    let shared = Arc::clone(&counts);
    let source = move || {
        let value = shared.slow_runs.fetch_add(1, Ordering::Relaxed) as u64 + 1;
        // Runs wait until the sender is dropped.
        let _ = released.lock().unwrap().recv();
        Ok::<_, Infallible>(Slow { value, _alive: Alive::new(&shared) })
    };
    let mut sources = Sources::new(Registry::new());
    let options = SourceOptions::new("slow").timeout(Duration::from_millis(100));
    add(&mut sources, options, blocking_fn(source));
    let metrics = endpoint(sources);
    let failed = "x_scrape_collector_success{collector=\"slow\"} 0\n";
    for _ in 0..5 {
        assert_eq!(scrape(metrics.clone(), "10").await.0, failed);
    }
    assert_eq!(counts.slow_runs.load(Ordering::Relaxed), 1);
    // The result of the blocked run is dropped; that of a later one is exposed.
    drop(release);
    let mut text = failed.to_owned();
    for _ in 0..1000 {
        if text == failed {
            text = scrape(metrics.clone(), "10").await.0;
        }
    }
    let (sample, success) = text.split_once('\n').unwrap();
    let value: usize = sample.strip_prefix("slow ").unwrap().parse().unwrap();
    assert!(value > 1, "{sample}");
    assert_eq!(success, "x_scrape_collector_success{collector=\"slow\"} 1\n");
    counts.wait_for_values(0).await;
}
