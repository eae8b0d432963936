//! Metrics of a Linux host, with the names that the Prometheus node exporter uses.

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
use hello_exporter::source::{blocking_fn, in_turn};
use hello_exporter::{Exporter, SourceOptions, build_info};

fn main() -> ExitCode {
    let filesystem_options = SourceOptions::new("filesystem").timeout(filesystem::TIMEOUT);
    Exporter::with_flags::<Flags>("node_exporter")
        .description("Metrics of a Linux host.")
        .build_info(build_info!())
        .metric_namespace("node")
        .listen_address("0.0.0.0:9100")
        .register(Arc::clone(&SKIPPED))
        // Sources that only query the kernel run in turn. The others may wait for a filesystem that
        // does not answer.
        .source_with("cpu", |flags, _| in_turn(cpu::source(flags)))
        .source_with("diskstats", |flags, _| blocking_fn(diskstats::source(flags)))
        .source_with("filefd", |flags, _| in_turn(kernel::filefd(flags)))
        .source_with(filesystem_options, |flags, _| blocking_fn(filesystem::source(flags)))
        .source_with("loadavg", |flags, _| in_turn(kernel::loadavg(flags)))
        .source_with("meminfo", |flags, _| in_turn(memory::meminfo(flags)))
        .source_with("netdev", |flags, _| in_turn(netdev::source(flags)))
        .source_with("netstat", |flags, _| in_turn(protocols::netstat(flags)))
        .source_with("os", |flags, _| blocking_fn(os::source(flags)))
        .source_with("pressure", |flags, _| in_turn(pressure::source(flags)))
        .source_with("sockstat", |flags, _| in_turn(protocols::sockstat(flags)))
        .source_with("stat", |flags, _| in_turn(kernel::stat(flags)))
        .source_with("time", |flags, _| in_turn(host::time(flags)))
        .source_with("uname", |flags, _| in_turn(host::uname(flags)))
        .source_with("vmstat", |flags, _| in_turn(memory::vmstat(flags)))
        .run()
}
