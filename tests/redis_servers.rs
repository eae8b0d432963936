//! The example redis_exporter with the replies to INFO of many kinds and versions of servers.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use hello_exporter_tests::http::Response;
use hello_exporter_tests::redis_exporter::{DOWN, has_sample, samples, scrape, start_for_targets};
use hello_exporter_tests::{Fake, FakeRedis, assert_golden, bulk, data};

/// Reads the file with the reply of a server to INFO ALL. The file `.samples` next to it has the
/// samples that are exposed.
fn info(name: &str) -> String {
    std::fs::read_to_string(data(&format!("redis_servers/{name}.info"))).unwrap()
}

/// Asserts all samples except the start time, which depends on the time of the test.
fn assert_exposed(name: &str, response: &Response) {
    let is_steady = |line: &&&str| !line.starts_with("redis_start_time_seconds ");
    let samples: Vec<&str> = samples(response);
    let samples: Vec<&str> = samples.iter().filter(is_steady).copied().collect();
    assert_golden(&format!("redis_servers/{name}.samples"), &(samples.join("\n") + "\n"));
}

/// Returns the response of an exporter for a server that replies to INFO with this text.
fn scrape_info(text: &str, flags: &[&str]) -> Response {
    let server = FakeRedis::start(Fake::info(text));
    let flags = [&["--include-metrics-for-empty-databases=false"], flags].concat();
    scrape(&start_for_targets(&flags), &server.address.to_string())
}

/// The samples of a server whose values are mostly not numbers.
const OF_NO_NUMBERS: [&str; 7] = [
    "probe_success 1",
    "redis_blocked_clients 3",
    r#"redis_commands_total{cmd="get"} 1"#,
    r#"redis_connected_slave_lag_seconds{slave_ip="a",slave_port="1",slave_state="online"} 6"#,
    r#"redis_db_keys_expiring{db="db0"} 4"#,
    r#"redis_instance_info{role="",redis_version="1",redis_build_id="",redis_mode="",os="",maxmemory_policy="",tcp_port="",run_id="",process_id=""} 1"#,
    "redis_up 1",
];

macro_rules! servers {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            let name = stringify!($name);
            assert_exposed(name, &scrape_info(&info(name), &[]));
        }
    )*};
}

servers! {
    dragonfly_master
    dragonfly_replica
    garnet_replica
    kvrocks_replica
    keydb_active_replica
    redis_2_8_replica
    redis_7_4_master
    sentinel
    valkey_9_master
}

