//! Keeps notes: an axum application that serves its metrics.

use std::error::Error;
use std::sync::Arc;

use axum::routing::get;
use axum::{Router, middleware};
use hello_exporter::{Collector, Registry};
use notes::{NoteMetrics, Notes};
use requests::RequestMetrics;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

mod endpoint;
mod notes;
mod requests;

/// All metrics of the application.
#[derive(Collector)]
struct AppMetrics {
    #[metric(flatten)]
    notes: NoteMetrics,

    #[metric(flatten)]
    requests: RequestMetrics,
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
    let registry = Registry::new();
    registry.register(Arc::clone(&metrics))?;

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
    use hello_exporter::schema::Schema;
    use hello_exporter::testing::assert_schema;

    use super::AppMetrics;

    #[test]
    fn metrics_stay_as_they_are() {
        assert_schema(Schema::of::<AppMetrics>(), "metrics.json");
    }
}
