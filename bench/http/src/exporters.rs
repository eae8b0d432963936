//! The exporters under `examples/`, and the originals that Debian packages.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::measured::Contest;
use crate::server::{Program, free_address};

const ORIGINAL: &str = "original";

/// The collectors that both node exporters have enabled.
const COLLECTORS: [&str; 15] = [
    "cpu",
    "diskstats",
    "filefd",
    "filesystem",
    "loadavg",
    "meminfo",
    "netdev",
    "netstat",
    "os",
    "pressure",
    "sockstat",
    "stat",
    "time",
    "uname",
    "vmstat",
];

/// Returns the contest of the node exporters on this machine. The original gets flags for the
/// collectors of ours.
pub fn node() -> Result<Contest, Box<dyn Error>> {
    let original = Program::installed("prometheus-node-exporter");
    let original = original.with_argument("--collector.disable-defaults");
    let original = COLLECTORS
        .iter()
        .fold(original, |it, collector| it.with_argument(format!("--collector.{collector}")));
    Ok(Contest {
        contenders: vec![("node_exporter", Program::built("node_exporter")?), (ORIGINAL, original)],
        yardstick: ORIGINAL,
        check: Box::new(|text| {
            let is_good = |collector: &str| {
                let success = "node_scrape_collector_success";
                text.contains(&format!("{success}{{collector=\"{collector}\"}} 1\n"))
            };
            COLLECTORS.iter().all(|collector| is_good(collector))
        }),
        _backend: None,
    })
}

/// Returns the contest of the Redis exporters, for one server with data in it.
pub fn redis() -> Result<Contest, Box<dyn Error>> {
    let server = RedisServer::start()?;
    let address = format!("--redis.addr=redis://{}", server.address);
    Ok(Contest {
        contenders: vec![
            ("redis_exporter", Program::built("redis_exporter")?.with_argument(&address)),
            (ORIGINAL, Program::installed("prometheus-redis-exporter").with_argument(&address)),
        ],
        yardstick: ORIGINAL,
        check: Box::new(|text| {
            text.contains("redis_up 1\n") && text.contains("redis_db_keys{db=\"db0\"} 10000\n")
        }),
        _backend: Some(Box::new(server)),
    })
}

/// A server that stores nothing on disk. It is killed when this is dropped.
struct RedisServer {
    child: Child,
    address: SocketAddr,
}

/// The longest time that it may take to start.
const START: Duration = Duration::from_secs(10);

impl RedisServer {
    fn start() -> Result<Self, Box<dyn Error>> {
        let address = free_address()?;
        let child = Command::new("redis-server")
            .args([
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
                "--enable-debug-command",
                "yes",
                "--port",
            ])
            .arg(address.port().to_string())
            .current_dir(std::env::temp_dir())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| {
                format!("cannot start redis-server, which tests/run installs: {error}")
            })?;
        let server = Self { child, address };
        server.fill()?;
        Ok(server)
    }

    fn fill(&self) -> Result<(), Box<dyn Error>> {
        let deadline = Instant::now() + START;
        let mut stream = loop {
            match TcpStream::connect(self.address) {
                Ok(stream) => break BufReader::new(stream),
                Err(error) if Instant::now() > deadline => return Err(error.into()),
                Err(_) => thread::sleep(Duration::from_millis(1)),
            }
        };
        let mut answer = |command: &str| -> Result<(), Box<dyn Error>> {
            stream.get_mut().write_all(format!("{command}\r\n").as_bytes())?;
            let mut line = String::new();
            stream.read_line(&mut line)?;
            if line.starts_with('-') { Err(format!("{command}: {line}").into()) } else { Ok(()) }
        };
        answer("DEBUG POPULATE 10000")?;
        // Commands of a few kinds; the last one removes their keys.
        for command in ["INCR x", "SADD s m", "LPUSH l e", "HSET h f v", "ZADD z 1 m"] {
            answer(command)?;
        }
        answer("DEL x s l h z")
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
