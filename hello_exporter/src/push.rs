//! Sends the metrics of batch jobs to a [Pushgateway](https://github.com/prometheus/pushgateway).

mod error;
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub mod fuzzing;
mod group;
mod labels;
mod request;
mod url;

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_channel::oneshot;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};
use ureq::http::HeaderValue;

pub use error::PushError;

use crate::registry::Registry;
use group::Group;
use request::{Operation, Request};
use url::GatewayUrl;

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// A group of metrics in a Pushgateway, from which Prometheus scrapes it.
///
/// A group is identified by its grouping key: the job and any other labels. The Pushgateway adds
/// these labels to all metrics of the group, and keeps the group until it is deleted. A Pushgateway
/// is for jobs that belong to no host, such as a job of a whole service. For others,
/// [`Registry::write_textfile`] needs no further server.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use hello_exporter::push::Pushgateway;
/// use hello_exporter::{Collector, Gauge, Registry};
///
/// #[derive(Collector)]
/// #[collector(namespace = "cleanup")]
/// struct Cleanup {
///     /// When the last cleanup succeeded.
///     last_success_timestamp_seconds: Gauge,
/// }
///
/// # async fn clean_up() {}
/// # async fn main_of_job(password: &str) -> Result<(), Box<dyn std::error::Error>> {
/// // A mistake in the configuration is an error before the job begins.
/// let gateway = Pushgateway::new("https://pushgateway.example.org", "cleanup")?
///     .grouping("shop", "books")?
///     .basic_auth("cleanup", password)?;
/// let cleanup = Arc::new(Cleanup::new());
/// let registry = Registry::new();
/// registry.register(Arc::clone(&cleanup))?;
///
/// clean_up().await;
/// cleanup.last_success_timestamp_seconds.set_to_current_time();
/// gateway.push(&registry).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Runtimes
///
/// [`push`](Self::push), [`add`](Self::add) and [`delete`](Self::delete) are asynchronous, and work
/// in every runtime: the request is sent on a thread of its own. A future that is dropped before it
/// is ready aborts the request; the Pushgateway may have received it by then.
/// [`push_blocking`](Self::push_blocking), [`add_blocking`](Self::add_blocking) and
/// [`delete_blocking`](Self::delete_blocking) are for programs without a runtime. In asynchronous
/// code they work, but block the thread that they are called on.
///
/// # Connections
///
/// Each call opens one connection, and sends one request in protobuf, with native histograms. It
/// follows no redirect and uses no proxy. TLS is version 1.2 or 1.3; the certificate of the
/// Pushgateway has to be issued by an authority that the system trusts, or by one of
/// [`ca_file`](Self::ca_file). UTF-8 names are escaped with underscores, because versions of the
/// Pushgateway before 1.11 refuse them.
#[derive(Clone)]
pub struct Pushgateway {
    url: GatewayUrl,
    group: Group,
    authorization: Option<HeaderValue>,
    /// The authorities that are trusted instead of the system's.
    authorities: Option<Arc<Vec<CertificateDer<'static>>>>,
    timeout: Duration,
}

impl Pushgateway {
    /// Returns the group of a job in the Pushgateway at `url`, e.g. `http://pushgateway:9091`.
    ///
    /// A URL without a scheme, such as `pushgateway:9091`, begins with `http://`. A path is kept: a
    /// request goes to `<url>/metrics/job/<job>`. Prometheus gives the metrics the label `job` with
    /// this value if it scrapes the Pushgateway with `honor_labels: true`.
    ///
    /// # Errors
    ///
    /// Returns an error if `job` is empty, or if the URL is invalid, has another scheme than `http`
    /// or `https`, a query, or a user: see [`basic_auth`](Self::basic_auth).
    pub fn new(url: impl AsRef<str>, job: impl AsRef<str>) -> Result<Self, PushError> {
        Ok(Self {
            url: GatewayUrl::parse(url.as_ref())?,
            group: Group::new(job.as_ref())?,
            authorization: None,
            authorities: None,
            timeout: DEFAULT_TIMEOUT,
        })
    }

    /// Adds a label to the grouping key, or changes its value. The value is any text.
    ///
    /// The Pushgateway adds an empty label `instance` to metrics of a group without one.
    ///
    /// # Errors
    ///
    /// Returns an error if the name is not valid for a label, or is `job`.
    pub fn grouping(
        mut self,
        name: impl AsRef<str>,
        value: impl AsRef<str>,
    ) -> Result<Self, PushError> {
        self.group.insert(name.as_ref(), value.as_ref())?;
        Ok(self)
    }

    /// Sends a user and a password with each request.
    ///
    /// Without TLS, anyone on the network path can read the password.
    ///
    /// # Errors
    ///
    /// Returns an error if the user contains a colon.
    pub fn basic_auth(
        self,
        user: impl AsRef<str>,
        password: impl AsRef<str>,
    ) -> Result<Self, PushError> {
        let (user, password) = (user.as_ref(), password.as_ref());
        if user.contains(':') {
            return Err(PushError::ColonInUser);
        }
        let text = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        // Base64 is valid in a header.
        let authorization = HeaderValue::try_from(text).ok();
        Ok(Self { authorization, ..self })
    }

