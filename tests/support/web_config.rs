//! Web configuration files, with the certificates that they name.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::certificate::{Authority, Certificate};
use crate::curl::curl;
use crate::process::{Exporter, build};
use crate::text;

/// A directory with certificates, and with a web configuration file that changes.
#[derive(Debug)]
pub struct Directory {
    directory: TempDir,
    /// The authority of the certificates.
    pub authority: Authority,
}

impl Directory {
    /// Creates the directory, without the configuration file.
    pub fn new() -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let authority = Authority::new();
        authority.server().write(directory.path(), "server");
        authority.client(&[]).write(directory.path(), "client");
        let directory = Self { directory, authority };
        fs::write(directory.path("ca.crt"), &directory.authority.certificate).expect("a file");
        fs::write(directory.path("empty.crt"), "no certificate\n").expect("a file");
        directory
    }

    /// Returns the directory itself.
    pub fn root(&self) -> &Path {
        self.directory.path()
    }

    /// Returns the path of a file.
    pub fn path(&self, file: &str) -> String {
        self.root().join(file).to_str().expect("the path is UTF-8").to_owned()
    }

    /// Reads a file.
    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).expect("the file is there")
    }

    /// Writes the configuration file and returns its path.
    pub fn write(&self, text: &str) -> PathBuf {
        let file = self.root().join("web.yml");
        fs::write(&file, text).expect("the file is written");
        file
    }

    /// Replaces the directory by `@` in the exporter's output.
    pub fn shortened(&self, text: &str) -> String {
        text.replace(self.root().to_str().expect("the path is UTF-8"), "@")
    }

    /// Checks a configuration, and returns the exit status and the severities and messages of the
    /// log.
    pub fn checked(&self, config: &str) -> (Option<i32>, Vec<String>) {
        let output = check(&self.write(config));
        let log = self.shortened(&text(&output.stderr));
        let lines = log.lines().filter_map(|line| line.split_once(" level="));
        (output.status.code(), lines.map(|(_, line)| line.to_owned()).collect())
    }

    /// Starts the tutorial's exporter with this configuration.
    pub fn start(&self, config: &str) -> Exporter {
        self.start_with(config, &[])
    }

    /// Starts the tutorial's exporter with this configuration and more arguments.
    pub fn start_with(&self, config: &str, arguments: &[&str]) -> Exporter {
        let file = format!("--web.config.file={}", self.write(config).display());
        Exporter::start(&[&[&*file], arguments].concat())
    }

    /// Scrapes over TLS, trusting the authority, and returns the status.
    pub fn curl(&self, exporter: &Exporter, arguments: &[&str]) -> Result<u16, String> {
        let ca = self.path("ca.crt");
        let arguments = [&["--cacert", &ca], arguments].concat();
        curl(&metrics_url(exporter), &arguments).map(|response| response.status)
    }

    /// Scrapes over TLS with a client certificate.
    pub fn curl_as(&self, exporter: &Exporter, client: &Certificate) -> Result<u16, String> {
        client.write(self.root(), "presented");
        let [certificate, key] = ["presented.crt", "presented.key"].map(|file| self.path(file));
        self.curl(exporter, &["--cert", &certificate, "--key", &key])
    }
}

impl Default for Directory {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns the URL of the metrics over TLS.
pub fn metrics_url(exporter: &Exporter) -> String {
    format!("https://{}/metrics", exporter.address)
}

/// Runs `--config.check` on a configuration file.
pub fn check(file: &Path) -> Output {
    let file = format!("--web.config.file={}", file.display());
    Command::new(build()).args([&*file, "--config.check"]).output().expect("the exporter runs")
}

/// A configuration with TLS, to which keys of `tls_server_config` can be appended.
pub const TLS: &str = "\
tls_server_config:
  cert_file: server.crt
  key_file: server.key
";

/// A configuration that requires a client certificate.
pub const MUTUAL: &str = "\
tls_server_config:
  cert_file: server.crt
  key_file: server.key
  client_ca_file: ca.crt
  client_auth_type: RequireAndVerifyClientCert
";

/// The hash of `secret`, Alice's password, at the lowest possible cost.
pub const SECRET: &str = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";

/// The hash of `rotated`, Bob's password, at the lowest possible cost.
pub const ROTATED: &str = "$2b$04$abcdefghijklmnopqrstuuSyk/X/xTlNvaSy3dDba9.wRaPRcYK7K";

/// The hash of `fakepassword`, at a cost that is usual in production.
pub const COSTLY: &str = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi";

/// Returns `basic_auth_users` with these names and hashes.
pub fn users(users: &[(&str, &str)]) -> String {
    let lines = users.iter().map(|(user, hash)| format!("  {user}: {hash}\n"));
    format!("basic_auth_users:\n{}", lines.collect::<String>())
}
