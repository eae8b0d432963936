//! Regular expressions given by flags, and what they leave of devices and mount points.

use std::marker::PhantomData;
use std::str::FromStr;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use regex_lite::Regex;

/// A regular expression, which need not be anchored.
#[derive(Clone)]
pub(crate) struct Pattern(Regex);

impl FromStr for Pattern {
    type Err = regex_lite::Error;

    fn from_str(pattern: &str) -> Result<Self, Self::Err> {
        Regex::new(pattern).map(Self)
    }
}

impl Pattern {
    pub(crate) fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

/// The two flags of a filter: `<FLAG>-include` and `<FLAG>-exclude`.
pub(crate) trait FilterFlags: 'static {
    const FLAG: &'static str;
    /// What is left out unless a flag says otherwise.
    const EXCLUDE: &'static str;
}

/// What is looked at: all that one expression includes, or all that another one does not exclude.
#[derive(Clone)]
pub(crate) struct Filter<N> {
    include: Option<Pattern>,
    exclude: Option<Pattern>,
    flags: PhantomData<fn() -> N>,
}

impl<N> Filter<N> {
    pub(crate) fn keeps(&self, name: &str) -> bool {
        match (&self.include, &self.exclude) {
            (Some(include), _) => include.matches(name),
            (None, exclude) => exclude.as_ref().is_none_or(|exclude| !exclude.matches(name)),
        }
    }
}

fn include<N: FilterFlags>() -> String {
    format!("{}-include", N::FLAG)
}

fn exclude<N: FilterFlags>() -> String {
    format!("{}-exclude", N::FLAG)
}

impl<N: FilterFlags> Args for Filter<N> {
    fn augment_args(command: Command) -> Command {
        let flag = |name: String| Arg::new(name.clone()).long(name).value_name("REGEXP");
        let include = flag(include::<N>()).help("What to look at, and at nothing else");
        let exclude = flag(exclude::<N>()).help("What not to look at").default_value(N::EXCLUDE);
        let args = [include, exclude];
        command.args(args.map(|arg| arg.value_parser(Pattern::from_str)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<N: FilterFlags> FromArgMatches for Filter<N> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        // An empty expression is none: so the default is switched off.
        let pattern = |flag: &str| {
            let pattern = matches.get_one::<Pattern>(flag).cloned();
            pattern.filter(|pattern| !pattern.0.as_str().is_empty())
        };
        let (include_flag, exclude_flag) = (include::<N>(), exclude::<N>());
        let (include, exclude) = (pattern(&include_flag), pattern(&exclude_flag));
        let is_given = matches.value_source(&exclude_flag) != Some(ValueSource::DefaultValue);
        if include.is_some() && exclude.is_some() && is_given {
            let message = format!("--{include_flag} cannot be used with --{exclude_flag}\n");
            return Err(clap::Error::raw(ErrorKind::ArgumentConflict, message));
        }
        Ok(Self { include, exclude, flags: PhantomData })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
