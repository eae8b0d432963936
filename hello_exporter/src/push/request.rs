//! A request to a Pushgateway, sent on a thread of its own.

use std::io::{self, Read};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use rustls::crypto::ring;
use ureq::http::{self, HeaderValue, Method, header};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body};

use super::group::Group;
use super::labels::{Found, find_label};
use super::{PushError, Pushgateway};
use crate::encode::Format;
use crate::registry::Registry;
use crate::system_roots::system_roots;

/// The most bytes of an error's body that a message quotes. Errors of the Pushgateway quote a
/// metric, which has any number of labels.
const MOST_OF_BODY: u64 = 1024;

/// An operation of the Pushgateway on a group.
#[derive(Clone, Debug)]
pub(super) enum Operation {
    /// Replaces the group by the metrics of a registry.
    Push(Registry),
    /// Replaces the families of a registry in the group.
    Add(Registry),
    /// Deletes the group.
    Delete,
}

impl Operation {
    const fn description(&self) -> &'static str {
        match self {
            Operation::Push(_) => "push to",
            Operation::Add(_) => "add to",
            Operation::Delete => "delete",
        }
    }
}

/// A request, before it is sent.
#[derive(Debug)]
pub(super) struct Request {
    gateway: Pushgateway,
    operation: Operation,
    url: String,
    agent: Agent,
}

impl Request {
    pub(super) fn new(gateway: Pushgateway, operation: Operation) -> Self {
        let url = gateway.url.text.clone() + &gateway.group.path();
        let config = Agent::config_builder()
            .timeout_global(Some(gateway.timeout))
            // A redirect could lead the password and the metrics to another host.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .proxy(None)
            .user_agent(concat!("hello_exporter/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { gateway, operation, url, agent: config.into() }
    }

    /// Returns a value that ends the request when it is dropped.
    pub(super) fn abort_on_drop(&self) -> AbortOnDrop {
        AbortOnDrop(self.agent.clone())
    }

    /// Sends the request and waits for the response.
    pub(super) fn send(&self) -> Result<(), PushError> {
        let response = match &self.operation {
            Operation::Push(registry) => self.send_metrics(Method::PUT, registry),
            Operation::Add(registry) => self.send_metrics(Method::POST, registry),
            Operation::Delete => self.run(Method::DELETE, ()),
        };
        self.check(response?)
    }

    fn send_metrics(
        &self,
        method: Method,
        registry: &Registry,
    ) -> Result<http::Response<Body>, PushError> {
        let mut exposition = Vec::new();
        registry.encode(Format::Protobuf, &mut exposition);
        check_labels(&exposition, &self.gateway.group)?;
        self.run(method, exposition)
    }

    fn run(
        &self,
        method: Method,
        body: impl ureq::AsSendBody,
    ) -> Result<http::Response<Body>, PushError> {
        let mut request = http::Request::builder().method(method).uri(&self.url);
        if let Some(authorization) = &self.gateway.authorization {
            request = request.header(header::AUTHORIZATION, authorization.clone());
        }
        if !matches!(self.operation, Operation::Delete) {
            let format = HeaderValue::from_static(Format::Protobuf.content_type());
            request = request.header(header::CONTENT_TYPE, format);
        }
        let request = request.body(body).map_err(|error| self.failed(error.into()))?;
        let configured = self.agent.configure_request(request);
        let request = match self.gateway.url.is_https {
            true => configured.tls_config(self.tls_config()).build(),
            false => configured.build(),
        };
        self.agent.run(request).map_err(|error| self.failed(error))
    }

    /// Reads the system's authorities, unless there is a file of them.
    fn tls_config(&self) -> TlsConfig {
        let authorities: Vec<_> = match &self.gateway.authorities {
            Some(authorities) => authorities.iter().map(owned).collect(),
            None => system_roots().iter().map(owned).collect(),
        };
        TlsConfig::builder()
            .root_certs(RootCerts::Specific(Arc::new(authorities)))
            // Without it, ureq panics unless the program has installed a provider.
            .unversioned_rustls_crypto_provider(Arc::new(ring::default_provider()))
            .build()
    }

    fn check(&self, response: http::Response<Body>) -> Result<(), PushError> {
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let mut start = Vec::new();
        // The status alone is an error, so a body that cannot be read does not matter.
        _ = response.into_body().into_reader().take(MOST_OF_BODY).read_to_end(&mut start);
        Err(PushError::Status {
            action: self.operation.description(),
            url: self.url.clone(),
            status: status.as_u16(),
            body: on_one_line(&String::from_utf8_lossy(&start)),
        })
    }

    fn failed(&self, error: ureq::Error) -> PushError {
        let (action, url) = (self.operation.description(), self.url.clone());
        let connection = |source| PushError::Connection { action, url: url.clone(), source };
        match error {
            ureq::Error::Timeout(_) => {
                PushError::Timeout { action, url, timeout: self.gateway.timeout }
            }
            ureq::Error::Io(error) => connection(error.into()),
            error => connection(error.into()),
        }
    }
}

/// Ends a request when it is dropped.
#[derive(Debug)]
pub(super) struct AbortOnDrop(Agent);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.clone().shutdown();
    }
}

/// Runs `send` on a thread of its own.
pub(super) fn spawn<R: Send + 'static>(
    send: impl FnOnce() -> R + Send + 'static,
) -> Result<JoinHandle<R>, PushError> {
    let thread = Builder::new().name("pushgateway".to_owned());
    thread.spawn(send).map_err(|source| PushError::Thread { source })
}

/// Returns the error of a request whose thread has panicked.
pub(super) fn panicked() -> PushError {
    PushError::Thread { source: io::Error::other("it has panicked") }
}

fn owned(certificate: impl AsRef<[u8]>) -> Certificate<'static> {
    Certificate::from_der(certificate.as_ref()).to_owned()
}

/// Refuses metrics with a label that the Pushgateway would overwrite.
fn check_labels(exposition: &[u8], group: &Group) -> Result<(), PushError> {
    match find_label(exposition, |label| group.has_label(label)) {
        None => Ok(()),
        Some(Found { metric, label }) => Err(PushError::LabelOfGroup { metric, label }),
    }
}

/// Returns the words of a text on one line, without control characters.
fn on_one_line(text: &str) -> String {
    let text = text.replace(char::is_control, " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
