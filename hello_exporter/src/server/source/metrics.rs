//! What an exporter exposes of its sources.

use super::job::Answer;
use crate::internals::CollectorName;

/// How the sources of one scrape have fared. It is exposed under the exporter's name.
#[derive(Default, hello_exporter_derive::Collector)]
#[collector(crate = crate, no_new)]
pub(super) struct ScrapeMetrics {
    /// Age of what is served from a collector's cache in seconds.
    #[metric(labels = ["collector"])]
    scrape_collector_cache_age_seconds: Vec<(CollectorName, f64)>,

    /// Duration of a collector scrape in seconds.
    #[metric(labels = ["collector"])]
    scrape_collector_duration_seconds: Vec<(CollectorName, f64)>,

    /// Whether a collector succeeded.
    #[metric(labels = ["collector"])]
    scrape_collector_success: Vec<(CollectorName, bool)>,
}

impl ScrapeMetrics {
    /// Takes in what one source has answered.
    pub(super) fn add(&mut self, name: &CollectorName, answer: &Answer) {
        let is_good = answer.scraped.is_some();
        self.scrape_collector_success.push((name.clone(), is_good));
        let duration = answer.duration.as_secs_f64();
        self.scrape_collector_duration_seconds.push((name.clone(), duration));
        if let Some(age) = answer.age {
            self.scrape_collector_cache_age_seconds.push((name.clone(), age.as_secs_f64()));
        }
    }
}
