//! The metrics endpoint.

use actix_web::dev::{AppService, HttpServiceFactory};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use tracing::error;

use super::{negotiate, resource};
use crate::Registry;

/// Serves a [`Registry`] at a path, in the [`Format`](crate::Format) that the request prefers.
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
        resource(&path, move |request| scrape(registry.clone(), request)).register(config);
    }
}

/// Encodes off the event loop: collectors may take their time, and one scrape must not hold another.
async fn scrape(registry: Registry, request: HttpRequest) -> HttpResponse {
    let format = negotiate::format(&accept(&request));
    let encode = move || {
        let mut body = Vec::new();
        registry.encode(format, &mut body);
        body
    };
    match web::block(encode).await {
        Ok(body) => HttpResponse::Ok()
            .content_type(format.content_type())
            .insert_header((header::VARY, "Accept"))
            .body(body),
        Err(error) => {
            error!(%error, "Scrape was not finished");
            HttpResponse::InternalServerError().finish()
        }
    }
}

/// All `Accept` headers as one, which is what they are.
fn accept(request: &HttpRequest) -> String {
    let headers = request.headers().get_all(header::ACCEPT);
    let values: Vec<&str> = headers.filter_map(|value| value.to_str().ok()).collect();
    values.join(",")
}
