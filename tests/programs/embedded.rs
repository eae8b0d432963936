//! An exporter in a program that has a runtime and another server.

use std::io;
use std::process::ExitCode;

use hello_exporter::{Collector, Exporter, ExporterError, Gauge};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

#[derive(Collector)]
struct Hello {
    /// Display a.
    a: Gauge,
}

fn exporter() -> Exporter {
    Exporter::new("embedded").register(Hello::new())
}

/// Greets its first client, and ends.
async fn greet_once() -> io::Result<()> {
    let address = std::env::var("GREETER").map_err(io::Error::other)?;
    let (mut client, _) = TcpListener::bind(address).await?.accept().await?;
    client.write_all(b"hello").await
}

/// Serves metrics and greets a client until one of the two ends, with `select!`.
async fn select() -> Result<(), ExporterError> {
    tokio::select! {
        served = exporter().serve() => served,
        greeted = greet_once() => greeted.map_err(ExporterError::Serve),
    }
}

/// Serves metrics in a task of the runtime, with arguments that differ from the program's.
async fn spawn() -> Result<(), ExporterError> {
    let arguments = ["embedded", "--web.listen-address=127.0.0.1:0", "--log.format=json"];
    let task = tokio::spawn(exporter().serve_from(arguments));
    task.await.unwrap_or_else(|error| Err(ExporterError::Serve(io::Error::other(error))))
}

#[tokio::main]
async fn main() -> ExitCode {
    let served = match std::env::var("EMBEDDED").as_deref() {
        Ok("spawn") => spawn().await,
        Ok("run") => return exporter().run(),
        _ => select().await,
    };
    let Err(error) = served else { return ExitCode::SUCCESS };
    eprintln!("{error}");
    ExitCode::from(error.exit_status())
}
