//! A schema as JSON and Markdown, its document, and comparisons with a file.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::panic::catch_unwind;
use std::path::Path;
use std::process::Command;

use hello_exporter::schema::Schema;
use hello_exporter::testing::assert_schema;
use hello_exporter::{Collector, Counter, Family, Gauge, Histogram, LabelValue, Registry};
use hello_exporter_tests::{assert_golden, block, data, read, text};
use proptest::prelude::{any, proptest};
use serde_json::{Value, json};
use tempfile::TempDir;

#[allow(dead_code, reason = "only the values are needed")]
#[derive(LabelValue)]
enum Outcome {
    Failed,
    Succeeded,
}

#[derive(Collector)]
struct Jobs {
    /// Jobs done.
    #[metric(labels = ["outcome"], const_labels(queue = "mail"))]
    jobs_total: Family<[Outcome; 1], Counter>,

    /// Time that jobs took.
    #[metric(unit = "seconds", buckets = [0.5, 10], renamed_from = "job_time")]
    job_duration_seconds: Histogram,
}

fn full() -> String {
    fs::read_to_string(data("schema/full.json")).unwrap()
}

#[test]
fn json_is_read_and_written_alike() {
    let schema = Schema::from_json(&full()).unwrap();
    assert_golden("schema/full.json", &schema.to_json());
    assert_eq!(schema.family("redis_up").unwrap().collectors, <[&str; 0]>::default());
}

#[test]
fn missing_and_unknown_fields_are_accepted() {
    let text = r#"{"version": 1, "later": [], "families": [
        {"name": "a", "type": "untyped", "help": "", "later": 1, "labels": [{"name": "b"}]}
    ]}"#;
    let schema = Schema::from_json(text).unwrap();
    let family = schema.family("a").unwrap();
    assert_eq!(family.label("b").unwrap().values, None);
    assert_eq!(Schema::from_json(&schema.to_json()).unwrap(), schema);
}

proptest! {
    #[test]
    fn buckets_are_read_exactly(bound in any::<f64>()) {
        let family = json!({"name": "a", "type": "histogram", "help": "", "buckets": [bound]});
        let text = json!({"version": 1, "families": [family]}).to_string();
        let schema = Schema::from_json(&text).unwrap();
        assert_eq!(schema.families[0].buckets[0].to_bits(), bound.to_bits());
    }
}

#[test]
fn invalid_schemas_are_reported() {
    let expected = "; expected the output of `--describe=json`";
    for (text, message) in [
        ("", "invalid JSON: EOF while parsing a value at line 1 column 0".to_owned()),
        ("# HELP a A.", "invalid JSON: expected value at line 1 column 1".to_owned()),
        (
            "{\"version\": 1,\n",
            "invalid JSON: EOF while parsing a value at line 2 column 0".to_owned(),
        ),
        ("{}", format!("not a schema: missing field `version` at line 1 column 2{expected}")),
        (
            "7",
            format!(
                "not a schema: invalid type: integer `7`, expected a schema at line 1 column \
                 1{expected}"
            ),
        ),
        (
            r#"{"version": 0}"#,
            format!(
                "not a schema: invalid value: integer `0`, expected a nonzero u32 at line 1 \
                 column 13{expected}"
            ),
        ),
        (
            r#"{"version": 1}"#,
            format!("not a schema: missing field `families` at line 1 column 14{expected}"),
        ),
        (
            r#"{"version": 1, "families": [{"name": "a", "help": "", "type": "rate"}]}"#,
            format!(
                "not a schema: unknown variant `rate`, expected one of `counter`, `gauge`, \
                 `histogram`, `summary`, `info`, `stateset`, `untyped` at line 1 column \
                 68{expected}"
            ),
        ),
        (
            r#"{"version": 1, "families": [7]}"#,
            format!(
                "not a schema: invalid type: integer `7`, expected a family at line 1 column \
                 29{expected}"
            ),
        ),
        (
            r#"{"version": 2, "families": {}}"#,
            "the schema has version 2, expected at most 1: a newer exporter has written it"
                .to_owned(),
        ),
    ] {
        assert_eq!(Schema::from_json(text).unwrap_err().to_string(), message, "{text}");
    }
}

#[test]
fn markdown_has_a_table_for_each_collector_and_probe() {
    assert_golden("schema/full.md", &Schema::from_json(&full()).unwrap().markdown());
}

/// Returns the number of cells of a row, as the specification of GitHub's Markdown counts them.
fn cells(row: &str) -> usize {
    row.replace("\\|", "").matches('|').count() - 1
}

