//! Compares the exporters under `examples/` with the originals, from the packages of Debian.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::measured::Contest;
use crate::server::{Program, free_address};

const ORIGINAL: &str = "original";

/// The collectors of both node exporters.
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

/// Compares node exporters on this machine. Flags of the original enable only the collectors that
/// ours has.
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

/// Compares Redis exporters on one server with data.
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

/// The time that the server may take to start.
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
            .map_err(|error| format!("redis-server, which tests/run installs: {error}"))?;
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
            match line.starts_with('-') {
                true => Err(format!("{command}: {line}").into()),
                false => Ok(()),
            }
        };
        answer("DEBUG POPULATE 10000")?;
        // Commands of several types, whose keys are removed afterwards.
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
