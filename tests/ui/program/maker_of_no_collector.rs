// rule: MadeCollector
use hello_exporter::Exporter;

fn main() {
    let _ = Exporter::new("x").register_with(|(), _| Ok::<_, String>(7));
}
