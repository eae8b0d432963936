//! The metrics under test. Their series are never removed, or removed by their writer or by another
//! thread, or they expire.

use hello_exporter::{Collector, CounterVec, Family, GaugeVec, Histogram, HistogramVec, Labels};

/// The time after which a series expires unless it is updated.
pub const EXPIRE_AFTER: std::time::Duration = std::time::Duration::from_secs(1);

/// The labels of a series that its writer removes.
#[derive(Clone, Copy, Labels)]
pub struct Owned {
    pub writer: usize,
    pub slot: usize,
}

#[derive(Collector)]
#[collector(namespace = "soak")]
pub struct Metrics {
    /// Increments of series that are never removed.
    #[metric(labels = ["writer", "series"])]
    pub kept_total: CounterVec<2>,

    /// Levels of series that are never removed.
    #[metric(labels = ["writer", "series"])]
    pub kept_level: GaugeVec<2, i64>,

    /// Observations in classic buckets of series that are never removed.
    #[metric(labels = ["writer", "series"], buckets = [1, 4, 16])]
    pub kept_size: HistogramVec<2>,

    /// Observations in native buckets of series that are never removed.
    #[metric(labels = ["writer", "series"], native)]
    pub kept_native: HistogramVec<2>,

    /// Guards that the writer holds.
    #[metric(labels = ["writer"])]
    pub kept_guards: GaugeVec<1, i64>,

    /// Increments of series that their writer removes.
    #[metric(name = "owned_total")]
    pub owned_total: Family<Owned, hello_exporter::Counter>,

    /// Observations of series that their writer removes.
    #[metric(name = "owned_size", buckets = [1, 4, 16])]
    pub owned_size: Family<Owned, Histogram>,

    /// Increments of series that the remover removes.
    #[metric(labels = ["writer"])]
    pub contested_total: CounterVec<1>,

    /// Observations of series that the remover removes.
    #[metric(labels = ["writer"], native)]
    pub contested_size: HistogramVec<1>,

    /// Increments of series that are updated for a short time, and then expire.
    #[metric(labels = ["writer", "session"], expire_after = EXPIRE_AFTER)]
    pub sessions_total: CounterVec<2>,

    /// Increments of series that would expire if they were not updated all the time.
    #[metric(labels = ["writer"], expire_after = EXPIRE_AFTER)]
    pub steady_total: CounterVec<1>,
}
