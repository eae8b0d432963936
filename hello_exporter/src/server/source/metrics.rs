//! Metrics about sources.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::job::SourceResponse;
use crate::internals::CollectorName;

/// The outcomes of the sources in one scrape, exposed under the exporter's name.
#[derive(Default, hello_exporter_derive::Collector)]
#[collector(crate = crate, no_new)]
pub(crate) struct ScrapeMetrics {
    /// Age of a collector's cached metrics in seconds.
    #[metric(labels = ["collector"])]
    scrape_collector_cache_age_seconds: Vec<(CollectorName, f64)>,

    /// Duration of a collector scrape in seconds.
    #[metric(labels = ["collector"])]
    scrape_collector_duration_seconds: Vec<(CollectorName, f64)>,

    /// Number of series of a collector in this scrape.
    #[metric(labels = ["collector"])]
    scrape_collector_series: Vec<(CollectorName, Arc<AtomicU64>)>,

    /// Whether a collector succeeded.
    #[metric(labels = ["collector"])]
    scrape_collector_success: Vec<(CollectorName, bool)>,
}

impl ScrapeMetrics {
    /// Adds the response of one source. Returns the number of its series, to be counted while they
    /// are encoded, which is before these metrics are.
    pub(super) fn add(
        &mut self,
        name: &CollectorName,
        response: &SourceResponse,
    ) -> Arc<AtomicU64> {
        let is_good = response.scraped.is_some();
        self.scrape_collector_success.push((name.clone(), is_good));
        let duration = response.duration.as_secs_f64();
        self.scrape_collector_duration_seconds.push((name.clone(), duration));
        if let Some(age) = response.age {
            self.scrape_collector_cache_age_seconds.push((name.clone(), age.as_secs_f64()));
        }
        let series = Arc::<AtomicU64>::default();
        self.scrape_collector_series.push((name.clone(), Arc::clone(&series)));
        series
    }
}
