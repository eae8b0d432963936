//! `--describe` and the flags around it, as an operator uses them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use hello_exporter::schema::Schema;
use hello_exporter_tests::http::{get, send};
use hello_exporter_tests::{
    Exporter, Prometheus, assert_golden, build_example, build_program, output_of, read, single,
    without_cargo_env,
};
use serde_json::json;
use tempfile::TempDir;

fn program() -> std::path::PathBuf {
    build_example("hello_exporter_tests", "renamed")
}

fn run(arguments: &[&str]) -> Output {
    output_of(without_cargo_env(program()).args(arguments), b"")
}

fn printed(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Returns the status, the standard output, and the messages of the log.
fn failed(arguments: &[&str]) -> (i32, String, String) {
    let output = run(arguments);
    let [stdout, log] = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap());
    let messages = log.lines().filter_map(|line| line.split_once("msg=").map(|(_, it)| it));
    (output.status.code().unwrap(), stdout, messages.collect::<Vec<_>>().join("\n"))
}

#[test]
fn describe_prints_the_reference_and_the_schema() {
    assert_golden("expositions/describe.md", &printed(&["--describe"]));
    assert_eq!(printed(&["--describe=markdown"]), printed(&["-describe"]));
    assert_golden("expositions/describe.json", &printed(&["--describe=json"]));
}

#[test]
fn describe_contains_every_family_of_a_scrape() {
    let schema = Schema::from_json(&printed(&["--describe=json"])).unwrap();
    let exporter = Exporter::start_program(&program(), &["--collector.disk"]);
    for (path, families) in
        [("/metrics", &schema.families), ("/probe?target=a", &schema.probes[0].families)]
    {
        let body = get(exporter.address, path).body;
        let types = body.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        for line in types {
            let (name, _) = line.split_once(' ').unwrap();
            assert!(families.iter().any(|family| family.name == name), "{path}: {name}");
        }
    }
}

fn names(exporter: &Exporter) -> Vec<String> {
    let body = get(exporter.address, "/metrics").body;
    let samples = body.lines().filter(|line| line.starts_with("shop_"));
    let names = samples.map(|line| line.split(['{', ' ']).next().unwrap().to_owned());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with("shop_exporter")).collect();
    names.dedup();
    names
}

#[test]
fn flag_hides_deprecated_metrics() {
    let exporter = Exporter::start_program(&program(), &[]);
    assert_eq!(
        names(&exporter),
        [
            "shop_jobs",
            "shop_jobs_total",
            "shop_queue_length",
            "shop_steps",
            "shop_steps_total",
            "shop_up",
            "shop_waiting",
        ]
    );
    assert_eq!(probed(&exporter), ["answers_total", "target_answers_total"]);
    let exporter = Exporter::start_program(&program(), &["--no-metrics.deprecated"]);
    let new = ["shop_jobs_total", "shop_queue_length", "shop_steps_total", "shop_up"];
    assert_eq!(names(&exporter), new);
    assert_eq!(probed(&exporter), ["target_answers_total"]);
    // Without the old name, the new one has its type in OpenMetrics.
    let accept = "Accept: application/openmetrics-text;version=1.0.0\r\n";
    let body = send(exporter.address, "GET", "/metrics", accept).body;
    assert!(body.contains("# TYPE shop_jobs counter\n"), "{body}");
}

fn probed(exporter: &Exporter) -> Vec<String> {
    let body = get(exporter.address, "/probe?target=a").body;
    let names = body.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    names.filter(|name| name.contains("answers")).map(str::to_owned).collect()
}

#[test]
fn updates_over_the_limit_of_a_renamed_metric_are_counted_once() {
    for flags in [&[][..], &["--no-metrics.deprecated"]] {
        let exporter = Exporter::start_program(&program(), flags);
        let dropped = || {
            let body = get(exporter.address, "/metrics").body;
            let counters = body.lines().filter(|line| line.contains("dropped_series_total{"));
            counters.map(str::to_owned).collect::<Vec<_>>()
        };
        let once = ["shop_exporter_dropped_series_total{family=\"shop_steps_total\"} 2"];
        assert_eq!([dropped(), dropped()], [once, once], "{flags:?}");
    }
}

#[test]
fn old_and_new_names_select_a_family() {
    let exporter = Exporter::start_program(&program(), &[]);
    for name in ["shop_jobs", "shop_jobs_total"] {
        let body = get(exporter.address, &format!("/metrics?name[]={name}")).body;
        let types: Vec<&str> =
            body.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
        assert_eq!(types, [format!("{name} counter")]);
    }
}

/// Two collectors may have the same family if at most one of them is enabled.
#[test]
fn families_of_collectors_that_exclude_each_other_are_described() {
    let schema = Schema::from_json(&printed(&["--describe=json"])).unwrap();
    assert_eq!(schema.family("disk_free_bytes").unwrap().collectors, ["disk", "disks"]);
}

