//! Probes of several targets do not affect one another.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::convert::Infallible;

use super::*;
use crate::metric::DynamicFamilies;
use crate::server::config::Snapshots;
use crate::server::probe::{Probe, ProbeOptions, Probed};

/// Returns families that depend on the target.
struct Fields;

impl Probe for Fields {
    type Metrics = DynamicFamilies;
    type Error = Infallible;

    async fn probe(&self, request: ProbeRequest) -> Result<Probed<DynamicFamilies>, Infallible> {
        let mut families = DynamicFamilies::new();
        match request.target() {
            "gauge" => _ = families.gauge("field", "A gauge.").sample([("a", "v")], 1),
            "counter" => _ = families.counter("field", "A counter.").value(2),
            _ => (0..20_000).for_each(|name| {
                families.gauge(format!("field_{name}"), "One of many.").value(name);
            }),
        }
        Ok(Probed::success(families))
    }
}

#[actix_web::test]
async fn dynamic_families_belong_to_one_request() {
    let context = ProbeContext {
        allowed: Arc::new(AllowList(Vec::new())),
        enabled: Arc::default(),
        runtime: SourceRuntime::current(),
        registry: Registry::new(),
        snapshots: Snapshots::default(),
        has_debug: false,
    };
    let options: ProbeOptions =
        ProbeOptions::new("/probe").up_metric("fields_up", "Whether there are fields.");
    let options = options.settings(&()).unwrap();
    let served = Arc::new(
        ServedProbe::new(options, ReadyProbe::new(&"/probe".into(), Fields), context).unwrap(),
    );
    let probe = async |target: &str| {
        let result = Arc::clone(&served).probe(target.to_owned(), "".into(), None, None).await;
        let mut exposition = Exposition::new(Vec::new());
        result.encode(Encoding::default(), &mut exposition);
        let buffer = exposition.buffer;
        let text = String::from_utf8(buffer).unwrap();
        let lines = text.lines().filter(|line| line.starts_with('f'));
        lines.map(|line| line.to_owned() + "\n").collect::<String>()
    };
    assert_eq!(probe("gauge").await, "field{a=\"v\"} 1\nfields_up 1\n");
    assert_eq!(probe("many").await.lines().count(), 10_001);
    assert_eq!(probe("counter").await, "field 2\nfields_up 1\n");
    assert_eq!(probe("gauge").await, "field{a=\"v\"} 1\nfields_up 1\n");
}
