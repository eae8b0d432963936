// rule: LabelValue
use hello_exporter::CounterVec;

fn main() {
    let _ = CounterVec::new(["hostname"]).with([1.5]);
}
