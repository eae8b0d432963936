//! The example redis_exporter under test.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use crate::http::{Response, get};
use crate::process::{Exporter, build_program};
use crate::redis::{Fake, FakeRedis, Redis};
use crate::text;

/// Builds the exporter.
pub fn program() -> PathBuf {
    build_program("redis_exporter", ["--bin", "redis_exporter"])
}

/// Starts an exporter of the server at this address.
pub fn start(address: SocketAddr, flags: &[&str]) -> Exporter {
    let address = format!("--redis.addr=redis://{address}");
    Exporter::start_program(&program(), &[&[&*address], flags].concat())
}

/// Starts an exporter of the servers that requests name, without one of its own.
pub fn start_for_targets(flags: &[&str]) -> Exporter {
    Exporter::start_program(&program(), &[&["--redis.addr="], flags].concat())
}

/// Requests the metrics of a target.
pub fn scrape(exporter: &Exporter, target: &str) -> Response {
    get(exporter.address, &format!("/scrape?target={target}"))
}

/// Returns the server's samples, without the durations of probes.
pub fn samples(response: &Response) -> Vec<&str> {
    assert_eq!(response.status, 200, "{}", response.body);
    let is_of_server = |line: &&str| {
        let is_own = line.starts_with("redis_exporter_") || line.starts_with("probe_duration_");
        (line.starts_with("redis_") || line.starts_with("probe_")) && !is_own
    };
    response.body.lines().filter(is_of_server).collect()
}

/// Returns whether the response has this line.
pub fn has_sample(response: &Response, sample: &str) -> bool {
    response.body.contains(&format!("\n{sample}\n"))
}

/// Returns whether the server's metrics are exposed.
pub fn is_up(response: &Response) -> bool {
    let samples = samples(response);
    let is_up = samples.contains(&"redis_up 1");
    if is_up {
        assert!(samples.len() > 100, "{samples:?}");
    } else {
        assert_eq!(samples, ["redis_up 0"]);
    }
    is_up
}

/// The samples of a target that is down.
pub const DOWN: [&str; 2] = ["probe_success 0", "redis_up 0"];

/// The password of servers under test.
pub const SECRET: &str = "hunter2-hunter2";

/// Starts a server that requires the password.
pub fn start_locked(flags: &[&str]) -> Redis {
    Redis::start(&[&["--requirepass", SECRET], flags].concat())
}

/// Starts a server that replies to INFO with a version and these lines, then sends `rest`
/// and errors.
pub fn with_info(lines: &[&str], rest: &[u8]) -> FakeRedis {
    let info = format!("redis_version:7.0.0\r\n{}\r\n", lines.join("\r\n"));
    let info = format!("+OK\r\n${}\r\n{info}\r\n", info.len());
    let errors = b"-ERR no\r\n".repeat(20);
    FakeRedis::start(Fake::Bytes([info.as_bytes(), rest, &errors].concat().leak()))
}

/// Returns the exit status and the log of an exporter that does not start.
pub fn refused(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(program())
        .args(["--web.listen-address=127.0.0.1:0"])
        .args(arguments)
        .output()
        .expect("the program runs");
    (output.status.code(), text(&output.stderr))
}
