//! Makes probes ready to run, and converts the results of an author's maker.

use std::borrow::Cow;
use std::sync::Arc;

use super::runnable::RunnableProbe;
use super::{Probe, ProbeRequest, Probed};
use crate::collect::Declared;
use crate::internals::{CollectorName, Declarations, DropLog, Guarded};
use crate::server::causes::BoxError;

/// A type-erased probe.
pub(crate) struct ReadyProbe {
    pub(crate) declarations: Declarations,
    pub(crate) modules: Vec<Cow<'static, str>>,
    pub(crate) probe: Guarded<Arc<dyn RunnableProbe>>,
}

impl ReadyProbe {
    /// Prepares an author's probe. Its code can panic here, and again in `drop` during the
    /// unwinding.
    pub(crate) fn new<P: Probe>(path: &CollectorName, probe: P) -> Self {
        let drops = DropLog::new(path.clone());
        let probe = Guarded::new(Arc::new(probe), &drops);
        let of_probe = |probe: &Arc<P>| (probe.families(), probe.modules());
        let (dynamic, modules) = probe.get().map(of_probe).unwrap_or_default();
        let declarations = Declarations::of::<P::Metrics>(dynamic);
        Self { declarations, modules, probe: probe.map(|probe| probe as Arc<dyn RunnableProbe>) }
    }
}

/// The result of the function of [`Exporter::probe_with`](crate::Exporter::probe_with): a
/// [`Probe`], or an `Option` or a `Result` of one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a probe",
    label = "expected a `Probe`, or an `Option` or a `Result` of one",
    note = "an `async` function of a `ProbeRequest` becomes a probe through `probe::async_fn`"
)]
pub trait MadeProbe: sealed::Sealed {
    /// The probe.
    type Probe: Probe;

    #[doc(hidden)]
    fn into_probe(self) -> Result<Option<Self::Probe>, Box<dyn std::error::Error + Send + Sync>>;
}

impl<P: Probe> MadeProbe for P {
    type Probe = P;

    fn into_probe(self) -> Result<Option<P>, BoxError> {
        Ok(Some(self))
    }
}

impl<M: MadeProbe> MadeProbe for Option<M> {
    type Probe = M::Probe;

    fn into_probe(self) -> Result<Option<M::Probe>, BoxError> {
        self.map_or(Ok(None), M::into_probe)
    }
}

impl<M: MadeProbe, E: Into<BoxError>> MadeProbe for Result<M, E> {
    type Probe = M::Probe;

    fn into_probe(self) -> Result<Option<M::Probe>, BoxError> {
        self.map_err(Into::into)?.into_probe()
    }
}

mod sealed {
    use super::{MadeProbe, Probe};

    pub trait Sealed {}

    impl<P: Probe> Sealed for P {}
    impl<M: MadeProbe> Sealed for Option<M> {}
    impl<M: MadeProbe, E> Sealed for Result<M, E> {}
}

/// Makes a probe from an `async` function.
///
/// [`Exporter::probe_fn`](crate::Exporter::probe_fn) accepts the function itself. `async_fn` is for
/// the function of [`Exporter::probe_with`](crate::Exporter::probe_with).
///
/// ```
/// use hello_exporter::probe::{self, ProbeRequest, Probed};
/// use hello_exporter::{Collector, Exporter};
/// use std::io;
/// use tokio::net::TcpStream;
///
/// #[derive(clap::Args)]
/// struct Flags {
///     /// Port to connect to.
///     #[arg(long = "probe.port", default_value_t = 22)]
///     port: u16,
/// }
///
/// #[derive(Collector)]
/// struct Connected {
///     /// Port of the connection.
///     probe_port: u16,
/// }
///
/// let exporter = Exporter::with_flags::<Flags>("tcp_exporter").probe_with("/probe", |flags, _| {
///     let port = flags.port;
///     probe::async_fn(move |request: ProbeRequest| async move {
///         TcpStream::connect((request.target(), port)).await?;
///         Ok::<_, io::Error>(Probed::success(Connected { probe_port: port }))
///     })
/// });
/// # let _ = exporter;
/// ```
pub fn async_fn<T, M, E>(
    function: impl Fn(ProbeRequest) -> T + Send + Sync + 'static,
) -> impl Probe<Metrics = M, Error = E>
where
    T: Future<Output = Result<Probed<M>, E>> + Send + 'static,
    M: Declared + Send + Sync + 'static,
    E: Into<BoxError> + Send + 'static,
{
    AsyncProbe(function)
}

struct AsyncProbe<C>(C);

impl<C, T, M, E> Probe for AsyncProbe<C>
where
    C: Fn(ProbeRequest) -> T + Send + Sync + 'static,
    T: Future<Output = Result<Probed<M>, E>> + Send + 'static,
    M: Declared + Send + Sync + 'static,
    E: Into<BoxError> + Send + 'static,
{
    type Metrics = M;
    type Error = E;

    async fn probe(&self, request: ProbeRequest) -> Result<Probed<M>, E> {
        (self.0)(request).await
    }
}
