//! Two hundred metrics in one struct, written by `build.rs`.

include!(concat!(env!("OUT_DIR"), "/metrics.rs"));
