//! Responses to scrapes.

use super::Registry;
use crate::registry::scrape::ScrapeRequest;
use crate::respond::{Request, Response};

impl Registry {
    /// Returns the response to a scrape, for any HTTP server or framework: status, headers and
    /// body, in the [`Format`](crate::Format) that the header `Accept` prefers, compressed with
    /// gzip or zstd if `Accept-Encoding` permits it. A missing header is the empty string.
    ///
    /// It never fails; a client that accepts none of the formats gets the text format. It blocks
    /// the thread until the body is compressed, so an asynchronous handler calls it on a blocking
    /// thread, e.g. in `tokio::task::spawn_blocking`: see [`respond`](crate::respond).
    ///
    /// ```
    /// use hello_exporter::{Collector, Gauge, Registry};
    ///
    /// #[derive(Collector)]
    /// struct Hello {
    ///     #[metric(help = "Display a.")]
    ///     a: Gauge,
    /// }
    ///
    /// let registry = Registry::new();
    /// registry.register(Hello::new())?;
    ///
    /// let response = registry.respond("text/plain", "");
    /// assert_eq!(response.status(), 200);
    /// let headers: Vec<_> = response.headers().collect();
    /// assert_eq!(headers, [
    ///     ("content-type", "text/plain; version=0.0.4; charset=utf-8"),
    ///     ("vary", "Accept, Accept-Encoding"),
    /// ]);
    /// assert_eq!(response.body(), b"# HELP a Display a.\n# TYPE a gauge\na 0\n");
    /// # Ok::<(), hello_exporter::RegisterError>(())
    /// ```
    pub fn respond(&self, accept: &str, accept_encoding: &str) -> Response {
        let headers = [("accept", accept), ("accept-encoding", accept_encoding)];
        self.respond_to(&Request::new().headers(headers))
    }

    /// Returns the response to a [`Request`], which has the headers and the query of an HTTP
    /// request. It blocks the thread as [`respond`](Self::respond) does.
    pub fn respond_to(&self, request: &Request) -> Response {
        Response::encode(request, &self.inner.bodies, |encoding, exposition| {
            let scrape = ScrapeRequest { encoding, names: request.names() };
            self.encode_request(&scrape, &mut (), exposition);
        })
    }
}
