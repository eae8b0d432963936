//! Tests of the server and the login in the flags.

use std::error::Error;
use std::io::Write;

use clap::{Args, Command, FromArgMatches};
use tempfile::NamedTempFile;
use tokio_postgres::config::Host;

use super::Flags;

fn flags(arguments: &[&str]) -> Flags {
    let command = Flags::augment_args(Command::new("test").no_binary_name(true));
    Flags::from_arg_matches(&command.get_matches_from(arguments)).unwrap()
}

fn message(error: impl Error) -> String {
    let source = error.source().map(|source| format!(": {source}"));
    format!("{error}{}", source.unwrap_or_default())
}

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

#[test]
fn server_is_made_of_an_address_a_user_and_the_password_in_a_file() {
    let password = file("s:e/c@r?t\n");
    let path = format!("--data-source.pass-file={}", password.path().display());
    let uri = "--data-source.uri=db:6432/shop?sslmode=disable";
    let server = flags(&[uri, "--data-source.user=me", &path]).server().unwrap().unwrap();
    assert_eq!(server.get_hosts(), [Host::Tcp("db".to_owned())]);
    assert_eq!((server.get_ports(), server.get_dbname()), (&[6432][..], Some("shop")));
    assert_eq!(server.get_user(), Some("me"));
    assert_eq!(server.get_password(), Some(&b"s:e/c@r?t"[..]));
}

#[test]
fn name_of_the_server_comes_before_its_address() {
    let arguments = ["--data-source.name=host=a", "--data-source.uri=b", "--data-source.user=me"];
    let server = flags(&arguments).server().unwrap().unwrap();
    assert_eq!((server.get_hosts(), server.get_user()), (&[Host::Tcp("a".to_owned())][..], None));
}

#[test]
fn empty_value_is_a_missing_one() {
    let arguments = ["--data-source.name=", "--data-source.uri=db", "--probe.login="];
    let flags = flags(&arguments);
    assert_eq!(flags.server().unwrap().unwrap().get_hosts(), [Host::Tcp("db".to_owned())]);
    assert!(flags.login().unwrap().is_none());
}

#[test]
fn server_may_be_missing_if_there_are_probes() {
    assert!(flags(&["--probe.login=user=probe"]).server().unwrap().is_none());
    assert_eq!(
        message(flags(&[]).server().unwrap_err()),
        "no server, expected one in DATA_SOURCE_NAME or DATA_SOURCE_URI, or PROBE_LOGIN"
    );
}

#[test]
fn login_of_probes_names_no_server() {
    for login in ["host=a user=u", "hostaddr=10.0.0.1 user=u", "port=1 user=u", "postgresql://u@a"]
    {
        let error = flags(&["--probe.login", login]).login().unwrap_err();
        assert_eq!(
            message(error),
            "invalid PROBE_LOGIN: requests name the server, expected no host and no port",
            "{login}"
        );
    }
}

#[test]
fn missing_file_is_named() {
    let error = flags(&["--data-source.uri-file=nowhere"]).server().unwrap_err();
    assert_eq!(message(error), "cannot read nowhere: No such file or directory (os error 2)");
}
