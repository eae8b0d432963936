//! Two hundred metrics in one struct, which `build.rs` writes.

include!(concat!(env!("OUT_DIR"), "/metrics.rs"));
