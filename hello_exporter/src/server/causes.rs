//! The text of an error, with its causes.

use std::error::Error;

use crate::internals::{Panic, catch};

/// Any error that an author's code returns.
pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// Returns the text of an author's error, and drops the error. Both can panic. Each panic is caught
/// by itself, since a panic in `drop` during the unwinding of another one aborts the process.
pub(crate) fn text_of(error: BoxError) -> Result<String, Panic> {
    let text = catch(|| chain(&*error));
    let dropped = catch(|| drop(error));
    text.and_then(|text| dropped.map(|()| text))
}

/// Most causes of an error to log. A chain of causes can be a cycle.
const MOST_CAUSES: usize = 16;

/// Returns an error's message, followed by the messages of its causes.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut causes = std::iter::successors(error.source(), |&error| error.source());
    for cause in causes.by_ref().take(MOST_CAUSES) {
        let message = cause.to_string();
        // Many messages end with the message of their cause.
        if !text.ends_with(&message) {
            text = format!("{text}: {message}");
        }
    }
    if causes.next().is_some() {
        text += ": …";
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    /// An error whose causes are a cycle.
    #[derive(Debug, thiserror::Error)]
    #[error("the snake")]
    struct Snake(#[source] SnakeTail);

    /// The cause of [`Snake`]. Its own cause is another [`Snake`].
    #[derive(Debug)]
    struct SnakeTail;

    impl std::fmt::Display for SnakeTail {
        fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("its tail")
        }
    }

    impl Error for SnakeTail {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&Snake(SnakeTail))
        }
    }

    /// An error with a chain of causes.
    #[derive(Debug, thiserror::Error)]
    #[error("{depth}")]
    struct Deep {
        depth: usize,
        source: Option<Box<Deep>>,
    }

    #[test]
    fn cyclic_causes_are_truncated() {
        let text = chain(&Snake(SnakeTail));
        assert_eq!(text, "the snake".to_owned() + &": its tail: the snake".repeat(8) + ": …");
    }

    #[test]
    fn each_cause_is_appended_once() {
        let deep = |causes: usize| {
            let error = Deep { depth: 0, source: None };
            let add = |source, depth| Deep { depth, source: Some(Box::new(source)) };
            (1..=causes).fold(error, add)
        };
        assert_eq!(chain(&deep(2)), "2: 1: 0");
        let all = "16: 15: 14: 13: 12: 11: 10: 9: 8: 7: 6: 5: 4: 3: 2: 1: 0";
        assert_eq!(chain(&deep(16)), all);
        assert_eq!(chain(&deep(17)), "17: ".to_owned() + all.strip_suffix("0").unwrap() + "…");
        let io = std::io::Error::other(Deep { depth: 1, source: None });
        assert_eq!(chain(&io), "1");
    }

    /// An error whose message and `drop` both panic.
    #[derive(Debug)]
    struct Bomb;

    impl std::fmt::Display for Bomb {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("no comment")
        }
    }

    impl Error for Bomb {}

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("out of cheese")
        }
    }

    #[test]
    fn error_that_panics_twice_is_one_panic() {
        assert_eq!(text_of(Box::new(Bomb)).unwrap_err().to_string(), "no comment");
        assert_eq!(text_of("no such file".into()).unwrap(), "no such file");
    }
}
