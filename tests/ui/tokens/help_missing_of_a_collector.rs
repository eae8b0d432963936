// rule: check_help
use hello_exporter::{Collector, Gauge};

#[derive(Collector)]
struct Pool {
    /// Connections in use.
    connections: Gauge<i64>,
}

#[derive(Collector)]
struct Database {
    pool: Pool,
}

fn main() {}
