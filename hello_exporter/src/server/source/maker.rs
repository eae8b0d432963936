//! Makes sources ready to run, and converts the results of an author's maker.

use std::sync::Arc;

use super::Source;
use super::runnable::RunnableSource;
use crate::collect::{Declared, Desc};
use crate::internals::{CollectorName, DropLog, Guarded};
use crate::server::causes::BoxError;

/// The families that are known before the first run.
#[derive(Clone)]
pub(crate) struct Declarations {
    /// The families that the type declares.
    pub(crate) declared: Vec<Desc>,
    /// Families whose names are known since the source or the probe was made.
    pub(crate) dynamic: Vec<Desc>,
    /// Whether there can be families that are known at run time only.
    pub(crate) has_late: bool,
}

impl Declarations {
    pub(crate) fn new<M: Declared>(dynamic: Vec<Desc>) -> Self {
        Self { declared: M::declared(), dynamic, has_late: M::HAS_LATE }
    }
}

/// A source without its type.
pub(crate) struct ReadySource {
    pub(crate) declarations: Declarations,
    pub(crate) source: Guarded<Arc<dyn RunnableSource>>,
}

impl ReadySource {
    /// The author's code can panic here, and in `drop` while that unwinds.
    pub(crate) fn new<S: Source>(name: &CollectorName, source: S) -> Self {
        let drops = DropLog::new(name.clone());
        let source = Guarded::new(Arc::new(source), &drops);
        let dynamic = source.get().map(|source| source.families()).unwrap_or_default();
        let declarations = Declarations::new::<S::Metrics>(dynamic);
        Self { declarations, source: source.map(|source| source as Arc<dyn RunnableSource>) }
    }
}

/// The result of the function of [`Exporter::source_with`](crate::Exporter::source_with): a
/// [`Source`], or an `Option` or a `Result` of one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a source",
    label = "expected a `Source`, or an `Option` or a `Result` of one",
    note = "functions become sources by `source::async_fn`, `source::blocking_fn` and `source::in_turn`"
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
