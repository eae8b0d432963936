//! What can be a probe.

use std::marker::PhantomData;
use std::sync::Arc;

use super::prober::Prober;
use super::{Probe, ProbeRequest, Probed};
use crate::collect::Declared;
use crate::desc::Desc;
use crate::source::BoxError;

/// What [`Exporter::probe`](crate::Exporter::probe) takes: a [`Probe`], an `async` function of a [`ProbeRequest`], or
/// a function of the [flags](crate::Exporter::flags) that makes a [`Probe`], and may fail.
///
/// `K` tells these apart, and is always inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a probe",
    label = "expected a `Probe`, an `async` function of a `ProbeRequest`, or a function of the flags that makes a `Probe`",
    note = "an `async` function says what it takes: `|request: ProbeRequest| async move {{ … }}`, and returns a `Result` of `Probed` metrics"
)]
pub trait IntoProbe<F, K> {
    /// The probe in the one form in which an exporter keeps it.
    fn into_probe(self) -> UnbuiltProbe<F>;
}

type Build<F> = Box<dyn FnOnce(&F) -> Result<Arc<dyn Prober>, BoxError> + Send>;

/// A probe that is made once the flags are parsed.
pub struct UnbuiltProbe<F> {
    pub(crate) descs: fn() -> Vec<Desc>,
    pub(crate) build: Build<F>,
}

impl<F: 'static> UnbuiltProbe<F> {
    fn new<P: Probe>(build: impl FnOnce(&F) -> Result<P, BoxError> + Send + 'static) -> Self {
        let build: Build<F> = Box::new(|flags| Ok(Arc::new(build(flags)?)));
        Self { descs: P::Metrics::declared, build }
    }
}

impl UnbuiltProbe<()> {
    /// The same for an exporter with flags, which it does not want.
    pub(crate) fn for_flags<F>(self) -> UnbuiltProbe<F> {
        let Self { descs, build } = self;
        UnbuiltProbe { descs, build: Box::new(move |_| build(&())) }
    }
}

/// [`IntoProbe`] of a [`Probe`].
#[derive(Debug)]
pub struct ByProbe;

impl<F: 'static, P: Probe> IntoProbe<F, ByProbe> for P {
    fn into_probe(self) -> UnbuiltProbe<F> {
        UnbuiltProbe::new(|_| Ok(self))
    }
}

/// [`IntoProbe`] of an `async` function.
#[derive(Debug)]
pub struct ByAsync<T, M, E>(PhantomData<(T, M, E)>);

impl<F, C, T, M, E> IntoProbe<F, ByAsync<T, M, E>> for C
where
    F: 'static,
    C: Fn(ProbeRequest) -> T + Send + Sync + 'static,
    T: Future<Output = Result<Probed<M>, E>> + Send + 'static,
    M: Declared + Send + Sync + 'static,
    E: Into<BoxError> + Send + 'static,
{
    fn into_probe(self) -> UnbuiltProbe<F> {
        UnbuiltProbe::new(|_| Ok(Function(self)))
    }
}

/// An `async` function as a [`Probe`].
struct Function<C>(C);

impl<C, T, M, E> Probe for Function<C>
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

/// [`IntoProbe`] of a function that makes a `P` of the flags.
#[derive(Debug)]
pub struct ByMaker<P>(PhantomData<P>);

impl<F, C, P> IntoProbe<F, ByMaker<P>> for C
where
    F: 'static,
    C: FnOnce(&F) -> P + Send + 'static,
    P: Probe,
{
    fn into_probe(self) -> UnbuiltProbe<F> {
        UnbuiltProbe::new(|flags| Ok(self(flags)))
    }
}

/// [`IntoProbe`] of a function that makes a `P` of the flags or fails.
#[derive(Debug)]
pub struct ByFallibleMaker<P, E>(PhantomData<(P, E)>);

impl<F, C, P, E> IntoProbe<F, ByFallibleMaker<P, E>> for C
where
    F: 'static,
    C: FnOnce(&F) -> Result<P, E> + Send + 'static,
    P: Probe,
    E: Into<BoxError>,
{
    fn into_probe(self) -> UnbuiltProbe<F> {
        UnbuiltProbe::new(|flags| self(flags).map_err(Into::into))
    }
}
