//! The options of native histograms.

use std::time::Duration;

use super::bounds::MANTISSAS;
use super::index::{COARSEST_SCHEMA, FINEST_SCHEMA};

/// How a native histogram chooses its buckets, and how many it may have.
///
/// The buckets are those of [Prometheus' native histograms]: each is wider than the one before it
/// by the same factor, over the whole range of `f64`. Only buckets with observations are exposed;
/// memory is taken in pages of sixteen buckets, and kept after a widening or a reset. Observations
/// close to zero are counted in the zero bucket.
///
/// If an observation makes a bucket nonempty beyond [`max_buckets`](Self::max_buckets), the
/// histogram does the first of the following that is possible, until it is within the limit:
///
/// 1. The zero bucket is widened by the bucket closest to zero, if
///    [`max_zero_threshold`](Self::max_zero_threshold) permits.
/// 2. The resolution is halved: two neighbouring buckets become one. The factor grows to at most
///    65536.
///
/// After that, [`min_reset`](Self::min_reset) can restore the zero bucket and the resolution.
///
/// These are the rules of [client_golang], with three differences. There, a histogram is reset at
/// once or by a timer; here a scrape in protobuf does that, after it has exposed the observations.
/// There, `max_buckets` has no limit by default. There, a zero threshold of 0 means the default.
///
/// ```
/// use hello_exporter::metric::NativeBuckets;
/// use std::time::Duration;
///
/// const LATENCY: NativeBuckets =
///     NativeBuckets::new().factor(1.05).zero_threshold(1e-6).min_reset(Duration::from_secs(3600));
///
/// assert_ne!(LATENCY, NativeBuckets::default());
/// ```
///
/// [Prometheus' native histograms]: https://prometheus.io/docs/specs/native_histograms/
/// [client_golang]: https://pkg.go.dev/github.com/prometheus/client_golang/prometheus#HistogramOpts
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NativeBuckets {
    pub(super) schema: i8,
    /// 0 if there is no limit.
    pub(super) max_buckets: u32,
    pub(super) zero_threshold: f64,
    pub(super) max_zero_threshold: f64,
    /// Zero if there are no resets.
    pub(super) min_reset: Duration,
}

impl NativeBuckets {
    /// Returns buckets with a factor of at most 1.1, at most 160 of them, a zero threshold of
    /// 2^-128, which is not widened, and without resets.
    pub const fn new() -> Self {
        Self {
            schema: schema(1.1),
            max_buckets: 160,
            zero_threshold: 1.0 / (1_u128 << 127) as f64 / 2.0,
            max_zero_threshold: 0.0,
            min_reset: Duration::ZERO,
        }
    }

    /// Sets by which factor each bucket may be wider than the one before it.
    ///
    /// The actual factor is the largest 2^(2^-n) up to `factor`, with an integer `n` (the schema)
    /// from -4 to 8. For 1.1 that is 1.0905, or 8 buckets from 1 to 2. The smallest possible factor
    /// is 1.0027. It is also the actual one if `factor` is less, or NaN; the derive refuses factors
    /// up to 1.
    #[must_use]
    pub const fn factor(self, factor: f64) -> Self {
        Self { schema: schema(factor), ..self }
    }

    /// Sets how many buckets may have observations, positive and negative ones together. 0 means no
    /// limit: then a client that controls the values also controls how much memory they take.
    #[must_use]
    pub const fn max_buckets(self, max_buckets: u32) -> Self {
        Self { max_buckets, ..self }
    }

    /// Sets the zero threshold: the zero bucket counts values from `-zero_threshold` to
    /// `zero_threshold`. With zero, a negative number or NaN, it counts only zeros.
    #[must_use]
    pub const fn zero_threshold(self, zero_threshold: f64) -> Self {
        Self { zero_threshold: threshold(zero_threshold), ..self }
    }

    /// Sets the greatest zero threshold that widening may lead to. If it does not exceed the
    /// initial one, the zero bucket is never widened.
    #[must_use]
    pub const fn max_zero_threshold(self, max_zero_threshold: f64) -> Self {
        Self { max_zero_threshold: threshold(max_zero_threshold), ..self }
    }

    /// Sets the shortest time between two resets; zero means that there are none.
    ///
    /// A reset discards all observations, and restores the resolution and the zero threshold. The
    /// first scrape in protobuf after this time resets a histogram that was widened, once it has
    /// exposed the observations. Prometheus handles a reset as it handles a restart. Another
    /// Prometheus server misses the observations since its last scrape.
    #[must_use]
    pub const fn min_reset(self, min_reset: Duration) -> Self {
        Self { min_reset, ..self }
    }
}

impl NativeBuckets {
    pub(super) const fn has_resets(&self) -> bool {
        !self.min_reset.is_zero()
    }
}

/// The factor is at most 1.1, there are at most 160 buckets, the zero threshold is 2^-128, the zero
/// bucket is not widened, and there are no resets.
impl Default for NativeBuckets {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns the coarsest schema whose factor is at most `factor`.
const fn schema(factor: f64) -> i8 {
    let mut schema = COARSEST_SCHEMA;
    while schema < FINEST_SCHEMA {
        if actual_factor(schema) <= factor {
            return schema;
        }
        schema += 1;
    }
    FINEST_SCHEMA
}

/// Returns the factor of a schema.
#[expect(
    clippy::indexing_slicing,
    reason = "the index is at most 128; constants have no iterators"
)]
const fn actual_factor(schema: i8) -> f64 {
    if schema <= 0 {
        (1_u64 << (1_u32 << -schema)) as f64
    } else {
        f64::from_bits(1.0_f64.to_bits() | MANTISSAS[1 << (FINEST_SCHEMA - schema)])
    }
}

/// Returns a finite threshold that is not negative.
const fn threshold(threshold: f64) -> f64 {
    if threshold > 0.0 { threshold.min(f64::MAX) } else { 0.0 }
}
