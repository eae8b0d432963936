//! What can be a probe.

use std::marker::PhantomData;
use std::sync::Arc;

use super::prober::{BuiltProbe, Prober};
use super::{Probe, ProbeRequest, Probed};
use crate::collect::Declared;
use crate::unbuilt::{BoxError, Declarations, Unbuilt};

/// What [`Exporter::probe`](crate::Exporter::probe) takes: a [`Probe`], an `async` function of a [`ProbeRequest`], or
/// a function that makes a [`Probe`], of the [flags](crate::Exporter::flags) if it wants, and may fail.
///
/// `K` tells these apart, and is always inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a probe",
    label = "expected a `Probe`, an `async` function of a `ProbeRequest`, or a function that makes a `Probe`",
    note = "an `async` function says what it takes: `|request: ProbeRequest| async move {{ … }}`, and returns a `Result` of `Probed` metrics"
)]
pub trait IntoProbe<F, K> {
    /// The probe in the one form in which an exporter keeps it.
    fn into_probe(self) -> UnbuiltProbe<F>;
}

/// A probe that is made once the flags are parsed.
pub struct UnbuiltProbe<F>(pub(crate) Unbuilt<F, BuiltProbe>);

impl<F: 'static> UnbuiltProbe<F> {
    fn new<P: Probe>(build: impl FnOnce(&F) -> Result<P, BoxError> + Send + 'static) -> Self {
        let built = |flags: &F| {
            let probe = build(flags)?;
            let modules = probe.modules();
            Ok(BuiltProbe { modules, prober: Arc::new(probe) as Arc<dyn Prober> })
        };
        Self(Unbuilt::new(Declarations::of::<P::Metrics>, built))
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

/// [`IntoProbe`] of a function that makes a `P`.
#[derive(Debug)]
pub struct ByMaker<P>(PhantomData<P>);

impl<F, C, P> IntoProbe<F, ByMaker<P>> for C
where
    F: 'static,
    C: FnOnce() -> P + Send + 'static,
    P: Probe,
{
    fn into_probe(self) -> UnbuiltProbe<F> {
        UnbuiltProbe::new(|_| Ok(self()))
    }
}

/// [`IntoProbe`] of a function that makes a `P` or fails.
#[derive(Debug)]
pub struct ByFallibleMaker<P, E>(PhantomData<(P, E)>);

impl<F, C, P, E> IntoProbe<F, ByFallibleMaker<P, E>> for C
where
    F: 'static,
    C: FnOnce() -> Result<P, E> + Send + 'static,
    P: Probe,
    E: Into<BoxError>,
{
    fn into_probe(self) -> UnbuiltProbe<F> {
        UnbuiltProbe::new(|_| self().map_err(Into::into))
    }
}

/// [`IntoProbe`] of a function that makes a `P` of the flags.
#[derive(Debug)]
pub struct ByMakerWithFlags<P>(PhantomData<P>);

impl<F, C, P> IntoProbe<F, ByMakerWithFlags<P>> for C
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
pub struct ByFallibleMakerWithFlags<P, E>(PhantomData<(P, E)>);

impl<F, C, P, E> IntoProbe<F, ByFallibleMakerWithFlags<P, E>> for C
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
