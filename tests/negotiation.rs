//! Negotiation of formats and codings over HTTP.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use hello_exporter::{Registry, http::Metrics};
use hello_exporter_tests::http::{Server, serve};

fn serving(registry: &Registry) -> Server {
    let metrics = Metrics::new(registry.clone());
    serve(move |config| {
        config.service(metrics.clone());
    })
}

hello_exporter_tests::negotiation_tests!(serving);
