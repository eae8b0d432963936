//! The application before it adopted the derive.

use std::error::Error;

use actix_web::error::{Error as AppError, ErrorBadRequest, ErrorInternalServerError};
use actix_web::http::{StatusCode, Uri, header};
use actix_web::web::{self, Data, Path, Query, ServiceConfig};
use actix_web::{App, HttpResponse, HttpServer};
use prometheus::{Histogram, IntCounter, IntCounterVec, TextEncoder};
use prometheus::{register_histogram, register_int_counter, register_int_counter_vec};
use serde::Deserialize;
use store::{Created, Store};

#[path = "../src/store.rs"]
mod store;

struct LinkMetrics {
    created: IntCounter,
    followed: IntCounterVec,
    url_length: Histogram,
}

impl LinkMetrics {
    fn register() -> prometheus::Result<Self> {
        Ok(Self {
            created: register_int_counter!("links_created_total", "Links created.")?,
            followed: register_int_counter_vec!(
                "links_followed_total",
                "Links followed, by whether there was one.",
                &["result"]
            )?,
            url_length: register_histogram!(
                "links_url_length_bytes",
                "Length of the URLs that links lead to.",
                vec![32.0, 128.0, 512.0, 2048.0]
            )?,
        })
    }
}

const LONGEST_URL: usize = 2048;

async fn create(
    name: Path<String>,
    url: String,
    store: Data<Store>,
    metrics: Data<LinkMetrics>,
) -> Result<HttpResponse, AppError> {
    let uri: Uri = url.parse().map_err(ErrorBadRequest)?;
    if uri.host().is_none() || url.len() > LONGEST_URL {
        return Err(ErrorBadRequest("a link leads to an absolute URL of at most 2048 bytes"));
    }
    metrics.url_length.observe(url.len() as f64);
    let status = match store.create(name.into_inner(), url) {
        Created::New => {
            metrics.created.inc();
            StatusCode::CREATED
        }
        Created::Changed => StatusCode::NO_CONTENT,
        Created::Full => StatusCode::INSUFFICIENT_STORAGE,
    };
    Ok(HttpResponse::new(status))
}

async fn remove(name: Path<String>, store: Data<Store>) -> HttpResponse {
    HttpResponse::new(match store.remove(&name) {
        true => StatusCode::NO_CONTENT,
        false => StatusCode::NOT_FOUND,
    })
}

async fn follow(
    name: Path<String>,
    store: Data<Store>,
    metrics: Data<LinkMetrics>,
) -> HttpResponse {
    let Some(url) = store.follow(&name) else {
        metrics.followed.with_label_values(&["missing"]).inc();
        return HttpResponse::new(StatusCode::NOT_FOUND);
    };
    metrics.followed.with_label_values(&["found"]).inc();
    HttpResponse::Found().insert_header((header::LOCATION, url)).finish()
}

#[derive(Deserialize)]
struct Known {
    known: Option<u64>,
}

/// Responds with the number of visits. With `?known=3` it waits for the fourth visit.
async fn visits(name: Path<String>, known: Query<Known>, store: Data<Store>) -> HttpResponse {
    match store.visits(&name, known.known).await {
        Some(visits) => HttpResponse::Ok().body(format!("{visits}\n")),
        None => HttpResponse::new(StatusCode::NOT_FOUND),
    }
}

async fn metrics() -> Result<HttpResponse, AppError> {
    let text = TextEncoder::new().encode_to_string(&prometheus::gather());
    let text = text.map_err(ErrorInternalServerError)?;
    Ok(HttpResponse::Ok().content_type(prometheus::TEXT_FORMAT).body(text))
}

fn routes(config: &mut ServiceConfig) {
    config
        .route("/metrics", web::get().to(metrics))
        .route("/go/{name}", web::get().to(follow))
        .route("/links/{name}/visits", web::get().to(visits))
        .service(
            web::resource("/links/{name}")
                .route(web::put().to(create))
                .route(web::delete().to(remove)),
        );
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let store = Data::new(Store::new()?);
    let metrics = Data::new(LinkMetrics::register()?);

    let address = std::env::var("LISTEN_ADDRESS");
    let address = address.unwrap_or_else(|_| "127.0.0.1:8080".to_owned());
    let server = HttpServer::new(move || {
        App::new().app_data(store.clone()).app_data(metrics.clone()).configure(routes)
    });
    // A client that disconnects while it waits for a visit ends its request.
    let server = server.h1_allow_half_closed(false).bind(address)?;
    server.addrs().iter().for_each(|address| eprintln!("Listening on address {address}"));
    Ok(server.run().await?)
}
