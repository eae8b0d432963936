//! The example redis_exporter: beside the exporter whose place it takes, and beside servers that are not well.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use hello_exporter_tests::http::{Response, get, get_with};
use hello_exporter_tests::{
    Authority, Comparison, Exporter, Fake, FakeRedis, FakeTls, Family, Redis, build_program,
    free_address, parse,
};
use tempfile::TempDir;

fn program() -> PathBuf {
    build_program("redis_exporter", ["--bin", "redis_exporter"])
}

/// Exports the server at this address.
fn start(address: SocketAddr, flags: &[&str]) -> Exporter {
    let address = format!("--redis.addr=redis://{address}");
    Exporter::start_program(&program(), &[&[&*address], flags].concat())
}

/// Exports none but the servers that requests name.
fn start_for_targets(flags: &[&str]) -> Exporter {
    Exporter::start_program(&program(), &[&["--redis.addr="], flags].concat())
}

fn scrape(exporter: &Exporter, target: &str) -> Response {
    get(exporter.address, &format!("/scrape?target={target}"))
}

/// The samples that tell of the server, but how long a probe took.
fn samples(response: &Response) -> Vec<&str> {
    assert_eq!(response.status, 200, "{}", response.body);
    let is_of_server = |line: &&str| {
        let is_own = line.starts_with("redis_exporter_") || line.starts_with("probe_duration_");
        (line.starts_with("redis_") || line.starts_with("probe_")) && !is_own
    };
    response.body.lines().filter(is_of_server).collect()
}

/// Whether the metrics of the server are there.
fn is_up(response: &Response) -> bool {
    let samples = samples(response);
    match samples.contains(&"redis_up 1") {
        true => {
            assert!(samples.len() > 100, "{samples:?}");
            true
        }
        false => {
            assert_eq!(samples, ["redis_up 0"]);
            false
        }
    }
}

const DOWN: [&str; 2] = ["probe_success 0", "redis_up 0"];

fn until(is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < deadline, "it becomes so");
        std::thread::sleep(Duration::from_millis(20));
    }
}

// Beside the original.

/// A server with something of everything in it, and its replica.
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

/// The original's exposition. Its quantiles are percentages, which are none: they are taken for what they mean.
fn of_original(exporter: &Exporter, target: SocketAddr) -> Vec<Family> {
    let body = scrape(exporter, &format!("redis://{target}")).body;
    let body = body.replace("quantile=\"50\"", "quantile=\"0.5\"");
    let body = body.replace("quantile=\"99\"", "quantile=\"0.99\"");
    parse(&body.replace("quantile=\"99.9\"", "quantile=\"0.999\""))
}

fn group(family: &str) -> String {
    let is_own = family.starts_with("redis_exporter_") || family.starts_with("redis_target_");
    if is_own { "exporter" } else { "redis" }.to_owned()
}

/// Scrapes ours between two scrapes of the original, again and again, until every value was between theirs.
fn compare(original: &Exporter, ours: &Exporter, target: SocketAddr) -> Comparison {
    let scrapes = || {
        let before = of_original(original, target);
        let between = parse(&scrape(ours, &target.to_string()).body);
        [before, between, of_original(original, target)]
    };
    let of = |[before, ours, after]: &[Vec<Family>; 3]| {
        Comparison::between([before, after], ours, group)
    };
    let mut last = scrapes();
    let mut comparison = of(&last);
    for _ in 0..20 {
        if comparison.groups["redis"].wrong.is_empty() {
            break;
        }
        last = scrapes();
        comparison.forgive(&of(&last));
    }
    let is_near = |series: &str| is_memory(series) && is_near(series, &last);
    let redis = comparison.groups.get_mut("redis").unwrap();
    redis.wrong.retain(|series, _| !is_near(series));
    comparison
}

/// Memory of which the connection of who asks has a part: that of ours, with all commands at once, a few bytes more.
fn is_memory(series: &str) -> bool {
    ["redis_mem", "redis_allocator_"].iter().any(|prefix| series.starts_with(prefix))
}

/// Whether ours differs by a hundredth at most from a scrape of the original beside it.
fn is_near(series: &str, [before, ours, after]: &[Vec<Family>; 3]) -> bool {
    let value = |families: &[Family]| {
        let family = families.iter().find(|family| family.name == series);
        family.map_or(f64::NAN, |family| family.samples[0].value)
    };
    let ours = value(ours);
    let is_near = |original: f64| (ours - original).abs() <= original.abs() / 100.0;
    is_near(value(before)) || is_near(value(after))
}

