include!("../fields.rs");

fn main() {
    let mut fields = String::new();
    let mut makes = String::new();
    let mut registers = String::new();
    each(|at, is_counter, has_label| {
        let name = if is_counter { format!("metric_{at}_total") } else { format!("metric_{at}") };
        let (ty, make) = match (is_counter, has_label) {
            (true, true) => ("IntCounterVec", "IntCounterVec::new(opts, &[\"label\"])?"),
            (true, false) => ("IntCounter", "IntCounter::with_opts(opts)?"),
            (false, true) => ("GaugeVec", "GaugeVec::new(opts, &[\"label\"])?"),
            (false, false) => ("Gauge", "Gauge::with_opts(opts)?"),
        };
        writeln!(fields, "pub {name}: {ty},").unwrap();
        let opts = format!("let opts = Opts::new(\"{name}\", \"Metric {at}.\");");
        writeln!(makes, "{name}: {{ {opts} {make} }},").unwrap();
        writeln!(registers, "registry.register(Box::new(self.{name}.clone()))?;").unwrap();
    });
    save(&format!(
        "use prometheus::{{Gauge, GaugeVec, IntCounter, IntCounterVec, Opts, Registry, Result}};\n\
         pub struct Metrics {{\n{fields}}}\n\
         impl Metrics {{\n\
         pub fn new() -> Result<Self> {{\nOk(Self {{\n{makes}}})\n}}\n\
         pub fn register(&self, registry: &Registry) -> Result<()> {{\n{registers}Ok(())\n}}\n\
         }}\n"
    ));
}