#[test]
fn rows_of_markdown_have_four_cells() {
    let page = Schema::from_json(&full()).unwrap().markdown();
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with('|')).collect();
    assert_eq!(rows.len(), 15);
    for row in rows {
        assert_eq!(cells(row), 4, "{row}");
    }
}

fn document() -> String {
    read("docs/schema.md")
}

#[test]
fn example_of_the_document_is_the_schema() {
    let document = document();
    assert!(include_str!("schema.rs").contains(block(&document, "rust")));
    assert_eq!(block(&document, "json"), Schema::of::<Jobs>().to_json());
}

/// Returns the first words in backticks of the table below a heading.
fn documented(document: &str, heading: &str) -> BTreeSet<String> {
    let (_, section) = document.split_once(&format!("\n### {heading}\n")).unwrap();
    let section = section.split("\n#").next().unwrap();
    let names = section.lines().filter_map(|line| {
        let (_, rest) = line.strip_prefix('|')?.split_once('`')?;
        Some(rest.split_once('`')?.0.to_owned())
    });
    names.collect()
}

/// Returns the names of the fields of all objects at a path, in which `*` is any item.
fn fields(value: &Value, path: &[&str]) -> BTreeSet<String> {
    match path {
        [] => value.as_object().unwrap().keys().cloned().collect(),
        ["*", rest @ ..] => {
            value.as_array().unwrap().iter().flat_map(|item| fields(item, rest)).collect()
        }
        [field, rest @ ..] => fields(&value[field], rest),
    }
}

#[test]
fn every_field_is_documented() {
    let full = full_value();
    for (heading, path) in [
        ("The file", &[] as &[&str]),
        ("A collector", &["collectors", "*"]),
        ("A probe", &["probes", "*"]),
        ("A family", &["families", "*"]),
        ("A label", &["families", "*", "labels", "*"]),
    ] {
        assert_eq!(documented(&document(), heading), fields(&full, path), "{heading}");
    }
}

#[test]
fn every_documented_change_is_tested() {
    let tests = include_str!("schema_changes.rs");
    let document = document();
    let rows: Vec<String> = document
        .lines()
        .filter_map(|line| line.strip_suffix(" `` |"))
        .map(|line| line.trim_start_matches("| ").replacen(" | `` ", ": ", 1))
        .collect();
    assert!(rows.len() > 30, "{rows:#?}");
    for row in rows {
        assert!(tests.contains(&row), "{row}");
    }
}

/// Returns copies of a JSON value that differ from it in one place.
fn edits(value: &Value, edit: &impl Fn(&Value) -> Option<Value>) -> Vec<Value> {
    let mut edits: Vec<Value> = edit(value).into_iter().collect();
    let keys: Vec<String> = match value {
        Value::Object(fields) => fields.keys().map(|key| format!("/{key}")).collect(),
        Value::Array(items) => (0..items.len()).map(|index| format!("/{index}")).collect(),
        _ => Vec::new(),
    };
    for key in keys.iter().filter(|key| *key != "/version") {
        for part in self::edits(value.pointer(key).unwrap(), edit) {
            let mut edited = value.clone();
            *edited.pointer_mut(key).unwrap() = part;
            edits.push(edited);
        }
    }
    edits
}

fn full_value() -> Value {
    serde_json::from_str(&full()).unwrap()
}

fn changes_of_full(edited: &Value) -> Vec<String> {
    let [before, after] =
        [full(), edited.to_string()].map(|json| Schema::from_json(&json).unwrap());
    before.changes(&after).iter().map(ToString::to_string).collect()
}

#[test]
fn every_field_makes_a_change() {
    let edits = edits(&full_value(), &|value| match value {
        Value::Bool(is) => Some(json!(!is)),
        Value::Number(number) => Some(json!(number.as_f64().unwrap() + 0.25)),
        Value::String(text) if text == "gauge" => Some(json!("info")),
        Value::String(text) if is_type(text) => Some(json!("gauge")),
        Value::String(text) => Some(json!(format!("{text}x"))),
        _ => None,
    });
    assert!(edits.len() > 50, "{}", edits.len());
    for edited in edits {
        assert!(!changes_of_full(&edited).is_empty(), "{edited:#}");
    }
}

fn is_type(text: &str) -> bool {
    ["counter", "histogram", "summary", "info", "stateset", "untyped"].contains(&text)
}

#[test]
fn order_of_a_list_is_no_change() {
    let edits = edits(&full_value(), &|value| {
        let items = value.as_array().filter(|items| items.len() > 1)?;
        Some(items.iter().rev().cloned().collect())
    });
    assert!(edits.len() > 5, "{}", edits.len());
    for edited in edits {
        assert_eq!(changes_of_full(&edited), <[&str; 0]>::default(), "{edited:#}");
    }
}

