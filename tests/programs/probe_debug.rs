//! An exporter with probes that log, one for each kind of target.

#![allow(missing_docs, reason = "a test program")]

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use hello_exporter::collect::{
    Declaration, FamilyEncoder, Init, LabelShape, Made, Metric, MetricType,
};
use hello_exporter::probe::{Probe, ProbeOptions, ProbeRequest, Probed};
use hello_exporter::{Collector, Exporter};
use tokio::net::TcpStream;
use tracing::level_filters::LevelFilter;
use tracing::{debug, error, info, info_span, trace, warn};

#[derive(Collector)]
#[collector(namespace = "talk")]
struct Talk {
    /// Words of the target.
    words: u64,
}

/// Logs what the target says, and fails as it says.
struct Talker;

impl Probe for Talker {
    type Metrics = Talk;
    type Error = io::Error;

    async fn probe(&self, request: ProbeRequest) -> io::Result<Probed<Talk>> {
        let talk = Talk { words: 2 };
        match request.target() {
            "levels" => log_every_level(),
            "secrets" => log_secrets(),
            "many" => (0..2000).for_each(|line| info!(line, text = "x".repeat(100), "A line")),
            "large" => info!(words = "word ".repeat(100_000), word = "x".repeat(100_000), "Large"),
            "failing" => {
                warn!("Will fail");
                return Err(io::Error::other("cannot log in to http://me:hunter2@host/?token=abc"));
            }
            "because" => return Ok(Probed::failure(talk).because("no words")),
            "silent" => return Ok(Probed::failure(talk)),
            "panicking" => {
                warn!("Will panic");
                panic!("out of words");
            }
            "hanging" => {
                warn!("Will hang");
                pending().await
            }
            "blocking" => {
                warn!("Will block");
                loop {
                    std::thread::park();
                }
            }
            address => meet(address).await?,
        }
        Ok(Probed::success(talk))
    }
}

fn log_every_level() {
    let _span = info_span!("talk", number = 1).entered();
    trace!("Traced");
    debug!(text = "two\nlines", "Debugged");
    info!(empty = "", "Informed");
    warn!("Warned");
    error!(number = 1.5, "Erred");
    // The HTTP server's own state is not of interest.
    debug!(target: "h2", "A frame");
}

fn log_secrets() {
    debug!(
        password = "hunter2",
        db_token = 17,
        headers.authorization = ?Some("Basic aHVudGVyMg=="),
        "x-api-key" = "hunter2",
        user = "me",
        "Logging in"
    );
    info!(url = "redis://me:hunter2@host:6379/0", "Connecting to http://me:hunter2@host/a@b");
    info!("Config {{ password: {:?}, port: 1 }}, host=x password=hunter2", "hunter2");
}

/// Logs around the time in which the test answers a connection.
async fn meet(address: &str) -> io::Result<()> {
    info!(address, "Before");
    let stream = TcpStream::connect(address).await?;
    stream.readable().await?;
    info!(address, "After");
    Ok(())
}

/// A value that panics when it is exposed.
#[derive(Default)]
struct Unspeakable;

impl Metric for Unspeakable {
    const TYPE: Option<MetricType> = Some(MetricType::Gauge);
    const LABELS: LabelShape = LabelShape::None;
    type Making = Made;

    fn collect(&self, _: &mut FamilyEncoder<'_>) {
        panic!("no comment");
    }
}

impl Init for Unspeakable {
    fn init(_: &Declaration) -> Self {
        Self
    }
}

#[derive(Collector)]
#[collector(namespace = "talk")]
struct Unspoken {
    /// Panics when it is exposed.
    unspoken: Unspeakable,
}

async fn whisper(_: ProbeRequest) -> Result<Probed<Unspoken>, Infallible> {
    Ok(Probed::success(Unspoken { unspoken: Unspeakable }))
}

#[derive(Collector)]
#[collector(namespace = "log")]
struct Log {
    /// Whether events of level `debug` are created.
    has_debug: bool,
}

async fn log_level(_: ProbeRequest) -> Result<Probed<Log>, Infallible> {
    Ok(Probed::success(Log { has_debug: LevelFilter::current() >= LevelFilter::DEBUG }))
}

fn main() -> ExitCode {
    let timeout = Duration::from_millis(100);
    Exporter::new("talk_exporter")
        .probe("/probe", Talker)
        .probe(ProbeOptions::new("/hasty").timeout(timeout), Talker)
        .probe_fn("/whisper", whisper)
        .probe_fn("/level", log_level)
        .run()
}
