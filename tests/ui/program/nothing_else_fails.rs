use hello_exporter::{Collector, Gauge, LabelValue, Labels, Registry};

#[derive(Collector)]
struct Hello<T> {
    a: Gauge,
    b: T,
    #[metric(skip)]
    skipped: String,
    #[metric(flatten)]
    inner: Inner,
}

#[derive(Collector)]
struct Inner {
    #[metric(nmae = "c", help = "Display c.")]
    c: Gauge,
}

#[derive(Labels)]
struct Key {
    #[label(name = "")]
    host: Kind,
}

#[derive(LabelValue)]
enum Kind {
    Other(String),
}

fn wants_labels(_: impl Labels) {}

fn main() {
    let hello = Hello::<f64>::new(String::new());
    hello.a.set(hello.b);
    hello.inner.c.set(1.0);
    println!("{}", hello.skipped);
    Registry::new().register(hello).unwrap();
    prometheus::Registry::new().register(Box::new(Hello::<f64>::new(String::new()))).unwrap();
    Registry::new().register_fn(Inner::new).unwrap();
    wants_labels(Key { host: Kind::Other(String::new()) });
}
