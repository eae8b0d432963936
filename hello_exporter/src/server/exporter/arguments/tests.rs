use clap::{ArgAction, value_parser};

use super::*;

/// Returns a command with flags of each kind that `rewrite` distinguishes.
fn command() -> Command {
    let text = |long: &'static str| Arg::new(long).long(long);
    let switch = |arg: Arg| arg.action(ArgAction::SetTrue);
    Command::new("x")
        .arg(text("web.listen-address").action(ArgAction::Append))
        .arg(switch(text("web.systemd-socket")))
        .arg(switch(text("verbose").short('v')))
        .arg(switch(text("quiet").short('q')))
        .arg(text("port").short('p').value_parser(value_parser!(u16)))
        .arg(text("addr").visible_alias("address").short_alias('a'))
        .arg(text("offset").allow_negative_numbers(true))
        .arg(text("args").allow_hyphen_values(true))
        .arg(text("pair").num_args(2).allow_hyphen_values(true))
        .arg(text("names").num_args(1..))
        .arg(text("color").num_args(0..=1).require_equals(true).default_missing_value("auto"))
        .arg(text("n"))
        .arg(switch(Arg::new("upper").short('A').long("All")))
}

fn texts(command: Command, arguments: &[&str]) -> Vec<String> {
    let mut command = command;
    let arguments = std::iter::once(&"x").chain(arguments);
    let texts = rewrite(&mut command, arguments)
        .arguments
        .into_iter()
        .skip(1)
        .map(|argument| argument.into_string().unwrap());
    texts.collect()
}

#[track_caller]
fn assert_rewritten(arguments: &[&str], expected: &[&str]) {
    assert_eq!(texts(command(), arguments), expected);
}

#[track_caller]
fn assert_kept(arguments: &[&str]) {
    assert_rewritten(arguments, arguments);
}

#[test]
fn long_flag_with_one_dash_gets_another() {
    let address = "127.0.0.1:9000";
    assert_rewritten(&["-web.listen-address=:9000"], &["--web.listen-address=:9000"]);
    assert_rewritten(&["-web.listen-address", address], &["--web.listen-address", address]);
    assert_rewritten(
        &["-web.systemd-socket", "-web.listen-address="],
        &["--web.systemd-socket", "--web.listen-address="],
    );
    assert_rewritten(&["-address=x=y", "-addr", "z"], &["--address=x=y", "--addr", "z"]);
    assert_rewritten(&["-help"], &["--help"]);
    assert_rewritten(&["-n", "1"], &["--n", "1"]);
    assert_rewritten(&["-verbose", "-port=1", "-All"], &["--verbose", "--port=1", "--All"]);
}

#[test]
fn short_flags_stay() {
    for arguments in [
        &["-h"][..],
        &["-v"],
        &["-vq"],
        &["-p", "1"],
        &["-p1"],
        &["-p=1"],
        &["-vp", "1"],
        &["-vp1"],
        &["-a", "x"],
        &["-A"],
        &["--verbose", "--port=1", "--port", "1"],
        &["-"],
        &["-5"],
        &[""],
    ] {
        assert_kept(arguments);
    }
}

#[test]
fn value_that_begins_with_a_dash_stays() {
    assert_kept(&["--offset", "-5"]);
    assert_kept(&["--args", "-verbose"]);
    assert_kept(&["--args", "--"]);
    assert_kept(&["--pair", "-verbose", "-quiet"]);
    assert_kept(&["--args=-verbose"]);
    assert_kept(&["-a", "-"]);
    assert_rewritten(&["-args", "-verbose", "-verbose"], &["--args", "-verbose", "--verbose"]);
    assert_rewritten(&["-offset", "-5", "-quiet"], &["--offset", "-5", "--quiet"]);
    let more = ["--pair", "-verbose", "-quiet", "-verbose"];
    assert_rewritten(&more, &["--pair", "-verbose", "-quiet", "--verbose"]);
}

