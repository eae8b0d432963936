//! Accepts long flags as Go's flag package does: `-web.max-requests=1` is `--web.max-requests=1`,
//! and `-config.check=true` is `--config.check`.

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::ffi::OsString;
use std::str;

use clap::{Arg, ArgAction, Command};

/// A command line in the form that clap accepts.
pub(super) struct Rewritten {
    /// The arguments. The first one is the name of the program.
    pub(super) arguments: Vec<OsString>,
    /// The long names of the flags among them, also of switches that are set to false. Of short
    /// flags, only `-h` is known.
    pub(super) given: HashSet<String>,
}

/// Returns the command line in the form that clap accepts.
///
/// An argument with one dash is a long flag if its text up to a `=` is the name of one, and not a
/// short flag. An unknown name of several characters that begins with a letter is also a long flag,
/// so that clap's error names the whole argument, unless this letter is a short flag, or a
/// positional argument may begin with a dash. A value that may begin with a dash stays unchanged,
/// as does everything after `--`.
pub(super) fn rewrite(
    command: &mut Command,
    arguments: impl IntoIterator<Item = impl Into<OsString>>,
) -> Rewritten {
    // Adds `--help`, and the settings that arguments inherit from the command.
    command.build();
    let mut arguments = arguments.into_iter().map(Into::into);
    let program = arguments.next();
    let mut reader = Reader {
        command,
        values: 0,
        may_begin_with_dash: false,
        is_over: false,
        given: HashSet::new(),
    };
    let rest = arguments.filter_map(|argument| reader.rewrite(argument));
    let arguments = program.into_iter().chain(rest).collect();
    Rewritten { arguments, given: reader.given }
}

/// Reads a command line from its first argument to its last.
struct Reader<'c> {
    command: &'c Command,
    /// The number of values that the last flag still takes.
    values: usize,
    may_begin_with_dash: bool,
    /// Whether no flags can follow.
    is_over: bool,
    /// The long names of the flags so far.
    given: HashSet<String>,
}

