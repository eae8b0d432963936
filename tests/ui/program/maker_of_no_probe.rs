// rule: MadeProbe
use hello_exporter::Exporter;

struct Target;

fn main() {
    let _ = Exporter::new("x").probe_with("/probe", |_, _| Ok::<_, String>(Target));
}
