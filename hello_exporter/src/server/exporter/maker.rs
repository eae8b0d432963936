//! Makes collectors, sources, probes and the state that they share, once the flags are parsed.

use std::path::PathBuf;
use std::sync::Arc;

use crate::internals::{Declarations, DropLog, Guarded, Panic, catch};
use crate::registry::IntoCollector;
use crate::server::causes::{BoxError, text_of};
use crate::server::config::{DeclaredConfig, OpenedConfig};

/// Makes a `T`, or returns `None` if the author's function leaves it out.
pub(super) struct Maker<F, S, T> {
    make: MakeFunction<F, S, T>,
    /// Whether the author's function receives the state.
    pub(super) has_state: bool,
    /// Returns the families that the type of the part declares.
    pub(super) declarations: fn() -> Declarations,
}

type MakeFunction<F, S, T> =
    Box<dyn FnOnce(&F, &mut SharedState<F, S>) -> Result<Option<T>, MakeError> + Send>;

/// Why a collector, a source or a probe was not made.
#[derive(Debug, PartialEq)]
pub(super) enum MakeError {
    /// The author's function failed: its error with the causes, or its panic.
    Failed(String),
    /// The shared state could not be made, which [`SharedState::error`] reports.
    NoState,
}

impl From<BoxError> for MakeError {
    fn from(error: BoxError) -> Self {
        Self::Failed(text(error))
    }
}

/// Returns the text of an author's error, with its causes.
fn text(error: BoxError) -> String {
    text_of(error).unwrap_or_else(panicked)
}

#[expect(clippy::needless_pass_by_value, reason = "it maps an error")]
fn panicked(panic: Panic) -> String {
    format!("panicked: {panic}")
}

impl<F: 'static, S: 'static, T: 'static> Maker<F, S, T> {
    /// Creates a maker that needs neither flags nor state.
    pub(super) fn ready(
        declarations: fn() -> Declarations,
        make: impl FnOnce() -> T + Send + 'static,
    ) -> Self {
        Self { make: Box::new(|_, _| Ok(Some(make()))), has_state: false, declarations }
    }

    /// Creates a maker that calls an author's function with the flags and the state.
    pub(super) fn with(
        declarations: fn() -> Declarations,
        make: impl FnOnce(&F, Arc<S>) -> Result<Option<T>, BoxError> + Send + 'static,
    ) -> Self {
        let make = |flags: &F, state: &mut SharedState<F, S>| Ok(make(flags, state.get(flags)?)?);
        Self { make: Box::new(make), has_state: true, declarations }
    }

    /// Calls the author's function.
    pub(super) fn make(
        self,
        flags: &F,
        state: &mut SharedState<F, S>,
    ) -> Result<Option<T>, MakeError> {
        let made = catch(|| (self.make)(flags, state));
        made.unwrap_or_else(|panic| Err(MakeError::Failed(panicked(panic))))
    }

    /// Drops the author's function without calling it.
    pub(super) fn discard(self, drops: &DropLog) {
        drops.drop(self.make);
    }
}

impl<F: 'static, T: 'static> Maker<F, (), T> {
    /// Returns this maker for an exporter with a state, which it does not receive.
    pub(super) fn ignoring_state<S: 'static>(self) -> Maker<F, S, T> {
        let make = |flags: &F, _: &mut _| (self.make)(flags, &mut SharedState::ready(()));
        Maker { make: Box::new(make), has_state: false, declarations: self.declarations }
    }
}

/// The state that collectors, sources and probes share, made when the first of them needs it.
pub(super) enum SharedState<F, S> {
    Unmade(MakeState<F, S>),
    /// A configuration that is not opened yet.
    Config(DeclaredConfig<F, S>),
    Made(Guarded<Arc<S>>),
    Failed(String),
}

type MakeState<F, S> = Box<dyn FnOnce(&F) -> Result<Arc<S>, BoxError> + Send>;

impl<F, S> SharedState<F, S> {
    pub(super) fn ready(state: S) -> Self {
        Self::guarded(Arc::new(state))
    }

    fn guarded(state: Arc<S>) -> Self {
        Self::Made(Guarded::new(state, &DropLog::new("state".into())))
    }

    /// Returns whether the author has declared a state that is not made yet.
    pub(super) fn is_declared(&self) -> bool {
        matches!(self, Self::Unmade(_) | Self::Config(_))
    }