/// The kind of an argument.
enum Kind<'a> {
    Positional,
    /// `--`.
    End,
    /// A long flag without its dashes.
    Long(&'a [u8]),
    /// Short flags without their dash.
    Short(&'a [u8]),
}

impl<'c> Reader<'c> {
    /// Returns the rewritten argument; `None` for a switch that is set to false.
    fn rewrite(&mut self, argument: OsString) -> Option<OsString> {
        let bytes = argument.as_encoded_bytes();
        if self.is_over || self.is_value(bytes) {
            self.values = self.values.saturating_sub(1);
            return Some(argument);
        }
        self.values = 0;
        match self.kind(bytes) {
            Kind::Positional => self.is_over = self.has_open_end(),
            Kind::End => self.is_over = true,
            Kind::Short(flags) => {
                if self.has_help(flags) {
                    self.given.insert("help".to_owned());
                }
                self.read_shorts(flags);
            }
            Kind::Long(flag) => {
                self.given.insert(name(flag).to_owned());
                return self.rewrite_long(flag, &argument);
            }
        }
        Some(argument)
    }

    fn rewrite_long(&mut self, flag: &[u8], argument: &OsString) -> Option<OsString> {
        match self.switch(flag) {
            Some(true) => Some(format!("--{}", name(flag)).into()),
            Some(false) => None,
            None => {
                self.read_long(flag);
                let has_two = argument.as_encoded_bytes().starts_with(b"--");
                let dash = if has_two { "" } else { "-" };
                Some(OsString::from_iter([dash.as_ref(), argument.as_os_str()]))
            }
        }
    }

    /// Returns whether the argument is a value of the flag before it.
    fn is_value(&self, argument: &[u8]) -> bool {
        self.values > 0 && (self.may_begin_with_dash || is_plain(argument))
    }

    fn kind<'a>(&self, argument: &'a [u8]) -> Kind<'a> {
        if is_plain(argument) {
            return Kind::Positional;
        }
        match (argument.strip_prefix(b"--"), argument.strip_prefix(b"-")) {
            (Some(b""), _) => Kind::End,
            (Some(long), _) => Kind::Long(long),
            (None, Some(flag)) if self.is_long(name(flag)) => Kind::Long(flag),
            (None, flag) => Kind::Short(flag.unwrap_or_default()),
        }
    }

    /// Returns the value of a switch, such as `true` in `config.check=true`, in one of Go's
    /// spellings. `None` for any other flag or value.
    fn switch(&self, flag: &[u8]) -> Option<bool> {
        let (flag_name, value) = str::from_utf8(flag).ok()?.split_once('=')?;
        // Enabling and disabling a collector are two flags, without a value.
        if flag_name.starts_with("collector.") || flag_name.starts_with("no-collector.") {
            return None;
        }
        let arg = self.long(flag_name)?;
        let is_on = match value {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => true,
            "0" | "f" | "F" | "false" | "FALSE" | "False" => false,
            _ => return None,
        };
        matches!(arg.get_action(), ArgAction::SetTrue).then_some(is_on)
    }

    /// Returns whether this name after one dash is a long flag.
    fn is_long(&self, name: &str) -> bool {
        let Some(first) = name.chars().next() else { return false };
        let is_one_letter = name.len() == first.len_utf8();
        match (self.long(name).is_some(), self.short(first).is_some()) {
            (true, is_short) => !(is_one_letter && is_short),
            (false, true) => false,
            (false, false) => {
                first.is_alphabetic() && !is_one_letter && !self.has_dashed_positional()
            }
        }
    }

    /// Remembers how many values follow a long flag.
    fn read_long(&mut self, long: &[u8]) {
        if !long.contains(&b'=') {
            self.await_values_of(self.long(name(long)));
        }
    }

    /// Remembers how many values follow short flags, unless the value is part of the same argument.
    fn read_shorts(&mut self, flags: &[u8]) {
        let flags = str::from_utf8(flags).unwrap_or_default();
        let mut places = flags.char_indices();
        let with_value = places.find_map(|(at, flag)| {
            let arg = self.short(flag).filter(|arg| arg.get_action().takes_values())?;
            Some((at + flag.len_utf8(), arg))
        });
        if let Some((end, arg)) = with_value
            && end == flags.len()
        {
            self.await_values_of(Some(arg));
        }
    }

    /// Returns whether `-h` is among short flags.
    fn has_help(&self, flags: &[u8]) -> bool {
        let flags = str::from_utf8(flags).unwrap_or_default();
        let args = flags.chars().map_while(|flag| self.short(flag));
        let mut switches = args.take_while(|arg| !arg.get_action().takes_values());
        switches.any(|arg| arg.get_long() == Some("help"))
    }

    fn await_values_of(&mut self, arg: Option<&Arg>) {
        let arg = arg.filter(|arg| arg.get_action().takes_values() && !arg.is_require_equals_set());
        let Some(arg) = arg else { return };
        self.values = arg.get_num_args().map_or(1, |range| range.max_values());
        self.may_begin_with_dash =
            arg.is_allow_hyphen_values_set() || arg.is_allow_negative_numbers_set();
    }

    /// Returns whether everything after a positional argument may belong to it.
    fn has_open_end(&self) -> bool {
        self.command.has_subcommands()
            || self.command.get_positionals().any(Arg::is_trailing_var_arg_set)
    }

    /// Returns whether a positional argument may begin with a dash.
    fn has_dashed_positional(&self) -> bool {
        self.command.get_positionals().any(Arg::is_allow_hyphen_values_set)
    }

    fn long(&self, name: &str) -> Option<&'c Arg> {
        self.command.get_arguments().find(|arg| {
            let mut aliases = arg.get_all_aliases().into_iter().flatten();
            arg.get_long() == Some(name) || aliases.any(|alias| alias == name)
        })
    }

    fn short(&self, flag: char) -> Option<&'c Arg> {
        self.command.get_arguments().find(|arg| {
            let mut aliases = arg.get_all_short_aliases().into_iter().flatten();
            arg.get_short() == Some(flag) || aliases.any(|alias| alias == flag)
        })
    }
}

/// Returns whether an argument is a value rather than a flag. A single dash is a value.
fn is_plain(argument: &[u8]) -> bool {
    !argument.starts_with(b"-") || argument == b"-"
}

/// Returns the name of a flag: its text up to a `=`.
fn name(flag: &[u8]) -> &str {
    let name = flag.split(|byte| *byte == b'=').next();
    name.and_then(|name| str::from_utf8(name).ok()).unwrap_or_default()
}
