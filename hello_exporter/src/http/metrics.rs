//! The metrics endpoint.

use actix_web::dev::{AppService, HttpServiceFactory};
use actix_web::{HttpResponse, web};
use tracing::error;

use super::resource;
use crate::{Format, Registry};

/// Serves a [`Registry`] at a path.
///
/// ```no_run
/// use actix_web::{App, HttpServer};
/// use hello_exporter::{Registry, http::Metrics};
///
/// # #[actix_web::main]
/// # async fn main() -> std::io::Result<()> {
/// let registry = Registry::new();
/// HttpServer::new(move || App::new().service(Metrics::new(registry.clone())))
///     .bind(("127.0.0.1", 8080))?
///     .run()
///     .await
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
    path: String,
}

impl Metrics {
    /// The metrics of this registry, at `/metrics`.
    pub fn new(registry: Registry) -> Self {
        Self { registry, path: "/metrics".to_owned() }
    }

    /// The metrics at another path.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }
}

impl HttpServiceFactory for Metrics {
    fn register(self, config: &mut AppService) {
        let Self { registry, path } = self;
        resource(&path, move || scrape(registry.clone())).register(config);
    }
}

/// Encodes off the event loop: collectors may take their time, and one scrape must not hold another.
async fn scrape(registry: Registry) -> HttpResponse {
    let format = Format::Text;
    let encode = move || {
        let mut body = Vec::new();
        registry.encode(format, &mut body);
        body
    };
    match web::block(encode).await {
        Ok(body) => HttpResponse::Ok().content_type(format.content_type()).body(body),
        Err(error) => {
            error!(%error, "Scrape was not finished");
            HttpResponse::InternalServerError().finish()
        }
    }
}
