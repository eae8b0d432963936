//! Any text is checked as a file of rules, a dashboard and an expression. Each finding is one line,
//! at a line of the file. A long expression does not overflow the stack.

#![no_main]

use std::sync::LazyLock;

use hello_exporter::schema::{RuleFile, Schema};
use hello_exporter::{Collector, CounterVec, Gauge, Histogram};
use libfuzzer_sys::fuzz_target;

#[derive(Collector)]
#[collector(namespace = "shop")]
struct Shop {
    #[metric(help = "Orders.", labels = ["kind"])]
    orders_total: CounterVec<1>,
    #[metric(help = "Visitors.", const_labels(door = "front"))]
    visitors: Gauge,
    #[metric(help = "Visits.", buckets = [0.1, 1])]
    visit_seconds: Histogram,
}

static SCHEMA: LazyLock<Schema> = LazyLock::new(Schema::of::<Shop>);

/// How often an expression is repeated. A stack bears fewer calls.
const LONG: usize = 6_000;

fuzz_target!(|text: &str| {
    for path in ["rules.yml", "dashboard.json", "unknown"] {
        check(RuleFile::new(path, text));
    }
    let _ = Schema::from_json(text);
    check(RuleFile::new("rules.yml", rule(text)));
    if text.len() <= 20 {
        // `1 + 1` is repeated as `1 + 1 + 1`.
        let (start, end) = text.split_at(text.find(' ').unwrap_or(0));
        check(RuleFile::new("rules.yml", rule(&(start.to_owned() + &end.repeat(LONG)))));
    }
});

/// Returns a file with this expression, as a block.
fn rule(expression: &str) -> String {
    let lines: Vec<String> = expression.lines().map(|line| format!("      {line}")).collect();
    format!("groups:\n- rules:\n  - expr: |\n{}\n", lines.join("\n"))
}

fn check(file: RuleFile) {
    // A carriage return ends a line of YAML.
    let lines = file.text.split(['\n', '\r']).count();
    for finding in SCHEMA.check_rules(&[file]) {
        assert!((1..=lines).contains(&finding.line), "{finding:?}");
        assert!(!finding.message.is_empty(), "{finding:?}");
        assert!(!finding.message.contains(char::is_control), "{finding:?}");
    }
}
