//! The text format as somebody else reads it: the parser of the Python client.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

/// A metric family.
#[derive(Debug, PartialEq)]
pub struct Family {
    /// Without `_total`, as the Python client has it.
    pub name: String,
    /// The `# TYPE`.
    pub metric_type: String,
    /// The `# HELP`, unescaped.
    pub help: String,
    /// In the order of the exposition.
    pub samples: Vec<Sample>,
}

/// A sample.
#[derive(Debug, PartialEq)]
pub struct Sample {
    /// The whole name.
    pub name: String,
    /// Names and unescaped values.
    pub labels: BTreeMap<String, String>,
    /// The value.
    pub value: f64,
}

const SCRIPT: &str = "
import json, sys
from prometheus_client.parser import text_string_to_metric_families
text = sys.stdin.buffer.read().decode('utf-8')
print(json.dumps([
    [family.name, family.type, family.documentation,
     [[sample.name, sample.labels, repr(sample.value)] for sample in family.samples]]
    for family in text_string_to_metric_families(text)
]))
";

/// Parses an exposition in the text format.
pub fn parse(exposition: &str) -> Vec<Family> {
    let mut child = Command::new("/usr/bin/python3")
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is installed: tests/run does it");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(exposition.as_bytes()).expect("python reads");
    drop(stdin);
    let output = child.wait_with_output().expect("python ends");
    assert!(output.status.success(), "python3-prometheus-client does not parse:\n{exposition}");
    let families: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    families.iter().map(family).collect()
}

fn family(family: &Value) -> Family {
    let text = |at: usize| family[at].as_str().expect("a text").to_owned();
    let samples = family[3].as_array().expect("samples");
    Family {
        name: text(0),
        metric_type: text(1),
        help: text(2),
        samples: samples.iter().map(sample).collect(),
    }
}

fn sample(sample: &Value) -> Sample {
    let labels = sample[1].as_object().expect("labels");
    let label = |(name, value): (&String, &Value)| {
        (name.clone(), value.as_str().expect("a label value").to_owned())
    };
    let value = sample[2].as_str().expect("a value");
    Sample {
        name: sample[0].as_str().expect("a name").to_owned(),
        labels: labels.iter().map(label).collect(),
        value: value.parse().expect("a number"),
    }
}

/// What `promtool check metrics` has to say of an exposition that it can parse.
pub fn promtool(exposition: &str) -> String {
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool is installed: tests/run does it");
    let mut stdin = promtool.stdin.take().expect("a pipe");
    stdin.write_all(exposition.as_bytes()).expect("promtool reads");
    drop(stdin);
    let output = promtool.wait_with_output().expect("promtool ends");
    let complaints = String::from_utf8(output.stderr).expect("complaints are UTF-8");
    // 3 is for what it parses and does not like.
    assert!(matches!(output.status.code(), Some(0 | 3)), "promtool does not parse: {complaints}");
    complaints
}
