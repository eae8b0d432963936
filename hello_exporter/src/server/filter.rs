//! Flags with regular expressions that select devices, mount points or fields.
//!
//! ```
//! use hello_exporter::filter::{Filter, FilterFlags};
//!
//! /// Declares `--collector.disks.device-include` and `--collector.disks.device-exclude`.
//! struct Disks;
//!
//! impl FilterFlags for Disks {
//!     const PREFIX: &'static str = "collector.disks.device";
//!     const EXCLUDED: &'static str = r"^(loop|ram)\d+$";
//! }
//!
//! #[derive(clap::Parser)]
//! struct Flags {
//!     #[command(flatten)]
//!     disks: Filter<Disks>,
//! }
//!
//! # use clap::Parser;
//! let flags = Flags::parse_from(["my_exporter"]);
//! assert!(flags.disks.keeps("sda") && !flags.disks.keeps("loop0"));
//! let flags = Flags::parse_from(["my_exporter", "--collector.disks.device-include=^loop"]);
//! assert!(!flags.disks.keeps("sda") && flags.disks.keeps("loop0"));
//! ```

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::{Arc, Mutex};

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use regex_lite::Regex;

use crate::internals::lock;

/// A regular expression, which matches anywhere in a text unless `^` or `$` anchors it. The
/// syntax is Go's, without Unicode classes (`\pL`).
///
/// A flag of this type refuses an invalid expression. An exporter matches the same few names at
/// every scrape, so the results are cached.
///
/// ```
/// use hello_exporter::filter::Pattern;
///
/// let fields: Pattern = "^(pswp|pg.*fault)".parse()?;
/// assert!(fields.matches("pgmajfault") && !fields.matches("pgpgin"));
/// # Ok::<(), hello_exporter::filter::PatternError>(())
/// ```
#[derive(Clone)]
pub struct Pattern {
    regex: Regex,
    results: Arc<Mutex<HashMap<String, bool>>>,
}

/// A regular expression is invalid.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
pub struct PatternError(regex_lite::Error);

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(pattern: &str) -> Result<Self, PatternError> {
        let regex = Regex::new(pattern).map_err(PatternError)?;
        Ok(Self { regex, results: Arc::default() })
    }
}

impl Pattern {
    /// Most results in the cache. The next one clears it.
    const MOST_RESULTS: usize = 4096;

    /// Returns whether the expression matches anywhere in `text`.
    pub fn matches(&self, text: &str) -> bool {
        let mut results = lock(&self.results);
        if let Some(is_match) = results.get(text) {
            return *is_match;
        }
        let is_match = self.regex.is_match(text);
        if results.len() == Self::MOST_RESULTS {
            results.clear();
        }
        results.insert(text.to_owned(), is_match);
        is_match
    }

    /// Returns the expression as it was written.
    pub fn as_str(&self) -> &str {
        self.regex.as_str()
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Pattern").field(&self.as_str()).finish()
    }
}

/// The flags of a [`Filter`]: `--<PREFIX>-include` and `--<PREFIX>-exclude`.
pub trait FilterFlags: 'static {
    /// The prefix of both flags, such as `collector.netdev.device`.
    const PREFIX: &'static str;

    /// The default of `--<PREFIX>-exclude`, a regular expression; empty to exclude nothing.
    const EXCLUDED: &'static str;
}

/// Keeps the names that one regular expression includes, or all names that another one does not
/// exclude.
///
/// Flatten it into an exporter's own [flags](crate::Exporter::with_flags), as in [the
/// example](self). Giving both flags is an error. An empty expression is the same as none:
/// `--<PREFIX>-exclude=` excludes nothing, and can be given together with the other flag, as in Go.
pub struct Filter<F> {
    include: Option<Pattern>,
    exclude: Option<Pattern>,
    flags: PhantomData<fn() -> F>,
}

impl<F> Filter<F> {
    /// Returns whether a name is kept.
    pub fn keeps(&self, name: &str) -> bool {
        match &self.include {
            Some(include) => include.matches(name),
            None => self.exclude.as_ref().is_none_or(|exclude| !exclude.matches(name)),
        }
    }
}

impl<F> Clone for Filter<F> {
    fn clone(&self) -> Self {
        let (include, exclude) = (self.include.clone(), self.exclude.clone());
        Self { include, exclude, flags: PhantomData }
    }
}

impl<F> fmt::Debug for Filter<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Filter")
            .field("include", &self.include)
            .field("exclude", &self.exclude)
            .finish()
    }
}

fn include<F: FilterFlags>() -> String {
    format!("{}-include", F::PREFIX)
}

fn exclude<F: FilterFlags>() -> String {
    format!("{}-exclude", F::PREFIX)
}

impl<F: FilterFlags> Args for Filter<F> {
    fn augment_args(command: Command) -> Command {
        let flag = |name: String| {
            let flag = Arg::new(name.clone()).long(name).value_name("REGEXP");
            flag.value_parser(Pattern::from_str)
        };
        let include = flag(include::<F>()).help("Keep only the names that match");
        let exclude =
            flag(exclude::<F>()).help("Leave out the names that match").default_value(F::EXCLUDED);
        command.args([include, exclude])
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<F: FilterFlags> FromArgMatches for Filter<F> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let pattern = |flag: &str| {
            let pattern = matches.get_one::<Pattern>(flag).cloned();
            pattern.filter(|pattern| !pattern.as_str().is_empty())
        };
        let (include_flag, exclude_flag) = (include::<F>(), exclude::<F>());
        let (include, exclude) = (pattern(&include_flag), pattern(&exclude_flag));
        let is_given = matches.value_source(&exclude_flag) != Some(ValueSource::DefaultValue);
        if include.is_some() && exclude.is_some() && is_given {
            let message = format!(
                "the argument '--{include_flag} <REGEXP>' cannot be used with '--{exclude_flag} <REGEXP>'"
            );
            return Err(clap::Error::raw(ErrorKind::ArgumentConflict, message));
        }
        Ok(Self { include, exclude, flags: PhantomData })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
