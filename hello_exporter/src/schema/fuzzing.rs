//! The functions of this room that fuzz targets call.

use super::promql;

/// Returns the selector of all series with this name, restricted by matchers.
pub fn selector(name: &str, matchers: &str) -> String {
    promql::selector(name, matchers)
}
