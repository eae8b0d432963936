// rule: IntoCollector
use hello_exporter::Registry;

struct Hello;

fn main() {
    let _ = Registry::new().register(Hello);
}