#[test]
fn check_rules_prints_mistakes() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("rules.yml");
    let path = file.to_str().unwrap();
    let rules = |expr: &str| {
        let rules = format!("groups: [{{name: a, rules: [{{alert: A, expr: \"{expr}\"}}]}}]\n");
        fs::write(&file, rules).unwrap();
    };
    rules("rate(shop_jobs_total[5m]) > 1");
    let program = build_program("redis_exporter", ["--bin", "redis_exporter"]);
    let check = |arguments: &[&str]| {
        let output = output_of(without_cargo_env(&program).args(arguments), b"");
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    assert_eq!(check(&["--check-rules", path, path]), (0, String::new()));
    rules("redis_conected_clients > 1");
    let mistake = format!(
        "{path}:1: there is no metric `redis_conected_clients`, did you mean `redis_connected_clients`?\n"
    );
    assert_eq!(check(&["--check-rules", path]), (1, mistake));
    assert_eq!(check(&["--check-rules", "missing.yml"]), (1, String::new()));
}

#[test]
fn prometheus_stores_old_names_with_the_printed_relabelling() {
    let exporter = Exporter::start_program(&program(), &["--no-metrics.deprecated"]);
    let prometheus = Prometheus::scraping_with(exporter.address, &printed(&["--describe=relabel"]));
    let query = "shop_jobs{outcome=\"done\"}";
    let stored = prometheus.query(query, |result| single(result).is_some());
    let labels = json!({"__name__": "shop_jobs", "outcome": "done", "queue": "a"});
    assert_eq!(single(&stored).unwrap(), (labels, "3".to_owned()));
}

/// Changes a schema file.
fn edited(directory: &Path, edit: impl FnOnce(&str) -> String) -> String {
    let file = directory.join("old.json");
    fs::write(&file, edit(&printed(&["--describe=json"]))).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn diff_prints_what_an_upgrade_changes() {
    let directory = TempDir::new().unwrap();
    let same = edited(directory.path(), str::to_owned);
    assert_eq!(printed(&["--describe.diff", &same]), "");

    let help = edited(directory.path(), |json| json.replace("Jobs that wait,", "Jobs waiting,"));
    assert_eq!(
        printed(&[&format!("--describe.diff={help}")]),
        "compatible: `shop_queue_length` has another help\n"
    );

    let renamed = edited(directory.path(), |json| json.replace("shop_queue_length", "shop_queue"));
    let (status, changes, log) = failed(&["--describe.diff", &renamed]);
    assert_eq!(status, 1);
    assert!(changes.starts_with("breaking: `shop_queue` is gone"), "{changes}");
    assert_eq!(log, "\"breaking changes: 1, see standard output\"");
}

#[test]
fn files_without_a_schema_are_one_clear_line() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("old.json");
    let path = file.to_str().unwrap();
    let message = |text: &str| {
        fs::write(&file, text).unwrap();
        let (status, stdout, message) = failed(&["--describe.diff", path]);
        assert_eq!((status, &*stdout), (1, ""));
        message.replace(path, "FILE")
    };
    assert_eq!(
        message("a,b"),
        "\"--describe.diff: cannot read `FILE`: invalid JSON: expected value at line 1 column 1\""
    );
    assert_eq!(
        message("{\"version\": 2}"),
        "\"--describe.diff: cannot read `FILE`: the schema has version 2, expected at most 1: a newer exporter has \
         written it\""
    );
    let (status, _, missing) = failed(&["--describe.diff=missing.json"]);
    assert_eq!(status, 1);
    assert_eq!(
        missing,
        "\"--describe.diff: cannot read `missing.json`: No such file or directory (os error 2)\""
    );
}

#[test]
fn unknown_format_is_an_error_of_the_flags() {
    let output = run(&["--describe=xml"]);
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        message.starts_with("error: invalid value 'xml' for '--describe[=<FORMAT>]'"),
        "{message}"
    );
}

/// A change of an exporter's metrics is seen in review.
#[test]
fn exporters_keep_their_schema_and_their_reference() {
    for name in ["node_exporter", "postgres_exporter", "probe_exporter", "redis_exporter"] {
        let program = build_program(name, ["--bin", name]);
        let printed = |argument: &str| {
            let output = output_of(without_cargo_env(&program).arg(argument), b"");
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        assert_golden(&format!("../examples/{name}/metrics.json"), &printed("--describe=json"));
        assert_golden(&format!("../examples/{name}/METRICS.md"), &printed("--describe"));
        let readme = read(&format!("examples/{name}/README.md"));
        assert!(readme.contains("[METRICS.md](METRICS.md)"), "{name}");
    }
}

/// The address of a running exporter is no obstacle.
#[test]
fn describe_listens_on_no_address() {
    let busy = Exporter::start_program(&program(), &[]);
    let address = format!("--web.listen-address={}", busy.address);
    let output = Command::new(program()).args([&address, "--describe=relabel"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}
