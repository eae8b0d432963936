//! What an exporter makes once its flags are parsed.

use std::error::Error;

use crate::collect::Declared;
use crate::desc::Desc;

/// What any error of an author becomes.
pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

type Build<F, T> = Box<dyn FnOnce(&F) -> Result<T, BoxError> + Send>;

/// What is known of metrics before there are any.
pub(crate) struct Declarations {
    pub(crate) descs: Vec<Desc>,
    /// Whether there can be families beside these.
    pub(crate) has_late: bool,
}

impl Declarations {
    pub(crate) fn of<M: Declared>() -> Self {
        Self { descs: M::declared(), has_late: M::HAS_LATE }
    }
}

/// Something that will have these families, and is made of the flags.
pub(crate) struct Unbuilt<F, T> {
    declared: fn() -> Declarations,
    build: Build<F, T>,
}

impl<F: 'static, T: 'static> Unbuilt<F, T> {
    pub(crate) fn new(
        declared: fn() -> Declarations,
        build: impl FnOnce(&F) -> Result<T, BoxError> + Send + 'static,
    ) -> Self {
        Self { declared, build: Box::new(build) }
    }

    /// The families, and what has them; the error is a text, with its causes.
    pub(crate) fn build(self, flags: &F) -> Result<(Declarations, T), String> {
        let built = (self.build)(flags).map_err(|error| chain(&*error))?;
        Ok(((self.declared)(), built))
    }
}

impl<T: 'static> Unbuilt<(), T> {
    /// The same for an exporter with flags, which it does not want.
    pub(crate) fn for_flags<F: 'static>(self) -> Unbuilt<F, T> {
        Unbuilt::new(self.declared, move |_| (self.build)(&()))
    }
}

/// An error and what it says of its causes.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    for cause in std::iter::successors(error.source(), |&error| error.source()) {
        let message = cause.to_string();
        // Many errors tell of their cause themselves.
        if !text.ends_with(&message) {
            text = format!("{text}: {message}");
        }
    }
    text
}