    /// Trusts the authorities of a PEM file instead of the system's.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be read, or contains no certificate or an invalid one.
    pub fn ca_file(self, path: impl AsRef<Path>) -> Result<Self, PushError> {
        let path = path.as_ref();
        let authorities = read_authorities(path)
            .map_err(|source| PushError::CaFile { path: path.to_owned(), source })?;
        Ok(Self { authorities: Some(Arc::new(authorities)), ..self })
    }

    /// Sets how long a request may take, from the lookup of the host to the response: 10 seconds by
    /// default. The time to collect the metrics, which precedes the request, is not part of it.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Replaces all metrics of the group by those of `registry` (method `PUT`).
    ///
    /// # Errors
    ///
    /// Returns an error, and sends nothing, if a metric has a label of the grouping key or the
    /// label `job`. Returns an error as well if the Pushgateway is not reached, does not respond
    /// within the [timeout](Self::timeout), or refuses the request: with 401 if user or password
    /// are wrong, with 400 if the metrics contradict those of other groups or have timestamps. A
    /// refused push changes no group.
    pub async fn push(&self, registry: &Registry) -> Result<(), PushError> {
        self.request(Operation::Push(registry.clone())).await
    }

    /// Replaces those metrics of the group that have the same names as metrics of `registry`, and
    /// keeps the others (method `POST`).
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`push`](Self::push).
    pub async fn add(&self, registry: &Registry) -> Result<(), PushError> {
        self.request(Operation::Add(registry.clone())).await
    }

    /// Deletes the group (method `DELETE`). Deleting a group that does not exist succeeds.
    ///
    /// # Errors
    ///
    /// Returns an error if the Pushgateway is not reached, does not respond within the
    /// [timeout](Self::timeout), or refuses the request.
    pub async fn delete(&self) -> Result<(), PushError> {
        self.request(Operation::Delete).await
    }

    /// Does the same as [`push`](Self::push), and blocks the current thread until the response.
    ///
    /// ```no_run
    /// use hello_exporter::Registry;
    /// use hello_exporter::push::Pushgateway;
    ///
    /// let registry = Registry::new();
    /// // …
    /// Pushgateway::new("http://pushgateway:9091", "cleanup")?.push_blocking(&registry)?;
    /// # Ok::<(), hello_exporter::push::PushError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`push`](Self::push).
    pub fn push_blocking(&self, registry: &Registry) -> Result<(), PushError> {
        self.request_blocking(Operation::Push(registry.clone()))
    }

    /// Does the same as [`add`](Self::add), and blocks the current thread until the response.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`push`](Self::push).
    pub fn add_blocking(&self, registry: &Registry) -> Result<(), PushError> {
        self.request_blocking(Operation::Add(registry.clone()))
    }

    /// Does the same as [`delete`](Self::delete), and blocks the current thread until the response.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`delete`](Self::delete).
    pub fn delete_blocking(&self) -> Result<(), PushError> {
        self.request_blocking(Operation::Delete)
    }

    async fn request(&self, operation: Operation) -> Result<(), PushError> {
        let request = Request::new(self.clone(), operation);
        let _abort = request.abort_on_drop();
        let (sender, response) = oneshot::channel();
        // If nobody waits for the result any more, it is dropped.
        request::spawn(move || drop(sender.send(request.send())))?;
        response.await.unwrap_or_else(|oneshot::Canceled| Err(request::panicked()))
    }

    fn request_blocking(&self, operation: Operation) -> Result<(), PushError> {
        let request = Request::new(self.clone(), operation);
        // ureq looks hosts up on a thread, and panics if the system refuses to start it.
        let thread = request::spawn(move || request.send())?;
        thread.join().unwrap_or_else(|_| Err(request::panicked()))
    }
}

/// Shows no password.
impl fmt::Debug for Pushgateway {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let group = self.url.text.clone() + &self.group.path();
        formatter.debug_tuple("Pushgateway").field(&group).finish()
    }
}

fn read_authorities(path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let invalid =
        |error: &dyn fmt::Display| io::Error::new(io::ErrorKind::InvalidData, error.to_string());
    let contents = std::fs::read(path)?;
    let certificates: Result<Vec<_>, pem::Error> =
        CertificateDer::pem_slice_iter(&contents).collect();
    let certificates = certificates.map_err(|error| invalid(&error))?;
    let mut roots = RootCertStore::empty();
    for certificate in &certificates {
        roots.add(certificate.clone()).map_err(|error| invalid(&error))?;
    }
    if roots.is_empty() {
        return Err(invalid(&"it contains no certificate"));
    }
    Ok(certificates)
}
