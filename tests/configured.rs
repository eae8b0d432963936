//! The configuration file of an exporter at startup, and its flags.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::process::Command;

use hello_exporter_tests::configured::{ConfigDirectory, all_versions, program, versions};
use hello_exporter_tests::http::{get, request};
use hello_exporter_tests::{Exporter, text};

/// Asserts what the exporter logs if it cannot use these contents.
#[track_caller]
fn assert_refused(contents: &str, error: &str) {
    let directory = ConfigDirectory::of(contents);
    for arguments in [&["--config.check"][..], &[]] {
        let output = directory.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{contents}");
        assert_eq!(directory.errors(&output), [format!("msg=\"cannot start: {error}\"")]);
    }
}

#[test]
fn invalid_contents_are_refused_with_their_position() {
    assert_refused("version: [1\n", "@:1:10: expected a single value");
    assert_refused("version: many\n", "@:1:10: expected a whole number from 0 to 4294967295");
    assert_refused("version: 2.5\n", "@:1:10: expected a whole number from 0 to 4294967295");
    assert_refused("version: 2\nservers: [{name: \"a\n", "@:2:18: unclosed quote");
    assert_refused("servers: []\n", "@:1:1: missing key `version`");
    assert_refused("version: 2\nversion: 3\n", "@:2:1: duplicate key `version`");
    assert_refused("[]\n", "@:1:1: expected keys and their values");
    assert_refused("version: 2\nservers: {name: a}\n", "@:2:10: expected a list");
    assert_refused(
        "version: 2\nservers: [{name: a, mode: secret}]\n",
        "@:2:27: unknown value, expected one of `single`, `cluster`",
    );
}

#[test]
fn unknown_keys_are_refused_with_their_position() {
    assert_refused("version: 2\nverison: 3\n", "@:2:1: unknown key `verison`");
    assert_refused(
        "version: 2\nservers:\n  - name: a\n  - name: b\n    prot: 1\n",
        "@:5:5: unknown key `prot`",
    );
}

#[test]
fn empty_files_are_refused() {
    for contents in ["", "\n# nothing\n---\n"] {
        assert_refused(contents, "@: the file is empty, expected at least `{}`");
    }
}

#[test]
fn failed_validation_is_refused() {
    assert_refused("version: 0\n", "@: version 0: expected at least 1");
    let panic = "panicked: version not found (at tests/programs/configured.rs:65:20)";
    assert_refused("version: 404\n", &format!("@: {panic}"));
    let panic = "panicked: unparsable (at tests/programs/configured.rs:43:9)";
    assert_refused("version: 2\nunparsable: 1\n", &format!("@: {panic}"));
    assert_refused("version: 1000001\n", "@: version 1000001: expected at most 1000000");
}

#[test]
fn unreadable_files_are_refused() {
    let directory = ConfigDirectory::of("");
    let assert_error = |error: &str| {
        let output = directory.run(&[]);
        let expected = format!("msg=\"cannot start: cannot read configuration file @: {error}\"");
        assert_eq!((output.status.code(), directory.errors(&output)), (Some(1), vec![expected]));
    };
    directory.remove();
    assert_error("No such file or directory (os error 2)");
    directory.make_unreadable();
    assert_error("Is a directory (os error 21)");
    let output = Command::new(program()).arg("--config.file=").output().unwrap();
    let log = text(&output.stderr);
    let error = "msg=\"cannot start: no configuration file, expected `--config.file=FILE`\"";
    assert!(log.trim_end().ends_with(error), "{log}");
}

#[test]
fn default_file_is_looked_up_in_the_working_directory() {
    let directory = ConfigDirectory::of("version: 7\n");
    let directory_of_file = directory.file.parent().unwrap();
    std::fs::rename(&directory.file, directory_of_file.join("configured.yml")).unwrap();
    let mut command = Command::new(program());
    command.arg("--config.check").current_dir(directory_of_file);
    let output = command.output().unwrap();
    assert_eq!(text(&output.stdout), "the flags and configured.yml are valid\n");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn check_names_all_valid_files() {
    let directory = ConfigDirectory::of("version: 7\n");
    let web = directory.file.with_file_name("web.yml");
    std::fs::write(&web, "").unwrap();
    let web_config = format!("--web.config.file={}", web.display());
    let output = directory.run(&["--config.check", &web_config]);
    let expected = format!("the flags, @ and {} are valid\n", web.display());
    assert_eq!(directory.shortened(&text(&output.stdout)), expected);
}

#[test]
fn optional_file_may_be_missing() {
    let exporter = Exporter::start_program(&program(), &["--config.optional"]);
    let scrape = get(exporter.address, "/metrics");
    assert_eq!(versions(&scrape), all_versions(1));
    let reloads: Vec<&str> =
        scrape.body.lines().filter(|line| line.contains("config_last_reload_succ")).collect();
    let [.., successful] = &*reloads else { panic!("{reloads:?}") };
    assert_eq!(*successful, "configured_config_last_reload_successful 1");
}

#[test]
fn once_uses_the_file() {
    let output = ConfigDirectory::of("version: 3\n").run(&["--once"]);
    let exposition = text(&output.stdout);
    assert!(exposition.contains("\nslow_version_at_end 3\n"), "{exposition}");
    assert!(!exposition.contains("config_last_reload"), "{exposition}");
}

#[test]
fn documents_need_no_file() {
    let output = Command::new(program()).arg("--describe").output().unwrap();
    let reference = text(&output.stdout);
    let row = "| `configured_config_last_reload_successful` | gauge |";
    assert!(reference.contains(row), "{reference}");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn help_has_the_flags() {
    let help =
        text(&Command::new(program()).arg("--help").env("COLUMNS", "100").output().unwrap().stdout);
    let (_, flags) = help.split_once("--config.file").unwrap();
    let flags = format!("--config.file{flags}");
    let (flags, _) = flags.split_once("--probe.allow-target").unwrap();
    assert_eq!(
        flags.split_whitespace().collect::<Vec<_>>().join(" "),
        "--config.file <FILE> Configuration file, which is reloaded when it changes and on SIGHUP \
         [default: configured.yml] --web.enable-lifecycle Reload the configuration on requests \
         `POST /-/reload`"
    );
}

#[test]
fn reload_by_request_needs_the_flag() {
    let directory = ConfigDirectory::of("version: 1\n");
    let exporter = directory.start(&[]);
    for method in ["POST", "PUT"] {
        let response = request(exporter.address, method, "/-/reload");
        let refusal = "reloads by request are disabled, expected the flag --web.enable-lifecycle\n";
        assert_eq!((response.status, &*response.body), (403, refusal));
    }
    let response = get(exporter.address, "/-/reload");
    assert_eq!((response.status, response.header("allow")), (405, Some("POST, PUT")));
}

#[test]
fn exporter_without_a_configuration_has_neither_flags_nor_endpoint() {
    let exporter = Exporter::start(&[]);
    assert_eq!(request(exporter.address, "POST", "/-/reload").status, 404);
    let program = hello_exporter_tests::build();
    for flag in ["--config.file=x", "--web.enable-lifecycle"] {
        let output = Command::new(&program).arg(flag).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{flag}");
    }
}
