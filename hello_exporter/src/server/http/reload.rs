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
    if reloader.reload().await {
        plain(StatusCode::OK, "reloaded")
    } else {
        // The error could quote the file.
        let reason = "cannot use the configuration, see the log; the previous one stays in force";
        plain(StatusCode::INTERNAL_SERVER_ERROR, reason)
    }
}
