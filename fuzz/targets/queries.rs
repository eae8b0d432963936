//! The first line of the input is the name of a metric, the second one that of a label, the rest is
//! the help. The documents that a schema makes of them have no mistake that its own check finds.

#![no_main]

use std::fmt::Write;

use hello_exporter::collect::{Desc, MetricType};
use hello_exporter::fuzzing::schema::selector;
use hello_exporter::schema::{RuleFile, Schema};
use libfuzzer_sys::fuzz_target;

const TYPES: [MetricType; 7] = [
    MetricType::Counter,
    MetricType::Gauge,
    MetricType::Histogram,
    MetricType::Summary,
    MetricType::Info,
    MetricType::StateSet,
    MetricType::Untyped,
];

fuzz_target!(|input: &str| {
    let mut lines = input.splitn(3, '\n');
    let mut next = || lines.next().unwrap_or_default();
    let (name, label, help) = (next(), next(), next());
    // One type an input, so that inputs are fast.
    let metric_type = TYPES[input.len() % TYPES.len()];
    let desc = Desc::new(name.to_owned(), help.to_owned(), metric_type).utf8();
    // `up` of Prometheus has another meaning than that of a schema.
    if name != "up" && desc.with_labels([label.to_owned()]).check().is_ok() {
        check(&schema(name, label, help, metric_type), name);
    }
});

fn check(schema: &Schema, name: &str) {
    assert_eq!(Schema::from_json(&schema.to_json()).unwrap(), *schema);
    schema.markdown();
    schema.relabel();
    let expression = selector(name, "job=\"x\"");
    let rules = format!("groups:\n- rules:\n  - expr: {}\n", quoted(&expression));
    for file in [
        RuleFile::new("own.yml", rules),
        RuleFile::new("rules.yml", schema.rules()),
        RuleFile::new("dashboard.json", schema.grafana()),
    ] {
        let findings = schema.check_rules(std::slice::from_ref(&file));
        assert!(findings.is_empty(), "{findings:#?}\n{}", file.text);
    }
}

fn schema(name: &str, label: &str, help: &str, metric_type: MetricType) -> Schema {
    let [name, label, help] = [name, label, help].map(quoted);
    let family = format!(
        "{{\"name\":{name},\"type\":\"{metric_type}\",\"help\":{help},\"labels\":[{{\"name\":{label}}}]}}"
    );
    let json = format!("{{\"version\":1,\"families\":[{family}]}}");
    Schema::from_json(&json).unwrap_or_else(|error| panic!("{error}: {json}"))
}

/// Returns a string of JSON, which is one of YAML too.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            ' '..='~' => quoted.push(character),
            _ => {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    write!(quoted, "\\u{unit:04x}").unwrap();
                }
            }
        }
    }
    quoted.push('"');
    quoted
}
