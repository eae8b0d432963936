//! Reloads the configuration on request.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, Resource, web};

use super::{not_allowed, plain};
use crate::server::config::Reloader;

const RELOAD: &str = "/-/reload";

/// Creates `/-/reload`, which reloads the configuration on POST and PUT, as in Prometheus. Without
/// a reloader, it refuses to.
pub(crate) fn reload(reloader: Option<Reloader>) -> Resource {
    let handler = move || respond(reloader.clone());
    web::resource(RELOAD)
        .route(web::post().to(handler.clone()))
        .route(web::put().to(handler))
        .default_service(web::to(async || not_allowed("POST, PUT")))
}

async fn respond(reloader: Option<Reloader>) -> HttpResponse {
    let Some(reloader) = reloader else {
        let reason = "reloads by request are disabled, expected the flag --web.enable-lifecycle";
        return plain(StatusCode::FORBIDDEN, reason);
    };
    match reloader.reload_for_client().await {
        Some(true) => plain(StatusCode::OK, "reloaded"),
        // The error could quote the file.
        Some(false) => plain(
            StatusCode::INTERNAL_SERVER_ERROR,
            "cannot use the configuration, see the log; the previous one stays in force",
        ),
        None => plain(StatusCode::SERVICE_UNAVAILABLE, "the current reload has not ended yet"),
    }
}
