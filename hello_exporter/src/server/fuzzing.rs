//! The functions of the server that fuzz targets call.

pub use super::log::fuzzing as log;
pub use super::web_config::fuzzing as web_config;
