//! Counters of dropped series, exposed at the end of the scrape that drops them.

use crate::metric::CounterVec;

/// Counters of dropped series, which the exporter exposes under its own name.
#[derive(hello_exporter_derive::Collector)]
#[collector(crate = crate)]
pub(crate) struct Health {
    /// Series that were not exposed because their family was refused or they were invalid, and
    /// updates dropped because their family was full.
    #[metric(labels = ["family"])]
    dropped_series_total: CounterVec<1>,

    /// Series that were not exposed because their collector had written the same label set before.
    #[metric(labels = ["collector"])]
    scrape_duplicate_series_total: CounterVec<1>,
}

impl Health {
    /// Limits the values of `family`; the series of other families count as `family=""`. A refused
    /// name can come from a monitored server, which may invent any number of them.
    const MOST_FAMILIES: usize = 1000;

    pub(super) fn count_dropped(&self, family: &str, series: u64) {
        let dropped = &self.dropped_series_total;
        let is_named = dropped.with([family]).get() > 0 || dropped.len() < Self::MOST_FAMILIES;
        let family = if is_named { family } else { "" };
        dropped.with([family]).inc_by(series);
    }

    pub(super) fn count_duplicates(&self, collector: &str, series: u64) {
        self.scrape_duplicate_series_total.with([collector]).inc_by(series);
    }
}

impl Default for Health {
    fn default() -> Self {
        Self::new()
    }
}
