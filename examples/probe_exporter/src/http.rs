//! Probes over HTTP.

use std::time::Duration;

use hello_exporter::probe::{ProbeRequest, Probed};
use reqwest::header::LOCATION;
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Response, StatusCode, Version};
use tokio::time::timeout;

use crate::ProbeMetrics;
use crate::target::{HttpTarget, TargetError};

#[derive(Debug, thiserror::Error)]
enum HttpError {
    #[error("cannot probe the target")]
    Target(#[from] TargetError),
    #[error("the request failed")]
    Get(#[from] reqwest::Error),
    #[error("cannot follow the redirect")]
    Location(#[source] TargetError),
    #[error("cannot follow the redirect: the response has several different `Location` values")]
    Locations,
    #[error("redirected to {0:?}, which is not allowed")]
    Refused(String),
    #[error("redirected more than {MOST_REDIRECTS} times")]
    Redirects,
    #[error("the status is {0}, expected 2xx")]
    Status(StatusCode),
    #[error("the body has more than {MOST_BODY_BYTES} bytes")]
    Body,
    #[error("there is no network interface of zone `{0}`")]
    Zone(String),
    #[error("no answer within {0:?}")]
    Late(Duration),
}

const MOST_REDIRECTS: u32 = 10;
const MOST_BODY_BYTES: usize = 1 << 20;

/// Sends GET requests.
pub(crate) struct Http(Client);

impl Http {
    pub(crate) fn new() -> Result<Self, reqwest::Error> {
        // Fails if a provider is installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self(client(None)?))
    }

    /// Gets the target, and returns the metrics that are known when the probe succeeds or fails.
    pub(crate) async fn probe(&self, request: &ProbeRequest) -> Probed<ProbeMetrics> {
        let mut metrics = ProbeMetrics::default();
        let limit = request.timeout();
        let got = timeout(limit, self.get(request, &mut metrics)).await;
        match got.unwrap_or(Err(HttpError::Late(limit))) {
            Ok(()) => Probed::success(metrics),
            Err(error) => Probed::failure(metrics).because(error),
        }
    }

    /// Gets the target and follows redirects. Each response replaces the values of the previous one
    /// in `metrics`.
    async fn get(
        &self,
        request: &ProbeRequest,
        metrics: &mut ProbeMetrics,
    ) -> Result<(), HttpError> {
        let mut target = HttpTarget::parse(request.target())?;
        let mut redirects = 0;
        loop {
            let client = match &target.zone {
                None => self.0.clone(),
                Some(zone) => client(Some(&interface(zone)?))?,
            };
            let mut response = client.get(target.url.clone()).send().await?;
            metrics.note(&response);
            let Some(location) = location(&response) else {
                metrics.http_redirects = Some(redirects);
                return read(&mut response, metrics).await;
            };
            redirects += 1;
            metrics.http_redirects = Some(redirects);
            if redirects > MOST_REDIRECTS {
                return Err(HttpError::Redirects);
            }
            target = target.join(&location?).map_err(HttpError::Location)?;
            if !request.allows(&target.to_string()) {
                return Err(HttpError::Refused(target.to_string()));
            }
        }
    }
}

impl ProbeMetrics {
    fn note(&mut self, response: &Response) {
        let peer = response.remote_addr();
        self.ip_protocol = peer.map(|peer| if peer.is_ipv6() { 6 } else { 4 });
        self.http_status_code = Some(response.status().as_u16());
        self.http_version = Some(if response.version() == Version::HTTP_10 { 1.0 } else { 1.1 });
        self.http_ssl = Some(response.url().scheme() == "https");
    }
}

/// Returns the location that a response redirects to, if any. As in browsers and in Go, only five
/// statuses redirect, and only with a `Location`. If it has several different values, Go uses the
/// first; browsers fail, and so does this function.
fn location(response: &Response) -> Option<Result<Vec<u8>, HttpError>> {
    if ![301, 302, 303, 307, 308].contains(&response.status().as_u16()) {
        return None;
    }
    let mut values = response.headers().get_all(LOCATION).iter().map(|value| value.as_bytes());
    let first = values.next().filter(|value| !value.is_empty())?;
    let is_one = values.all(|value| value == first);
    Some(if is_one { Ok(first.to_vec()) } else { Err(HttpError::Locations) })
}

/// Reads and discards the body of the last response. Fails if the body is too long, or the status
/// is not 2xx.
async fn read(response: &mut Response, metrics: &mut ProbeMetrics) -> Result<(), HttpError> {
    let mut length = 0;
    while let Some(chunk) = response.chunk().await? {
        length += chunk.len();
        if length > MOST_BODY_BYTES {
            return Err(HttpError::Body);
        }
    }
    metrics.http_uncompressed_body_length = Some(length);
    let status = response.status();
    if status.is_success() { Ok(()) } else { Err(HttpError::Status(status)) }
}

/// Creates a client whose connections leave the host through `interface`, if it is given.
fn client(interface: Option<&str>) -> Result<Client, reqwest::Error> {
    // `Http::get` follows redirects itself, since it knows which are allowed.
    let client = Client::builder().redirect(Policy::none()).user_agent("probe_exporter").no_proxy();
    bound(client.pool_max_idle_per_host(0), interface).build()
}

#[cfg(target_os = "linux")]
fn bound(client: ClientBuilder, interface: Option<&str>) -> ClientBuilder {
    match interface {
        Some(interface) => client.interface(interface),
        None => client,
    }
}

#[cfg(not(target_os = "linux"))]
fn bound(client: ClientBuilder, _: Option<&str>) -> ClientBuilder {
    client
}

/// Returns the name of the network interface of a zone. A zone is its name or its index.
#[cfg(target_os = "linux")]
fn interface(zone: &str) -> Result<String, HttpError> {
    let directory = std::path::Path::new("/sys/class/net");
    let index = |name: &str| {
        let index = std::fs::read_to_string(directory.join(name).join("ifindex")).ok()?;
        Some(index.trim().to_owned())
    };
    let interfaces = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names = interfaces.filter_map(|entry| entry.file_name().into_string().ok());
    let found = names.find(|name| name == zone || index(name).as_deref() == Some(zone));
    found.ok_or_else(|| HttpError::Zone(zone.to_owned()))
}

#[cfg(not(target_os = "linux"))]
fn interface(zone: &str) -> Result<String, HttpError> {
    Err(HttpError::Zone(zone.to_owned()))
}
