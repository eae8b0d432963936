//! Request metrics of an application.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "tests")]

use std::io::Read;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::pin::Pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::body::{BodySize, MessageBody};
use actix_web::error::ErrorForbidden;
use actix_web::guard::Header;
use actix_web::http::StatusCode;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Bytes, ServiceConfig};
use hello_exporter::http::RequestMetrics;
use hello_exporter::testing::{assert_exposition, lint, value_of};
use hello_exporter_tests::http::{Server, get, get_with, request, serve_counting, start_get};
use hello_exporter_tests::{assert_golden, exposition, poll, read_until, registry_of};
use prometheus::TextEncoder;
use tokio::sync::oneshot;

/// Returns request metrics with one bucket bound, which is longer than any request takes.
fn requests() -> RequestMetrics {
    RequestMetrics::new().buckets(&[3600.0])
}

/// Returns the exposition without the sums of durations.
fn counted(requests: &RequestMetrics) -> String {
    let registry = registry_of(requests.clone());
    let exposition = exposition(&registry);
    let lines = exposition.lines().filter(|line| !line.contains("_sum"));
    lines.map(|line| line.to_owned() + "\n").collect()
}

/// Returns the samples of `http_requests_total`, once nothing is in flight: a client can receive a
/// response a moment before it is counted.
fn totals(requests: &RequestMetrics) -> Vec<String> {
    let is_done = || value_of(requests, "http_requests_in_flight", &[]) == Some(0.0);
    poll(|| is_done().then_some(())).expect("nothing stays in flight");
    let counted = counted(requests);
    let totals = counted.lines().filter_map(|line| line.strip_prefix("http_requests_total"));
    totals.map(str::to_owned).collect()
}

fn shop(config: &mut ServiceConfig) {
    let item = async |name: web::Path<String>| match name.as_str() {
        "chair" => HttpResponse::Ok().body("a chair"),
        _ => HttpResponse::NotFound().finish(),
    };
    config
        .route("/items/{name}", web::get().to(item))
        .service(web::scope("/api").route("/orders/{id}/lines", web::put().to(HttpResponse::Ok)));
}

#[test]
fn requests_are_counted_by_method_route_and_code() {
    let requests = requests();
    let server = serve_counting(requests.clone(), shop);
    for (method, path, code) in [
        ("GET", "/items/chair", 200),
        ("GET", "/items/chair?colour=red", 200),
        ("GET", "/items/table", 404),
        ("PUT", "/api/orders/7/lines", 200),
        ("PUT", "/api/orders/8/lines", 200),
        ("DELETE", "/api/orders", 404),
    ] {
        assert_eq!(request(server.address, method, path).status, code, "{method} {path}");
    }
    totals(&requests);
    assert_golden("expositions/request_metrics.txt", &counted(&requests));
}

#[test]
fn unknown_paths_and_methods_add_no_series() {
    let requests = requests();
    let server = serve_counting(requests.clone(), shop);
    for at in 0..50 {
        get(server.address, &format!("/{at}/{at}"));
        get(server.address, &format!("/items/{at}"));
        request(server.address, &format!("M{at}"), &format!("/items/{at}"));
        request(server.address, &format!("M{at}"), &format!("/{at}"));
    }
    assert_eq!(
        totals(&requests),
        [
            "{method=\"GET\",route=\"unmatched\",code=\"404\"} 50",
            "{method=\"GET\",route=\"/items/{name}\",code=\"404\"} 50",
            "{method=\"other\",route=\"/items/{name}\",code=\"404\"} 50",
            "{method=\"other\",route=\"unmatched\",code=\"404\"} 50",
        ]
    );
}

#[test]
fn route_that_answered_is_counted() {
    let requests = requests();
    let server = serve_counting(requests.clone(), |config| {
        let inner = web::scope("").guard(Header("x-zone", "inner"));
        config
            .service(inner.route("/{inner}", web::get().to(HttpResponse::Ok)))
            .service(web::resource("/{outer}").route(web::get().to(HttpResponse::Accepted)));
    });
    assert_eq!(get_with(server.address, "/a", "X-Zone: inner").status, 200);
    assert_eq!(get(server.address, "/a").status, 202);
    assert_eq!(
        totals(&requests),
        [
            "{method=\"GET\",route=\"/{inner}\",code=\"200\"} 1",
            "{method=\"GET\",route=\"/{outer}\",code=\"202\"} 1",
        ]
    );
}

