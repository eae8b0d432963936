//! Everything that only a server needs: the program, its HTTP endpoints, sources and probes, and
//! the helpers for exporters.
//!
//! It uses the core's public items and [`internals`](crate::internals). The core does not use it.

mod build_info;
mod causes;
pub mod cli;
pub mod client;
pub mod config;
mod connection;
pub mod exporter;
mod files;
pub mod filter;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
pub mod http;
pub mod key_values;
mod log;
mod network;
mod options;
pub mod probe;
#[cfg(target_os = "linux")]
mod process;
mod reload_metrics;
mod request_metrics;
pub mod source;
mod tls_verifier;
mod web_config;
mod yaml;

pub use exporter::{Exporter, ExporterError};
pub use source::{Source, SourceOptions};
