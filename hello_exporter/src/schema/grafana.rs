//! Placeholder.

use super::Schema;

impl Schema {
    /// Placeholder.
    pub fn grafana(&self) -> String {
        let _ = self;
        String::new()
    }
}
