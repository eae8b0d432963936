//! The flags, and the servers and logins in them. Their environment variables are those of the
//! postgres_exporter that is written in Go.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hello_exporter::cli;
use tokio_postgres::Config;

#[derive(Debug, thiserror::Error)]
pub(crate) enum FlagsError {
    #[error("cannot read {0}")]
    Read(PathBuf, #[source] io::Error),
    #[error("invalid {0}")]
    Invalid(&'static str, #[source] tokio_postgres::Error),
    #[error("invalid PROBE_LOGIN: requests name the server, expected no host and no port")]
    Host,
    #[error("no server, expected one in DATA_SOURCE_NAME or DATA_SOURCE_URI, or PROBE_LOGIN")]
    NoServer,
}

#[derive(clap::Args)]
pub(crate) struct Flags {
    /// Server to export, as a URL or as `host=… user=…`.
    #[arg(long = "data-source.name", env = "DATA_SOURCE_NAME", hide_env_values = true)]
    name: Option<String>,

    /// Server to export, as `HOST:PORT/DATABASE`, if there is no --data-source.name.
    #[arg(long = "data-source.uri", env = "DATA_SOURCE_URI", hide_env_values = true)]
    uri: Option<String>,

    /// User for --data-source.uri.
    #[arg(long = "data-source.user", env = "DATA_SOURCE_USER")]
    user: Option<String>,

    /// Password for --data-source.uri. A file is a better place.
    #[arg(long = "data-source.pass", env = "DATA_SOURCE_PASS", hide_env_values = true)]
    pass: Option<String>,

    /// File with the value of --data-source.uri.
    #[arg(long = "data-source.uri-file", env = "DATA_SOURCE_URI_FILE", value_name = "FILE")]
    uri_file: Option<PathBuf>,

    /// File with the user for --data-source.uri.
    #[arg(long = "data-source.user-file", env = "DATA_SOURCE_USER_FILE", value_name = "FILE")]
    user_file: Option<PathBuf>,

    /// File with the password for --data-source.uri.
    #[arg(long = "data-source.pass-file", env = "DATA_SOURCE_PASS_FILE", value_name = "FILE")]
    pass_file: Option<PathBuf>,

    /// How long to wait for each collector that has no timeout of its own, and for a probe.
    #[arg(long = "collection-timeout", env = "PG_EXPORTER_COLLECTION_TIMEOUT")]
    #[arg(value_name = "DURATION", default_value = "10s", value_parser = cli::parse_duration)]
    pub(crate) timeout: Duration,

    /// How long to wait for the sizes of the databases.
    #[arg(long = "database.timeout", value_name = "DURATION")]
    #[arg(default_value = "5s", value_parser = cli::parse_duration)]
    pub(crate) database_timeout: Duration,

    /// File with more queries whose columns become labels and samples.
    #[arg(long = "extend.query-path", env = "PG_EXPORTER_EXTEND_QUERY_PATH", value_name = "FILE")]
    pub(crate) query_path: Option<PathBuf>,

    /// How long to wait for the queries of --extend.query-path.
    #[arg(long = "extend.query-timeout", value_name = "DURATION")]
    #[arg(default_value = "3s", value_parser = cli::parse_duration)]
    pub(crate) query_timeout: Duration,

    /// How to log in to the targets of probes, as `user=… password=… dbname=…`.
    #[arg(long = "probe.login", env = "PROBE_LOGIN", hide_env_values = true)]
    login: Option<String>,
}

impl Flags {
    /// Returns the server to export, if there is one.
    pub(crate) fn server(&self) -> Result<Option<Config>, FlagsError> {
        if let Some(name) = value(self.name.as_deref(), None)? {
            return parse("DATA_SOURCE_NAME", &name).map(Some);
        }
        let Some(uri) = value(self.uri.as_deref(), self.uri_file.as_deref())? else {
            return if self.login.is_some() { Ok(None) } else { Err(FlagsError::NoServer) };
        };
        let mut config = parse("DATA_SOURCE_URI", &format!("postgresql://{uri}"))?;
        if let Some(user) = value(self.user.as_deref(), self.user_file.as_deref())? {
            config.user(user);
        }
        if let Some(password) = value(self.pass.as_deref(), self.pass_file.as_deref())? {
            config.password(password);
        }
        Ok(Some(config))
    }

    /// Returns the login for the targets of probes, if there is one.
    pub(crate) fn login(&self) -> Result<Option<Config>, FlagsError> {
        let Some(login) = value(self.login.as_deref(), None)? else { return Ok(None) };
        let login = parse("PROBE_LOGIN", &login)?;
        let has_no_host = login.get_hosts().is_empty() && login.get_hostaddrs().is_empty();
        if has_no_host && login.get_ports().is_empty() {
            Ok(Some(login))
        } else {
            Err(FlagsError::Host)
        }
    }
}

fn parse(variable: &'static str, text: &str) -> Result<Config, FlagsError> {
    text.parse().map_err(|error| FlagsError::Invalid(variable, error))
}

/// Returns the text of a file without the line feed that editors append, or else a value. Empty is
/// the same as missing.
fn value(value: Option<&str>, file: Option<&Path>) -> Result<Option<String>, FlagsError> {
    let read = |path: &Path| {
        std::fs::read_to_string(path).map_err(|error| FlagsError::Read(path.to_owned(), error))
    };
    let text = file.map(read).transpose()?;
    let text = text.as_deref().map(|text| text.trim_end_matches(['\r', '\n'])).or(value);
    Ok(text.filter(|text| !text.is_empty()).map(str::to_owned))
}

#[cfg(test)]
mod tests;