#[derive(Collector)]
struct Mail {
    /// Mails in the queue.
    mail_queue_length: Gauge<i64>,
}

/// A directory with the file `metrics.json`.
fn directory(text: &str) -> TempDir {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("metrics.json"), text).unwrap();
    directory
}

/// Returns the message of the failed comparison of [`Mail`] with a file, whose directory it leaves
/// out.
fn failure(directory: &Path, file: &str) -> String {
    let path = directory.join(file);
    let panic = catch_unwind(|| assert_schema(Schema::of::<Mail>(), path)).unwrap_err();
    panic.downcast::<String>().unwrap().replace(&format!("{}/", directory.display()), "")
}

#[test]
fn same_schema_in_another_form_passes() {
    let registry = Registry::new();
    registry.register(Mail::new()).unwrap();
    let text = Schema::from(&registry).to_json();
    let compact = serde_json::from_str::<Value>(&text).unwrap().to_string();
    for text in [text, compact] {
        let directory = directory(&text);
        assert_schema(Schema::of::<Mail>(), directory.path().join("metrics.json"));
        assert_schema(&registry, directory.path().join("metrics.json"));
    }
}

#[test]
fn changes_are_listed() {
    #[derive(Collector)]
    struct Old {
        /// Mails in a queue.
        mail_queue_length: Gauge<i64>,
        /// Mails sent.
        mail_sent_total: Counter,
    }

    let directory = directory(&Schema::of::<Old>().to_json());
    assert_eq!(
        failure(directory.path(), "metrics.json"),
        "\
the schema differs from `metrics.json`:
  breaking: `mail_sent_total` is gone
  compatible: `mail_queue_length` has another help
if this is meant: SCHEMA=overwrite cargo test",
    );
}

#[test]
fn missing_file_is_reported() {
    assert_eq!(
        failure(directory("").path(), "missing.json"),
        "the schema `missing.json` is missing\nto write it: SCHEMA=overwrite cargo test",
    );
}

#[test]
fn file_without_a_schema_is_reported() {
    assert_eq!(
        failure(directory("mail_queue_length 3\n").path(), "metrics.json"),
        "\
cannot read the schema `metrics.json`: invalid JSON: expected value at line 1 column 1
to write it anew: SCHEMA=overwrite cargo test",
    );
    assert_eq!(
        failure(directory(r#"{"version": 2}"#).path(), "metrics.json"),
        "\
cannot read the schema `metrics.json`: the schema has version 2, expected at most 1: a newer exporter has written it
to write it anew: SCHEMA=overwrite cargo test",
    );
    assert_eq!(
        failure(directory("").path(), "."),
        "cannot read the schema `.`: Is a directory (os error 21)",
    );
}

/// The variable that names the file of [`mail_schema`].
const FILE: &str = "SCHEMA_FILE";

#[test]
#[ignore = "run by `schema_is_written`"]
fn mail_schema() {
    assert_schema(Schema::of::<Mail>(), env::var_os(FILE).unwrap());
}

/// Runs `mail_schema` as a test runner does, with a value of the variable `SCHEMA`. Returns whether
/// it passes, and what it prints.
fn run(file: &Path, schema: &str) -> (bool, String) {
    let arguments = ["--exact", "mail_schema", "--ignored", "--nocapture"];
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(arguments).env(FILE, file).env("SCHEMA", schema);
    let output = command.output().unwrap();
    (output.status.success(), text(&output.stderr))
}

#[test]
fn schema_is_written() {
    let directory = directory("");
    for name in ["metrics.json", "new.json"] {
        let path = directory.path().join(name);
        assert_eq!(run(&path, "overwrite"), (true, String::new()));
        assert_eq!(fs::read_to_string(path).unwrap(), Schema::of::<Mail>().to_json());
    }
}

#[test]
fn schema_is_not_written_without_being_asked() {
    let directory = directory("{}");
    let path = directory.path().join("metrics.json");
    assert!(!run(&path, "check").0);
    assert_eq!(fs::read_to_string(path).unwrap(), "{}");
}

#[test]
fn file_that_cannot_be_written_is_reported() {
    let directory = directory("");
    let path = directory.path().join("missing/metrics.json");
    let (passes, printed) = run(&path, "overwrite");
    assert!(!passes);
    let path = path.display();
    let message =
        format!("cannot write the schema `{path}`: No such file or directory (os error 2)\n");
    assert!(printed.contains(&message), "{printed}");
    assert!(printed.contains("tests/schema.rs:"), "the location is the caller's: {printed}");
}
