//! Guards and timers, which act when they are dropped.

use std::time::Instant;

/// Subtracts one from a gauge when it is dropped, see
/// [`Gauge::inc_guard`](crate::Gauge::inc_guard).
///
/// It holds no lock, and can be kept across an `await`.
#[must_use = "the gauge goes down when the guard is dropped"]
#[derive(Debug)]
pub struct GaugeGuard<G: Level> {
    gauge: G,
    has_risen: bool,
}

/// A gauge, or a series of a family of gauges, that a [`GaugeGuard`] increments and decrements.
pub trait Level: sealed::Sealed {
    /// Adds one, and returns whether the series exists or could be created.
    #[doc(hidden)]
    fn rise(&self) -> bool;
    /// Subtracts one.
    #[doc(hidden)]
    fn fall(&self);
}

impl<G: Level> GaugeGuard<G> {
    pub(super) fn new(gauge: G) -> Self {
        Self { has_risen: gauge.rise(), gauge }
    }
}

impl<G: Level> Drop for GaugeGuard<G> {
    fn drop(&mut self) {
        if self.has_risen {
            self.gauge.fall();
        }
    }
}

/// Observes the elapsed seconds when it is dropped, see
/// [`Histogram::start_timer`](crate::Histogram::start_timer).
///
/// It holds no lock, and can be kept across an `await`.
#[must_use = "the time is observed when the timer is dropped"]
#[derive(Debug)]
pub struct Timer<H: Observe> {
    start: Instant,
    /// `None` once the time is observed or discarded.
    histogram: Option<H>,
}

/// A histogram, or a series of a family of histograms, in which a [`Timer`] observes its time.
pub trait Observe: sealed::Sealed {
    #[doc(hidden)]
    fn observe(&self, seconds: f64);
}

impl<H: Observe> Timer<H> {
    pub(super) fn new(histogram: H) -> Self {
        Self { start: Instant::now(), histogram: Some(histogram) }
    }

    /// Observes the seconds since the start, and returns them.
    pub fn stop(mut self) -> f64 {
        self.observe()
    }

    /// Drops the timer without an observation.
    pub fn discard(mut self) {
        self.histogram = None;
    }

    fn observe(&mut self) -> f64 {
        let seconds = self.start.elapsed().as_secs_f64();
        if let Some(histogram) = self.histogram.take() {
            histogram.observe(seconds);
        }
        seconds
    }
}

impl<H: Observe> Drop for Timer<H> {
    fn drop(&mut self) {
        self.observe();
    }
}

pub(super) mod sealed {
    pub trait Sealed {}
}
