//! Write a [Prometheus](https://prometheus.io) exporter by annotating a struct.
//!
//! ```
//! use hello_exporter::{Collector, CounterVec, Gauge};
//!
//! #[derive(Collector)]
//! struct Hello {
//!     #[metric(name = "a", help = "Display a.")]
//!     a: Gauge,
//!
//!     #[metric(name = "b", help = "Display b.", labels = ["hostname"], const_labels(hello = "world"))]
//!     b: CounterVec<1>,
//! }
//!
//! let hello = Hello::new();
//! hello.a.set(1.0);
//! hello.b.with(["Hi"]).inc_by(2);
//! ```
//!
//! | | |
//! |---|---|
//! | [`Collector`](macro@Collector) | the attributes of a struct, and the types of its fields |
//! | [`metric`] | all metrics, live ones and plain values |
//! | [`Registry`] | registers collectors and encodes what they expose |
//! | [`testing`] | compares expositions in an exporter's own tests |
//! | [`collect`] | traits for collectors written by hand |
#![cfg_attr(
    feature = "server",
    doc = "| [`Exporter`] | the program: flags, log, HTTP server |
| [`source`] | metrics that are fetched at every scrape, and the three ways to declare metrics |
| [`probe`] | targets that a request names |
| [`config`] | the configuration file of an exporter, reloaded while it runs |
| [`http`] | the same endpoint in an actix-web application |
| [`cli`], [`filter`], [`client`], [`key_values`] | helpers for exporters: flags, connections, parsing |"
)]
#![cfg_attr(
    feature = "push",
    doc = "| [`push`] | sends the metrics of batch jobs to a Pushgateway |"
)]
#![cfg_attr(feature = "tokio", doc = "| [`tokio`](mod@tokio) | the metrics of a tokio runtime |")]
#![cfg_attr(
    feature = "respond",
    doc = "| [`respond`] | the response to a scrape, for any HTTP server or framework |"
)]
#![cfg_attr(
    feature = "prometheus",
    doc = "| [`interop`] | metrics and registries of the `prometheus` crate, in both directions |"
)]
//!
//! `docs/writing-an-exporter.md`, in the repository, is the tutorial: from an empty directory to a
//! deployed exporter.
//!
//! # Features
//!
//! - `server` (default): `Exporter`, and everything that only a server needs.
//! - `respond` (part of `server`): `Registry::respond`, for any HTTP server or framework.
//! - `schema` (part of `server`): the module `schema`, which has the metrics of a type, a registry
//!   or an exporter as data.
//! - `check-rules`: `Schema::check_rules`, and the flag `--check-rules` of exporters.
//! - `prometheus` (default): fields, registries and collectors of the `prometheus` crate.
//! - `push`: the module `push`, which sends the metrics of batch jobs to a Pushgateway.
//! - `tokio`: the module `tokio`, which has the metrics of a tokio runtime.
//!
//! Without any, the crate consists of the derives, the metrics, the registry and the encoders.

#![deny(unsafe_code)]
// docs.rs shows which feature an item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod clock;
pub mod collect;
mod desc;
mod encode;
mod escape;
#[cfg(feature = "server")]
mod internals;
#[cfg(feature = "prometheus")]
pub mod interop;
mod labels;
pub mod metric;
pub mod name;
mod panic;
#[cfg(feature = "push")]
pub mod push;
pub mod registry;
#[cfg(feature = "respond")]
pub mod respond;
#[cfg(feature = "schema")]
pub mod schema;
#[cfg(feature = "server")]
mod server;
#[cfg(any(feature = "server", all(test, loom)))]
mod single_flight;
mod sync;
#[cfg(any(feature = "push", feature = "server"))]
mod system_roots;
pub mod testing;
#[cfg(feature = "tokio")]
pub mod tokio;

#[doc(hidden)]
pub mod __private;

/// The private functions that the fuzz targets of the repository call. Unit tests compile them too,
/// so that a change which breaks them is noticed.
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub mod fuzzing {
    pub use crate::encode::fuzzing as encode;
    pub use crate::name::fuzzing as name;
    #[cfg(feature = "push")]
    pub use crate::push::fuzzing as push;
    #[cfg(feature = "respond")]
    pub use crate::respond::fuzzing as respond;
    #[cfg(feature = "schema")]
    pub use crate::schema::fuzzing as schema;
    #[cfg(feature = "server")]
    pub use crate::server::fuzzing as server;
    pub use crate::testing::fuzzing as testing;
}

pub use encode::Format;
#[doc = include_str!("manual/collector.md")]
pub use hello_exporter_derive::Collector;
#[doc = include_str!("manual/label_value.md")]
pub use hello_exporter_derive::LabelValue;
#[doc = include_str!("manual/labels.md")]
pub use hello_exporter_derive::Labels;
pub use labels::{LabelValue, Labels};
pub use metric::{
    Counter, CounterVec, DynamicFamilies, Family, Gauge, GaugeVec, Histogram, HistogramSnapshot,
    HistogramVec, Info, Rows, Started, StateSet, SummarySnapshot, Timestamped,
};
pub use registry::{RegisterError, Registry};
#[cfg(feature = "server")]
pub use server::{
    Exporter, ExporterError, Source, SourceOptions, cli, client, config, exporter, filter, http,
    key_values, probe, source,
};

#[cfg(feature = "prometheus")]
#[doc(no_inline)]
pub use prometheus;

/// Compiles the snippets of the documents.
#[cfg(all(doctest, feature = "server", feature = "prometheus"))]
mod documents {
    #[doc = include_str!("../../README.md")]
    mod readme {}

    #[cfg(all(feature = "push", feature = "tokio"))]
    #[doc = include_str!("../../docs/recipes.md")]
    mod recipes {}
}
