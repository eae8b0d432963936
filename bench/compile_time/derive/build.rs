include!("../fields.rs");

fn main() {
    let mut source = String::from(
        "use hello_exporter::{Collector, Counter, CounterVec, Gauge, GaugeVec};\n\
         #[derive(Collector)]\npub struct Metrics {\n",
    );
    each(|at, is_counter, has_label| {
        let ty = match (is_counter, has_label) {
            (true, true) => "CounterVec<1>",
            (true, false) => "Counter",
            (false, true) => "GaugeVec<1>",
            (false, false) => "Gauge",
        };
        let labels = if has_label { ", labels = [\"label\"]" } else { "" };
        let name = if is_counter { format!("metric_{at}_total") } else { format!("metric_{at}") };
        writeln!(source, "#[metric(help = \"Metric {at}.\"{labels})] pub {name}: {ty},").unwrap();
    });
    save(&(source + "}\n"));
}