/// What the README says is not there of the original.
const MISSING: [&str; 2] =
    ["redis_last_key_groups_scrape_duration_milliseconds", "redis_migrate_cached_sockets_total"];

const MISSING_OF_EXPORTER: [&str; 7] = [
    "redis_exporter_build_info",
    "redis_exporter_last_scrape_connect_time_seconds",
    "redis_exporter_last_scrape_duration_seconds",
    "redis_exporter_last_scrape_error",
    "redis_exporter_scrape_duration_seconds",
    "redis_exporter_scrapes",
    "redis_target_scrape_request_errors",
];

#[test]
fn nine_tenths_of_the_originals_families_are_the_same_with_the_same_values() {
    let (master, replica) = filled();
    let original = Path::new("prometheus-redis-exporter");
    let flag = format!("--redis.addr=redis://{}", master.address);
    let original = Exporter::start_quietly(original, &[&flag]);
    let ours = start_for_targets(&[]);
    for server in [&master, &replica] {
        let comparison = compare(&original, &ours, server.address);
        println!("{comparison}");
        let redis = &comparison.groups["redis"];
        let exporter = &comparison.groups["exporter"];
        let (families, same) = (redis.families + exporter.families, redis.same() + exporter.same());
        assert!(same * 10 >= families * 9, "{same} of {families}: {comparison}");
        let missing: BTreeSet<&str> =
            redis.different.keys().chain(exporter.different.keys()).map(String::as_str).collect();
        let expected = MISSING.into_iter().chain(MISSING_OF_EXPORTER);
        let expected = expected.chain(["redis_expired_time_cap_reached_total"]);
        assert_eq!(missing, expected.collect());
        assert!(redis.wrong.is_empty(), "{comparison}");
    }
}

/// Lines of Rust without blanks and comments.
fn lines(directory: &Path) -> usize {
    let files = std::fs::read_dir(directory).unwrap().map(|file| file.unwrap().path());
    let is_counted = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with("//");
    files
        .map(|file| std::fs::read_to_string(file).unwrap().lines().filter(is_counted).count())
        .sum()
}

/// Those of the original, version 1.69.0, counted alike: main.go, and exporter.go, http.go, info.go, latency.go,
/// metrics.go, pwd_file.go, redis.go, slowlog.go and tls.go.
const LINES_OF_ORIGINAL: usize = 236 + 639 + 116 + 391 + 83 + 100 + 25 + 122 + 26 + 99;

#[test]
fn it_takes_a_third_of_the_originals_lines() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/redis_exporter/src");
    let lines = lines(&sources);
    assert!(lines * 3 <= LINES_OF_ORIGINAL, "{lines} of {LINES_OF_ORIGINAL}");
}

#[test]
fn the_readme_names_what_is_missing() {
    let readme = include_str!("../examples/redis_exporter/README.md");
    for family in MISSING.iter().chain(&MISSING_OF_EXPORTER) {
        assert!(readme.contains(family), "{family}");
    }
}

// Servers that are not well.

#[test]
fn a_server_that_is_stopped_is_down_and_is_up_again_when_it_is_started() {
    let redis = Redis::start(&[]);
    let address = redis.address;
    let exporter = start(address, &[]);
    assert!(is_up(&get(exporter.address, "/metrics")));
    drop(redis);
    let down = get(exporter.address, "/metrics");
    assert!(!is_up(&down));
    let success = "redis_exporter_scrape_collector_success{collector=\"redis\"} 0\n";
    assert!(down.body.contains(success), "{}", down.body);
    assert_eq!(samples(&scrape(&exporter, &address.to_string())), DOWN);
    let redis = Redis::start_at(address, &[]);
    assert!(is_up(&get(exporter.address, "/metrics")));
    // It need not be noticed in between.
    drop(redis);
    let _redis = Redis::start_at(address, &[]);
    assert!(is_up(&get(exporter.address, "/metrics")));
    let (_, log) = exporter.signal("TERM");
    let refused = format!("cannot connect: {address}: Connection refused");
    let failed = log.iter().filter(|line| line.contains(&refused));
    assert_eq!(failed.count(), 1, "{log:?}");
}

