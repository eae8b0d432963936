//! The exporter of the README: a gauge `a` and a counter `b`, on port 9000.

use std::process::ExitCode;
use std::sync::Arc;

use hello_exporter::{Collector, CounterVec, Exporter, Gauge, build_info};

#[derive(Collector)]
struct Hello {
    #[metric(name = "a", help = "Display a.")]
    a: Gauge,

    #[metric(name = "b", help = "Display b.", labels = ["hostname"], const_labels(hello = "world"))]
    b: CounterVec<1>,
}

fn main() -> ExitCode {
    let hello = Arc::new(Hello::new());
    hello.a.set(1.0);
    hello.b.with(["Hi"]).inc_by(2);

    Exporter::new("hello_exporter")
        .description("The example exporter: a gauge and a counter.")
        .build_info(build_info!())
        .register(hello)
        .run()
}
