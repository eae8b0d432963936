//! The functions of this room that fuzz targets call.

use super::{GatewayUrl, Group, PushError, labels};

/// Returns the URL to which the metrics of a group are pushed.
///
/// # Errors
///
/// Returns the same errors as [`Pushgateway::new`](super::Pushgateway::new) and
/// [`Pushgateway::grouping`](super::Pushgateway::grouping).
pub fn group_url(url: &str, job: &str, labels: &[(&str, &str)]) -> Result<String, PushError> {
    let url = GatewayUrl::parse(url)?;
    let mut group = Group::new(job)?;
    for (name, value) in labels {
        group.insert(name, value)?;
    }
    Ok(url.text + &group.path())
}

/// Returns the first label in an exposition in protobuf that `is_sought` accepts, with its metric.
pub fn find_label(exposition: &[u8], is_sought: impl Fn(&str) -> bool) -> Option<(String, String)> {
    labels::find_label(exposition, is_sought).map(|found| (found.metric, found.label))
}