#[test]
fn a_server_that_is_paused_holds_up_no_scrape() {
    let redis = Redis::start(&[]);
    let exporter = start(redis.address, &[]);
    assert!(is_up(&get(exporter.address, "/metrics")));
    redis.signal("STOP");
    let timeout = "X-Prometheus-Scrape-Timeout-Seconds: 0.4";
    for _ in 0..3 {
        assert!(!is_up(&get_with(exporter.address, "/metrics", timeout)));
    }
    let target = format!("/scrape?target={}", redis.address);
    assert_eq!(samples(&get_with(exporter.address, &target, timeout)), DOWN);
    redis.signal("CONT");
    until(|| is_up(&get(exporter.address, "/metrics")));
}

#[test]
fn a_server_that_is_paused_is_asked_no_longer_than_the_flag_says() {
    let redis = Redis::start(&[]);
    let mut exporter = start(redis.address, &["--connection-timeout=300ms"]);
    redis.signal("STOP");
    assert!(!is_up(&get(exporter.address, "/metrics")));
    exporter.next_line_with("no answer within 300ms");
    redis.signal("CONT");
    until(|| is_up(&get(exporter.address, "/metrics")));
}

const SECRET: &str = "hunter2-hunter2";

/// A server that wants the password.
fn locked(flags: &[&str]) -> Redis {
    Redis::start(&[&["--requirepass", SECRET], flags].concat())
}

#[test]
fn a_server_that_wants_another_password_is_down() {
    let redis = locked(&[]);
    let mut exporter = start(redis.address, &["--redis.password=wrong-password"]);
    assert!(!is_up(&get(exporter.address, "/metrics")));
    let line = exporter.next_line_with("collector=redis");
    assert!(line.ends_with("error=\"the user or the password is wrong\"\n"), "{line}");
    let mut exporter = start(redis.address, &[]);
    assert!(!is_up(&get(exporter.address, "/metrics")));
    let line = exporter.next_line_with("collector=redis");
    assert!(line.ends_with("error=\"INFO was refused with NOAUTH\"\n"), "{line}");
    let exporter = start(redis.address, &[&*format!("--redis.password={SECRET}")]);
    assert!(is_up(&get(exporter.address, "/metrics")));
}

#[test]
fn a_user_is_known_by_its_name() {
    let redis = Redis::start(&["--user", "me", "on", &format!(">{SECRET}"), "+@all"]);
    let password = format!("--redis.password={SECRET}");
    let right = start(redis.address, &["--redis.user=me", &password]);
    assert!(is_up(&get(right.address, "/metrics")));
    let wrong = start(redis.address, &["--redis.user=you", &password]);
    assert!(!is_up(&get(wrong.address, "/metrics")));
    let url = format!("--redis.addr=redis://me:{SECRET}@{}", redis.address);
    let of_url = Exporter::start_program(&program(), &[&url]);
    assert!(is_up(&get(of_url.address, "/metrics")));
}

#[test]
fn a_server_that_keeps_its_settings_to_itself_tells_the_rest() {
    let redis =
        Redis::start(&["--rename-command", "CONFIG", "", "--rename-command", "LATENCY", ""]);
    let exporter = start(redis.address, &[]);
    let response = get(exporter.address, "/metrics");
    assert!(is_up(&response));
    let databases = response.body.lines().filter(|line| line.starts_with("redis_db_keys{"));
    assert_eq!(databases.count(), 16);
    assert!(!response.body.contains("redis_config_"), "{}", response.body);
    assert!(response.body.contains("\nredis_slowlog_length 0\n"), "{}", response.body);
}

/// A server with these lines in its INFO, and what follows it.
fn with_info(lines: &[&str], rest: &[u8]) -> FakeRedis {
    let info = format!("redis_version:7.0.0\r\n{}\r\n", lines.join("\r\n"));
    let info = format!("+OK\r\n${}\r\n{info}\r\n", info.len());
    let errors = b"-ERR no\r\n".repeat(20);
    FakeRedis::start(Fake::Bytes([info.as_bytes(), rest, &errors].concat().leak()))
}

