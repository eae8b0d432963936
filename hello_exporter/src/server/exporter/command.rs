//! The command line.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use super::arguments::{self, Rewritten};
use super::{Exporter, Settings};
use crate::server::cli::Flags;
use crate::server::probe::TargetPattern;
use crate::server::source::SourceOptions;

/// The parsed command line.
pub(super) struct Parsed<F> {
    pub(super) flags: Flags,
    pub(super) own: Arc<F>,
    /// The configuration file, if the exporter has one.
    pub(super) config_file: Option<PathBuf>,
    /// Whether requests may reload the configuration.
    pub(super) is_lifecycle_enabled: bool,
    /// Names of the sources that the flags enable.
    pub(super) enabled: HashSet<Cow<'static, str>>,
    /// Patterns of the targets that may be probed; empty if all may.
    pub(super) allowed_targets: Vec<TargetPattern>,
    /// Whether requests of probes may receive the log of their run.
    pub(super) has_probe_debug: bool,
}

/// The id of `--version`. No field of an exporter's own flags can have it.
pub(super) const VERSION: &str = "--version";

const TELEMETRY_PATH: &str = "web.telemetry-path";

pub(super) const DISABLE_DEFAULTS: &str = "collector.disable-defaults";

const ALLOW_TARGET: &str = "probe.allow-target";

const PROBE_DEBUG: &str = "probe.debug";

const CONFIG_FILE: &str = "config.file";

const ENABLE_LIFECYCLE: &str = "web.enable-lifecycle";

/// Adds the flags of exporters with a configuration.
fn with_config_flags(command: Command, default_file: Option<&Path>) -> Command {
    let file = Arg::new(CONFIG_FILE)
        .long(CONFIG_FILE)
        .value_name("FILE")
        .help("Configuration file, which is reloaded when it changes and on SIGHUP")
        .value_parser(OsStringValueParser::new().map(PathBuf::from));
    let file = match default_file {
        Some(default) => file.default_value(default.as_os_str().to_owned()),
        None => file,
    };
    let enable_lifecycle = Arg::new(ENABLE_LIFECYCLE)
        .long(ENABLE_LIFECYCLE)
        .help("Reload the configuration on requests `POST /-/reload`")
        .action(ArgAction::SetTrue);
    command.arg(file).arg(enable_lifecycle)
}

/// Returns the configuration file. As for `--web.config.file`, an empty value is the same as no
/// value.
fn config_file(matches: &ArgMatches) -> Option<PathBuf> {
    let file = matches.try_get_one::<PathBuf>(CONFIG_FILE).ok().flatten();
    file.filter(|file| !file.as_os_str().is_empty()).cloned()
}

/// Returns the flags of exporters with probes.
fn probe_flags() -> [Arg; 2] {
    let allow_target = Arg::new(ALLOW_TARGET)
        .long(ALLOW_TARGET)
        .value_name("PATTERN")
        .help(
            "Target that may be probed: `*` stands for any ASCII letters, digits, `-` and `_`, `**` for anything. \
             Repeatable; without it all targets are allowed",
        )
        .value_parser(TargetPattern::from_str)
        .action(ArgAction::Append);
    let debug = Arg::new(PROBE_DEBUG)
        .long(PROBE_DEBUG)
        .help(
            "Respond to probes with `debug=true` with the log of the run, which can contain errors \
             and addresses",
        )
        .action(ArgAction::SetTrue);
    [allow_target, debug]
}

fn allowed_targets(matches: &ArgMatches) -> Vec<TargetPattern> {
    let patterns = matches.try_get_many::<TargetPattern>(ALLOW_TARGET).ok().flatten();
    patterns.into_iter().flatten().cloned().collect()
}

/// Returns whether a switch is given; not if the exporter has no such flag.
fn is_given(matches: &ArgMatches, id: &str) -> bool {
    matches.try_get_one::<bool>(id).ok().flatten() == Some(&true)
}

fn enable<F>(options: &SourceOptions<F>) -> String {
    format!("collector.{}", options.name())
}

fn disable<F>(options: &SourceOptions<F>) -> String {
    format!("no-collector.{}", options.name())
}

