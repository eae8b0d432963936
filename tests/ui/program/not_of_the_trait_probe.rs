// rule: Probe
use hello_exporter::probe::Probe;

struct Target;

fn look(_: impl Probe) {}

fn main() {
    look(Target);
}