#[test]
fn replicas_that_are_told_in_another_way_cost_nothing_else() {
    let server = with_info(
        &[
            "role:slave",
            "connected_clients:7",
            "slave0:ip=10.0.0.1,port=1,state=online,offset=5,lag=1",
            "slave1:ip=10.0.0.2,port=2,offset=6,lag=x",
            "slave2:10.0.0.3,3,online",
            "slave3:",
            "master_port:6379",
            "master_link_status:up",
        ],
        b"",
    );
    let exporter = start(server.address, &[]);
    let response = get(exporter.address, "/metrics");
    let is_of_test = |line: &&str| {
        let names = ["up ", "connected_", "master_", "slave_info"];
        line.strip_prefix("redis_").is_some_and(|it| names.iter().any(|name| it.starts_with(name)))
    };
    let lines: Vec<&str> = response.body.lines().filter(is_of_test).collect();
    assert_eq!(
        lines,
        [
            "redis_connected_clients 7",
            r#"redis_connected_slave_lag_seconds{slave_ip="10.0.0.1",slave_port="1",slave_state="online"} 1"#,
            r#"redis_connected_slave_offset_bytes{slave_ip="10.0.0.1",slave_port="1",slave_state="online"} 5"#,
            r#"redis_connected_slave_offset_bytes{slave_ip="10.0.0.2",slave_port="2",slave_state=""} 6"#,
            r#"redis_master_link_up{master_host="",master_port="6379"} 1"#,
            r#"redis_slave_info{master_host="",master_port="6379",read_only=""} 1"#,
            "redis_up 1",
        ]
    );
}

#[test]
fn no_setting_is_asked_for_that_is_not_exposed_and_one_that_is_no_text_costs_no_other() {
    let settings = b"*2\r\n$9\r\ndatabases\r\n$1\r\n3\r\n*0\r\n\
        *2\r\n$10\r\nmaxclients\r\n$2\r\n\xff\xfe\r\n*2\r\n$9\r\nmaxmemory\r\n$2\r\n50\r\n";
    let server = with_info(&[], settings);
    let exporter = start(server.address, &[]);
    let response = get(exporter.address, "/metrics");
    let of = |name: &str| response.body.lines().filter(|line| line.starts_with(name)).count();
    assert!(response.body.contains("\nredis_config_maxmemory 50\n"), "{}", response.body);
    assert_eq!((of("redis_config_"), of("redis_db_keys{")), (1, 3), "{}", response.body);
    let received = server.received();
    let asked: Vec<&str> = received.split("CONFIG\r\n$3\r\nGET\r\n").skip(1).collect();
    let names = asked.iter().map(|rest| rest.lines().nth(1).unwrap());
    let names: BTreeSet<&str> = names.collect();
    let expected = ["databases", "io-threads", "maxclients", "maxmemory"];
    assert_eq!(names, expected.into_iter().collect());
}

#[test]
fn what_is_no_answer_of_redis_is_down() {
    for (fake, error) in [
        (Fake::Bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "INFO was not answered as Redis does"),
        (Fake::Bytes(b"+OK\r\n"), "no answer within 1s"),
        (
            Fake::Bytes(b"$4\r\nabcd\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n"),
            "INFO was not answered as Redis does",
        ),
        (Fake::Bytes(b"\xff\xfe\0\0"), "INFO was not answered as Redis does"),
        (Fake::Bytes(b":99999999999999999999999\r\n"), "INFO was not answered as Redis does"),
        (Fake::Bytes(b"-LOADING Redis is loading\r\n"), ""),
        (Fake::Bytes(b"$-5\r\n*-7\r\n%-3\r\n"), ""),
        (Fake::Cut(b""), "the connection was lost"),
        (Fake::Cut(b"$100\r\nredis_ver"), "the connection was lost"),
        (Fake::Cut(b"+OK\r\n*3\r\n$1"), "the connection was lost"),
    ] {
        let server = FakeRedis::start(fake);
        let mut exporter = start(server.address, &["--connection-timeout=1s"]);
        assert!(!is_up(&get(exporter.address, "/metrics")), "{fake:?}");
        let line = exporter.next_line_with("collector=redis");
        assert!(line.contains(error), "{fake:?}: {line}");
        assert_eq!(samples(&scrape(&exporter, &server.address.to_string())), DOWN, "{fake:?}");
    }
}

#[test]
fn a_reply_without_end_takes_little_memory() {
    for fake in [
        Fake::Endless(b"$9999999999\r\n", b"x"),
        Fake::Endless(b"+", b"x"),
        Fake::Endless(b"*1000000000000\r\n", b"_\r\n"),
        Fake::Endless(b"*1000000000000\r\n", b"*1\r\n_\r\n"),
        Fake::Endless(b"", b"*4096\r\n"),
        Fake::Endless(b"%4611686018427387903\r\n", b"_\r\n"),
        Fake::Endless(b"|9223372036854775807\r\n", b"_\r\n"),
        Fake::Endless(b"", b">2\r\n+x\r\n_\r\n"),
    ] {
        let server = FakeRedis::start(fake);
        let exporter = start(server.address, &[]);
        let before = exporter.resources().resident;
        for _ in 0..3 {
            assert!(!is_up(&get(exporter.address, "/metrics")), "{fake:?}");
            let more = exporter.resources().resident.saturating_sub(before);
            assert!(more < 150 << 20, "{fake:?}: {} MiB", more >> 20);
        }
    }
}

