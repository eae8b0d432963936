//! The example redis_exporter compared with the original that it replaces.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;

use hello_exporter_tests::http::get;
use hello_exporter_tests::redis_exporter::{
    SECRET, has_sample, is_up, program, samples, scrape, start, start_for_targets, start_locked,
};
use hello_exporter_tests::{
    Comparison, Exporter, Family, Redis, free_address, lines_of_code, parse, read, read_unwrapped,
    until, with_comma,
};
use tempfile::TempDir;

/// Returns a server with data for every family, and its replica.
fn filled() -> (Redis, Redis) {
    let redis =
        Redis::start(&["--latency-monitor-threshold", "1", "--enable-debug-command", "yes"]);
    for command in [
        "SET a 1",
        "SET b 2 EX 1000",
        "XADD s * f v",
        "XGROUP CREATE s g 0",
        "HSET h f v",
        "INCR h",
        "LPUSH l 1 2",
        "ZADD z 1 a",
        "GET nope",
        "GET a",
        "NOSUCH x",
        "EVAL return(1) 0",
        "PUBLISH c m",
        "CONFIG SET slowlog-log-slower-than 1000",
        "DEBUG SLEEP 0.02",
        "CONFIG SET slowlog-log-slower-than 1000000",
    ] {
        redis.cli(&command.split(' ').collect::<Vec<_>>());
    }
    redis.cli(&["-n", "3", "SET", "c", "1"]);
    redis.cli(&["-n", "5", "SET", "d", "1", "EX", "500"]);
    let master = format!("{} {}", redis.address.ip(), redis.address.port());
    let replica = Redis::start(&["--replicaof", &master]);
    until(|| redis.cli(&["INFO", "replication"]).contains("state=online"));
    until(|| replica.cli(&["INFO", "replication"]).contains("master_link_status:up"));
    (redis, replica)
}

/// Reads an exposition of the original. Its quantiles are percentages, which are invalid, and are
/// read as fractions.
fn of_original(body: &str) -> Vec<Family> {
    let body = body.replace("quantile=\"50\"", "quantile=\"0.5\"");
    let body = body.replace("quantile=\"99\"", "quantile=\"0.99\"");
    parse(&body.replace("quantile=\"99.9\"", "quantile=\"0.999\""))
}

fn group(family: &str) -> String {
    let is_own = family.starts_with("redis_exporter_") || family.starts_with("redis_target_");
    let is_of_redis = family.starts_with("redis_");
    let group = if is_own {
        "exporter"
    } else if is_of_redis {
        "redis"
    } else {
        "process"
    };
    group.to_owned()
}

/// Compares a scrape of ours with one scrape of the original before it and one after it. Repeats
/// this, at most 20 times, until each gauge of the group `redis` has been between the two, or near
/// one of them, once.
fn compare(original: &Exporter, ours: &Exporter, [path, path_of_ours]: [&str; 2]) -> Comparison {
    let body = |exporter: &Exporter, path: &str| {
        let response = get(exporter.address, path);
        assert_eq!(response.status, 200, "{}", response.body);
        response.body
    };
    let scrapes = || {
        let before = of_original(&body(original, path));
        let between = parse(&body(ours, path_of_ours));
        [before, between, of_original(&body(original, path))]
    };
    let mut comparison = compared(&scrapes());
    for _ in 0..20 {
        if comparison.groups["redis"].wrong.is_empty() {
            break;
        }
        comparison.forgive(&compared(&scrapes()));
    }
    comparison
}

fn compared(scrapes: &[Vec<Family>; 3]) -> Comparison {
    let [before, ours, after] = scrapes;
    let mut comparison = Comparison::between([before, after], ours, group);
    let is_near = |series: &str| is_memory(series) && is_near(series, scrapes);
    let redis = comparison.groups.get_mut("redis").unwrap();
    redis.wrong.retain(|series, _| !is_near(series));
    comparison
}

