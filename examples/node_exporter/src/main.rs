//! Metrics of a Linux host, under the names that the Prometheus node exporter gives them.

mod cpu;
mod diskstats;
mod files;
mod filesystem;
mod filter;
mod flags;
mod host;
mod kernel;
mod memory;
mod netdev;
mod protocols;

use std::process::ExitCode;

use flags::Flags;
use hello_exporter::{Exporter, build_info};

#[actix_web::main]
async fn main() -> ExitCode {
    Exporter::new("node_exporter")
        .description("Metrics of a Linux host.")
        .build_info(build_info!())
        .namespace("node")
        .listen_address("0.0.0.0:9100")
        .flags::<Flags>()
        .source("cpu", cpu::source)
        .source("diskstats", diskstats::source)
        .source("filefd", kernel::filefd)
        .source("filesystem", filesystem::source)
        .source("loadavg", kernel::loadavg)
        .source("meminfo", memory::meminfo)
        .source("netdev", netdev::source)
        .source("netstat", protocols::netstat)
        .source("os", host::os)
        .source("pressure", kernel::pressure)
        .source("sockstat", protocols::sockstat)
        .source("stat", kernel::stat)
        .source("time", host::time)
        .source("uname", || host::uname)
        .source("vmstat", memory::vmstat)
        .run()
        .await
}
