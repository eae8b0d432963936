//! The deadline of a request.

use std::time::Duration;

use actix_web::{HttpMessage, HttpRequest};
use tokio::time::Instant;

/// The time at which a request arrived.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival(pub(super) Instant);

/// Computes deadlines from `X-Prometheus-Scrape-Timeout-Seconds`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    offset: Duration,
}

impl Default for Deadline {
    fn default() -> Self {
        Self { offset: Self::DEFAULT_OFFSET }
    }
}

impl Deadline {
    /// Time reserved for sending the response.
    pub(crate) const DEFAULT_OFFSET: Duration = Duration::from_millis(500);

    const HEADER: &str = "x-prometheus-scrape-timeout-seconds";

    /// Longer timeouts count as this one.
    const MOST_SECONDS: f64 = 3600.0;

    pub(crate) fn with_offset(offset: Duration) -> Self {
        Self { offset }
    }

    /// Returns the deadline of a request, counted from its arrival; `None` without a valid header.
    pub(super) fn of(self, request: &HttpRequest) -> Option<Instant> {
        let wait = self.of_header(request.headers().get(Self::HEADER)?.to_str().ok()?)?;
        let arrival = request.extensions().get::<Arrival>().map(|arrival| arrival.0);
        Some(arrival.unwrap_or_else(Instant::now) + wait)
    }

    fn of_header(self, value: &str) -> Option<Duration> {
        let seconds: f64 = value.trim().parse().ok()?;
        if !seconds.is_finite() || seconds <= 0.0 {
            return None;
        }
        let seconds = seconds.min(Self::MOST_SECONDS);
        let offset = self.offset.as_secs_f64().min(seconds / 2.0);
        Duration::try_from_secs_f64(seconds - offset).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offset_is_at_most_half_of_the_timeout() {
        let milliseconds = |header| {
            let wait = Deadline::default().of_header(header);
            wait.map(|wait| wait.as_secs_f64() * 1000.0)
        };
        for (header, expected) in [
            ("10", Some(9500.0)),
            (" 1.5 ", Some(1000.0)),
            ("1", Some(500.0)),
            ("0.5", Some(250.0)),
            ("0.001", Some(0.5)),
            ("1e300", Some(3_599_500.0)),
            ("0", None),
            ("-0", None),
            ("-1", None),
            ("NaN", None),
            ("inf", None),
            ("-Infinity", None),
            ("1e999", None),
            ("", None),
            ("10s", None),
            ("1,5", None),
        ] {
            assert_eq!(milliseconds(header), expected, "{header:?}");
        }
        let without = Deadline::with_offset(Duration::ZERO);
        assert_eq!(without.of_header("2"), Some(Duration::from_secs(2)));
    }
}
