use hello_exporter::{Collector, Counter};

#[derive(Collector)]
struct Hello {
    /// Seconds spent.
    seconds_total: Counter,
}

fn main() {
    Hello::new().seconds_total.inc_by(1.5);
}