#[test]
fn errors_of_handlers_and_of_middlewares_have_their_code() {
    let requests = requests();
    let server = serve_counting(requests.clone(), |config| {
        let failing = async || -> actix_web::Result<&'static str> {
            Err(std::io::Error::other("the disk is full").into())
        };
        let closed =
            from_fn(async |_, _| Err::<actix_web::dev::ServiceResponse, _>(ErrorForbidden("no")));
        config.route("/failing", web::get().to(failing)).service(
            web::scope("/closed").wrap(closed).route("/{x}", web::get().to(HttpResponse::Ok)),
        );
    });
    assert_eq!(get(server.address, "/failing").status, 500);
    assert_eq!(get(server.address, "/closed/1").status, 403);
    assert_eq!(
        totals(&requests),
        [
            "{method=\"GET\",route=\"/failing\",code=\"500\"} 1",
            "{method=\"GET\",route=\"/closed/{x}\",code=\"403\"} 1",
        ]
    );
}

/// Sends a request and leaves the response to the caller.
fn send(address: SocketAddr, path: &str) -> TcpStream {
    let stream = start_get(address, path);
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

#[test]
fn panicking_handler_is_counted_as_500() {
    let requests = requests();
    let server = serve_counting(requests.clone(), |config| {
        let panicking = async |name: web::Path<u32>| -> String {
            tokio::task::yield_now().await;
            panic!("{name}: a fault")
        };
        config.route("/panicking/{name}", web::get().to(panicking));
    });
    let mut answer = Vec::new();
    send(server.address, "/panicking/1").read_to_end(&mut answer).unwrap();
    assert_eq!(answer, b"");
    assert_eq!(totals(&requests), ["{method=\"GET\",route=\"/panicking/{name}\",code=\"500\"} 1"]);
}

#[test]
fn client_that_disconnects_is_counted_as_499_and_not_in_flight() {
    let requests = requests();
    let (sender, begun) = mpsc::channel();
    let server = serve_counting(requests.clone(), move |config| {
        let sender = sender.clone();
        let waiting = move || {
            sender.send(()).unwrap();
            std::future::pending::<&'static str>()
        };
        config.route("/waiting/{name}", web::get().to(waiting));
    });
    let client = send(server.address, "/waiting/1");
    begun.recv().unwrap();
    assert_eq!(value_of(&requests, "http_requests_in_flight", &[]), Some(1.0));
    client.shutdown(Shutdown::Both).unwrap();
    assert_eq!(totals(&requests), ["{method=\"GET\",route=\"/waiting/{name}\",code=\"499\"} 1"]);
}

/// A body that ends when the test sends a message.
struct Gate(oneshot::Receiver<()>);

impl MessageBody for Gate {
    type Error = actix_web::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let _ = ready!(Pin::new(&mut self.0).poll(context));
        Poll::Ready(None)
    }
}

/// Starts an application with one streamed response, and returns the sender that ends the response.
fn streaming(requests: &RequestMetrics) -> (Server, oneshot::Sender<()>) {
    let (end, ended) = oneshot::channel();
    let ended = Arc::new(Mutex::new(Some(ended)));
    let server = serve_counting(requests.clone(), move |config| {
        let ended = Arc::clone(&ended);
        let stream = move || {
            let gate = Gate(ended.lock().unwrap().take().unwrap());
            async { HttpResponse::with_body(StatusCode::CREATED, gate) }
        };
        config.route("/stream", web::get().to(stream));
    });
    (server, end)
}

/// Reads the head of a response.
fn read_head(client: &mut TcpStream) {
    let head = read_until(client, b"\r\n\r\n");
    assert!(head.starts_with(b"HTTP/1.1 201 Created\r\n"));
}

const STREAMED: [&str; 1] = ["{method=\"GET\",route=\"/stream\",code=\"201\"} 1"];

#[test]
fn response_is_in_flight_until_it_is_sent() {
    let requests = requests();
    let (server, end) = streaming(&requests);
    let mut client = send(server.address, "/stream");
    read_head(&mut client);
    assert_eq!(value_of(&requests, "http_requests_in_flight", &[]), Some(1.0));
    assert!(!counted(&requests).contains("http_requests_total"));
    end.send(()).unwrap();
    assert_eq!(totals(&requests), STREAMED);
}

#[test]
fn truncated_response_has_the_code_that_was_sent() {
    let requests = requests();
    let (server, _end) = streaming(&requests);
    let mut client = send(server.address, "/stream");
    read_head(&mut client);
    client.shutdown(Shutdown::Both).unwrap();
    assert_eq!(totals(&requests), STREAMED);
}

#[test]
fn metrics_with_a_namespace_register_in_both_kinds_of_registries() {
    let requests = RequestMetrics::new().buckets(&[3600.0]).namespace("shop");
    let foreign = prometheus::Registry::new();
    foreign.register(Box::new(requests.clone())).unwrap();
    let expected = "\
# HELP shop_http_requests_in_flight Requests that are being answered.
# TYPE shop_http_requests_in_flight gauge
shop_http_requests_in_flight 0
";
    assert_exposition(&requests, expected);
    assert_eq!(TextEncoder::new().encode_to_string(&foreign.gather()).unwrap(), expected);
}

#[test]
fn metrics_follow_the_conventions() {
    assert_eq!(lint(&RequestMetrics::new()), []);
}
