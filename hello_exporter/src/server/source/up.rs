//! Whether a source or a probe works, under a name that the author gives.

use std::sync::Arc;

use super::scraper::Scraped;
use crate::collect::{Collect, Desc, Describe, FamilyEncoder};

/// Returns the sample of [`SourceOptions::up_metric`](super::SourceOptions::up_metric).
pub(crate) fn up(is_up: bool) -> Scraped {
    Arc::new(Up(is_up))
}

struct Up(bool);

impl Describe for Up {
    fn describe(&self) -> Vec<Desc> {
        Vec::new()
    }
}

impl Collect for Up {
    fn collect(&self, _: usize, encoder: &mut FamilyEncoder<'_>) {
        encoder.value(self.0);
    }
}
