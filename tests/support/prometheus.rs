//! A real Prometheus server.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::http;
use crate::poll;
use crate::process::free_address;
use crate::repository::repository;

/// A version of Prometheus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrometheusVersion {
    /// Prometheus 2.42, of Debian 12.
    V2,
    /// Prometheus 3, of Debian 14.
    V3,
}

impl PrometheusVersion {
    /// Both versions.
    pub const ALL: [Self; 2] = [Self::V2, Self::V3];

    fn program(self) -> PathBuf {
        match self {
            Self::V2 => PathBuf::from("prometheus"),
            Self::V3 => repository("target/prometheus-3/usr/bin/prometheus"),
        }
    }

    /// Starts a server that scrapes `target` five times a second, with more flags, and with more
    /// lines in the scrape configuration. Waits until it is ready.
    pub fn scraping(self, target: SocketAddr, flags: &[&str], more: &str) -> Prometheus {
        Prometheus::start(self, flags, &scraping(target, more))
    }

    /// Starts a server that scrapes `target` five times a second, and evaluates a rule file as
    /// often. Waits until it is ready.
    pub fn evaluating(self, rules: &Path, target: SocketAddr) -> Prometheus {
        let more = format!("rule_files: ['{}']\n", rules.display());
        let config = scraping(target, "");
        let config = config.replace("global:\n", "global:\n  evaluation_interval: 200ms\n");
        Prometheus::start(self, &[], &(config + &more))
    }
}

/// A running server, killed when it is dropped.
#[derive(Debug)]
pub struct Prometheus {
    child: Child,
    address: SocketAddr,
    _directory: TempDir,
}

impl Prometheus {
    /// Starts a server that scrapes `target` five times a second, and waits until it is ready.
    pub fn scraping(target: SocketAddr) -> Self {
        Self::scraping_with(target, "")
    }

    /// Starts a server like [`scraping`](Self::scraping), with more lines in the scrape
    /// configuration, such as `scheme: https`.
    pub fn scraping_with(target: SocketAddr, more: &str) -> Self {
        Self::configured(&scraping(target, more))
    }

    /// Starts a server with this configuration, and waits until it is ready.
    pub fn configured(config: &str) -> Self {
        Self::start(PrometheusVersion::V2, &[], config)
    }

    fn start(version: PrometheusVersion, flags: &[&str], config: &str) -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let file = directory.path().join("prometheus.yml");
        std::fs::write(&file, config).expect("the configuration is written");
        let address = free_address();
        let child = Command::new(version.program())
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", directory.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .args(flags)
            .stderr(Stdio::null())
            .spawn()
            .expect("prometheus is installed: tests/run does it");
        let prometheus = Self { child, address, _directory: directory };
        prometheus.wait_until_ready();
        prometheus
    }

    fn wait_until_ready(&self) {
        let is_ready = || {
            let response = http::try_get(self.address, "/-/ready").ok()?;
            (response.status == 200).then_some(())
        };
        poll(is_ready).expect("prometheus becomes ready");
    }

    /// Returns the result of an instant query, once `is_there` holds for it.
    pub fn query(&self, query: &str, is_there: impl Fn(&Value) -> bool) -> Value {
        let path = format!("/api/v1/query?query={}", percent_encoded(query));
        self.result(&path, is_there)
    }

    /// Returns the exemplars of a query, by series, once `is_there` holds for them.
    pub fn exemplars(&self, query: &str, is_there: impl Fn(&Value) -> bool) -> Value {
        let query = percent_encoded(query);
        let path = format!("/api/v1/query_exemplars?query={query}&start=0&end=9999999999");
        self.result(&path, is_there)
    }

    /// Returns the alerts, once `is_there` holds for them.
    pub fn alerts(&self, is_there: impl Fn(&Value) -> bool) -> Value {
        self.result("/api/v1/alerts", is_there)
    }

    /// Returns type and help of a metric, once the server has them.
    pub fn metadata(&self, metric: &str) -> (String, String) {
        let path = format!("/api/v1/targets/metadata?metric={metric}");
        let data = self.result(&path, |data| data[0].is_object());
        let text = |key: &str| data[0][key].as_str().expect("a text").to_owned();
        (text("type"), text("help"))
    }

    fn result(&self, path: &str, is_there: impl Fn(&Value) -> bool) -> Value {
        let request = || {
            let body = http::get(self.address, path).body;
            let response: Value = serde_json::from_str(&body).expect("a response in JSON");
            let data = &response["data"];
            let results = [data, &data["result"], &data["alerts"]];
            let result = results.into_iter().find(|it| it.is_array()).unwrap_or(&Value::Null);
            is_there(result).then(|| result.clone())
        };
        poll(request).unwrap_or_else(|| panic!("prometheus has no result for {path}"))
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the only value of a query's result, and its labels without the labels of the target.
pub fn single(result: &Value) -> Option<(Value, String)> {
    let [series] = result.as_array()?.as_slice() else {
        return None;
    };
    let mut labels = series["metric"].clone();
    for target in ["instance", "job"] {
        labels.as_object_mut()?.remove(target);
    }
    Some((labels, series["value"][1].as_str()?.to_owned()))
}

/// Returns a configuration that scrapes `target` five times a second, with more lines in the scrape
/// configuration.
fn scraping(target: SocketAddr, more: &str) -> String {
    let more: String = more.lines().map(|line| format!("  {line}\n")).collect();
    format!(
        "global:\n  scrape_interval: 200ms\n  scrape_timeout: 200ms\n\
         scrape_configs:\n- job_name: exporter\n  static_configs:\n  - targets: ['{target}']\n{more}"
    )
}

fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
