//! Makes sources ready to run, and converts the results of an author's maker.

use std::sync::Arc;

use super::Source;
use super::runnable::RunnableSource;
use crate::internals::{CollectorName, Declarations, DropLog, Guarded};
use crate::server::causes::BoxError;

/// A type-erased source.
pub(crate) struct ReadySource {
    pub(crate) declarations: Declarations,
    pub(crate) source: Guarded<Arc<dyn RunnableSource>>,
}

impl ReadySource {
    /// Prepares an author's source. Its code can panic here, and again in `drop` during the
    /// unwinding.
    pub(crate) fn new<S: Source>(name: &CollectorName, source: S) -> Self {
        let drops = DropLog::new(name.clone());
        let source = Guarded::new(Arc::new(source), &drops);
        let dynamic = source.get().map(|source| source.families()).unwrap_or_default();
        let declarations = Declarations::of::<S::Metrics>(dynamic);
        Self { declarations, source: source.map(|source| source as Arc<dyn RunnableSource>) }
    }
}

/// The result of the function of [`Exporter::source_with`](crate::Exporter::source_with): a
/// [`Source`], or an `Option` or a `Result` of one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a source",
    label = "expected a `Source`, or an `Option` or a `Result` of one",
    note = "functions become sources through `source::async_fn`, `source::blocking_fn` and `source::in_turn`"
)]
pub trait MadeSource: sealed::Sealed {
    /// The source.
    type Source: Source;

    #[doc(hidden)]
    fn into_source(self) -> Result<Option<Self::Source>, Box<dyn std::error::Error + Send + Sync>>;
}

impl<S: Source> MadeSource for S {
    type Source = S;

    fn into_source(self) -> Result<Option<S>, BoxError> {
        Ok(Some(self))
    }
}

impl<M: MadeSource> MadeSource for Option<M> {
    type Source = M::Source;

    fn into_source(self) -> Result<Option<M::Source>, BoxError> {
        self.map_or(Ok(None), M::into_source)
    }
}

impl<M: MadeSource, E: Into<BoxError>> MadeSource for Result<M, E> {
    type Source = M::Source;

    fn into_source(self) -> Result<Option<M::Source>, BoxError> {
        self.map_err(Into::into)?.into_source()
    }
}

mod sealed {
    use super::{MadeSource, Source};

    pub trait Sealed {}

    impl<S: Source> Sealed for S {}
    impl<M: MadeSource> Sealed for Option<M> {}
    impl<M: MadeSource, E> Sealed for Result<M, E> {}
}
