use hello_exporter::{Collector, CounterVec};

#[derive(Collector)]
#[collector(namespace = "")]
struct Hello {
    a: f64,
    #[metric(name = "b-c", help = "", labels = ["__x", "y", "y"], lables = ["z"])]
    b: CounterVec<3>,
    /// Display c.
    #[metric(gauge, counter)]
    c: f64,
}

fn main() {}
