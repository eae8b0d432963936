//! Probes of the targets that requests name: `/probe?target=…&module=…`, as in the blackbox
//! exporter.
//!
//! One exporter serves many targets. Prometheus has the list of targets, and names one in each
//! request; relabelling puts it into the query:
//!
//! ```yaml
//! scrape_configs:
//!   - job_name: probe
//!     metrics_path: /probe
//!     params:
//!       module: [http_2xx]
//!     static_configs:
//!       - targets: ["http://localhost:8080/"]
//!     relabel_configs:
//!       - source_labels: [__address__]
//!         target_label: __param_target
//!       - source_labels: [__param_target]
//!         target_label: instance
//!       - target_label: __address__
//!         replacement: localhost:9000
//! ```
//!
//! The exposition of every probe, failed or not, has `probe_success` and `probe_duration_seconds`.
//!
//! # Allowed targets
//!
//! Anyone who can reach the exporter can make it connect to hosts that they cannot reach
//! themselves. The flag `--probe.allow-target`, which can be repeated, restricts targets to those
//! that match one of its [patterns](TargetPattern); the response to others is 403. A probe that
//! follows redirects, or opens an address from a response, calls [`ProbeRequest::allows`] first. A
//! target that contains a user name or a password (`user@host`) is refused with 400. Send a
//! password that the exporter holds only to the targets for which it was configured, as
//! [`client::CredentialStore`](crate::client::CredentialStore) does.
//!
//! # The log of a run
//!
//! With the flag `--probe.debug`, the response to `/probe?target=…&debug=true` is a text: the log
//! of this run, at the level `debug`, and then the metrics that the probe would have returned. It
//! shows operators why a probe fails, so log the steps of a probe with `tracing` at level `debug`.
//! The log has the events of the run's own thread. A task or a thread that the probe starts takes
//! part if it uses the current subscriber, e.g. with
//! `tracing::instrument::WithSubscriber::with_current_subscriber`.
//!
//! Clients receive the log, so secrets are replaced by `<redacted>`: in fields with names such as
//! `password`, `token` or `authorization`, after such names in texts (`password=…`), and in the
//! user information of URLs. Give a secret a field with such a name, or do not log it. The log is
//! cut after 64 KiB.

mod maker;
mod options;
mod runnable;
mod served;
mod target;

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use maker::ReadyProbe;
pub use maker::{MadeProbe, async_fn};
pub use options::ProbeOptions;
pub(crate) use served::{ProbeContext, ProbeMetrics, ServedProbe};
pub(crate) use target::{AllowList, check as check_target};
pub use target::{ParsePatternError, TargetError, TargetPattern};

use crate::collect::{Declared, Desc};
use crate::internals::CollectorName;
use crate::server::causes::chain;

/// Probes targets on request.
///
/// ```
/// use hello_exporter::{Collector, Exporter, probe::{Probe, ProbeRequest, Probed}};
/// use std::{borrow::Cow, io};
/// use tokio::net::TcpStream;
///
/// #[derive(Collector)]
/// #[collector(namespace = "probe")]
/// struct ProbeMetrics {
///     /// IP protocol of the connection, 4 or 6.
///     ip_protocol: u8,
/// }
///
/// struct Tcp;
///
/// impl Probe for Tcp {
///     type Metrics = ProbeMetrics;
///     type Error = io::Error;
///
///     fn modules(&self) -> Vec<Cow<'static, str>> {
///         vec!["tcp_connect".into()]
///     }
///
///     async fn probe(&self, request: ProbeRequest) -> io::Result<Probed<ProbeMetrics>> {
///         let stream = TcpStream::connect(request.target()).await?;
///         let ip_protocol = if stream.peer_addr()?.is_ipv4() { 4 } else { 6 };
///         Ok(Probed::success(ProbeMetrics { ip_protocol }))
///     }
/// }
///
/// let exporter = Exporter::new("probe_exporter").probe("/probe", Tcp);
/// # let _ = exporter;
/// ```
///
/// Each run has a thread of its own, on a runtime that all probes share, and is dropped at its next
/// `await` after its timeout. After an error, a panic or a timeout `probe_success` is 0. Probes
/// exist to find failing targets, so the cause is logged at the level `debug`, and a panic at
/// `error`, once until a run ends without an error. Metrics found before an error are exposed if
/// the probe returns them with it: [`Probed::because`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a probe",
    label = "expected a type that implements `Probe`",
    note = "declare an `async` function of a `ProbeRequest` with `probe_fn`, and a function that makes a probe from the flags with `probe_with`"
)]
pub trait Probe: Send + Sync + 'static {
    /// The metrics of a probe in addition to its success: a struct of plain values that derives
    /// [`Collector`](macro@crate::Collector).
    type Metrics: Declared + Send + Sync + 'static;

    /// Why a probe fails without metrics: any error, or a text.
    type Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send + 'static;

    /// Returns the valid values of `module`. The first is the default of a request without one. If
    /// there are none, a request must not name any.
    fn modules(&self) -> Vec<Cow<'static, str>> {
        Vec::new()
    }

    /// Checks a target before it is probed. By default every target is accepted. The check runs on
    /// a thread of the HTTP server and must not wait; if it panics, the target is refused.
    ///
    /// # Errors
    ///
    /// Returns [`TargetError::Invalid`] for a target that this probe can never reach, such as a
    /// malformed URL. The response is 400 with the message.
    fn check_target(&self, target: &str) -> Result<(), TargetError> {
        let _ = target;
        Ok(())
    }

    /// Returns families whose names are known once the probe is made, see
    /// [`Source::families`](crate::Source::families).
    fn families(&self) -> Vec<Desc> {
        Vec::new()
    }

    /// Probes the target.
    ///
    /// # Errors
    ///
    /// Any error means that the probe has failed, and has no metrics.
    fn probe(
        &self,
        request: ProbeRequest,
    ) -> impl Future<Output = Result<Probed<Self::Metrics>, Self::Error>> + Send;
}