/// Compares the metrics that the two exporters expose for a target.
fn compare_target(original: &Exporter, ours: &Exporter, target: SocketAddr) -> Comparison {
    let path = format!("/scrape?target=redis://{target}");
    compare(original, ours, [&path, &path])
}

fn start_original(flags: &[&str]) -> Exporter {
    Exporter::start_unlogged(Path::new("prometheus-redis-exporter"), flags)
}

/// Returns whether a series counts memory that includes the exporter's connection. Ours takes a few
/// bytes more, since it sends all commands at once.
fn is_memory(series: &str) -> bool {
    ["redis_mem", "redis_allocator_"].iter().any(|prefix| series.starts_with(prefix))
}

/// Returns whether ours differs by at most 1 % from a scrape of the original before or after it.
fn is_near(series: &str, [before, ours, after]: &[Vec<Family>; 3]) -> bool {
    let value = |families: &[Family]| {
        let family = families.iter().find(|family| family.name == series);
        family.map_or(f64::NAN, |family| family.samples[0].value)
    };
    let ours = value(ours);
    let is_near = |original: f64| (ours - original).abs() <= original.abs() / 100.0;
    is_near(value(before)) || is_near(value(after))
}

/// Families of the original that the README names as missing.
const MISSING: [&str; 1] = ["redis_last_key_groups_scrape_duration_milliseconds"];

const MISSING_OF_EXPORTER: [&str; 5] = [
    "redis_exporter_build_info",
    "redis_exporter_last_scrape_error",
    "redis_exporter_scrape_duration_seconds",
    "redis_exporter_scrapes",
    "redis_target_scrape_request_errors",
];

/// A family whose type differs from the original's. Not every server has it.
const DIFFERENT: &str = "redis_expired_time_cap_reached_total";

/// Asserts that only the differences in the README exist, and returns the numbers of families and
/// of equal families.
fn assert_same(comparison: &Comparison) -> [usize; 2] {
    println!("{comparison}");
    let (redis, exporter) = (&comparison.groups["redis"], &comparison.groups["exporter"]);
    let different = redis.different.keys().chain(exporter.different.keys());
    let different: BTreeSet<&str> =
        different.map(String::as_str).filter(|it| *it != DIFFERENT).collect();
    assert_eq!(different, MISSING.into_iter().chain(MISSING_OF_EXPORTER).collect());
    assert!(redis.wrong.is_empty(), "{comparison}");
    [redis.families + exporter.families, redis.same() + exporter.same()]
}

#[test]
fn nine_tenths_of_the_families_have_the_samples_of_the_original() {
    let (master, replica) = filled();
    let original = start_original(&[&format!("--redis.addr=redis://{}", master.address)]);
    let ours = start_for_targets(&[]);
    let of_master = compare_target(&original, &ours, master.address);
    let of_replica = compare_target(&original, &ours, replica.address);
    for comparison in [&of_master, &of_replica] {
        let [families, same] = assert_same(comparison);
        assert!(same * 10 >= families * 9, "{same} of {families}: {comparison}");
        assert!(comparison.groups["redis"].different.contains_key(DIFFERENT));
    }
    let [families, same] = assert_same(&of_master);
    let figures = format!("{same} of the original's {families} families");
    assert!(readme().contains(&figures), "{figures}");
    let figures = format!("{same} of {families} |");
    assert!(read("docs/comparison.md").contains(&figures), "{figures}");
}

