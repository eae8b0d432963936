//! What an exporter makes once its flags are parsed.

use std::error::Error;

use crate::collect::Declared;
use crate::desc::Desc;
use crate::panic::catch;

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

    /// Calls the author's function, and returns the families with what has them. The error is a
    /// text: the author's with its causes, or what a panic says.
    pub(crate) fn build(self, flags: &F) -> Result<(Declarations, T), String> {
        let build = || Ok(((self.declared)(), (self.build)(flags)?));
        let built: Result<_, BoxError> =
            catch(build).map_err(|panic| format!("panicked: {panic}"))?;
        built.map_err(|error| chain(&*error))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn built(
        build: impl FnOnce(&()) -> Result<u8, BoxError> + Send + 'static,
    ) -> Result<u8, String> {
        let declared = || Declarations { descs: Vec::new(), has_late: false };
        Unbuilt::new(declared, build).build(&()).map(|(_, built)| built)
    }

    #[test]
    fn failure_or_panic_of_a_maker_is_an_error() {
        assert_eq!(built(|()| Ok(1)), Ok(1));
        assert_eq!(built(|()| Err("no such\nfile".into())), Err("no such\nfile".to_owned()));
        assert_eq!(
            built(|()| panic!("out of {}", "range")),
            Err("panicked: out of range".to_owned())
        );
    }
}
