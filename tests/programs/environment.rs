//! An exporter whose flags can be set by environment variables.

#![allow(missing_docs, reason = "a test program")]

use std::convert::Infallible;
use std::process::ExitCode;

use hello_exporter::probe::{ProbeRequest, Probed};
use hello_exporter::{Collector, Exporter, Gauge, SourceOptions};

#[derive(clap::Args)]
struct Flags {
    /// Number of shops.
    #[arg(long = "shops", default_value_t = 1)]
    shops: i64,
}

#[derive(Collector)]
struct Shops {
    /// Shops.
    shops: Gauge<i64>,
}

#[derive(Collector)]
struct Staff {
    /// Members of the staff.
    staff: u64,
}

async fn staff() -> Result<Staff, Infallible> {
    Ok(Staff { staff: 3 })
}

async fn probe(_: ProbeRequest) -> Result<Probed<Staff>, Infallible> {
    Ok(Probed::success(Staff { staff: 4 }))
}

fn main() -> ExitCode {
    Exporter::with_flags::<Flags>("shop_exporter")
        .env_prefix("SHOP_EXPORTER")
        .register_with(|flags, _| {
            let shops = Shops::new();
            shops.shops.set(flags.shops);
            shops
        })
        .source_fn("staff", staff)
        .source_fn(SourceOptions::new("night-shift").prefix("night_").disabled_by_default(), staff)
        .probe_fn("/probe", probe)
        .run()
}
