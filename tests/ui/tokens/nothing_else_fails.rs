use hello_exporter::{Collector, Gauge, Registry};

#[derive(Collector)]
struct Hello {
    a: Gauge,
    #[metric(skip)]
    skipped: String,
}

fn main() {
    let hello = Hello::new(String::new());
    hello.a.set(1.0);
    println!("{}", hello.skipped);
    Registry::new().register(hello).unwrap();
    prometheus::Registry::new().register(Box::new(Hello::new(String::new()))).unwrap();
}
