//! Reads and parses a configuration file.

use std::path::Path;

use super::unknown_key::{self, Step};
use super::{ConfigError, ConfigFile};
use crate::internals::catch;
use crate::server::causes::{BoxError, text_of};
use crate::server::files::ReadFiles;
use crate::server::yaml::{self, YamlError};

/// Reads a file, and checks its contents.
pub(super) fn read<C: ConfigFile>(path: &Path, files: &mut ReadFiles) -> Result<C, ConfigError> {
    let read = |error| ConfigError::Read { path: path.to_owned(), error };
    let invalid = |message: &str| ConfigError::invalid(Some(path), message.to_owned());
    let text = String::from_utf8(files.read(path).map_err(read)?);
    let text = text.map_err(|_| invalid("not UTF-8"))?;
    if is_blank(&text) {
        return Err(invalid("the file is empty, expected at least `{}`"));
    }
    let config = parse(&text).map_err(|error| ConfigError::Syntax {
        path: path.to_owned(),
        line: error.line,
        column: error.column,
        message: error.message,
    })?;
    validate(&config).map_err(|message| ConfigError::invalid(Some(path), message))?;
    Ok(config)
}

/// Calls the author's [`ConfigFile::validate`].
pub(super) fn validate<C: ConfigFile>(config: &C) -> Result<(), String> {
    call(|| config.validate())
}

/// Calls an author's function. Returns the text of its error, or of its panic.
pub(super) fn call<T>(function: impl FnOnce() -> Result<T, BoxError>) -> Result<T, String> {
    let panicked = |panic| format!("panicked: {panic}");
    let called = catch(|| function().map_err(|error| text_of(error).unwrap_or_else(panicked)));
    called.unwrap_or_else(|panic| Err(panicked(panic)))
}

/// Returns whether the text has only white space, comments and marks of documents.
fn is_blank(text: &str) -> bool {
    let mut lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    lines.all(|line| line.is_empty() || line.starts_with('#') || line == "---")
}

/// Parses the text, and refuses unknown keys.
fn parse<C: ConfigFile>(text: &str) -> Result<C, YamlError> {
    let mut unknown: Option<Vec<Step>> = None;
    let parsed = serde_saphyr::with_deserializer_from_str_with_options(
        text,
        yaml::options(),
        |deserializer| {
            serde_ignored::deserialize(deserializer, |path| {
                unknown.get_or_insert_with(|| unknown_key::steps(&path));
            })
        },
    );
    let config = parsed.map_err(|error| YamlError::new(&error))?;
    unknown.map_or(Ok(config), |steps| Err(unknown_key::error(text, &steps)))
}
