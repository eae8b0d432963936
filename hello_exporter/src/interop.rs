//! Connects this crate with the [`prometheus`] crate, in both directions.
//!
//! - A derived struct is a [`prometheus::core::Collector`], and registers with a
//!   [`prometheus::Registry`]; an `Arc` of one does so through [`Shared`].
//! - The counters, gauges and histograms of the `prometheus` crate, and their vecs, can be fields
//!   of derived structs.
//! - A [`prometheus::Registry`] registers as a whole with a [`Registry`](crate::Registry).
//!
//! ```
//! use hello_exporter::{Collector, Format, Registry};
//! use prometheus::{IntCounterVec, TextEncoder};
//!
//! #[derive(Collector)]
//! struct Requests {
//!     /// Requests served.
//!     #[metric(name = "requests_total", labels = ["path"])]
//!     requests: IntCounterVec,
//! }
//!
//! let requests = Requests::new();
//! requests.requests.with_label_values(&["/"]).inc();
//!
//! // The existing registry of a service takes the struct.
//! let existing = prometheus::Registry::new();
//! existing.register(Box::new(requests))?;
//! let text = TextEncoder::new().encode_to_string(&existing.gather())?;
//!
//! // A registry of this crate takes the existing registry.
//! let registry = Registry::new();
//! registry.register(existing)?;
//! let mut buffer = Vec::new();
//! registry.encode(Format::Text, &mut buffer);
//! assert_eq!(String::from_utf8_lossy(&buffer), text);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod field;
mod foreign;
mod model;
mod shared;

pub use shared::Shared;
#[doc(hidden)]
pub use shared::{collect_for_prometheus, describe_for_prometheus};
