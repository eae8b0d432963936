//! Counts the series of a source while they are encoded.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::runnable::Scraped;
use crate::collect::{Collect, Desc, Describe, FamilyEncoder};

/// The samples of a source, which adds to `series` what it writes.
pub(super) struct Counted {
    pub(super) scraped: Scraped,
    pub(super) series: Arc<AtomicU64>,
}

impl Describe for Counted {
    fn describe(&self) -> Vec<Desc> {
        self.scraped.describe()
    }
}

impl Collect for Counted {
    fn collect(&self, index: usize, encoder: &mut FamilyEncoder<'_>) {
        self.scraped.collect(index, encoder);
        self.series.fetch_add(encoder.series(), Ordering::Relaxed);
    }
}
