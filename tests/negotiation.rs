//! Negotiation of formats and codings over HTTP.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use hello_exporter::{Registry, http::Metrics};
use hello_exporter_tests::http::{Server, serve};
use hello_exporter_tests::negotiation::{
    assert_concurrent_scrapes, assert_empty_exposition, assert_escapings,
    assert_formats_and_codings, assert_open_metrics_versions, registry_with_series,
};

fn serving(registry: &Registry) -> Server {
    let metrics = Metrics::new(registry.clone());
    serve(move |config| {
        config.service(metrics.clone());
    })
}

#[test]
fn request_gets_its_preferred_format_and_coding() {
    let registry = registry_with_series(1);
    assert_formats_and_codings(serving(&registry).address, &registry);
}

#[test]
fn openmetrics_has_the_preferred_version_and_escaping() {
    let registry = registry_with_series(1);
    assert_open_metrics_versions(serving(&registry).address, &registry);
}

#[test]
fn content_type_has_the_preferred_escaping() {
    let registry = registry_with_series(1);
    assert_escapings(serving(&registry).address, &registry);
}

#[test]
fn empty_exposition_is_compressed() {
    assert_empty_exposition(serving(&Registry::new()).address);
}

#[test]
fn concurrent_scrapes_do_not_mix() {
    let (small, large) = (registry_with_series(10), registry_with_series(100_000));
    let servers = [&small, &large].map(serving);
    let [small_address, large_address] = [servers[0].address, servers[1].address];
    assert_concurrent_scrapes(&[(&small, small_address), (&large, large_address)]);
}