impl<F: Args + 'static, S: Send + Sync + 'static> Exporter<F, S> {
    /// Parses the command line. Prints the version and returns `None` if `--version` is given.
    pub(super) fn parse(
        &self,
        arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    ) -> Result<Option<Parsed<F>>, clap::Error> {
        self.check_own_flags()?;
        let mut command = self.command();
        let (arguments, of_path) = self.complete(&mut command, arguments)?;
        let matches = command.try_get_matches_from_mut(arguments);
        let matches = matches.map_err(|error| self.explain(error, &mut command))?;
        if matches.get_flag(VERSION) {
            let Settings { name, build_info, .. } = &self.settings;
            // Standard output may be closed.
            _ = write!(std::io::stdout(), "{name}, {build_info}");
            return Ok(None);
        }
        let flags = Flags::from_arg_matches(&matches)?;
        if matches.value_source(TELEMETRY_PATH) == Some(ValueSource::CommandLine) {
            self.check_path(&flags, &of_path, &mut command)?;
        }
        let own = F::from_arg_matches(&matches).map(Arc::new);
        Ok(Some(Parsed {
            flags,
            own: own.map_err(|error| error.format(&mut command))?,
            config_file: config_file(&matches),
            is_lifecycle_enabled: is_given(&matches, ENABLE_LIFECYCLE),
            enabled: self.enabled(&matches),
            allowed_targets: allowed_targets(&matches),
            has_probe_debug: is_given(&matches, PROBE_DEBUG),
        }))
    }

    /// Returns the flags if they request documents instead of serving. These need no other flags,
    /// even if the exporter requires some of its own. Returns `None` for invalid flags, too.
    pub(super) fn documents(&self, arguments: &[OsString]) -> Option<Flags> {
        self.check_own_flags().ok()?;
        let command = self.command();
        let groups: Vec<_> = command.get_groups().map(|group| group.get_id().clone()).collect();
        let optional = |command: Command, group| command.mut_group(group, |it| it.required(false));
        let command = groups.into_iter().fold(command, optional);
        let mut command = command.mut_args(|arg| arg.required(false));
        let (arguments, _) = self.complete(&mut command, arguments).ok()?;
        let matches = match command.try_get_matches_from_mut(&arguments) {
            // A flag that another flag or its absence requires.
            Err(error) if error.kind() == ErrorKind::MissingRequiredArgument => {
                command.ignore_errors(true).try_get_matches_from(arguments).ok()?
            }
            matches => matches.ok()?,
        };
        let flags = Flags::from_arg_matches(&matches).ok()?;
        let has_version = matches.get_flag(VERSION);
        (flags.wants_documents() && !has_version).then_some(flags)
    }

