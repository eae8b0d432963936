//! curl: a client of TLS and HTTP/2 that shares no code with this library.

use std::process::{Command, Output};

use crate::http::{Response, response};

/// Requests a URL with these arguments, and returns the response, or curl's error message.
pub fn curl(url: &str, arguments: &[&str]) -> Result<Response, String> {
    let output = run(url, &[&["--include"], arguments].concat());
    if output.status.success() {
        Ok(response(&output.stdout))
    } else {
        Err(String::from_utf8(output.stderr).expect("curl writes UTF-8"))
    }
}

/// Returns the TLS version and the cipher suite of a handshake, as curl names them.
pub fn handshake(url: &str, arguments: &[&str]) -> String {
    let output = run(url, &[&["--verbose"], arguments].concat());
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    let mut lines = log.lines().filter_map(|line| line.split_once("SSL connection using "));
    let (_, agreed) = lines.next().unwrap_or_else(|| panic!("no handshake in {log}"));
    // Newer versions of curl print more after these two.
    agreed.split(" / ").take(2).collect::<Vec<_>>().join(" / ")
}

fn run(url: &str, arguments: &[&str]) -> Output {
    Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "30"])
        .args(arguments)
        .arg(url)
        .output()
        .expect("curl is installed: tests/run does it")
}