#[test]
fn cluster_has_the_samples_of_the_original() {
    let [first, second] = [(); 2].map(|()| {
        let port = free_address().port().to_string();
        Redis::start(&["--cluster-enabled", "yes", "--cluster-port", &port])
    });
    let info = second.cli(&["CONFIG", "GET", "cluster-port"]);
    let port = info.lines().nth(1).unwrap();
    let address = second.address;
    first.cli(&["CLUSTER", "ADDSLOTSRANGE", "0", "8191"]);
    second.cli(&["CLUSTER", "ADDSLOTSRANGE", "8192", "16383"]);
    first.cli(&["CLUSTER", "MEET", &address.ip().to_string(), &address.port().to_string(), port]);
    until(|| first.cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok"));
    until(|| first.cli(&["CLUSTER", "INFO"]).contains("cluster_size:2"));
    let original = start_original(&[]);
    let ours = start_for_targets(&[]);
    let comparison = compare_target(&original, &ours, first.address);
    assert_same(&comparison);
    let response = scrape(&ours, &first.address.to_string());
    for sample in ["redis_cluster_state 1", "redis_cluster_size 2", "redis_cluster_slots_ok 16384"]
    {
        assert!(has_sample(&response, sample), "{sample}");
    }
}

#[test]
fn sentinel_has_the_samples_of_the_original() {
    let master = Redis::start(&[]);
    let replicaof = format!("{} {}", master.address.ip(), master.address.port());
    let _replica = Redis::start(&["--replicaof", &replicaof]);
    let sentinel = Redis::start_sentinel(master.address);
    until(|| {
        sentinel.cli(&["INFO"]).contains("status=ok")
            && sentinel.cli(&["INFO"]).contains("slaves=1")
    });
    let original = start_original(&[]);
    let ours = start_for_targets(&["--include-config-metrics"]);
    assert_same(&compare_target(&original, &ours, sentinel.address));
    let response = scrape(&ours, &sentinel.address.to_string());
    let labels = format!("{{master_name=\"odd name\",master_address=\"{}\"", master.address);
    for sample in [
        format!("redis_sentinel_master_status{labels},master_status=\"ok\"}} 1"),
        format!("redis_sentinel_master_ok_slaves{labels}}} 1"),
        format!("redis_sentinel_master_setting_ckquorum{labels}}} 1"),
        format!("redis_sentinel_master_setting_down_after_milliseconds{labels}}} 30000"),
        "redis_sentinel_config_key_value{key=\"resolve-hostnames\",value=\"no\"} 1".to_owned(),
    ] {
        assert!(has_sample(&response, &sample), "{sample}: {}", response.body);
    }
    assert!(!response.body.contains("sentinel-pass"), "{}", response.body);
}

#[test]
fn settings_are_those_of_the_original_without_passwords() {
    let redis = start_locked(&["--rename-command", "CONFIG", "SETTINGS", "--masterauth", SECRET]);
    let address = format!("--redis.addr=redis://{}", redis.address);
    let password = format!("--redis.password={SECRET}");
    let flags = [
        &*address,
        &password,
        "--config-command=SETTINGS",
        "--include-config-metrics",
        "--include-system-metrics",
    ];
    let original = start_original(&flags);
    let ours = Exporter::start_program(&program(), &flags);
    let comparison = compare(&original, &ours, ["/metrics"; 2]);
    assert_same(&comparison);
    let body = get(ours.address, "/metrics").body;
    assert!(body.contains("\nredis_config_key_value{key=\"tls-auth-clients\",value=\"yes\"} 1\n"));
    assert!(body.contains("\nredis_total_system_memory_bytes "));
    assert!(!body.contains(SECRET), "{body}");
    let shown = Exporter::start_program(
        &program(),
        &[&flags[..], &["--redact-config-metrics=false"]].concat(),
    );
    assert!(get(shown.address, "/metrics").body.contains(SECRET));
    let none =
        Exporter::start_program(&program(), &[&flags[..2], &["--config-command=-"]].concat());
    let response = get(none.address, "/metrics");
    assert!(is_up(&response) && !response.body.contains("redis_config_"), "{}", response.body);
}

#[test]
fn unix_socket_has_the_samples_of_the_original() {
    let directory = TempDir::new().unwrap();
    for password in [None, Some(SECRET)] {
        let path = directory.path().join(format!("redis-{}.sock", password.is_some()));
        let socket = path.display().to_string();
        let flags = ["--unixsocket", &socket, "--requirepass", password.unwrap_or_default()];
        let _redis = Redis::start(&flags);
        let address = format!("--redis.addr=unix://{socket}");
        let password = password.map(|password| format!("--redis.password={password}"));
        let flags: Vec<&str> = [&*address].into_iter().chain(password.as_deref()).collect();
        let original = start_original(&flags);
        let ours = Exporter::start_program(&program(), &flags);
        assert_same(&compare(&original, &ours, ["/metrics"; 2]));
        let target = format!("/scrape?target=unix://{socket}");
        assert_same(&compare(&original, &ours, [&target; 2]));
        // An exporter without `--redis.password` sends none.
        let other = start_for_targets(&[]);
        let is_open = password.is_none();
        assert_eq!(samples(&scrape(&other, &format!("unix://{socket}"))).len() > 100, is_open);
        let url = format!("--redis.addr=unix://:{SECRET}@{socket}");
        let of_url = Exporter::start_program(&program(), &[&url]);
        assert_eq!(is_up(&get(of_url.address, "/metrics")), !is_open);
    }
}

#[test]
fn histogram_of_a_command_equals_that_of_the_server() {
    let redis = Redis::start(&[]);
    for _ in 0..3 {
        redis.cli(&["SET", "a", "1"]);
    }
    redis.cli(&["CONFIG", "GET", "maxmemory"]);
    let reply = redis.cli(&["LATENCY", "HISTOGRAM", "set"]);
    // The reply has the name, `calls`, their number, `histogram_usec`, and pairs.
    let numbers: Vec<&str> = reply.lines().skip(4).collect();
    let exporter = start(redis.address, &[]);
    let response = get(exporter.address, "/metrics");
    let name = "redis_commands_latencies_usec";
    let mut expected: Vec<String> = numbers
        .chunks_exact(2)
        .map(|pair| format!("{name}_bucket{{cmd=\"set\",le=\"{}\"}} {}", pair[0], pair[1]))
        .collect();
    expected.push(format!("{name}_bucket{{cmd=\"set\",le=\"+Inf\"}} 3"));
    let stats = redis.cli(&["INFO", "commandstats"]);
    let of_set = stats.lines().find(|line| line.starts_with("cmdstat_set:")).unwrap();
    let usec = of_set.split(',').find_map(|part| part.strip_prefix("usec=")).unwrap();
    expected.push(format!("{name}_sum{{cmd=\"set\"}} {usec}"));
    expected.push(format!("{name}_count{{cmd=\"set\"}} 3"));
    let is_of_set = |line: &&str| line.starts_with(name) && line.contains("cmd=\"set\"");
    let lines: Vec<&str> = response.body.lines().filter(is_of_set).collect();
    assert_eq!(lines, expected);
    // The exporter has sent `CONFIG GET` six times before.
    assert!(has_sample(&response, &format!("{name}_count{{cmd=\"config|get\"}} 7")));
    let without = start(redis.address, &["--exclude-latency-histogram-metrics"]);
    assert!(!get(without.address, "/metrics").body.contains(name));
}

/// Returns the README without its line breaks.
fn readme() -> String {
    read_unwrapped("examples/redis_exporter/README.md")
}

/// Lines of the original, version 1.69.0, counted in the same way: main.go, and exporter.go,
/// http.go, info.go, latency.go, metrics.go, modules.go, pwd_file.go, redis.go, sentinels.go,
/// slowlog.go and tls.go.
const LINES_OF_ORIGINAL: usize = 236 + 639 + 116 + 391 + 83 + 100 + 43 + 25 + 122 + 156 + 26 + 99;

#[test]
fn documents_state_the_lines_of_the_sources() {
    let [ours, original] =
        [lines_of_code("examples/redis_exporter/src"), LINES_OF_ORIGINAL].map(with_comma);
    assert!(readme().contains(&format!("The program has {ours} lines")), "{ours}");
    assert!(readme().contains(&original), "{original}");
    let figures = format!("| {ours}, and {original} |");
    assert!(read("docs/comparison.md").contains(&figures), "{figures}");
}

#[test]
fn readme_names_missing_families() {
    for family in MISSING.iter().chain(&MISSING_OF_EXPORTER) {
        assert!(readme().contains(family), "{family}");
    }
}
