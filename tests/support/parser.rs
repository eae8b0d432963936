//! Expositions as somebody else reads them: the parsers of the Python client.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

/// A metric family.
#[derive(Debug, PartialEq)]
pub struct Family {
    /// Without `_total`, as the Python client has it in either format.
    pub name: String,
    /// The `# TYPE`.
    pub metric_type: String,
    /// The `# HELP`, unescaped.
    pub help: String,
    /// The `# UNIT`, or nothing.
    pub unit: String,
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
    /// The value, exact, where the parser reads an integer, as that of OpenMetrics does.
    pub integer: Option<i128>,
    /// In milliseconds since the Unix epoch.
    pub timestamp: Option<i64>,
    /// The exemplar after `#`.
    pub exemplar: Option<Exemplar>,
}

/// An exemplar.
#[derive(Debug, PartialEq)]
pub struct Exemplar {
    /// Names and unescaped values.
    pub labels: BTreeMap<String, String>,
    /// The value.
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
    let mut child = Command::new("/usr/bin/python3")
        .args(["-c", SCRIPT, module])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is installed: tests/run does it");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(exposition.as_bytes()).expect("python reads");
    drop(stdin);
    let output = child.wait_with_output().expect("python ends");
    assert!(output.status.success(), "{module} does not parse:\n{exposition}");
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
    text.as_str().expect("a text").to_owned()
}

/// Returns the complaints of `promtool check metrics` about an exposition that it can parse.
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