/// Replies that end within what is read of them, or just behind, and then nothing any more.
fn endings() -> [Vec<u8>; 6] {
    let of = |first: &str, rest: &str, length: usize| {
        [first.as_bytes(), &rest.as_bytes().repeat(length / rest.len())].concat()
    };
    let lines = 16_000;
    [
        of("*1000000000\r\n", "_\r\n", (2 << 20) - 100),
        of("*1000000000\r\n", "_\r\n", 3 * lines),
        of("*1000000000\r\n", "*1\r\n_\r\n", 7 * lines / 2),
        of("|1000000000\r\n", "|0\r\n_\r\n", 7 * lines / 2),
        of("$1000000000\r\n", "x", (1 << 20) - 100),
        of("+", "x", (1 << 20) - 100),
    ]
}

#[test]
fn many_hostile_targets_at_once_take_little_memory() {
    for reply in endings() {
        let start = String::from_utf8_lossy(&reply[..20]).into_owned();
        let server = FakeRedis::start(Fake::Bytes(reply.leak()));
        let exporter = start_for_targets(&["--connection-timeout=2s"]);
        assert_eq!(get(exporter.address, "/metrics").status, 200);
        let before = exporter.resources().most_resident;
        let (address, path) = (exporter.address, format!("/scrape?target={}", server.address));
        std::thread::scope(|scope| {
            for _ in 0..10 {
                scope.spawn(|| assert_eq!(samples(&get(address, &path)), DOWN));
            }
        });
        let more = exporter.resources().most_resident - before;
        println!("{start:?}: {} KiB more", more >> 10);
        assert!(more < 64 << 20, "{start:?}: {} MiB", more >> 20);
    }
}

// Passwords.

#[test]
fn a_password_reaches_no_target_that_it_is_not_for() {
    let redis = locked(&[]);
    let password = format!("--redis.password={SECRET}");
    let exporter = start(redis.address, &[&*password, "--connection-timeout=1s"]);
    assert!(is_up(&get(exporter.address, "/metrics")));
    // The same server, named in the same way.
    let own = format!("redis://{}", redis.address);
    assert!(samples(&scrape(&exporter, &own)).contains(&"redis_up 1"));
    // Named in another way it may be another one.
    let port = redis.address.port();
    for target in [
        format!("localhost:{port}"),
        format!("127.0.0.1.:{port}"),
        format!("rediss://{}", redis.address),
    ] {
        assert_eq!(samples(&scrape(&exporter, &target)), DOWN, "{target}");
    }
    let other_port = FakeRedis::start(Fake::Bytes(b"+OK\r\n"));
    let other_host = SocketAddr::new(IpAddr::from([127, 0, 0, 2]), port);
    let other_host = FakeRedis::start_at(other_host, Fake::Bytes(b"+OK\r\n"));
    for other in [&other_port, &other_host] {
        let (address, port) = (other.address, other.address.port());
        for target in [
            format!("{address}"),
            format!("redis://{address}"),
            format!("redis://{address}/0"),
            format!("redis://{address}%23@127.0.0.1:{port}"),
            format!("rediss://{address}/%23insecure"),
            format!("valkey://{address}"),
        ] {
            let response = scrape(&exporter, &target);
            assert!(
                response.status == 400 || samples(&response) == DOWN,
                "{target}: {}",
                response.body
            );
        }
        let received = other.received();
        assert!(received.contains("INFO"), "{received}");
        assert!(!received.contains("AUTH") && !received.contains(SECRET), "{received}");
    }
    let with_user = scrape(&exporter, &format!("redis://:x@{}", redis.address));
    assert_eq!(with_user.status, 400);
    assert_eq!(
        with_user.body,
        "a target must not contain user information, which stands in front of `@`\n"
    );
}

#[test]
fn a_password_that_is_for_tls_is_not_sent_without() {
    let plain = FakeRedis::start(Fake::Bytes(b"+OK\r\n"));
    let own = format!("--redis.addr=rediss://{}", plain.address);
    let password = format!("--redis.password={SECRET}");
    let exporter =
        Exporter::start_program(&program(), &[&own, &password, "--connection-timeout=1s"]);
    assert!(!is_up(&get(exporter.address, "/metrics")));
    for target in
        [format!("redis://{}", plain.address), format!("rediss://{}/%23insecure", plain.address)]
    {
        assert_eq!(samples(&scrape(&exporter, &target)), DOWN);
    }
    assert!(!plain.received().contains(SECRET));
}

