//! Shortens links: an application on the `prometheus` crate that has adopted the derive.

use std::error::Error;

use actix_web::error::{Error as AppError, ErrorBadRequest, ErrorInternalServerError};
use actix_web::http::{StatusCode, Uri, header};
use actix_web::web::{self, Data, Path, Query, ServiceConfig};
use actix_web::{App, HttpResponse, HttpServer};
use hello_exporter::http::{Metrics, RequestMetrics};
use hello_exporter::interop::Shared;
use hello_exporter::{Collector, Counter, CounterVec, Histogram, Registry};
use prometheus::TextEncoder;
use serde::Deserialize;
use store::{Created, Store};

mod store;

#[derive(Collector)]
#[collector(namespace = "links")]
struct LinkMetrics {
    #[metric(name = "created_total", help = "Links created.")]
    created: Counter,
    #[metric(
        name = "followed_total",
        help = "Links followed, by whether there was one.",
        labels = ["result"]
    )]
    followed: CounterVec<1>,
    #[metric(
        name = "url_length_bytes",
        help = "Length of the URLs that links lead to.",
        buckets = [32, 128, 512, 2048]
    )]
    url_length: Histogram,
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
    HttpResponse::new(if store.remove(&name) {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::NOT_FOUND
    })
}

async fn follow(
    name: Path<String>,
    store: Data<Store>,
    metrics: Data<LinkMetrics>,
) -> HttpResponse {
    let Some(url) = store.follow(&name) else {
        metrics.followed.with(["missing"]).inc();
        return HttpResponse::new(StatusCode::NOT_FOUND);
    };
    metrics.followed.with(["found"]).inc();
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
    let text = TextEncoder::new()
        .encode_to_string(&prometheus::gather())
        .map_err(ErrorInternalServerError)?;
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
    let metrics = Data::new(LinkMetrics::new());
    let requests = RequestMetrics::new();
    prometheus::register(Box::new(Shared(metrics.clone().into_inner())))?;
    prometheus::register(Box::new(requests.clone()))?;

    // The same metrics for clients that prefer OpenMetrics, protobuf or a compressed response.
    let registry = Registry::new();
    registry.register(prometheus::default_registry().clone())?;

    let address = std::env::var("LISTEN_ADDRESS").unwrap_or_else(|_| "127.0.0.1:8080".to_owned());
    let server = HttpServer::new(move || {
        App::new()
            .wrap(requests.clone())
            .app_data(store.clone())
            .app_data(metrics.clone())
            .configure(routes)
            .service(Metrics::new(registry.clone()).path("/metrics/negotiated"))
    });
    // A client that disconnects while it waits for a visit ends its request.
    let server = server.h1_allow_half_closed(false).bind(address)?;
    server.addrs().iter().for_each(|address| eprintln!("Listening on address {address}"));
    Ok(server.run().await?)
}

#[cfg(test)]
mod tests {
    use hello_exporter::schema::Schema;
    use hello_exporter::testing::assert_schema;

    use super::LinkMetrics;

    #[test]
    fn metrics_stay_as_they_are() {
        assert_schema(Schema::of::<LinkMetrics>(), "metrics.json");
    }
}