impl<P: Probe> Probe for Arc<P> {
    type Metrics = P::Metrics;
    type Error = P::Error;

    fn modules(&self) -> Vec<Cow<'static, str>> {
        P::modules(self)
    }

    fn check_target(&self, target: &str) -> Result<(), TargetError> {
        P::check_target(self, target)
    }

    fn families(&self) -> Vec<Desc> {
        P::families(self)
    }

    fn probe(
        &self,
        request: ProbeRequest,
    ) -> impl Future<Output = Result<Probed<P::Metrics>, P::Error>> + Send {
        P::probe(self, request)
    }
}

/// The result of a probe: metrics, and whether it succeeded.
#[derive(Clone, Debug)]
pub struct Probed<M> {
    pub(crate) metrics: M,
    pub(crate) is_success: bool,
    /// The error of a failed probe, with its causes.
    pub(crate) cause: Option<String>,
}

impl<M> Probed<M> {
    /// Creates the result of a probe that succeeded.
    pub fn success(metrics: M) -> Self {
        Self::new(metrics, true)
    }

    /// Creates the result of a probe whose target responded in an unexpected way.
    pub fn failure(metrics: M) -> Self {
        Self::new(metrics, false)
    }

    /// Creates a result that is a success or a failure.
    pub fn new(metrics: M, is_success: bool) -> Self {
        Self { metrics, is_success, cause: None }
    }

    /// Turns the result into a failure with this cause, which is logged at the level `debug`, like
    /// the error of a probe without metrics.
    ///
    /// ```
    /// use hello_exporter::probe::Probed;
    ///
    /// let status_code = 302;
    /// let probed = Probed::failure(status_code).because("redirected more than 10 times");
    /// # let _ = probed;
    /// ```
    #[must_use]
    pub fn because(self, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let cause = Some(chain(&*error.into()));
        Self { is_success: false, cause, ..self }
    }
}

/// The request of a probe.
#[derive(Clone, Debug)]
pub struct ProbeRequest {
    pub(crate) target: String,
    pub(crate) module: Cow<'static, str>,
    pub(crate) timeout: Duration,
    pub(crate) allowed: Arc<AllowList>,
    pub(crate) enabled: Arc<HashSet<CollectorName>>,
}

impl ProbeRequest {
    /// Returns the target, as the request has it: not empty, without user information and control
    /// characters, and without white space and `\` before its path.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Returns one of [`Probe::modules`], or an empty text if there are none.
    pub fn module(&self) -> &str {
        &self.module
    }

    /// Returns how long the probe may take in all. A probe that takes longer is dropped a moment
    /// later; until then it can still return the metrics found so far.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Returns whether the flags enable the [source](crate::source) of this name. A probe that
    /// collects the same metrics as the sources should leave out the parts that
    /// `--no-collector.NAME` disables.
    ///
    /// ```
    /// use hello_exporter::probe::{Probe, ProbeRequest, Probed};
    /// use hello_exporter::{Collector, Exporter, Source};
    /// use std::convert::Infallible;
    ///
    /// #[derive(Collector)]
    /// #[collector(namespace = "db")]
    /// struct Locks {
    ///     /// Locks that are held.
    ///     locks: u64,
    /// }
    ///
    /// /// Everything about one server.
    /// #[derive(Collector)]
    /// struct Server {
    ///     #[metric(flatten)]
    ///     locks: Option<Locks>,
    /// }
    ///
    /// async fn locks() -> Result<Locks, Infallible> {
    ///     Ok(Locks { locks: 7 })
    /// }
    ///
    /// async fn probe(request: ProbeRequest) -> Result<Probed<Server>, Infallible> {
    ///     let locks = if request.is_enabled("locks") { Some(locks().await?) } else { None };
    ///     Ok(Probed::success(Server { locks }))
    /// }
    ///
    /// let exporter = Exporter::new("db_exporter").source_fn("locks", locks).probe_fn("/probe", probe);
    /// # let _ = exporter;
    /// ```
    pub fn is_enabled(&self, source: &str) -> bool {
        self.enabled.contains(source)
    }

    /// Returns whether another target, such as the target of a redirect, may be probed: it follows
    /// the rules for every target, e.g. has no user information, and matches a pattern of
    /// `--probe.allow-target` if there are any.
    pub fn allows(&self, target: &str) -> bool {
        check_target(target).is_ok() && self.allowed.allows(target)
    }
}