/// A file with passwords.
fn password_file(directory: &TempDir, contents: &str) -> String {
    let file = directory.path().join("passwords.json");
    std::fs::write(&file, contents).unwrap();
    format!("--redis.password-file={}", file.display())
}

#[test]
fn each_target_is_sent_the_password_that_the_file_has_for_it() {
    let directory = TempDir::new().unwrap();
    let [first, second, third] = [(); 3].map(|()| FakeRedis::start(Fake::Bytes(b"+OK\r\n")));
    let redis = locked(&[]);
    let file = password_file(
        &directory,
        &format!(
            r#"{{"redis://{}": "first-secret", "redis://me@{}": "second-secret", "redis://{}": "{SECRET}"}}"#,
            first.address, second.address, redis.address,
        ),
    );
    let exporter = start_for_targets(&[&file, "--connection-timeout=1s"]);
    for server in [&first, &second, &third] {
        assert_eq!(samples(&scrape(&exporter, &server.address.to_string())), DOWN);
    }
    assert!(samples(&scrape(&exporter, &redis.address.to_string())).contains(&"redis_up 1"));
    let auth = |server: &FakeRedis| {
        let received = server.received();
        received.split_once("AUTH\r\n").map(|(_, rest)| rest.split("*3").next().unwrap().to_owned())
    };
    assert_eq!(auth(&first).as_deref(), Some("$12\r\nfirst-secret\r\n"));
    assert_eq!(auth(&second).as_deref(), Some("$2\r\nme\r\n$13\r\nsecond-secret\r\n"));
    assert_eq!(auth(&third), None);
    // It is the password of the server that the flag names, too.
    let exporter = start(redis.address, &[&file]);
    assert!(is_up(&get(exporter.address, "/metrics")));
}

