//! Probes targets that requests name, as the blackbox exporter does: TCP connects, and HTTP GETs.

use std::borrow::Cow;
use std::process::ExitCode;

use hello_exporter::probe::{Probe, ProbeRequest, Probed};
use hello_exporter::{Collector, Exporter, build_info};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Version, header::LOCATION};
use tokio::net::TcpStream;

/// Named and described as those of the blackbox exporter. What a probe did not come to is left out.
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
enum ProbeError {
    #[error("cannot connect")]
    Connect(#[from] std::io::Error),
    #[error("cannot get")]
    Get(#[from] reqwest::Error),
    #[error("redirected to {0:?}, which is not allowed")]
    Redirect(String),
    #[error("redirected more than {MOST_REDIRECTS} times")]
    Redirects,
}

const MOST_REDIRECTS: u32 = 10;
const MOST_BODY_BYTES: usize = 1 << 20;

struct Prober {
    client: Client,
}

impl Probe for Prober {
    type Metrics = ProbeMetrics;
    type Error = ProbeError;

    fn modules(&self) -> Vec<Cow<'static, str>> {
        vec!["http_2xx".into(), "tcp_connect".into()]
    }

    async fn probe(&self, request: ProbeRequest) -> Result<Probed<ProbeMetrics>, ProbeError> {
        match request.module() {
            "tcp_connect" => tcp(&request).await,
            _ => self.http(&request).await,
        }
    }
}

async fn tcp(request: &ProbeRequest) -> Result<Probed<ProbeMetrics>, ProbeError> {
    let stream = TcpStream::connect(request.target()).await?;
    let ip_protocol = if stream.peer_addr()?.is_ipv6() { 6 } else { 4 };
    let metrics = ProbeMetrics { ip_protocol: Some(ip_protocol), ..ProbeMetrics::default() };
    Ok(Probed::success(metrics))
}

impl Prober {
    fn new() -> Result<Self, reqwest::Error> {
        // Fails where one is installed already, which is as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // Redirects are followed here, where it is known which are allowed.
        let client =
            Client::builder().redirect(Policy::none()).user_agent("probe_exporter").no_proxy();
        Ok(Self { client: client.pool_max_idle_per_host(0).build()? })
    }

    async fn http(&self, request: &ProbeRequest) -> Result<Probed<ProbeMetrics>, ProbeError> {
        let (mut response, redirects) = self.follow(request).await?;
        let length = length(&mut response).await?;
        let metrics = ProbeMetrics {
            ip_protocol: response.remote_addr().map(|peer| if peer.is_ipv6() { 6 } else { 4 }),
            http_status_code: Some(response.status().as_u16()),
            http_version: Some(if response.version() == Version::HTTP_10 { 1.0 } else { 1.1 }),
            http_redirects: Some(redirects),
            http_ssl: Some(response.url().scheme() == "https"),
            http_uncompressed_body_length: length,
        };
        Ok(Probed::new(metrics, response.status().is_success() && length.is_some()))
    }

    /// The last of a row of answers, and how many redirects came before it.
    async fn follow(&self, request: &ProbeRequest) -> Result<(Response, u32), ProbeError> {
        let target = request.target();
        let mut url =
            if target.contains("://") { target.into() } else { format!("http://{target}") };
        for redirects in 0..=MOST_REDIRECTS {
            let response = self.client.get(&url).send().await?;
            let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            let Some(location) = location.filter(|_| response.status().is_redirection()) else {
                return Ok((response, redirects));
            };
            let next = response.url().join(location).map(String::from);
            url = next.unwrap_or_else(|_| location.to_owned());
            if !request.allows(&url) {
                return Err(ProbeError::Redirect(url));
            }
        }
        Err(ProbeError::Redirects)
    }
}

/// Reads the body and forgets it. None for one that is too long.
async fn length(response: &mut Response) -> Result<Option<usize>, ProbeError> {
    let mut length = 0;
    while let Some(chunk) = response.chunk().await? {
        length += chunk.len();
        if length > MOST_BODY_BYTES {
            return Ok(None);
        }
    }
    Ok(Some(length))
}

#[actix_web::main]
async fn main() -> ExitCode {
    Exporter::new("probe_exporter")
        .description("Probes targets over TCP and HTTP.")
        .build_info(build_info!())
        .listen_address("0.0.0.0:9115")
        .probe("/probe", Prober::new)
        .run()
        .await
}
