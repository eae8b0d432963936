include!("../fields.rs");

fn main() {
    let mut source = String::from(
        "use fastmetrics::derive::{LabelSet, Register};\n\
         use fastmetrics::metrics::{counter::Counter, family::Family, gauge::Gauge};\n\
         #[derive(Clone, PartialEq, Eq, Hash, LabelSet)]\npub struct Label { pub label: String }\n\
         #[derive(Default, Register)]\npub struct Metrics {\n",
    );
    each(|at, is_counter, has_label| {
        let ty = match (is_counter, has_label) {
            (true, true) => "Family<Label, Counter>",
            (true, false) => "Counter",
            (false, true) => "Family<Label, Gauge<f64>>",
            (false, false) => "Gauge<f64>",
        };
        let name = if is_counter { format!("metric_{at}_total") } else { format!("metric_{at}") };
        writeln!(source, "/// Metric {at}.\npub {name}: {ty},").unwrap();
    });
    save(&(source + "}\n"));
}