/// The status and the log of an exporter that does not start.
fn refused(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(program())
        .args(["--web.listen-address=127.0.0.1:0"])
        .args(arguments)
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn flags_that_make_no_sense_are_told_without_what_is_in_them() {
    let directory = TempDir::new().unwrap();
    let url = format!("--redis.addr=http://:{SECRET}@localhost");
    let (list, key) =
        (format!(r#"["{SECRET}"]"#), format!(r#"{{"ftp://:{SECRET}@h": "{SECRET}"}}"#));
    let passwords = directory.path().join("passwords.json");
    let passwords = passwords.display();
    let syntax = format!(
        "--redis.password-file: {passwords}:1: invalid JSON, expected an object from URLs to passwords"
    );
    let url_of_key = format!(
        "--redis.password-file: {passwords}: key 1: no URL of a server, such as redis://localhost:6379"
    );
    for (file, argument, error) in [
        ("", &*url, "--redis.addr: no URL of a server, such as redis://localhost:6379"),
        (&*list, "", &syntax),
        (&*key, "", &url_of_key),
        (
            "",
            "--redis.password-file=/nonexistent",
            "source `redis` and probe at `/scrape` cannot be made: --redis.password-file: cannot read \
             /nonexistent: No such file or directory (os error 2)",
        ),
        (
            "",
            "--tls-client-key-file=/nonexistent",
            "a client's certificate and its key are needed both, or neither",
        ),
        ("", "--tls-ca-cert-file=/nonexistent", "cannot read /nonexistent"),
    ] {
        let file = if file.is_empty() { String::new() } else { password_file(&directory, file) };
        let arguments: Vec<&str> =
            [&*file, argument].into_iter().filter(|it| !it.is_empty()).collect();
        let (status, log) = refused(&arguments);
        assert_eq!(status, Some(1), "{log}");
        assert!(log.contains(error), "{error}: {log}");
        assert_eq!(log.lines().count(), 1, "{log}");
        assert!(!log.contains(SECRET), "{log}");
    }
    let (status, log) = refused(&["--connection-timeout=15"]);
    assert_eq!(status, Some(2));
    assert!(log.contains("no duration, expected one such as `1s`, `1m30s` or `500ms`"), "{log}");
}

#[test]
fn a_login_that_would_not_be_used_is_told_at_the_start() {
    let directory = TempDir::new().unwrap();
    let own = "--redis.addr with --redis.user and --redis.password";
    let none = format!("{own}: a user without a password");
    let two = "two users or two passwords for one server";
    let of_both = format!("{own}: {two}");
    let of_file = format!("passwords.json: key 2: {two}");
    let no_address =
        "--redis.user and --redis.password need a --redis.addr, whose server they are for";
    let [user, password] = ["--redis.user=bob", "--redis.password=hunter2-hunter2"];
    let file = password_file(&directory, r#"{"redis://h:1": "hunter2-hunter2"}"#);
    let twice = TempDir::new().unwrap();
    let twice = password_file(
        &twice,
        r#"{"redis://h:1": "hunter2-hunter2", "redis://bob@h:1": "hunter2-hunter2"}"#,
    );
    for (arguments, error) in [
        (&[user][..], &*none),
        (&["--redis.addr=redis://bob@h:1"], &none),
        (&["--redis.addr=redis://h:1", user, &file], &none),
        (&["--redis.addr=", password], no_address),
        (&["--redis.addr=", user], no_address),
        (&["--redis.addr=redis://:hunter2-hunter2-hunter2@h:1", password], &of_both),
        (
            &["--redis.addr=redis://h:1", "--redis.password=hunter2-hunter2-hunter2", &file],
            &of_both,
        ),
        (&[&twice], &of_file),
        (
            &["--connection-timeout=0"],
            "--connection-timeout is nothing, in which no server answers",
        ),
    ] {
        for check in [&[][..], &["--config.check"]] {
            let (status, log) = refused(&[arguments, check].concat());
            assert_eq!(status, Some(1), "{arguments:?}: {log}");
            assert!(log.contains(error), "{arguments:?}: {log}");
            assert!(!log.contains(SECRET), "{log}");
        }
    }
    for arguments in [
        &["--redis.addr=redis://h:1", &*file][..],
        &["--redis.addr=redis://h:1", password, &file],
        &["--redis.addr=redis://bob@h:1", password],
        &["--redis.addr=", "--redis.user=", "--redis.password="],
    ] {
        let (status, log) = refused(&[arguments, &["--config.check"]].concat());
        assert_eq!(status, Some(0), "{arguments:?}: {log}");
    }
}

#[test]
fn a_password_is_in_no_help_and_no_log_and_on_no_page() {
    // Those that say what they were sent, to AUTH, or to INFO behind it.
    let saying = |replies: &str| {
        let rest = "+OK\r\n".repeat(20);
        FakeRedis::start(Fake::Bytes(format!("{replies}\r\n{rest}").leak().as_bytes()))
    };
    let telltale = saying("-ERR unknown command `AUTH`, with args: `hunter2-hunter2`");
    let echo = saying("*2\r\n$4\r\nAUTH\r\n$15\r\nhunter2-hunter2");
    let refusing = saying("+OK\r\n+OK\r\n-ERR denied for hunter2-hunter2");
    let coded = saying("+OK\r\n+OK\r\n-hunter2-hunter2");
    let silent = free_address();
    for (address, error) in [
        (telltale.address, "the user or the password is wrong"),
        (echo.address, "the user or the password is wrong"),
        (refusing.address, "INFO was refused with ERR"),
        (coded.address, "INFO was refused with an error that is not known"),
        (silent, "cannot connect"),
    ] {
        let url = format!("--redis.addr=redis://:{SECRET}@{address}");
        let exporter = Exporter::start_program(
            &program(),
            &[&url, "--log.level=debug", "--connection-timeout=1s"],
        );
        let target = format!("/scrape?target={address}");
        for path in ["/metrics", "/", &target] {
            let response = get(exporter.address, path);
            assert_eq!(response.status, 200);
            assert!(!response.body.contains(SECRET), "{}", response.body);
        }
        let (_, log) = exporter.signal("TERM");
        assert!(!log.concat().contains(SECRET), "{log:?}");
        assert!(log.concat().contains(error), "{error}: {log:?}");
    }
    assert!(telltale.received().contains(SECRET));
    let help = |flag: &str| {
        let url = format!("redis://:{SECRET}@localhost");
        let mut command = Command::new(program());
        command.env("REDIS_ADDR", url).env("REDIS_PASSWORD", SECRET).arg(flag);
        let output = command.output().unwrap();
        format!(
            "{}{}",
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap()
        )
    };
    for flag in ["--help", "-h", "--redis.passwort=hunter2-hunter2", "--version"] {
        let help = help(flag);
        assert!(!help.contains(SECRET), "{help}");
    }
    assert!(help("--help").contains("[env: REDIS_PASSWORD]"));
}

#[test]
fn flags_are_taken_from_the_environment() {
    let check = |name: &str, value: &str| {
        let mut command = Command::new(program());
        let output = command.arg("--config.check").env(name, value).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (status, log) = check("REDIS_ADDR", "nonsense://x");
    assert_eq!(status, Some(1));
    assert!(log.contains("--redis.addr: no URL of a server"), "{log}");
    assert_eq!(check("REDIS_PASSWORD_FILE", "/nonexistent").0, Some(1));
    assert_eq!(check("REDIS_EXPORTER_TLS_CA_CERT_FILE", "/nonexistent").0, Some(1));
    assert_eq!(check("REDIS_EXPORTER_CONNECTION_TIMEOUT", "soon").0, Some(2));
    assert_eq!(check("REDIS_EXPORTER_SKIP_TLS_VERIFICATION", "true").0, Some(0));
}

#[test]
fn without_an_address_only_targets_are_asked() {
    let exporter = start_for_targets(&[]);
    let response = get(exporter.address, "/metrics");
    assert_eq!(samples(&response), [""; 0]);
    assert!(response.body.contains("redis_exporter_build_info{"));
    let redis = Redis::start(&[]);
    assert!(
        samples(&scrape(&exporter, &format!("redis://{}", redis.address))).contains(&"redis_up 1")
    );
    for target in
        ["unix:///var/run/redis.sock", "http://localhost", "localhost:notaport", "redis://"]
    {
        assert_eq!(samples(&scrape(&exporter, target)), DOWN, "{target}");
    }
}

// TLS.

#[test]
fn a_certificate_is_shown_to_no_server_that_it_is_not_for() {
    let directory = TempDir::new().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    let authority = Authority::new();
    std::fs::write(path("ca.crt"), &authority.certificate).unwrap();
    authority.client(&[]).write(directory.path(), "client");
    let [own, of_file, other] = [(); 3].map(|()| FakeTls::start(&authority));
    let contents = format!(r#"{{"rediss://{}": "{SECRET}"}}"#, of_file.address);
    let exporter = Exporter::start_program(
        &program(),
        &[
            &format!("--redis.addr=rediss://{}", own.address),
            &password_file(&directory, &contents),
            &format!("--tls-ca-cert-file={}", path("ca.crt")),
            &format!("--tls-client-cert-file={}", path("client.crt")),
            &format!("--tls-client-key-file={}", path("client.key")),
        ],
    );
    for _ in 0..2 {
        assert!(!is_up(&get(exporter.address, "/metrics")));
        for server in [&own, &of_file, &other] {
            assert_eq!(samples(&scrape(&exporter, &format!("rediss://{}", server.address))), DOWN);
        }
        // Named in another way it may be another one.
        let target = format!("rediss://localhost:{}", own.address.port());
        assert_eq!(samples(&scrape(&exporter, &target)), DOWN);
    }
    assert_eq!(own.shown(), [true, true, false, true, true, false]);
    assert_eq!(of_file.shown(), [true, true]);
    assert_eq!(other.shown(), [false, false]);
}

#[test]
fn a_server_is_known_by_its_certificate_and_so_is_the_exporter() {
    let directory = TempDir::new().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    let authority = Authority::new();
    std::fs::write(path("ca.crt"), &authority.certificate).unwrap();
    authority.server().write(directory.path(), "server");
    authority.client(&[]).write(directory.path(), "client");
    let redis = Redis::start_with_tls(&[
        "--tls-cert-file",
        &path("server.crt"),
        "--tls-key-file",
        &path("server.key"),
        "--tls-ca-cert-file",
        &path("ca.crt"),
        "--tls-auth-clients",
        "yes",
    ]);
    let url = format!("--redis.addr=rediss://{}", redis.address);
    let authority = format!("--tls-ca-cert-file={}", path("ca.crt"));
    let certificate = format!("--tls-client-cert-file={}", path("client.crt"));
    let key = format!("--tls-client-key-file={}", path("client.key"));
    for (flags, is_known) in [
        (&[&*authority, &certificate, &key][..], true),
        (&["--skip-tls-verification", &certificate, &key], true),
        (&[&certificate, &key], false),
        (&[&authority], false),
    ] {
        let exporter = Exporter::start_program(&program(), &[&[&*url], flags].concat());
        for _ in 0..2 {
            assert_eq!(is_up(&get(exporter.address, "/metrics")), is_known, "{flags:?}");
        }
        let target = scrape(&exporter, &format!("rediss://{}", redis.address));
        assert_eq!(samples(&target).contains(&"redis_up 1"), is_known);
    }
}
