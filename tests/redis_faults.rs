//! The example redis_exporter with servers that fail.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::collections::BTreeSet;
use std::net::TcpStream;

use hello_exporter_tests::http::{Response, get, get_with};
use hello_exporter_tests::redis_exporter::{
    DOWN, SECRET, has_sample, is_up, samples, scrape, start, start_for_targets, with_info,
};
use hello_exporter_tests::{Exporter, Fake, FakeRedis, Redis, bulk, poll, until};

#[test]
fn restarted_server_is_down_and_then_up() {
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
    // The server can also restart between two scrapes.
    drop(redis);
    let _redis = Redis::start_at(address, &[]);
    assert!(is_up(&get(exporter.address, "/metrics")));
    let (_, log) = exporter.signal("TERM");
    let refused = format!("cannot connect: {address}: Connection refused");
    let failed = log.iter().filter(|line| line.contains(&refused));
    assert_eq!(failed.count(), 1, "{log:?}");
}

#[test]
fn paused_server_is_down_before_the_scrape_times_out() {
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
fn paused_server_is_down_after_the_connection_timeout() {
    let redis = Redis::start(&[]);
    let mut exporter = start(redis.address, &["--connection-timeout=300ms"]);
    redis.signal("STOP");
    assert!(!is_up(&get(exporter.address, "/metrics")));
    exporter.next_line_with("no answer within 300ms");
    redis.signal("CONT");
    until(|| is_up(&get(exporter.address, "/metrics")));
}

#[test]
fn server_that_refuses_config_exposes_the_rest() {
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

#[test]
fn malformed_replicas_remove_only_themselves() {
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
fn only_exposed_settings_are_queried_and_an_invalid_one_is_skipped() {
    let settings = b"*2\r\n$9\r\ndatabases\r\n$1\r\n3\r\n*0\r\n\
        *2\r\n$10\r\nmaxclients\r\n$2\r\n\xff\xfe\r\n*2\r\n$9\r\nmaxmemory\r\n$2\r\n50\r\n";
    let server = with_info(&[], settings);
    let exporter = start(server.address, &[]);
    let response = get(exporter.address, "/metrics");
    let of = |name: &str| response.body.lines().filter(|line| line.starts_with(name)).count();
    assert!(response.body.contains("\nredis_config_maxmemory 50\n"), "{}", response.body);
    assert_eq!((of("redis_config_"), of("redis_db_keys{")), (1, 3), "{}", response.body);
    // The fake server sends its replies before the exporter has sent all commands.
    until(|| server.received().contains("LATENCY"));
    let received = server.received();
    let asked: Vec<&str> = received.split("CONFIG\r\n$3\r\nGET\r\n").skip(1).collect();
    let names = asked.iter().map(|rest| rest.lines().nth(1).unwrap());
    let names: BTreeSet<&str> = names.collect();
    let expected = [
        "client-output-buffer-limit",
        "databases",
        "io-threads",
        "maxclients",
        "maxmemory",
        "repl-backlog-size",
    ];
    assert_eq!(names, expected.into_iter().collect());
}

#[test]
fn server_with_an_invalid_reply_is_down() {
    for (fake, error) in [
        (Fake::Bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "a reply is not that of a Redis server"),
        (Fake::Bytes(b"+OK\r\n"), "no answer within 1s"),
        (
            Fake::Bytes(b"$4\r\nabcd\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n"),
            "a reply is not that of a Redis server",
        ),
        (Fake::Bytes(b"\xff\xfe\0\0"), "a reply is not that of a Redis server"),
        (Fake::Bytes(b":99999999999999999999999\r\n"), "a reply is not that of a Redis server"),
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
fn endless_reply_takes_little_memory() {
    for fake in [
        Fake::Endless(b"$9999999999\r\n", b"x"),
        Fake::Endless(b"+", b"x"),
        Fake::Endless(b"*1000000000000\r\n", b"$-1\r\n"),
        Fake::Endless(b"*1000000000000\r\n", b":1\r\n"),
        Fake::Endless(b"*1000000000000\r\n", b"+x\r\n"),
        Fake::Endless(b"*1000000000000\r\n", b"*1\r\n:1\r\n"),
        Fake::Endless(b"", b"*4096\r\n"),
        Fake::Endless(b"", b"*2\r\n+x\r\n"),
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

/// Returns the beginnings of huge replies, after which the server sends nothing more. Each is a
/// little shorter than a limit of the exporter, or exceeds it.
fn endings() -> [Vec<u8>; 7] {
    const MOST_ELEMENTS: usize = 1 << 15;
    const MOST_LINE_BYTES: usize = 1 << 16;
    const MOST_BYTES: usize = 1 << 20;

    let of = |first: &str, rest: &str, number: usize| {
        [first.as_bytes(), &rest.as_bytes().repeat(number)].concat()
    };
    [
        of("*1000000000\r\n", ":1\r\n", MOST_ELEMENTS - 100),
        of("*1000000000\r\n", ":1\r\n", 10 * MOST_ELEMENTS),
        of("*1000000000\r\n", "*1\r\n:1\r\n", MOST_ELEMENTS / 2 - 100),
        of("*1000000000\r\n", "$9\r\n123456789\r\n", MOST_BYTES / 10),
        of("$1000000000\r\n", "x", MOST_BYTES - 100),
        of("+", "x", MOST_LINE_BYTES - 100),
        of("+", "x", MOST_LINE_BYTES + 100),
    ]
}

/// Returns the growth of the peak of the resident memory during ten concurrent scrapes of a server.
fn memory_of_ten(server: &FakeRedis, flags: &[&str], check: impl Fn(&Response) + Sync) -> usize {
    let exporter = start_for_targets(flags);
    assert_eq!(get(exporter.address, "/metrics").status, 200);
    let before = exporter.resources().peak_resident;
    let (address, path) = (exporter.address, format!("/scrape?target={}", server.address));
    std::thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| check(&get(address, &path)));
        }
    });
    exporter.resources().peak_resident - before
}

#[test]
fn ten_scrapes_of_a_hostile_target_take_little_memory() {
    for reply in endings() {
        let start = String::from_utf8_lossy(&reply[..20]).into_owned();
        let server = FakeRedis::start(Fake::Bytes(reply.leak()));
        let is_down = |response: &Response| assert_eq!(samples(response), DOWN);
        let more = memory_of_ten(&server, &["--connection-timeout=2s"], is_down);
        println!("{start:?}: {} KiB more", more >> 10);
        assert!(more < 64 << 20, "{start:?}: {} MiB", more >> 20);
    }
}

fn assert_up(response: &Response) {
    assert!(has_sample(response, "redis_up 1"), "{}", response.body);
}

/// Asserts that an exporter exposes a part of its server's metrics, and logs once how many lines
/// are missing.
fn assert_cut(mut exporter: Exporter, kept: usize, of: &str, dropped: usize) {
    for _ in 0..2 {
        let response = get(exporter.address, "/metrics");
        assert!(has_sample(&response, "redis_up 1"));
        assert_eq!(response.body.lines().filter(|line| line.starts_with(of)).count(), kept);
        let sample = format!("redis_exporter_last_scrape_dropped_lines {dropped}");
        assert!(has_sample(&response, &sample), "{dropped}");
        let success = "redis_exporter_scrape_collector_success{collector=\"redis\"} 1";
        assert!(has_sample(&response, success));
    }
    let line = exporter.next_line_with("Only a part of the server's metrics is exposed");
    assert!(line.contains(&format!("dropped_lines={dropped}")), "{line}");
    let (_, rest) = exporter.signal("TERM");
    assert!(!rest.concat().contains("Only a part"), "{rest:?}");
}

#[test]
fn errors_over_the_limit_are_cut_and_remove_nothing_else() {
    let errors: String = (0..17_000).map(|at| format!("errorstat_E{at}:count=1\n")).collect();
    let info =
        format!("redis_version:7.0.15\n# Errorstats\n{errors}# Keyspace\ndb0:keys=7,expires=0\n");
    let server = FakeRedis::start(Fake::info(&info));
    assert_cut(start(server.address, &[]), 10_000, "redis_errors_total{", 7_000);
    let response = scrape(&start_for_targets(&[]), &server.address.to_string());
    assert!(has_sample(&response, "redis_db_keys{db=\"db0\"} 7"));
}

#[test]
fn databases_over_the_limit_are_cut() {
    let redis = Redis::start(&["--databases", "16500"]);
    let fill = "for db = 0, 16499 do redis.call('SELECT', db) redis.call('SET', 'a', 1) end";
    redis.cli(&["EVAL", fill, "0"]);
    assert_cut(start(redis.address, &[]), 10_000, "redis_db_keys{", 6_500);
    let mut exporter = start(redis.address, &[]);
    assert!(has_sample(&get(exporter.address, "/metrics"), "redis_db_keys{db=\"db9999\"} 1"));
    redis.cli(&["FLUSHALL"]);
    assert!(has_sample(&get(exporter.address, "/metrics"), "redis_db_keys{db=\"db9999\"} 0"));
    exporter.next_line_with("Only a part of the server's metrics is exposed");
    exporter.next_line_with("All metrics of the server are exposed again");
}

#[test]
fn reply_over_the_limit_is_cut_and_affects_no_other() {
    // For each command there are two elements for each bucket, and six more.
    let of_command = |name: usize| {
        let bucket = |at: usize| format!(":{at}\r\n:{at}\r\n");
        let buckets: String = (0..100).map(bucket).collect();
        let calls = "*4\r\n$5\r\ncalls\r\n:99\r\n$14\r\nhistogram_usec\r\n*200\r\n";
        let name = format!("c{name}");
        format!("${}\r\n{name}\r\n{calls}{buckets}", name.len())
    };
    let histogram: String = (0..500).map(of_command).collect();
    let histogram = format!("*1000\r\n{histogram}");
    let server = FakeRedis::start(Fake::replies(move |command| match command {
        "INFO ALL" => bulk("redis_version:7.0.15\r\n"),
        "LATENCY HISTOGRAM" => histogram.clone().into_bytes(),
        "SLOWLOG LEN" => b":3\r\n".to_vec(),
        _ => b"-ERR unknown command\r\n".to_vec(),
    }));
    let response = scrape(&start_for_targets(&[]), &server.address.to_string());
    assert!(has_sample(&response, "redis_up 1") && has_sample(&response, "redis_slowlog_length 3"));
    let dropped = response.body.lines().find_map(|line| {
        line.strip_prefix("redis_exporter_last_scrape_dropped_lines ")?.parse::<usize>().ok()
    });
    let elements = 500 * (2 + 4 + 200);
    assert!(dropped.unwrap() >= elements - (1 << 15), "{dropped:?}");
    assert!(has_sample(&response, "redis_commands_latencies_usec_count{cmd=\"c0\"} 99"));
}

/// Asserts that ten scrapes of a server whose replies have no end take less than 64 MiB.
#[track_caller]
fn assert_takes_little_memory(first: &'static [u8], rest: &'static [u8], flags: &[&str]) {
    let server = FakeRedis::start(Fake::Endless(first, rest));
    let more = memory_of_ten(&server, flags, assert_up);
    println!("{:?}: {} KiB more", String::from_utf8_lossy(rest), more >> 10);
    assert!(more < 64 << 20, "{} MiB", more >> 20);
}

/// Returns the replies to CLIENT SETNAME and to INFO.
fn replies(info: &str) -> &'static [u8] {
    [b"+OK\r\n", &*bulk(info)].concat().leak()
}

#[test]
fn endless_info_is_cut_and_takes_little_memory() {
    let start = b"+OK\r\n$9999999999\r\nredis_version:7.0.15\r\n";
    for line in [
        &b"errorstat_E:count=1\r\n"[..],
        b"# S\r\na:1\r\n",
        b"a:1",
        b"\r\n",
        b"db1:keys=1\r\n",
        b"slave0:ip=10.0.0.1,port=1,state=online,offset=1,lag=1\r\n",
        b"master_host:a\r\n",
    ] {
        assert_takes_little_memory(start, line, &[]);
    }
}

#[test]
fn other_endless_replies_take_little_memory() {
    let info = replies("redis_version:7.0.15\r\nuptime_in_seconds:1\r\n");
    let with_array: &'static [u8] = [info, b"*999999999\r\n"].concat().leak();
    for rest in [
        &b"*999999999\r\n"[..],
        b":1\r\n",
        b"*1\r\n:1\r\n",
        b"*2\r\n*1\r\n$1\r\na\r\n",
        b"$1\r\na\r\n",
        b"$600000\r\n",
        b"+x",
    ] {
        for first in [info, with_array] {
            assert_takes_little_memory(first, rest, &["--include-config-metrics"]);
        }
    }
}

#[test]
fn server_that_answers_only_info_is_up() {
    let info = "redis_version:7.0.15\r\nconnected_clients:7\r\n";
    let replies = replies(info);
    for (fake, error) in [
        (Fake::Cut(replies), "the connection was lost"),
        (
            Fake::Bytes([replies, b"%1\r\n"].concat().leak()),
            "a reply is not that of a Redis server",
        ),
        (
            Fake::replies(move |command| match command {
                "CLIENT SETNAME redis_exporter" => b"+OK\r\n".to_vec(),
                "INFO ALL" => bulk(info),
                _ => Vec::new(),
            }),
            "no answer within 500ms",
        ),
    ] {
        let server = FakeRedis::start(fake);
        let mut exporter = start(server.address, &["--connection-timeout=500ms"]);
        let response = get(exporter.address, "/metrics");
        assert!(has_sample(&response, "redis_connected_clients 7"), "{error}: {}", response.body);
        assert!(has_sample(&response, "redis_up 1"));
        let line = exporter.next_line_with("Only a part of the server's metrics is exposed");
        assert!(line.contains(error), "{error}: {line}");
    }
}

#[test]
fn refusal_at_connect_is_logged() {
    let denied = b"-DENIED Redis is running in protected mode because protected mode is enabled and no password \
                   is set for the default user.\r\n";
    let refused = "the server refused the connection: ";
    let closed = "the server closed the connection after ";
    for (reply, error) in [
        (&denied[..], format!("{refused}DENIED, it is in protected mode")),
        (
            b"-ERR max number of clients reached\r\n",
            format!("{refused}ERR max number of clients reached"),
        ),
        (
            b"-ERR max number of clients + cluster connections reached\r\n",
            format!("{refused}ERR max number of clients reached"),
        ),
        (b"-LOADING hunter2-hunter2\r\n", format!("{closed}LOADING")),
        (b"-hunter2-hunter2 is wrong\r\n", format!("{closed}an unknown error")),
        (b"", "the connection was lost".to_owned()),
    ] {
        let server = FakeRedis::start(Fake::Refusal(reply));
        for flags in [&[][..], &["--set-client-name=false"]] {
            let mut exporter = start(server.address, flags);
            assert!(!is_up(&get(exporter.address, "/metrics")));
            let line = exporter.next_line_with("collector=redis");
            let is_named = flags.is_empty();
            assert!(!is_named || line.contains(&error), "{error}: {line}");
            assert!(!line.contains(SECRET), "{line}");
            assert!(
                is_named || line.contains("INFO was refused") || line.contains(&error),
                "{line}"
            );
        }
    }
    let password = format!("--redis.password={SECRET}");
    let server = FakeRedis::start(Fake::Refusal(denied));
    let mut exporter = start(server.address, &[&password]);
    assert!(!is_up(&get(exporter.address, "/metrics")));
    exporter.next_line_with("the server refused the connection: DENIED, it is in protected mode");
}

#[test]
fn server_with_too_many_clients_is_logged() {
    let redis = Redis::start(&["--maxclients", "1"]);
    let held = poll(|| {
        let held = TcpStream::connect(redis.address).unwrap();
        (!redis.cli(&["PING"]).contains("PONG")).then_some(held)
    });
    assert!(held.is_some());
    let mut exporter = start(redis.address, &[]);
    assert!(!is_up(&get(exporter.address, "/metrics")));
    exporter.next_line_with("the server refused the connection: ERR max number of clients reached");
    drop(held);
    until(|| is_up(&get(exporter.address, "/metrics")));
}
