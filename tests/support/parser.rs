//! Reads expositions with independent parsers: the two of the Python client, and promtool.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::process::output_of;

/// A metric family as the parser returned it.
#[derive(Debug, PartialEq)]
pub struct Family {
    /// Without `_total`, which the Python client removes in either format.
    pub name: String,
    /// The `# TYPE`.
    pub metric_type: String,
    /// The `# HELP`, unescaped.
    pub help: String,
    /// The `# UNIT`, or empty.
    pub unit: String,
    /// In the order of the exposition.
    pub samples: Vec<Sample>,
}

/// A sample as the parser returned it.
#[derive(Debug, PartialEq)]
pub struct Sample {
    /// The whole name.
    pub name: String,
    /// Names and unescaped values.
    pub labels: BTreeMap<String, String>,
    /// The value as a float.
    pub value: f64,
    /// The exact value, if the parser returned an integer. Only the OpenMetrics parser does.
    pub integer: Option<i128>,
    /// In milliseconds since the Unix epoch.
    pub timestamp: Option<i64>,
    /// The exemplar after `#`.
    pub exemplar: Option<Exemplar>,
}

/// An exemplar as the parser returned it.
#[derive(Debug, PartialEq)]
pub struct Exemplar {
    /// Names and unescaped values.
    pub labels: BTreeMap<String, String>,
    /// The value as a float.
    pub value: f64,
    /// In milliseconds since the Unix epoch.
    pub timestamp: Option<i64>,
}

const SCRIPT: &str = "
import importlib, json, sys
from prometheus_client.samples import Timestamp

def milliseconds(time):
    if isinstance(time, Timestamp):
        return time.sec * 1000 + time.nsec // 10**6
    return None if time is None else round(time * 1000)

def exemplar(it):
    return it and [it.labels, repr(it.value), milliseconds(it.timestamp)]

def sample(it):
    return [it.name, it.labels, repr(it.value), milliseconds(it.timestamp), exemplar(it.exemplar)]

text = sys.stdin.buffer.read().decode('utf-8')
print(json.dumps([
    [family.name, family.type, family.documentation, family.unit, list(map(sample, family.samples))]
    for family in importlib.import_module(sys.argv[1]).text_string_to_metric_families(text)
]))
";

/// Parses an exposition in the text format.
pub fn parse(exposition: &str) -> Vec<Family> {
    parse_by("prometheus_client.parser", exposition)
}

/// Parses an exposition in OpenMetrics.
pub fn parse_open_metrics(exposition: &str) -> Vec<Family> {
    parse_by("prometheus_client.openmetrics.parser", exposition)
}

fn parse_by(module: &str, exposition: &str) -> Vec<Family> {
    let mut python = Command::new("/usr/bin/python3");
    let output = output_of(python.args(["-c", SCRIPT, module]), exposition.as_bytes());
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{module} cannot parse the exposition: {error}\n{exposition}");
    let families: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    families.iter().map(family).collect()
}

fn family(family: &Value) -> Family {
    let samples = family[4].as_array().expect("samples");
    Family {
        name: text(&family[0]),
        metric_type: text(&family[1]),
        help: text(&family[2]),
        unit: text(&family[3]),
        samples: samples.iter().map(sample).collect(),
    }
}

fn sample(sample: &Value) -> Sample {
    let value = text(&sample[2]);
    Sample {
        name: text(&sample[0]),
        labels: labels(&sample[1]),
        value: value.parse().expect("a number"),
        integer: value.parse().ok(),
        timestamp: sample[3].as_i64(),
        exemplar: sample[4].is_array().then(|| exemplar(&sample[4])),
    }
}

fn exemplar(exemplar: &Value) -> Exemplar {
    Exemplar {
        labels: labels(&exemplar[0]),
        value: text(&exemplar[1]).parse().expect("a number"),
        timestamp: exemplar[2].as_i64(),
    }
}

fn labels(labels: &Value) -> BTreeMap<String, String> {
    let labels = labels.as_object().expect("labels").iter();
    labels.map(|(name, value)| (name.clone(), text(value))).collect()
}

fn text(text: &Value) -> String {
    text.as_str().expect("a string").to_owned()
}

/// Returns the complaints of `promtool check metrics` about an exposition that it can parse.
pub fn promtool(exposition: &str) -> String {
    let mut promtool = Command::new("promtool");
    let output = output_of(promtool.args(["check", "metrics"]), exposition.as_bytes());
    let complaints = String::from_utf8(output.stderr).expect("complaints are UTF-8");
    // Status 3 means that it parses the exposition, but reports problems.
    assert!(
        matches!(output.status.code(), Some(0 | 3)),
        "promtool cannot parse the exposition: {complaints}"
    );
    complaints
}