#[test]
fn flag_after_a_value_is_a_flag() {
    assert_rewritten(&["--addr", "x", "-verbose"], &["--addr", "x", "--verbose"]);
    assert_rewritten(&["-names", "x", "y", "-verbose"], &["--names", "x", "y", "--verbose"]);
    assert_rewritten(&["-color", "-verbose"], &["--color", "--verbose"]);
    assert_rewritten(&["-vp", "1", "-quiet"], &["-vp", "1", "--quiet"]);
    // The value is missing. clap reports it.
    assert_rewritten(&["-addr", "-verbose"], &["--addr", "--verbose"]);
}

#[test]
fn arguments_after_two_dashes_stay() {
    assert_rewritten(&["-verbose", "--", "-quiet"], &["--verbose", "--", "-quiet"]);
    assert_kept(&["--", "-verbose", "--", "-quiet"]);
}

#[test]
fn switch_takes_true_or_false() {
    for value in ["1", "t", "T", "true", "TRUE", "True"] {
        assert_rewritten(&[&format!("-verbose={value}")], &["--verbose"]);
        assert_rewritten(&[&format!("--verbose={value}"), "-quiet"], &["--verbose", "--quiet"]);
    }
    for value in ["0", "f", "F", "false", "FALSE", "False"] {
        assert_rewritten(&[&format!("-verbose={value}"), "-quiet"], &["--quiet"]);
    }
    // clap reports these.
    assert_rewritten(&["-verbose=yes"], &["--verbose=yes"]);
    assert_rewritten(&["-addr=true", "-other=true"], &["--addr=true", "--other=true"]);
    // Values and arguments after `--` are not switches.
    assert_kept(&["--args", "-verbose=true", "--", "-verbose=true"]);
}

#[test]
fn given_flags_are_known() {
    let arguments = ["x", "-verbose=false", "--port", "--quiet", "-addr", "-names", "--", "--n"];
    let given = rewrite(&mut command(), arguments).given;
    let mut given: Vec<_> = given.iter().map(String::as_str).collect();
    given.sort_unstable();
    assert_eq!(given, ["addr", "names", "port", "quiet", "verbose"]);

    let has_help = |flags: &str| {
        let given = rewrite(&mut command(), ["x", flags]).given;
        given.contains("help")
    };
    assert!(has_help("-h") && has_help("-vh") && has_help("-help"));
    assert!(!has_help("-ph") && !has_help("-v"));
}

#[test]
fn unknown_flag_is_named_in_full() {
    assert_rewritten(&["-web.listen-adress=:9000"], &["--web.listen-adress=:9000"]);
    assert_rewritten(&["-collector.nope"], &["--collector.nope"]);
    // The first letter is a short flag, or there is only one letter.
    assert_kept(&["-vx"]);
    assert_kept(&["-x"]);
}

#[test]
fn positional_arguments_stay() {
    let positional = || command().arg(Arg::new("file"));
    assert_eq!(texts(positional(), &["x", "-verbose"]), ["x", "--verbose"]);

    let dashed = || command().arg(Arg::new("file").allow_hyphen_values(true));
    assert_eq!(texts(dashed(), &["-other", "-verbose"]), ["-other", "--verbose"]);

    let rest = Arg::new("rest").num_args(1..).trailing_var_arg(true).allow_hyphen_values(true);
    let rest = || command().arg(rest.clone());
    let arguments = ["-verbose", "run", "-verbose", "-other"];
    assert_eq!(texts(rest(), &arguments), ["--verbose", "run", "-verbose", "-other"]);

    let with_subcommand = command().subcommand(Command::new("run"));
    let arguments = ["-verbose", "run", "-verbose"];
    assert_eq!(texts(with_subcommand, &arguments), ["--verbose", "run", "-verbose"]);
}

#[cfg(unix)]
#[test]
fn value_that_is_not_unicode_stays() {
    use std::os::unix::ffi::OsStringExt;

    let argument = |front: &str| OsString::from_vec([front.as_bytes(), b"\xff"].concat());
    let arguments = [OsString::from("x"), argument("-addr="), argument(""), argument("-")];
    let arguments = rewrite(&mut command(), arguments).arguments;
    assert_eq!(arguments[1..], [argument("--addr="), argument(""), argument("-")]);
}
