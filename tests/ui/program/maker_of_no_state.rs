// rule: MadeState
use hello_exporter::Exporter;

fn main() {
    let _ = Exporter::new("x").state(|()| 7);
}
