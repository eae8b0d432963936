//! Which client certificates are accepted, with the authorities of a file or of the system.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::fs;
use std::path::Path;
use std::process::Command;

use hello_exporter_tests::web_config::{Directory, MUTUAL, TLS};
use hello_exporter_tests::{Authority, Certificate, Exporter, build, curl, text, without_time};
use rcgen::SanType;

/// Returns a command that runs the exporter as on a system which trusts the authorities in the file
/// `roots`, with a configuration without a client CA.
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

/// Returns the warnings of `--config.check` about the configuration, which is valid.
fn warnings(directory: &Directory, auth_type: &str, roots: &Path) -> Vec<String> {
    let output = command(directory, auth_type, roots).arg("--config.check").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let log = directory.shortened(&text(&output.stderr));
    log.lines().map(|line| without_time(line).to_owned()).collect()
}

/// Asserts the statuses of a client without a certificate and of these clients, and the end of the
/// warning, for both authentication types that use the authorities of the system.
fn assert_system_roots(
    directory: &Directory,
    roots: &str,
    clients: &[(&str, Certificate, Option<u16>)],
    warning: &str,
) {
    let roots = directory.root().join(roots);
    let warning = format!(
        "warn msg=\"`client_auth_type` without `client_ca_file` or `client_ca`: {warning}\" \
         file=@/web.yml"
    );
    for (auth_type, without_certificate) in
        [("VerifyClientCertIfGiven", Some(200)), ("RequireAndVerifyClientCert", None)]
    {
        let exporter = start(directory, auth_type, &roots);
        assert_eq!(directory.curl(&exporter, &[]).ok(), without_certificate, "{auth_type}");
        for (name, certificate, status) in clients {
            let answer = directory.curl_as(&exporter, certificate);
            assert_eq!(answer.ok(), *status, "{auth_type} {name}");
        }
        assert_eq!(warnings(directory, auth_type, &roots), [&*warning]);
    }
}

#[test]
fn system_roots_verify_clients_without_a_client_ca() {
    let directory = Directory::new();
    let clients = [
        ("right", directory.authority.client(&[]), Some(200)),
        ("expired", directory.authority.expired_client(), None),
        ("foreign", Authority::new().client(&[]), None),
        ("of itself", Certificate::self_signed(2099), None),
    ];
    let warning = "client certificates of all authorities of the system (1) are accepted";
    assert_system_roots(&directory, "ca.crt", &clients, warning);
}

#[test]
fn system_without_roots_refuses_every_certificate() {
    let directory = Directory::new();
    let clients = [("right", directory.authority.client(&[]), None)];
    let warning = "the system has no authorities, so that all certificates are refused";
    assert_system_roots(&directory, "empty.crt", &clients, warning);
}

#[test]
fn client_certificate_is_required_and_verified() {
    let directory = Directory::new();
    let exporter = directory.start_with(MUTUAL, &["--log.level=debug"]);
    assert_eq!(directory.curl_as(&exporter, &directory.authority.client(&[])), Ok(200));
    for (name, certificate) in [
        ("expired", directory.authority.expired_client()),
        ("foreign", Authority::new().client(&[])),
        ("of_itself", Certificate::self_signed(2099)),
        ("server", directory.authority.server()),
    ] {
        assert!(directory.curl_as(&exporter, &certificate).is_err(), "{name}");
    }
    assert!(directory.curl(&exporter, &[]).is_err());
    // Health checks need a certificate, but no password.
    let health = format!("https://{}/-/healthy", exporter.address);
    assert!(curl(&health, &["--cacert", &directory.path("ca.crt")]).is_err());
    let plain = curl(&format!("http://{}/metrics", exporter.address), &[]);
    assert_eq!(plain.map(|response| response.status), Ok(400));

    let (_, log) = exporter.signal("TERM");
    let reasons = log.iter().filter_map(|line| line.split_once("TLS handshake failed"));
    let reasons = reasons.filter_map(|(_, line)| line.split_once("error="));
    let reasons: Vec<&str> = reasons.map(|(_, reason)| reason.trim_end()).collect();
    assert_eq!(reasons.len(), 7, "{reasons:?}");
    assert!(reasons[0].contains("certificate expired"), "{reasons:?}");
    assert!(
        reasons[1].contains("BadSignature") || reasons[1].contains("UnknownIssuer"),
        "{reasons:?}"
    );
}

