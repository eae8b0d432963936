//! Runs an exporter under load for a given time. Fails if the exporter loses an update, fails a
//! scrape or a reload, or grows.

mod client;
mod exposition;
mod protobuf;
mod reloader;
mod report;
mod request;
mod scraper;
mod server;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use exposition::Exposition;
use reloader::Reloader;
use report::Report;
use scraper::Scraper;
use server::Server;

type BoxError = Box<dyn Error + Send + Sync>;

/// The number of scrapers.
const SCRAPERS: usize = 2;

/// The default length of a run.
const DEFAULT_SECONDS: u64 = 1800;

/// The shortest run with enough readings for the comparisons.
const LEAST_SECONDS: u64 = 30;

/// The time between two readings of the exporter's resources.
const TICK: Duration = Duration::from_secs(1);

/// The number of scrapers of the warm-up, and the number of scrapes of each.
const WARM_UP_SCRAPERS: usize = 4;
const WARM_UP_SCRAPES: usize = 1000;

/// The longest time until the last sessions expire, once the writers have stopped.
const EXPIRY: Duration = Duration::from_secs(10);

/// The most failures that are printed.
const PRINTED_FAILURES: usize = 20;

/// The state that the threads of a run share.
#[derive(Default)]
struct Shared {
    is_over: AtomicBool,
    scrapes: AtomicU64,
    reloads: AtomicU64,
    /// The kind of each failure: `scrape` or `reload`.
    failures: Mutex<Vec<&'static str>>,
    /// The metrics of the run, from the last scrape.
    last: Mutex<BTreeMap<String, f64>>,
}

impl Shared {
    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// Counts a failure, and prints it unless many have been printed already.
    fn fail(&self, kind: &'static str, error: &BoxError) {
        let mut failures = self.failures.lock().unwrap();
        if failures.len() < PRINTED_FAILURES {
            eprintln!("{kind}: {error}");
        }
        failures.push(kind);
    }
}

/// Ends the run when it is dropped, even by a panic.
struct End<'s>(&'s Shared);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::Relaxed);
    }
}

fn main() -> ExitCode {
    let seconds = std::env::args().nth(1).map_or(Ok(DEFAULT_SECONDS), |seconds| seconds.parse());
    let Some(seconds) = seconds.ok().filter(|seconds| *seconds >= LEAST_SECONDS) else {
        eprintln!("usage: bench/run soak [SECONDS], at least {LEAST_SECONDS}");
        return ExitCode::from(2);
    };
    match soak(Duration::from_secs(seconds)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns `true` if nothing was lost, nothing failed and nothing grew.
fn soak(duration: Duration) -> Result<bool, BoxError> {
    let mut server = Server::start()?;
    warm_up(&server)?;
    let shared = &Shared::default();
    let mut report = Report::new(duration);
    thread::scope(|scope| {
        for id in 0..SCRAPERS {
            let scraper = Scraper::new(id, &server);
            scope.spawn(move || scraper.run(shared));
        }
        let reloader = Reloader::new(&server);
        scope.spawn(move || reloader.run(shared));
        let _end = End(shared);
        watch(&server, shared, &mut report, duration)
    })?;
    let expected = server.stop_writers()?;
    wait_for_expiry(&server)?;
    let wrong = check_samples(&server, &expected)?;
    let last = scraper::samples_of_run(&Scraper::new(0, &server).scrape()?);
    let status = server.end()?;
    Ok(report.conclude(shared, [expected.len(), wrong.len()], &last, status))
}

/// Scrapes with gzip, without pauses, and from more threads than the run does. The exporter keeps
/// compressors of concurrent scrapes, so it has as many as the run needs from now on.
fn warm_up(server: &Server) -> Result<(), BoxError> {
    thread::scope(|scope| {
        let scrapers = [(); WARM_UP_SCRAPERS].map(|()| {
            let mut scraper = Scraper::new(0, server);
            let mut requests = request::with_gzip().cycle().take(WARM_UP_SCRAPES);
            scope.spawn(move || {
                requests.try_for_each(|request| scraper.scrape_as(request).map(drop))
            })
        });
        scrapers.into_iter().try_for_each(|scraper| scraper.join().unwrap())
    })
}

/// Reads the resources of the exporter until the end of the run.
fn watch(
    server: &Server,
    shared: &Shared,
    report: &mut Report,
    duration: Duration,
) -> Result<(), BoxError> {
    let start = Instant::now();
    while start.elapsed() < duration {
        thread::sleep(TICK);
        report.add(start.elapsed(), server.resources()?, shared);
    }
    Ok(())
}

/// Waits until the series of all sessions have expired.
fn wait_for_expiry(server: &Server) -> Result<(), BoxError> {
    let deadline = Instant::now() + EXPIRY;
    loop {
        let exposition = Scraper::new(0, server).scrape()?;
        let left = exposition.samples.keys().filter(|it| it.starts_with("soak_sessions_total{"));
        match left.count() {
            0 => return Ok(()),
            left if Instant::now() > deadline => {
                return Err(
                    format!("{left} series of sessions have not expired in {EXPIRY:?}").into()
                );
            }
            _ => thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// Scrapes in every format and coding. Returns the series whose values differ from the expected
/// ones in at least one exposition.
fn check_samples(
    server: &Server,
    expected: &BTreeMap<String, f64>,
) -> Result<BTreeSet<String>, BoxError> {
    let mut wrong = BTreeSet::new();
    let mut scraper = Scraper::new(0, server);
    for request in request::all() {
        let Exposition { samples } = scraper.scrape_as(request)?;
        for (series, expected) in expected {
            let value = samples.get(series).copied();
            if value != Some(*expected) {
                eprintln!("{request}: {series} is {value:?}, expected {expected}");
                wrong.insert(series.clone());
            }
        }
    }
    Ok(wrong)
}
