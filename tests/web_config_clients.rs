//! Certificates of clients that are verified against the authorities of the system.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::path::Path;
use std::process::Command;

use hello_exporter_tests::web_config::{Directory, TLS, text};
use hello_exporter_tests::{Authority, Certificate, Exporter, build};

/// Returns the exporter, as a system that trusts the authorities in this file runs it, with a
/// configuration without a client CA.
fn command(directory: &Directory, auth_type: &str, roots: &Path) -> Command {
    let config = directory.write(&format!("{TLS}  client_auth_type: {auth_type}\n"));
    let mut command = Command::new(build());
    command
        .arg(format!("--web.config.file={}", config.display()))
        .env("SSL_CERT_FILE", roots)
        .env_remove("SSL_CERT_DIR");
    command
}

fn start(directory: &Directory, auth_type: &str, roots: &Path) -> Exporter {
    let mut command = command(directory, auth_type, roots);
    Exporter::start_command(command.arg("--web.listen-address=127.0.0.1:0"))
}

/// Returns what `--config.check` says of the configuration, which is valid.
fn warnings(directory: &Directory, auth_type: &str, roots: &Path) -> Vec<String> {
    let output = command(directory, auth_type, roots).arg("--config.check").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let log = directory.shortened(&text(&output.stderr));
    log.lines().map(|line| line.split_once(" level=").unwrap().1.to_owned()).collect()
}

#[test]
fn without_a_client_ca_the_roots_of_the_system_verify_clients() {
    let directory = Directory::new();
    let roots = directory.root().join("ca.crt");
    for (auth_type, without_certificate) in
        [("VerifyClientCertIfGiven", Some(200)), ("RequireAndVerifyClientCert", None)]
    {
        let exporter = start(&directory, auth_type, &roots);
        assert_eq!(directory.curl(&exporter, &[]).ok(), without_certificate, "{auth_type}");
        for (name, certificate, status) in [
            ("right", directory.authority.client(&[]), Some(200)),
            ("expired", directory.authority.expired_client(), None),
            ("foreign", Authority::new().client(&[]), None),
            ("of itself", Certificate::of_itself(2099), None),
        ] {
            let answer = directory.curl_as(&exporter, &certificate);
            assert_eq!(answer.ok(), status, "{auth_type} {name}");
        }
        let warning = "warn msg=\"`client_auth_type` without `client_ca_file` or `client_ca`: certificates \
                       are verified against the authorities of the system, 1 in number, each of which can let \
                       clients in\" file=@/web.yml";
        assert_eq!(warnings(&directory, auth_type, &roots), [warning]);
    }
}

#[test]
fn system_without_roots_lets_in_nobody_with_a_certificate() {
    let directory = Directory::new();
    let roots = directory.root().join("empty.crt");
    for (auth_type, without_certificate) in
        [("VerifyClientCertIfGiven", Some(200)), ("RequireAndVerifyClientCert", None)]
    {
        let exporter = start(&directory, auth_type, &roots);
        assert_eq!(directory.curl(&exporter, &[]).ok(), without_certificate, "{auth_type}");
        let answer = directory.curl_as(&exporter, &directory.authority.client(&[]));
        assert_eq!(answer.ok(), None, "{auth_type}");
        let warning = "warn msg=\"`client_auth_type` without `client_ca_file` or `client_ca`: the system has no \
                       authorities, so that all certificates are refused\" file=@/web.yml";
        assert_eq!(warnings(&directory, auth_type, &roots), [warning]);
    }
}
