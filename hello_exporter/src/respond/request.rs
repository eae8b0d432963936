//! The part of an HTTP request that concerns an exposition.

use std::collections::HashSet;

use super::compress::Coding;
use super::kinds::Kind;
use super::negotiate::{self, Representation};
use super::query::query_pairs;
use crate::encode::{Encoding, Format};

/// A request for an exposition: its headers and its query.
///
/// ```
/// use hello_exporter::{Collector, Gauge, Registry, respond};
///
/// #[derive(Collector)]
/// struct Hello {
///     #[metric(help = "Display a.")]
///     a: Gauge,
///     #[metric(help = "Display b.")]
///     b: Gauge,
/// }
///
/// let registry = Registry::new();
/// registry.register(Hello::new())?;
///
/// let headers = [("Accept", "application/openmetrics-text"), ("Host", "localhost:8080")];
/// let request = respond::Request::new().headers(headers).query("name[]=b");
/// let response = registry.respond_to(&request);
/// assert_eq!(response.body(), b"# HELP b Display b.\n# TYPE b gauge\nb 0\n# EOF\n");
/// # Ok::<(), hello_exporter::RegisterError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    accept: String,
    accept_encoding: String,
    /// The names of the families to expose; `None` for all.
    names: Option<HashSet<String>>,
    /// The query of the URL.
    query: String,
    created_samples: bool,
    fast_gzip: bool,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            accept: String::new(),
            accept_encoding: String::new(),
            names: None,
            query: String::new(),
            created_samples: false,
            fast_gzip: true,
        }
    }
}

impl Request {
    /// Returns a request without headers and query: for all families, as uncompressed text.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds header lines of the request: pairs of a name, in any case, and a value. The maps of the
    /// crate `http` are such pairs, `&http::HeaderMap`.
    ///
    /// It reads `Accept` and `Accept-Encoding`, and ignores all others. Lines of the same name are
    /// joined ([RFC 9110, section 5.3](https://www.rfc-editor.org/rfc/rfc9110#section-5.3)); a
    /// value that is not UTF-8 is ignored.
    #[must_use]
    pub fn headers<N, V>(mut self, headers: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: AsRef<str>,
        V: AsRef<[u8]>,
    {
        for (name, value) in headers {
            let name = name.as_ref();
            let joined = if name.eq_ignore_ascii_case("accept") {
                &mut self.accept
            } else if name.eq_ignore_ascii_case("accept-encoding") {
                &mut self.accept_encoding
            } else {
                continue;
            };
            if let Ok(value) = str::from_utf8(value.as_ref()) {
                if !joined.is_empty() {
                    joined.push(',');
                }
                joined.push_str(value);
            }
        }
        self
    }

    /// Reads the query of the URL, the part after `?`, percent-encoded. Each `name[]` selects the
    /// family of this name; all other parameters are ignored. Without a `name[]`, all families are
    /// exposed.
    #[must_use]
    pub fn query(mut self, query: &str) -> Self {
        for (_, name) in query_pairs(query).filter(|(key, _)| key == "name[]") {
            self.names.get_or_insert_default().insert(name);
        }
        self.resembling(query)
    }

    /// Sets what other requests have in common with this one if their bodies have the same lines.
    pub(crate) fn resembling(mut self, query: &str) -> Self {
        query.clone_into(&mut self.query);
        self
    }

    /// Sets whether OpenMetrics has samples `_created`, see
    /// [`Encoding::created_samples`](crate::registry::Encoding::created_samples). By default it has
    /// none.
    #[must_use]
    pub fn created_samples(self, created_samples: bool) -> Self {
        Self { created_samples, ..self }
    }

    /// Sets whether a body of 4 KiB to 32 MiB in gzip is compressed by this library, if one of the
    /// same format and query was requested in the last two minutes. It remembers the matches of
    /// each line for the next scrape: about 30 bytes for each line, which a later scrape frees if
    /// they were not used for two minutes. It takes about half of the time of zlib-rs at its fast
    /// level 1, and about two thirds of the bytes. By default it does so; if not, and for all other
    /// bodies, zlib-rs compresses.
    ///
    /// ```
    /// use hello_exporter::{Registry, respond};
    ///
    /// let request = respond::Request::new().headers([("Accept-Encoding", "gzip")]);
    /// let response = Registry::new().respond_to(&request.fast_gzip(false));
    /// assert!(response.headers().any(|header| header == ("content-encoding", "gzip")));
    /// ```
    #[must_use]
    pub fn fast_gzip(self, fast_gzip: bool) -> Self {
        Self { fast_gzip, ..self }
    }

    /// Returns the kind of the body; `None` if it is not worth remembering.
    pub(super) fn kind(&self, encoding: Encoding) -> Option<Kind> {
        let is_text = encoding.format != Format::Protobuf;
        (self.fast_gzip && is_text).then(|| Kind::of((encoding, &self.query)))
    }

    /// Returns the names of the families to expose; `None` for all.
    pub(crate) fn names(&self) -> Option<&HashSet<String>> {
        self.names.as_ref()
    }

    /// Returns the format that the client prefers.
    pub(super) fn representation(&self) -> Representation {
        negotiate::representation(&self.accept)
    }

    /// Returns the encoding of a representation, with the options of this request.
    pub(super) fn encoding(&self, representation: Representation) -> Encoding {
        representation.encoding().created_samples(self.created_samples)
    }

    /// Returns the coding that the client prefers.
    pub(super) fn coding(&self) -> Coding {
        negotiate::coding(&self.accept_encoding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_lines_of_a_name_are_joined() {
        let lines: [(&str, &[u8]); 6] = [
            ("Accept", b"text/plain;q=0.5"),
            ("Cookie", b"accept=a"),
            ("accept-encoding", b"zstd;q=0.5"),
            ("ACCEPT", b"\xff"),
            ("ACCEPT", b"application/openmetrics-text"),
            ("Accept-Encoding", b"gzip"),
        ];
        let request = Request::new().headers(lines[..3].iter().copied());
        let request = request.headers(lines[3..].iter().copied());
        assert_eq!(request.accept, "text/plain;q=0.5,application/openmetrics-text");
        assert_eq!(request.accept_encoding, "zstd;q=0.5,gzip");
    }

    #[test]
    fn query_selects_names() {
        let names = |query| {
            let mut names: Vec<String> = Request::new().query(query).names?.into_iter().collect();
            names.sort_unstable();
            Some(names)
        };
        assert_eq!(names(""), None);
        assert_eq!(names("name=a&collect[]=b"), None);
        assert_eq!(names("name[]"), Some(vec![String::new()]));
        let three = ["a", "b", "c.d"].map(str::to_owned).to_vec();
        assert_eq!(names("name[]=b&x&name%5b%5D=a&name[]=b&name[]=c%2Ed"), Some(three));
    }
}
