//! Two sources: an asynchronous one that connects to a server, and a blocking one that reads a
//! directory.

use std::io;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use hello_exporter::{Collector, Exporter, Source, SourceOptions, build_info};
use tokio::net::TcpStream;

/// The metrics of a directory, as plain values.
#[derive(Collector)]
struct Spool {
    /// Entries in the spool directory.
    spool_entries: usize,
}

fn spool() -> io::Result<Spool> {
    Ok(Spool { spool_entries: std::fs::read_dir("/var/spool")?.count() })
}

#[derive(Collector)]
#[collector(namespace = "gateway")]
struct GatewayMetrics {
    /// Time to connect to the gateway in seconds.
    connect_duration_seconds: Duration,
}

struct Gateway {
    address: String,
}

impl Source for Gateway {
    type Metrics = GatewayMetrics;
    type Error = io::Error;

    async fn scrape(&self) -> io::Result<GatewayMetrics> {
        let start = Instant::now();
        TcpStream::connect(&self.address).await?;
        Ok(GatewayMetrics { connect_duration_seconds: start.elapsed() })
    }
}

#[derive(clap::Args)]
struct Flags {
    /// The gateway to connect to.
    #[arg(long = "gateway.address", default_value = "localhost:22")]
    address: String,
}

fn main() -> ExitCode {
    let spool_options = SourceOptions::new("spool").timeout(Duration::from_secs(2));
    Exporter::with_flags::<Flags>("gateway_exporter")
        .build_info(build_info!())
        .source_with("gateway", |flags, _| Gateway { address: flags.address.clone() })
        .blocking_source_fn(spool_options, spool)
        .run()
}