#[test]
fn replica_metrics_do_not_depend_on_the_role() {
    let lines = "master_host:m\nmaster_port:1\nmaster_link_status:up\nmaster_last_io_seconds_ago:2\n\
                 master_sync_in_progress:0\nslave_repl_offset:3\nslave_read_only:1\n";
    let labels = r#"{master_host="m",master_port="1"#;
    for role in ["slave", "replica", "active-replica", ""] {
        let text = format!("redis_version:1\nrole:{role}\n{lines}");
        let response = scrape_info(&text, &[]);
        let samples = samples(&response);
        let of_masters: Vec<&&str> =
            samples.iter().filter(|line| line.contains("master_host")).collect();
        let expected = [
            format!(r#"redis_master_last_io_seconds_ago{labels}"}} 2"#),
            format!(r#"redis_master_link_up{labels}"}} 1"#),
            format!(r#"redis_master_sync_in_progress{labels}"}} 0"#),
            format!(r#"redis_slave_info{labels}",read_only="1"}} 1"#),
            format!(r#"redis_slave_repl_offset{labels}"}} 3"#),
        ];
        assert_eq!(of_masters, expected.iter().collect::<Vec<_>>(), "{role}");
    }
}

#[test]
fn link_that_is_not_up_is_down() {
    for status in ["down", "connecting", "handshake", "Up?", ""] {
        let text = format!("redis_version:1\nrole:replica\nmaster_link_status:{status}\n");
        let response = scrape_info(&text, &[]);
        let sample = r#"redis_master_link_up{master_host="",master_port=""} 0"#;
        assert!(has_sample(&response, sample), "{status}: {}", response.body);
    }
}

#[test]
fn replica_without_a_port_keeps_its_offset_and_lag() {
    let response =
        scrape_info("redis_version:1\nslave0:ip=10.0.0.1,state=online,offset=5,lag=6\n", &[]);
    let labels = r#"{slave_ip="10.0.0.1",slave_port="",slave_state="online"}"#;
    assert!(has_sample(&response, &format!("redis_connected_slave_offset_bytes{labels} 5")));
    assert!(has_sample(&response, &format!("redis_connected_slave_lag_seconds{labels} 6")));
}

#[test]
fn invalid_number_removes_its_metric_and_is_logged() {
    let server = FakeRedis::start(Fake::info(
        "redis_version:1\nuptime_in_seconds:hunter2\nconnected_clients:hunter2\nblocked_clients:3\n\
         db0:keys=hunter2,expires=4\nslave0:ip=a,port=1,state=online,offset=hunter2,lag=6\n\
         cmdstat_get:calls=1,usec=hunter2\nerrorstat_ERR:count=hunter2\n",
    ));
    let mut exporter = start_for_targets(&[
        "--log.level=debug",
        "--include-metrics-for-empty-databases=false",
        "--include-modules-metrics",
    ]);
    let response = scrape(&exporter, &server.address.to_string());
    assert_eq!(samples(&response), OF_NO_NUMBERS);
    let line = exporter.next_line_with("Values of an unexpected type are not exposed");
    let keys = "connected_clients,count,keys,offset,uptime_in_seconds,usec";
    let fields = format!(
        "level=debug msg=\"Values of an unexpected type are not exposed\" \
         server={} keys={keys}\n",
        server.address
    );
    assert!(line.ends_with(&fields), "{line}");
    assert!(!line.contains("hunter2"), "{line}");
}

#[test]
fn modules_are_exposed_with_their_flag() {
    let server = FakeRedis::start(Fake::replies(|command| match command {
        "INFO ALL" => bulk("redis_version:7.4.1\r\nredis_mode:standalone\r\n"),
        "INFO MODULES" => bulk(
            "# Modules\r\n\
             module:name=search,ver=21005,api=1,filters=0,usedby=[],using=[ReJSON|bf],options=[handle-io-errors]\r\n\
             module:name=ReJSON,ver=20803\r\n\r\n# search_indexes\r\nsearch_number_of_indexes:1\r\n\
             search_used_memory_indexes:2048\r\nsearch_used_memory_indexes_human:0.001\r\n\
             search_total_indexing_time:1.5\r\nsearch_global_total:3\r\nsearch_gc_total_cycles:4\r\n\
             search_writer_resumed_cnt:5\r\nbf_bloom_defrag_hits:6\r\njson_num_documents:7\r\n",
        ),
        _ => b"-ERR unknown command\r\n".to_vec(),
    }));
    let target = server.address.to_string();
    let of_modules = |flags: &[&str]| {
        let response = scrape(&start_for_targets(flags), &target);
        let is_of_module =
            |line: &&str| ["module", "search", "bf", "json"].iter().any(|it| line.contains(it));
        samples(&response).into_iter().filter(is_of_module).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        of_modules(&["--include-modules-metrics"]),
        [
            "redis_bf_bloom_defrag_hits_total 6",
            "redis_json_num_documents 7",
            r#"redis_module_info{name="search",ver="21005",api="1",filters="0",usedby="[]",using="[ReJSON|bf]"} 1"#,
            r#"redis_module_info{name="ReJSON",ver="20803",api="",filters="",usedby="",using=""} 1"#,
            "redis_search_gc_cycles_total 4",
            "redis_search_global_total 3",
            "redis_search_indexing_time_ms_total 1.5",
            "redis_search_number_of_indexes 1",
            "redis_search_used_memory_indexes_bytes 2048",
            "redis_search_writer_resumed_count 5",
        ]
    );
    assert_eq!(of_modules(&[]), [""; 0]);
}

#[test]
fn server_without_info_all_is_queried_with_info() {
    for refusal in ["-ERR wrong number of arguments for 'info' command\r\n", "$0\r\n\r\n"] {
        let server = FakeRedis::start(Fake::replies(move |command| match command {
            "INFO ALL" => refusal.as_bytes().to_vec(),
            "INFO" => bulk("redis_version:2.4.18\r\nconnected_clients:3\r\n"),
            _ => b"-ERR unknown command\r\n".to_vec(),
        }));
        let response = scrape(&start_for_targets(&[]), &server.address.to_string());
        assert!(has_sample(&response, "redis_connected_clients 3"), "{}", response.body);
        assert!(has_sample(&response, "redis_up 1"));
    }
    let server =
        FakeRedis::start(Fake::replies(|_| b"-NOAUTH Authentication required.\r\n".to_vec()));
    assert_eq!(samples(&scrape(&start_for_targets(&[]), &server.address.to_string())), DOWN);
    assert!(!server.received().contains("*1\r\n$4\r\nINFO\r\n"));
}
