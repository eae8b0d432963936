//! Probes targets that requests name, as the blackbox exporter does: TCP connects, and HTTP GETs.

mod http;
mod target;

use std::borrow::Cow;
use std::process::ExitCode;

use hello_exporter::probe::{Probe, ProbeRequest, Probed};
use hello_exporter::{Collector, Exporter, build_info};
use tokio::net::TcpStream;

use http::Http;
use target::TargetError;

/// Names and HELP texts are those of the blackbox exporter. A metric is left out if the probe ends
/// before its value is known.
#[derive(Collector, Default)]
#[collector(namespace = "probe", no_new)]
struct ProbeMetrics {
    /// Specifies whether probe ip protocol is IP4 or IP6
    ip_protocol: Option<u8>,

    /// Response HTTP status code
    http_status_code: Option<u16>,

    /// Returns the version of HTTP of the probe response
    http_version: Option<f64>,

    /// The number of redirects
    http_redirects: Option<u32>,

    /// Indicates if SSL was used for the final redirect
    http_ssl: Option<bool>,

    /// Length of uncompressed response body
    http_uncompressed_body_length: Option<usize>,
}

#[derive(Debug, thiserror::Error)]
enum TcpError {
    #[error("cannot probe the target")]
    Target(#[from] TargetError),
    #[error("cannot connect")]
    Connect(#[from] std::io::Error),
}

struct Prober {
    http: Http,
}

impl Prober {
    fn new() -> Result<Self, reqwest::Error> {
        Ok(Self { http: Http::new()? })
    }
}

impl Probe for Prober {
    type Metrics = ProbeMetrics;
    type Error = TcpError;

    fn modules(&self) -> Vec<Cow<'static, str>> {
        vec!["http_2xx".into(), "tcp_connect".into()]
    }

    async fn probe(&self, request: ProbeRequest) -> Result<Probed<ProbeMetrics>, TcpError> {
        match request.module() {
            "tcp_connect" => tcp(&request).await,
            _ => Ok(self.http.probe(&request).await),
        }
    }
}

async fn tcp(request: &ProbeRequest) -> Result<Probed<ProbeMetrics>, TcpError> {
    let stream = TcpStream::connect(target::address(request.target())?).await?;
    let ip_protocol = if stream.peer_addr()?.is_ipv6() { 6 } else { 4 };
    let metrics = ProbeMetrics { ip_protocol: Some(ip_protocol), ..ProbeMetrics::default() };
    Ok(Probed::success(metrics))
}

fn main() -> ExitCode {
    Exporter::new("probe_exporter")
        .description("Probes targets over TCP and HTTP.")
        .build_info(build_info!())
        .listen_address("0.0.0.0:9115")
        .probe_with("/probe", |_, _| Prober::new())
        .run()
}
