//! Helpers of the tests: they run the exporter and other programs, send requests, and read files,
//! logs and expositions.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod browser;
mod certificate;
mod comparison;
mod compiler;
pub mod configured;
mod curl;
pub mod dashboard;
pub mod foreign;
mod golden;
mod hello;
pub mod http;
pub mod model;
pub mod negotiation;
pub mod node;
mod parser;
pub mod postgres;
mod process;
mod prometheus;
mod proxy;
pub mod public_api;
mod pushgateway;
mod redis;
pub mod redis_exporter;
mod repository;
mod samples;
mod stream;
pub mod web_config;

use std::thread;
use std::time::{Duration, Instant};

use hello_exporter::collect::Declared;
use hello_exporter::registry::IntoCollector;
use hello_exporter::{Format, Registry};

pub use browser::{Browser, Screen};
pub use certificate::{Authority, Certificate};
pub use comparison::{Comparison, Group, Wrong};
pub use compiler::compiler_says;
pub use curl::{curl, handshake};
pub use golden::{assert_golden, assert_golden_formats};
pub use hello::{HELLO, Hello, hello};
pub use parser::{Exemplar, Family, Sample, parse, parse_open_metrics, promtool};
pub use postgres::Postgres;
pub use process::{
    Exporter, Resources, build, build_example, build_library, build_program, cargo, free_address,
    output_of, without_cargo_env,
};
pub use prometheus::{Prometheus, PrometheusVersion, single};
pub use proxy::Proxy;
pub use pushgateway::{FakePushgateway, Pushed, block_on, pushed, pushgateway};
pub use redis::{Fake, FakeRedis, FakeTls, Redis, bulk};
pub use repository::{
    Source, block, data, lines_of_code, read, read_unwrapped, repository, sources, with_comma,
};
pub use samples::samples;
pub use stream::{Dial, Rest, Stream, read_until};

/// Returns a registry with one collector.
pub fn registry_of(collector: impl IntoCollector) -> Registry {
    let registry = Registry::new();
    registry.register(collector).expect("the collector is sound");
    registry
}

/// Returns a registry with one collector function.
pub fn registry_of_fn<T: Declared + 'static>(
    make: impl Fn() -> T + Send + Sync + 'static,
) -> Registry {
    let registry = Registry::new();
    registry.register_fn(make).expect("the collector is sound");
    registry
}

/// Returns what a registry exposes in the text format.
pub fn exposition(registry: &Registry) -> String {
    exposition_in(Format::Text, registry)
}

/// Returns what a registry exposes in a format that is text.
pub fn exposition_in(format: Format, registry: &Registry) -> String {
    let mut buffer = Vec::new();
    registry.encode(format, &mut buffer);
    String::from_utf8(buffer).expect("an exposition is UTF-8")
}

/// Returns what a registry exposes in OpenMetrics.
pub fn open_metrics(registry: &Registry) -> String {
    exposition_in(Format::OpenMetrics, registry)
}

/// Returns what one collector exposes in the text format.
pub fn exposition_of(collector: impl IntoCollector) -> String {
    exposition(&registry_of(collector))
}

/// Returns what one collector exposes in OpenMetrics.
pub fn open_metrics_of(collector: impl IntoCollector) -> String {
    open_metrics(&registry_of(collector))
}

/// Returns what a function's collector exposes in the text format.
pub fn exposition_of_fn<T: Declared + 'static>(
    make: impl Fn() -> T + Send + Sync + 'static,
) -> String {
    exposition(&registry_of_fn(make))
}

/// Returns a program's output as text.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it is UTF-8")
}

/// Returns the part of a log line after `level=`, so without its time.
pub fn without_time(line: &str) -> &str {
    line.split_once(" level=").expect("it has a level").1
}

/// Calls a function until it returns `Some`, for at most 30 seconds.
pub fn poll<T>(call: impl Fn() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        match call() {
            Some(value) => return Some(value),
            None if Instant::now() > deadline => return None,
            None => thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// Waits until a condition holds, for at most 30 seconds.
#[track_caller]
pub fn until(holds: impl Fn() -> bool) {
    assert!(poll(|| holds().then_some(())).is_some(), "the condition holds in time");
}
