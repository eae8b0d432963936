//! A format with its options.

use super::Format;
use crate::name::Escaping;

/// How an exposition is written: a [`Format`] and its options.
///
/// [`Registry::encode`](crate::Registry::encode) also takes a format alone.
///
/// ```
/// use hello_exporter::registry::Encoding;
/// use hello_exporter::{Collector, Counter, Format, Registry};
///
/// #[derive(Collector)]
/// struct Jobs {
///     /// Jobs done.
///     done_total: Counter,
/// }
///
/// let registry = Registry::new();
/// registry.register(Jobs::new())?;
/// let mut buffer = Vec::new();
/// registry.encode(Encoding::new(Format::OpenMetrics).created_samples(true), &mut buffer);
/// let text = String::from_utf8_lossy(&buffer);
/// assert!(text.starts_with("# HELP done Jobs done.\n# TYPE done counter\ndone_total 0\ndone_created 1"));
/// # Ok::<(), hello_exporter::RegisterError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Encoding {
    pub(crate) format: Format,
    pub(crate) created_samples: bool,
    pub(crate) escaping: Escaping,
}

impl Encoding {
    /// Returns the encoding in `format` without options.
    pub const fn new(format: Format) -> Self {
        Self { format, created_samples: false, escaping: Escaping::Underscores }
    }

    /// Sets whether OpenMetrics has a sample `<family>_created` for each counter, histogram and
    /// summary with a start timestamp: the time since which it counts, in seconds since the Unix
    /// epoch ([OpenMetrics], section "Counter").
    ///
    /// By default it has none, because Prometheus stores each as a series of its own. Protobuf
    /// always has start timestamps, in a field; the text format never has any.
    ///
    /// [OpenMetrics]: https://prometheus.io/docs/specs/om/open_metrics_spec/
    #[must_use]
    pub const fn created_samples(self, created_samples: bool) -> Self {
        Self { created_samples, ..self }
    }

    /// Sets how names that need it are escaped. By default, their invalid characters become `_`.
    ///
    /// ```
    /// use hello_exporter::registry::{Encoding, Escaping};
    /// use hello_exporter::{Collector, CounterVec, Format, Registry};
    ///
    /// #[derive(Collector)]
    /// #[collector(utf8)]
    /// struct Http {
    ///     #[metric(name = "http.requests_total", help = "Requests.", labels = ["http.method"])]
    ///     requests: CounterVec<1>,
    /// }
    ///
    /// let http = Http::new();
    /// http.requests.with(["GET"]).inc();
    /// let registry = Registry::new();
    /// registry.register(http)?;
    /// let last_line = |escaping| {
    ///     let mut buffer = Vec::new();
    ///     registry.encode(Encoding::new(Format::Text).escaping(escaping), &mut buffer);
    ///     String::from_utf8_lossy(&buffer).lines().last().map(str::to_owned)
    /// };
    /// assert_eq!(
    ///     last_line(Escaping::AllowUtf8).as_deref(),
    ///     Some(r#"{"http.requests_total","http.method"="GET"} 1"#),
    /// );
    /// assert_eq!(
    ///     last_line(Escaping::Underscores).as_deref(),
    ///     Some(r#"http_requests_total{http_method="GET"} 1"#),
    /// );
    /// # Ok::<(), hello_exporter::RegisterError>(())
    /// ```
    #[must_use]
    pub const fn escaping(self, escaping: Escaping) -> Self {
        Self { escaping, ..self }
    }
}

impl From<Format> for Encoding {
    fn from(format: Format) -> Self {
        Self::new(format)
    }
}