    fn get(&mut self, flags: &F) -> Result<Arc<S>, MakeError> {
        if let Self::Unmade(_) = self {
            *self = std::mem::replace(self, Self::Failed(String::new())).made(flags);
        }
        match self {
            Self::Made(state) => state.get().cloned().ok_or(MakeError::NoState),
            Self::Unmade(_) | Self::Config(_) | Self::Failed(_) => Err(MakeError::NoState),
        }
    }

    fn made(self, flags: &F) -> Self {
        let Self::Unmade(make) = self else { return self };
        let made = catch(|| make(flags).map_err(text)).unwrap_or_else(|panic| Err(panicked(panic)));
        made.map_or_else(Self::Failed, Self::guarded)
    }

    /// Returns the declared configuration, if there is one.
    pub(super) fn config(&self) -> Option<&DeclaredConfig<F, S>> {
        match self {
            Self::Config(config) => Some(config),
            Self::Unmade(_) | Self::Made(_) | Self::Failed(_) => None,
        }
    }

    /// Loads the first version of the declared configuration, if there is one.
    pub(super) fn open_config(
        &mut self,
        file: Option<PathBuf>,
        flags: &Arc<F>,
    ) -> Option<OpenedConfig> {
        let Self::Config(_) = self else { return None };
        let Self::Config(config) = std::mem::replace(self, Self::Failed(String::new())) else {
            return None;
        };
        match config.open(file, Arc::clone(flags)) {
            Ok((state, opened)) => {
                *self = Self::guarded(state);
                Some(opened)
            }
            Err(error) => {
                *self = Self::Failed(error.to_string());
                None
            }
        }
    }

    /// Returns why making the state failed, if it did.
    pub(super) fn error(&self) -> Option<&str> {
        match self {
            Self::Failed(error) => Some(error),
            Self::Unmade(_) | Self::Config(_) | Self::Made(_) => None,
        }
    }
}

/// The result of the function of [`Exporter::state`](crate::Exporter::state): a `Result`, or an
/// `Arc` if it cannot fail.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the result of making a state",
    label = "expected a `Result` of the state, or an `Arc` of it"
)]
pub trait MadeState: sealed::Sealed {
    /// The state.
    type State: Send + Sync + 'static;

    #[doc(hidden)]
    fn into_state(self) -> Result<Arc<Self::State>, Box<dyn std::error::Error + Send + Sync>>;
}

impl<S: Send + Sync + 'static> MadeState for Arc<S> {
    type State = S;

    fn into_state(self) -> Result<Self, BoxError> {
        Ok(self)
    }
}

impl<S: Send + Sync + 'static, E: Into<BoxError>> MadeState for Result<S, E> {
    type State = S;

    fn into_state(self) -> Result<Arc<S>, BoxError> {
        self.map(Arc::new).map_err(Into::into)
    }
}

mod sealed {
    pub trait Sealed {}

    impl<S> Sealed for std::sync::Arc<S> {}
    impl<S, E> Sealed for Result<S, E> {}
}

/// The result of the function of [`Exporter::register_with`](crate::Exporter::register_with): a
/// collector, an `Arc` of one, or a `Result` of these.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be registered",
    label = "expected a collector, an `Arc` of one, or a `Result` of these"
)]
pub trait MadeCollector {
    /// The collector.
    type Collector: IntoCollector;

    #[doc(hidden)]
    fn into_result(self) -> Result<Self::Collector, Box<dyn std::error::Error + Send + Sync>>;
}

impl<C: IntoCollector> MadeCollector for C {
    type Collector = C;

    fn into_result(self) -> Result<C, BoxError> {
        Ok(self)
    }
}

impl<C: IntoCollector, E: Into<BoxError>> MadeCollector for Result<C, E> {
    type Collector = C;

    fn into_result(self) -> Result<C, BoxError> {
        self.map_err(Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(
        make: impl FnOnce() -> Result<Option<u8>, BoxError> + Send + 'static,
    ) -> Result<Option<u8>, MakeError> {
        let maker = Maker::<(), (), u8>::with(Declarations::default, |(), _| make());
        maker.make(&(), &mut SharedState::ready(()))
    }

    #[test]
    fn failure_or_panic_of_a_maker_is_an_error() {
        let failed = |error: &str| Err(MakeError::Failed(error.to_owned()));
        assert_eq!(made(|| Ok(Some(1))), Ok(Some(1)));
        assert_eq!(made(|| Ok(None)), Ok(None));
        assert_eq!(made(|| Err("no such\nfile".into())), failed("no such\nfile"));
        assert_eq!(made(|| panic!("out of {}", "range")), failed("panicked: out of range"));
    }
}