    /// Returns the arguments in the form that clap accepts, after those that environment variables
    /// stand for, and what sets `--web.telemetry-path`.
    fn complete(
        &self,
        command: &mut Command,
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> Result<(Vec<OsString>, String), clap::Error> {
        let Rewritten { mut arguments, given } = arguments::rewrite(command, arguments);
        let mut of_path = format!("--{TELEMETRY_PATH} <PATH>");
        // These are printed whatever the environment is.
        if ["help", "version"].iter().any(|flag| given.contains(*flag)) {
            return Ok((arguments, of_path));
        }
        let mut of_variables = Vec::new();
        for variable in self.variables().iter().filter(|it| !it.is_overridden(&given)) {
            of_variables.extend(variable.arguments(command)?);
            if variable.flag() == TELEMETRY_PATH {
                of_path = variable.name().to_owned();
            }
        }
        // The name of the program comes first.
        let start = arguments.len().min(1);
        arguments.splice(start..start, of_variables);
        Ok((arguments, of_path))
    }

    /// Refuses a `--web.telemetry-path` at which probes are served. `name` is the flag or the
    /// variable.
    fn check_path(
        &self,
        flags: &Flags,
        name: &str,
        command: &mut Command,
    ) -> Result<(), clap::Error> {
        let path = flags.telemetry_path.as_str();
        if self.probes.iter().all(|(options, _)| options.path() != path) {
            return Ok(());
        }
        let message = format!(
            "invalid value '{path}' for '{name}': probes are served at this path, expected another \
             one"
        );
        Err(command.error(ErrorKind::ValueValidation, message))
    }

    /// Refuses a flag of the exporter that has the name of a common flag. clap would give both the
    /// same value, or notice it in debug builds only.
    fn check_own_flags(&self) -> Result<(), clap::Error> {
        let own = F::augment_args(Command::new(""));
        let common = self.with_common_flags(Command::new(""));
        let is_common =
            |long: &&str| common.get_arguments().any(|arg| arg.get_long() == Some(long));
        match own.get_arguments().filter_map(Arg::get_long).find(is_common) {
            Some(long) => {
                let message = format!(
                    "the exporter declares the flag `--{long}`, which every exporter has, expected \
                     another name\n"
                );
                Err(clap::Error::raw(ErrorKind::ArgumentConflict, message))
            }
            None => Ok(()),
        }
    }

    fn command(&self) -> Command {
        let command = F::augment_args(Command::new(self.settings.name.clone()));
        let command = self
            .with_common_flags(command)
            .about(self.settings.description.clone())
            .long_about(None)
            .disable_version_flag(true);
        let variables = self.variables();
        let command = variables.iter().fold(command, |command, it| it.describe(command));
        match &self.settings.listen_address {
            Some(address) => {
                let address = address.to_string();
                command.mut_arg("web.listen-address", |arg| arg.default_value(address))
            }
            None => command,
        }
    }

    /// Adds the flags that every exporter with these sources and probes has.
    pub(super) fn with_common_flags(&self, command: Command) -> Command {
        let version = Arg::new(VERSION)
            .long("version")
            .help("Print the version and what it was built with")
            .action(ArgAction::SetTrue);
        let command = self.with_collector_flags(Flags::augment_args(command).arg(version));
        let command = match self.state.config() {
            Some(config) => with_config_flags(command, config.default_file.as_deref()),
            None => command,
        };
        if self.probes.is_empty() { command } else { command.args(probe_flags()) }
    }

    fn with_collector_flags(&self, command: Command) -> Command {
        if self.sources.is_empty() {
            return command;
        }
        let flag = |id: String| {
            Arg::new(id.clone()).long(id).action(ArgAction::SetTrue).help_heading("Collectors")
        };
        let disable_defaults = flag(DISABLE_DEFAULTS.to_owned())
            .help("Disable all collectors but those that are enabled by a flag");
        let flags = self.sources.iter().flat_map(|(options, _)| {
            let (enable, disable) = (enable(options), disable(options));
            let default = if options.is_enabled() { "enabled" } else { "disabled" };
            let help = format!("Enable the collector (default: {default})");
            [
                flag(enable.clone()).help(help).overrides_with(disable.clone()),
                flag(disable).help("Disable it").overrides_with(enable),
            ]
        });
        command.args(flags).arg(disable_defaults)
    }

    /// Returns the enabled sources. Explicit flags override the defaults, and the last flag
    /// overrides earlier ones.
    fn enabled(&self, matches: &ArgMatches) -> HashSet<Cow<'static, str>> {
        let is_given = |id: &str| is_given(matches, id);
        let without_defaults = is_given(DISABLE_DEFAULTS);
        let enabled = self.sources.iter().filter(|(options, _)| {
            let by_default = options.is_enabled() && !without_defaults;
            is_given(&enable(options)) || by_default && !is_given(&disable(options))
        });
        enabled.map(|(options, _)| options.name().clone()).collect()
    }

    /// Returns clap's error. For a flag of an unknown collector, returns one that lists the known
    /// collectors.
    fn explain(&self, error: clap::Error, command: &mut Command) -> clap::Error {
        let Some(ContextValue::String(argument)) = error.get(ContextKind::InvalidArg) else {
            return error;
        };
        let name = ["--collector.", "--no-collector."]
            .into_iter()
            .find_map(|prefix| argument.strip_prefix(prefix));
        // Names have no dots: `--collector.disk.device` is a misspelt flag of the exporter's own.
        let is_name = |name: &&str| !name.contains('.');
        let is_unknown = error.kind() == ErrorKind::UnknownArgument;
        let Some(name) = name.filter(is_name).filter(|_| is_unknown) else { return error };
        let mut known: Vec<&str> = self.sources.iter().map(|(it, _)| &**it.name()).collect();
        known.sort_unstable();
        let message = if known.is_empty() {
            format!("unknown collector '{name}': this exporter has no collectors to choose from")
        } else {
            format!("unknown collector '{name}', expected one of: {}", known.join(", "))
        };
        command.error(ErrorKind::UnknownArgument, message)
    }
}
