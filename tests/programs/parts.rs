//! An exporter whose sources have parts that are absent.

use std::convert::Infallible;
use std::process::ExitCode;

use hello_exporter::{Collector, Exporter, Source};

#[derive(Collector)]
#[collector(namespace = "server")]
struct Server {
    /// Whether the server answers.
    up: bool,

    #[metric(flatten)]
    replica: Option<Replica>,
}

#[derive(Collector)]
struct Replica {
    /// Seconds behind the primary.
    lag_seconds: f64,
}

struct Primary;

impl Source for Primary {
    type Metrics = Server;
    type Error = Infallible;

    async fn scrape(&self) -> Result<Server, Infallible> {
        Ok(Server { up: true, replica: None })
    }
}

/// A source all of whose metrics are absent.
struct Nothing;

impl Source for Nothing {
    type Metrics = Option<Replica>;
    type Error = Infallible;

    async fn scrape(&self) -> Result<Option<Replica>, Infallible> {
        Ok(None)
    }
}

fn main() -> ExitCode {
    Exporter::new("parts").source("primary", Primary).source("nothing", Nothing).run()
}
