//! The naming rules of metrics and labels.
//!
//! From the [data model](https://prometheus.io/docs/concepts/data_model/#metric-names-and-labels):
//! letters, digits and `_`, a digit not first. `:` is left to recording rules, and label names that
//! begin with `__` to Prometheus itself.

/// Whether `name` may be the name of a metric that an exporter exposes.
///
/// ```
/// use hello_exporter::name::is_metric_name;
///
/// assert!(is_metric_name("http_requests_total"));
/// assert!(!is_metric_name("job:http_requests:rate5m"));
/// assert!(!is_metric_name("5xx_total"));
/// ```
pub fn is_metric_name(name: &str) -> bool {
    is_identifier(name)
}

/// Whether `name` may be the name of a label.
///
/// ```
/// use hello_exporter::name::is_label_name;
///
/// assert!(is_label_name("hostname"));
/// assert!(!is_label_name("__name__"));
/// ```
pub fn is_label_name(name: &str) -> bool {
    is_identifier(name) && !name.starts_with("__")
}

fn is_identifier(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first == b'_' || first.is_ascii_alphabetic())
        && bytes.all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
}
