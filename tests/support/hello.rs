//! The collector of the tutorial.

use hello_exporter::{Collector, CounterVec, Gauge};

/// The struct of the tutorial, with its first declarations.
#[derive(Collector)]
pub struct Hello {
    /// Display a.
    #[metric(name = "a")]
    pub a: Gauge,

    /// Display b.
    #[metric(name = "b", labels = ["hostname"], const_labels(hello = "world"))]
    pub b: CounterVec<1>,
}

/// Returns the struct of the tutorial, with its first values.
pub fn hello() -> Hello {
    let hello = Hello::new();
    hello.a.set(1.0);
    hello.b.with(["Hi"]).inc_by(2);
    hello
}

/// The exposition of [`hello`].
pub const HELLO: &str = "\
# HELP a Display a.
# TYPE a gauge
a 1
# HELP b Display b.
# TYPE b counter
b{hello=\"world\",hostname=\"Hi\"} 2
";
