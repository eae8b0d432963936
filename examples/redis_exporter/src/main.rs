//! Exports a Redis server, or those that requests name, as the redis_exporter that is written in Go does.

mod error;
mod info_metrics;
mod metrics;
mod replies;
mod servers;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use hello_exporter::probe::ProbeOptions;
use hello_exporter::source::SourceOptions;
use hello_exporter::{Exporter, build_info, cli::parse_duration};

use servers::Servers;

#[derive(clap::Args)]
struct Flags {
    /// Server to export, `redis://host:port`, or `rediss://host:port` for TLS. Empty: none but those that
    /// requests for /scrape name.
    #[arg(long = "redis.addr", env = "REDIS_ADDR", hide_env_values = true)]
    #[arg(value_name = "URL", default_value = "redis://localhost:6379")]
    addr: String,

    /// User of that server.
    #[arg(long = "redis.user", env = "REDIS_USER", value_name = "NAME")]
    user: Option<String>,

    /// Password of that server, which no other one is sent.
    #[arg(long = "redis.password", env = "REDIS_PASSWORD", hide_env_values = true)]
    password: Option<String>,

    /// JSON file with the passwords of servers: {"redis://host:port": "…", "rediss://user@host:port": "…"}.
    #[arg(long = "redis.password-file", env = "REDIS_PASSWORD_FILE", value_name = "FILE")]
    password_file: Option<PathBuf>,

    /// How long a server may take for all that it is asked, connecting included.
    #[arg(long, env = "REDIS_EXPORTER_CONNECTION_TIMEOUT", value_name = "DURATION")]
    #[arg(default_value = "15s", value_parser = parse_duration)]
    connection_timeout: Duration,

    /// File with the authorities to trust, in place of the system's.
    #[arg(long, env = "REDIS_EXPORTER_TLS_CA_CERT_FILE", value_name = "FILE")]
    tls_ca_cert_file: Option<PathBuf>,

    /// File with the certificate to show to that server and those of the password file.
    #[arg(long, env = "REDIS_EXPORTER_TLS_CLIENT_CERT_FILE", value_name = "FILE")]
    tls_client_cert_file: Option<PathBuf>,

    /// File with the key of that certificate.
    #[arg(long, env = "REDIS_EXPORTER_TLS_CLIENT_KEY_FILE", value_name = "FILE")]
    tls_client_key_file: Option<PathBuf>,

    /// Take any certificate of a server for the right one.
    #[arg(long, env = "REDIS_EXPORTER_SKIP_TLS_VERIFICATION")]
    skip_tls_verification: bool,
}

/// What takes longer is ended by `--connection-timeout`.
const LONGEST: Duration = Duration::from_secs(60 * 60);

const UP: (&str, &str) = ("redis_up", "Whether the Redis server has answered.");

#[actix_web::main]
async fn main() -> ExitCode {
    Exporter::new("redis_exporter")
        .description("Exports the metrics of Redis servers.")
        .build_info(build_info!())
        .listen_address("0.0.0.0:9121")
        .flags::<Flags>()
        .source(SourceOptions::new("redis").timeout(LONGEST).up(UP.0, UP.1), Servers::with_own)
        .probe(ProbeOptions::new("/scrape").timeout(LONGEST).up(UP.0, UP.1), Servers::new)
        .run()
        .await
}
