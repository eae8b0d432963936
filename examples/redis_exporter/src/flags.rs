//! The flags. As in the original, switches take a value: `--include-config-metrics=false`.

use std::path::PathBuf;
use std::time::Duration;

use clap::ArgAction::Set;
use clap::builder::BoolishValueParser;
use hello_exporter::cli::parse_duration;

#[derive(clap::Args)]
pub(crate) struct Flags {
    /// Server to export, `redis://host:port`, `rediss://host:port` for TLS, or `unix:///path` for a
    /// Unix socket. Empty: only the servers that requests for /scrape name.
    #[arg(long = "redis.addr", env = "REDIS_ADDR", hide_env_values = true)]
    #[arg(value_name = "URL", default_value = "redis://localhost:6379")]
    pub(crate) addr: String,

    /// User of the server of --redis.addr.
    #[arg(long = "redis.user", env = "REDIS_USER", value_name = "NAME")]
    pub(crate) user: Option<String>,

    /// Password of the server of --redis.addr. It is sent to no other server.
    #[arg(long = "redis.password", env = "REDIS_PASSWORD", hide_env_values = true)]
    pub(crate) password: Option<String>,

    /// JSON file with the passwords of servers: {"redis://host:port": "…",
    /// "rediss://user@host:port": "…"}.
    #[arg(long = "redis.password-file", env = "REDIS_PASSWORD_FILE", value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,

    /// How long a scrape of a server may take, connecting included.
    #[arg(long, env = "REDIS_EXPORTER_CONNECTION_TIMEOUT", value_name = "DURATION")]
    #[arg(default_value = "15s", value_parser = parse_duration)]
    pub(crate) connection_timeout: Duration,

    /// File with the certificate authorities to trust, instead of the system's.
    #[arg(long, env = "REDIS_EXPORTER_TLS_CA_CERT_FILE", value_name = "FILE")]
    pub(crate) tls_ca_cert_file: Option<PathBuf>,

    /// File with the client certificate for the server of --redis.addr and those of the password
    /// file.
    #[arg(long, env = "REDIS_EXPORTER_TLS_CLIENT_CERT_FILE", value_name = "FILE")]
    pub(crate) tls_client_cert_file: Option<PathBuf>,

    /// File with the key of that certificate.
    #[arg(long, env = "REDIS_EXPORTER_TLS_CLIENT_KEY_FILE", value_name = "FILE")]
    pub(crate) tls_client_key_file: Option<PathBuf>,

    /// Accept any certificate of a server.
    #[arg(long, env = "REDIS_EXPORTER_SKIP_TLS_VERIFICATION", value_name = "BOOL")]
    #[arg(action = Set, value_parser = BoolishValueParser::new(), default_value = "false")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) skip_tls_verification: bool,

    #[command(flatten)]
    pub(crate) options: Options,
}

/// The flags that choose what a scrape runs and exposes.
#[derive(clap::Args, Clone)]
pub(crate) struct Options {
    /// Name of the command CONFIG, if it was renamed on the server. `-`: read no settings.
    #[arg(long, env = "REDIS_EXPORTER_CONFIG_COMMAND", value_name = "COMMAND")]
    #[arg(default_value = "CONFIG")]
    pub(crate) config_command: String,

    /// Expose all settings, as redis_config_key_value and, if they are numbers, redis_config_value.
    #[arg(long, env = "REDIS_EXPORTER_INCL_CONFIG_METRICS", value_name = "BOOL")]
    #[arg(action = Set, value_parser = BoolishValueParser::new(), default_value = "false")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) include_config_metrics: bool,

    /// Omit the settings that are passwords.
    #[arg(long, env = "REDIS_EXPORTER_REDACT_CONFIG_METRICS", value_name = "BOOL")]
    #[arg(action = Set, value_parser = BoolishValueParser::new(), default_value = "true")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) redact_config_metrics: bool,

    /// Expose the memory of the host, as redis_total_system_memory_bytes.
    #[arg(long, env = "REDIS_EXPORTER_INCL_SYSTEM_METRICS", value_name = "BOOL")]
    #[arg(action = Set, value_parser = BoolishValueParser::new(), default_value = "false")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) include_system_metrics: bool,

    /// Expose the modules of a server, and their metrics from INFO.
    #[arg(long, env = "REDIS_EXPORTER_INCL_MODULES_METRICS", value_name = "BOOL")]
    #[arg(action = Set, value_parser = BoolishValueParser::new(), default_value = "false")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) include_modules_metrics: bool,

    /// Expose databases without keys.
    #[arg(long, env = "REDIS_EXPORTER_INCL_METRICS_FOR_EMPTY_DATABASES", value_name = "BOOL")]
    #[arg(action = Set, value_parser = BoolishValueParser::new(), default_value = "true")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) include_metrics_for_empty_databases: bool,

    /// Do not run LATENCY HISTOGRAM.
    #[arg(long, env = "REDIS_EXPORTER_EXCLUDE_LATENCY_HISTOGRAM_METRICS", value_name = "BOOL")]
    #[arg(action = Set, value_parser = BoolishValueParser::new(), default_value = "false")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) exclude_latency_histogram_metrics: bool,

    /// Set the name of the connection to redis_exporter.
    #[arg(long, env = "REDIS_EXPORTER_SET_CLIENT_NAME", value_name = "BOOL")]
    #[arg(action = Set, value_parser = BoolishValueParser::new(), default_value = "true")]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) set_client_name: bool,
}
