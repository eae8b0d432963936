//! Common flags from environment variables, see [`Exporter::env_prefix`].

use std::collections::HashSet;
use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Args, Command};

use super::command::{DISABLE_DEFAULTS, VERSION};
use super::{DeclarationError, Exporter};

/// The flags that print something and exit. They have no variables: an exporter that has one in its
/// environment would never serve.
const WITHOUT_VARIABLE: [&str; 6] =
    [VERSION, "describe", "describe.diff", "check-rules", "once", "config.check"];

/// A flag that an environment variable sets.
pub(super) struct Variable {
    name: String,
    arg: Arg,
}

impl<F: Args + 'static, S: Send + Sync + 'static> Exporter<F, S> {
    /// Lets environment variables set the flags that every exporter has. The variable of a flag is
    /// `prefix`, `_`, and the flag in upper case with `_` for dots and dashes: with the prefix
    /// `SHOP_EXPORTER`, `SHOP_EXPORTER_WEB_LISTEN_ADDRESS` is `--web.listen-address`. `--help`
    /// shows the variables. Without `env_prefix` there are none.
    ///
    /// ```no_run
    /// use hello_exporter::{Collector, Exporter, Gauge};
    /// use std::process::ExitCode;
    ///
    /// #[derive(Collector)]
    /// struct Shop {
    ///     /// Orders waiting.
    ///     orders: Gauge,
    /// }
    ///
    /// fn main() -> ExitCode {
    ///     Exporter::new("shop_exporter").env_prefix("SHOP_EXPORTER").register(Shop::new()).run()
    /// }
    /// ```
    ///
    /// - A flag on the command line overrides its variable.
    /// - An empty variable counts as unset.
    /// - A flag without a value is set by `true` or `1`, and not by `false` or `0`.
    ///   `…_COLLECTOR_NAME=false` is `--no-collector.NAME`.
    /// - A flag that can be repeated takes values that are separated by commas or line feeds.
    ///   Without any value between them, the variable is invalid.
    /// - Any other value is invalid, and the exporter exits with 2 and a message that names the
    ///   variable.
    /// - `--help`, `--version`, `--describe`, `--describe.diff`, `--check-rules`, `--once` and
    ///   `--config.check` have no variables.
    ///
    /// [Flags of the exporter's own](Self::with_flags) have the variables that their `env = "…"`
    /// names, if any.
    ///
    /// The prefix consists of upper-case ASCII letters, digits and `_`, with neither a digit nor
    /// `_` first, nor `_` last. Another one is an error at startup.
    pub fn env_prefix(mut self, prefix: impl Into<String>) -> Self {
        let prefix = prefix.into();
        if is_prefix(&prefix) {
            self.settings.env_prefix = Some(prefix);
        } else {
            self.errors.push(DeclarationError::EnvPrefix { prefix });
        }
        self
    }

    /// Returns the flags that have variables, with the latter.
    pub(super) fn variables(&self) -> Vec<Variable> {
        let Some(prefix) = &self.settings.env_prefix else { return Vec::new() };
        let common = self.with_common_flags(Command::new(""));
        let args = common.get_arguments().filter(|arg| has_variable(arg)).cloned();
        args.map(|arg| Variable { name: name(prefix, arg.get_id().as_str()), arg }).collect()
    }

    /// Refuses two collectors with the same variable.
    pub(super) fn check_variables(&mut self) {
        let mut seen = HashSet::new();
        for Variable { name, arg } in self.variables() {
            if !seen.insert(name.clone()) {
                let flag = arg.get_id().to_string();
                self.errors.push(DeclarationError::EnvTwice { variable: name, flag });
            }
        }
    }
}

