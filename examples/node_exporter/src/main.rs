//! Metrics of a Linux host, under the names that the Prometheus node exporter gives them.

mod cpu;
mod diskstats;
mod files;
mod filesystem;
mod flags;
mod host;
mod kernel;
mod memory;
mod netdev;
mod os;
mod pressure;
mod protocols;
mod stat;

use std::process::ExitCode;
use std::sync::Arc;

use files::SKIPPED;
use flags::Flags;
use hello_exporter::source::{SourceOptions, in_turn};
use hello_exporter::{Exporter, build_info};

#[actix_web::main]
async fn main() -> ExitCode {
    Exporter::new("node_exporter")
        .description("Metrics of a Linux host.")
        .build_info(build_info!())
        .metric_namespace("node")
        .listen_address("0.0.0.0:9100")
        .flags::<Flags>()
        .register(Arc::clone(&SKIPPED))
        // Sources that only read files of the kernel run in turn. The others may wait for a
        // filesystem without answer.
        .source("cpu", |flags: &Flags| in_turn(cpu::source(flags)))
        .source("diskstats", diskstats::source)
        .source("filefd", |flags: &Flags| in_turn(kernel::filefd(flags)))
        .source(SourceOptions::new("filesystem").timeout(filesystem::TIMEOUT), filesystem::source)
        .source("loadavg", |flags: &Flags| in_turn(kernel::loadavg(flags)))
        .source("meminfo", |flags: &Flags| in_turn(memory::meminfo(flags)))
        .source("netdev", |flags: &Flags| in_turn(netdev::source(flags)))
        .source("netstat", |flags: &Flags| in_turn(protocols::netstat(flags)))
        .source("os", os::source)
        .source("pressure", |flags: &Flags| in_turn(pressure::source(flags)))
        .source("sockstat", |flags: &Flags| in_turn(protocols::sockstat(flags)))
        .source("stat", |flags: &Flags| in_turn(kernel::stat(flags)))
        .source("time", |flags: &Flags| in_turn(host::time(flags)))
        .source("uname", |flags: &Flags| in_turn(host::uname(flags)))
        .source("vmstat", |flags: &Flags| in_turn(memory::vmstat(flags)))
        .run()
        .await
}