#[test]
fn optional_client_certificate_is_verified() {
    let directory = Directory::new();
    let exporter =
        directory.start(&MUTUAL.replace("RequireAndVerifyClientCert", "VerifyClientCertIfGiven"));
    assert_eq!(directory.curl(&exporter, &[]), Ok(200));
    for (name, certificate, is_refused) in [
        ("right", directory.authority.client(&[]), false),
        ("foreign", Authority::new().client(&[]), true),
        ("expired", directory.authority.expired_client(), true),
    ] {
        let status = directory.curl_as(&exporter, &certificate);
        assert_eq!(status.is_err(), is_refused, "{name}: {status:?}");
    }
}

/// `openssl req -x509` makes a certificate that is a CA and a client at once.
#[test]
fn listed_certificate_is_accepted_while_valid() {
    let directory = Directory::new();
    let (valid, expired) = (Certificate::self_signed(2099), Certificate::self_signed(2021));
    let (issued, of_a_server) = (directory.authority.client(&[]), directory.authority.server());
    let unlisted = directory.authority.client(&[]);
    let listed = [&valid, &expired, &issued, &of_a_server].map(|listed| &*listed.certificate);
    fs::write(directory.path("listed.crt"), listed.concat()).unwrap();
    let exporter = directory.start(&MUTUAL.replace("ca.crt", "listed.crt"));
    for (name, certificate, is_allowed) in [
        ("valid", valid, true),
        ("issued", issued, true),
        ("expired", expired, false),
        ("of_a_server", of_a_server, false),
        ("unlisted", unlisted, false),
    ] {
        let status = directory.curl_as(&exporter, &certificate);
        assert_eq!(status.is_ok(), is_allowed, "{name}: {status:?}");
    }
}

#[test]
fn client_needs_one_of_the_allowed_names() {
    let directory = Directory::new();
    let dns = |name: &str| SanType::DnsName(name.try_into().unwrap());
    let ip = |address: &str| SanType::IpAddress(address.parse().unwrap());
    let mail = |address: &str| SanType::Rfc822Name(address.try_into().unwrap());
    let uri = |uri: &str| SanType::URI(uri.try_into().unwrap());
    let exporter = directory.start(&format!(
        "{MUTUAL}  client_allowed_sans:\n  - prometheus.example.com\n  - 10.0.0.1\n  \
         - 2001:db8:0:0::1\n  - ops@example.com\n  - spiffe://example.com/prometheus\n"
    ));
    for (names, is_allowed) in [
        (vec![dns("prometheus.example.com")], true),
        (vec![dns("other.example.com"), dns("prometheus.example.com")], true),
        (vec![ip("10.0.0.1")], true),
        (vec![ip("2001:db8::1")], true),
        (vec![mail("ops@example.com")], true),
        (vec![uri("spiffe://example.com/prometheus")], true),
        (vec![], false),
        (vec![dns("other.example.com")], false),
        (vec![dns("x.prometheus.example.com"), dns("*.example.com")], false),
        (vec![ip("10.0.0.2"), ip("::ffff:10.0.0.1")], false),
        (vec![mail("other@example.com"), uri("ops@example.com:x")], false),
    ] {
        let status = directory.curl_as(&exporter, &directory.authority.client(&names));
        assert_eq!(status.is_ok(), is_allowed, "{names:?}: {status:?}");
    }
    let foreign = Authority::new().client(&[dns("prometheus.example.com")]);
    assert!(directory.curl_as(&exporter, &foreign).is_err());
}
