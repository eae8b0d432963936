// rule: Probe
use hello_exporter::{Collector, Exporter, probe::ProbeRequest};

#[derive(Collector)]
struct Target {
    /// Answers.
    answers: u64,
}

fn main() {
    let _ = Exporter::new("x").probe("/probe", |request: ProbeRequest| async move {
        Ok::<_, String>(Target { answers: request.target().len() as u64 })
    });
}
