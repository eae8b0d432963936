//! Placeholder.

use super::Schema;

impl Schema {
    /// Placeholder.
    pub fn rules(&self) -> String {
        let _ = self;
        String::new()
    }
}
