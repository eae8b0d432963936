include!("../fields.rs");

fn main() {
    let mut source = String::from(
        "use vise::{Counter, EncodeLabelSet, EncodeLabelValue, Family, Gauge, Metrics};\n\
         #[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelValue, EncodeLabelSet)]\n\
         #[metrics(label = \"label\")]\npub struct Label(pub String);\n\
         impl std::fmt::Display for Label {\n\
         fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {\n\
         formatter.write_str(&self.0)\n}\n}\n\
         #[derive(Debug, Metrics)]\npub struct All {\n",
    );
    each(|at, is_counter, has_label| {
        let ty = match (is_counter, has_label) {
            (true, true) => "Family<Label, Counter>",
            (true, false) => "Counter",
            (false, true) => "Family<Label, Gauge<f64>>",
            (false, false) => "Gauge<f64>",
        };
        writeln!(source, "/// Metric {at}.\npub metric_{at}: {ty},").unwrap();
    });
    save(
        &(source
            + "}\n#[vise::register]\npub static ALL: vise::Global<All> = vise::Global::new();\n"),
    );
}
