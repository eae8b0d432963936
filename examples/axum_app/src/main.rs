//! Keeps notes: an axum application that serves its metrics.

use std::error::Error;
use std::sync::Arc;

use axum::routing::get;
use axum::{Router, middleware};
use hello_exporter::tokio::RuntimeMetrics;
use hello_exporter::{Collector, RegisterError, Registry};
use notes::{NoteMetrics, Notes};
use requests::RequestMetrics;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

mod endpoint;
mod notes;
mod requests;

/// All metrics of the application, except those of its runtime.
#[derive(Collector)]
struct AppMetrics {
    #[metric(flatten)]
    notes: NoteMetrics,

    #[metric(flatten)]
    requests: RequestMetrics,
}

/// Registers the metrics of the application, and of the runtime in which this is called.
fn registry(metrics: &Arc<AppMetrics>) -> Result<Registry, RegisterError> {
    let registry = Registry::new();
    registry.register(Arc::clone(metrics))?;
    registry.register(RuntimeMetrics::current())?;
    Ok(registry)
}

fn app(metrics: Arc<AppMetrics>, registry: Registry) -> Router {
    Router::new()
        .route("/metrics", get(endpoint::metrics))
        .with_state(registry)
        .merge(notes::routes(Notes::new(Arc::clone(&metrics))))
        .layer(middleware::from_fn_with_state(metrics, requests::count))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let metrics = Arc::new(AppMetrics::new());
    let registry = registry(&metrics)?;

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let stop = async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    let address = std::env::var("LISTEN_ADDRESS").unwrap_or_else(|_| "127.0.0.1:8080".to_owned());
    let listener = TcpListener::bind(address).await?;
    eprintln!("Listening on address {}", listener.local_addr()?);
    axum::serve(listener, app(metrics, registry)).with_graceful_shutdown(stop).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use hello_exporter::testing::assert_schema;

    use super::{AppMetrics, registry};

    #[tokio::test]
    async fn metrics_stay_as_they_are() {
        let registry = registry(&Arc::new(AppMetrics::new())).expect("the names differ");
        assert_schema(&registry, "metrics.json");
    }
}
