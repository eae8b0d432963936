use super::*;

fn info_of(text: &str) -> InfoText {
    let mut info = InfoText::default();
    text.split('\n').for_each(|line| info.push(line.as_bytes()));
    info
}

#[test]
fn name_of_a_statistic_may_contain_colons() {
    let text = info_of(
        "cmdstat_host::calls=1,usec=2\r\ncmdstat_config|get:calls=3\r\n\
         errorstat_@user_script::count=4\r\nerrorstat_ERR,a=b:count=5\r\n\
         latency_percentiles_usec_host::p50=0.5\r\nmaster_host:fd00::1\r\n",
    );
    let info = text.parse();
    let commands = [("config|get", "calls=3"), ("host:", "calls=1,usec=2")];
    assert_eq!(info.commands.into_iter().collect::<Vec<_>>(), commands);
    assert_eq!(info.errors, [("@user_script:", "count=4"), ("ERR,a=b", "count=5")]);
    assert_eq!(info.percentiles, [("host:", "p50=0.5")]);
    assert_eq!(info.fields.text("master_host"), Some("fd00::1"));
}

#[test]
fn lines_of_a_master_begin_with_its_host() {
    let text = info_of(
        "role:active-replica\nmaster_global_link_status:up\nmaster_host:a\nmaster_port:1\n\
         master_1_host:b\nmaster_1_link_status:down\nslave_repl_offset:7\nmaster_x_host:c\n\
         master_host:d\nmaster_replid:e\nmaster_repl_offset:8\n",
    );
    let masters: [&[_]; 3] = [
        &[("master_host", "a"), ("master_port", "1")],
        &[("master_host", "b"), ("master_link_status", "down"), ("slave_repl_offset", "7")],
        &[("master_host", "d")],
    ];
    assert_eq!(text.parse().masters, masters);
    assert_eq!(text.parse().fields.text("master_repl_offset"), Some("8"));
}

#[test]
fn long_section_displaces_no_other() {
    let mut text = InfoText::default();
    text.push(b"# Errorstats");
    (0..17_000).for_each(|at| text.push(format!("errorstat_E{at}:count=1").as_bytes()));
    text.push(b"# Keyspace");
    text.push(b"db0:keys=1");
    assert_eq!((text.parse().errors.len(), text.dropped()), (10_000, 7_000));
    assert!(!text.is_keyspace_cut());
    assert_eq!(text.parse().databases.len(), 1);
    (1..20_000).for_each(|at| text.push(format!("db{at}:keys=1").as_bytes()));
    assert!(text.is_keyspace_cut());
    let sum = text.parse().errors.len() + text.parse().databases.len();
    assert!(sum < InfoText::MOST_LINES, "{sum}");
    assert_eq!(sum as u64 + text.dropped(), 17_000 + 20_000);
}

#[test]
fn comment_begins_no_section() {
    assert_eq!(section_name("# Keyspace"), Some("Keyspace"));
    assert_eq!(section_name("# Last scan db time: Wed Jan 1 00:00:00 2025"), None);
    assert_eq!(section_name("# a:1"), None);
    assert_eq!(section_name("#Keyspace"), None);
}

#[test]
fn server_names_its_version() {
    for (text, is_of_server) in [
        ("# Server\r\nredis_version:7.0.0", true),
        ("garnet_version:1.0.1\r\nos:Unix", true),
        ("abcd", false),
        ("version:1", false),
        ("", false),
    ] {
        assert_eq!(info_of(text).is_of_server(), is_of_server, "{text}");
    }
}