impl Variable {
    /// Returns the id of the flag, which is its name.
    pub(super) fn flag(&self) -> &str {
        self.arg.get_id().as_str()
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Adds the variable to the help of the flag, as clap does it for variables that it reads
    /// itself.
    pub(super) fn describe(&self, command: Command) -> Command {
        command.mut_arg(self.arg.get_id(), |arg| {
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            arg.help(format!("{help} [env: {}]", self.name))
        })
    }

    /// Returns whether the command line has this flag, or the one that negates it.
    pub(super) fn is_overridden(&self, given: &HashSet<String>) -> bool {
        given.contains(self.flag()) || given.contains(&format!("no-{}", self.flag()))
    }

    /// Returns the arguments that have the same meaning as the variable.
    pub(super) fn arguments(&self, command: &mut Command) -> Result<Vec<OsString>, clap::Error> {
        let Some(value) = std::env::var_os(&self.name).filter(|value| !value.is_empty()) else {
            return Ok(Vec::new());
        };
        let Some(value) = value.to_str() else {
            let message = format!("invalid value in '{}': expected UTF-8", self.name);
            return Err(command.error(ErrorKind::InvalidUtf8, message));
        };
        match self.arg.get_action() {
            ArgAction::SetTrue => self.switch(value, command),
            ArgAction::Append => self.repeated(value, command),
            _ => self.argument(value).map(|argument| vec![argument]),
        }
    }

    /// Returns the arguments for values that are separated by commas or line feeds. At least one is
    /// expected: a list of nothing but separators must not permit every target of a probe.
    fn repeated(&self, value: &str, command: &mut Command) -> Result<Vec<OsString>, clap::Error> {
        let values = value.split([',', '\n']).map(str::trim).filter(|value| !value.is_empty());
        let arguments: Vec<_> =
            values.map(|value| self.argument(value)).collect::<Result<_, _>>()?;
        if arguments.is_empty() {
            let (value, name) = (value.escape_debug(), &self.name);
            let expected =
                "expected values separated by commas or line feeds, or an empty variable";
            let message = format!("invalid value '{value}' for '{name}': {expected}");
            return Err(command.error(ErrorKind::InvalidValue, message));
        }
        Ok(arguments)
    }

    fn switch(&self, value: &str, command: &mut Command) -> Result<Vec<OsString>, clap::Error> {
        let flag = self.flag();
        match value {
            "true" | "1" => Ok(vec![format!("--{flag}").into()]),
            "false" | "0" if is_collector(flag) => Ok(vec![format!("--no-{flag}").into()]),
            "false" | "0" => Ok(Vec::new()),
            _ => {
                let expected = "expected `true`, `false`, `1` or `0`";
                let message = format!("invalid value '{value}' for '{}': {expected}", self.name);
                Err(command.error(ErrorKind::InvalidValue, message))
            }
        }
    }

    /// Returns the argument for one value, if the flag accepts it.
    fn argument(&self, value: &str) -> Result<OsString, clap::Error> {
        let argument = OsString::from(format!("--{}={value}", self.flag()));
        // Only the error of a command with this flag alone is surely about this value.
        let command = Command::new("").no_binary_name(true).arg(self.arg.clone());
        match command.try_get_matches_from([&argument]) {
            Ok(_) => Ok(argument),
            Err(mut error) => {
                let name = ContextValue::String(self.name.clone());
                error.insert(ContextKind::InvalidArg, name);
                Err(error)
            }
        }
    }
}

fn has_variable(arg: &Arg) -> bool {
    let id = arg.get_id().as_str();
    !WITHOUT_VARIABLE.contains(&id) && !id.starts_with("no-collector.")
}

/// Returns whether a flag enables a collector, so that another flag disables it.
fn is_collector(flag: &str) -> bool {
    flag.starts_with("collector.") && flag != DISABLE_DEFAULTS
}

fn name(prefix: &str, flag: &str) -> String {
    format!("{prefix}_{}", flag.replace(['.', '-'], "_").to_ascii_uppercase())
}

fn is_prefix(prefix: &str) -> bool {
    let is_accepted = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    prefix.starts_with(|first: char| first.is_ascii_uppercase())
        && !prefix.ends_with('_')
        && prefix.bytes().all(is_accepted)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::convert::Infallible;

    use super::*;
    use crate::metric::DynamicFamilies;

    fn errors(mut exporter: Exporter) -> Vec<String> {
        let parsed = exporter.parse(["x"]).unwrap().unwrap();
        exporter.assemble(&parsed).err().unwrap().messages()
    }

    #[test]
    fn invalid_prefix_is_refused() {
        for prefix in ["", "shop", "SHOP_", "_SHOP", "5SHOP", "SHOP-EXPORTER", "SHÖP"] {
            let expected = format!(
                "`env_prefix` of the exporter: invalid prefix {prefix:?}, expected upper-case \
                 letters, digits and `_`, e.g. `SHOP_EXPORTER`"
            );
            assert_eq!(errors(Exporter::new("x").env_prefix(prefix)), [expected]);
        }
        assert!(is_prefix("X") && is_prefix("SHOP_2"));
    }

    #[test]
    fn collectors_with_the_same_variable_are_refused() {
        let source = || async { Ok::<_, Infallible>(DynamicFamilies::new()) };
        let exporter = Exporter::new("x").env_prefix("X");
        let exporter = exporter.source_fn("a-b", source).source_fn("a_b", source);
        assert_eq!(
            errors(exporter.source_fn("disable_defaults", source)),
            [
                "the flag `--collector.a_b` has the environment variable `X_COLLECTOR_A_B` of \
                 another flag",
                "the flag `--collector.disable-defaults` has the environment variable \
                 `X_COLLECTOR_DISABLE_DEFAULTS` of another flag",
            ]
        );
    }
}
