//! The first line of the input is a pattern, the second one a target. A target that a pattern with
//! a host allows is on that host. Addresses are displayed as they are parsed.

#![no_main]

use hello_exporter::cli::{ListenAddress, parse_duration};
use hello_exporter::client::{Address, Scheme};
use hello_exporter::probe::TargetPattern;
use libfuzzer_sys::fuzz_target;
use url::Url;

const SCHEMES: [Scheme; 3] =
    [Scheme::plain("redis", 6379), Scheme::tls("rediss", 6380), Scheme::unix("unix")];

fuzz_target!(|input: &str| {
    let (pattern, target) = input.split_once('\n').unwrap_or((input, input));
    check_pattern(pattern, target);
    check_url(target);
    for text in [pattern, target] {
        check_address(text);
        check_listen_address(text);
        let _ = parse_duration(text);
    }
});

fn check_pattern(text: &str, target: &str) {
    let Ok(pattern) = text.parse::<TargetPattern>() else { return };
    assert_eq!(pattern.to_string(), text);
    pattern.matches(target);
    // A host that is decoded can have a `*`, which no target has.
    let scheme = text.split_once("://").filter(|(scheme, _)| is_scheme(scheme));
    let authority = scheme.map_or(text, |(_, rest)| rest);
    let authority = authority.split(['/', '?', '#']).next().unwrap();
    let is_plain = authority.is_ascii() && !authority.contains('%');
    if is_plain && !text.contains('*') {
        assert!(pattern.matches(text), "{text} does not match itself");
    }
    let all: TargetPattern = "**".parse().unwrap();
    assert!(all.matches(text) && all.matches(target));
}

/// Other texts before `://` belong to the host.
fn is_scheme(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(is_allowed)
}

/// A target without `*` is a valid pattern exactly if every exporter accepts it.
fn check_url(target: &str) {
    if target.contains('*') || target.parse::<TargetPattern>().is_err() {
        return;
    }
    for (pattern, is_directory) in
        [("http://www.example.com/**", false), ("http://www.example.com/public/**", true)]
    {
        let pattern: TargetPattern = pattern.parse().unwrap();
        if !pattern.matches(target) {
            continue;
        }
        let url = Url::parse(target).unwrap();
        assert_eq!((url.scheme(), url.host_str()), ("http", Some("www.example.com")), "{target}");
        assert_eq!((url.port_or_known_default(), url.username()), (Some(80), ""), "{target}");
        assert!(!is_directory || url.path().starts_with("/public/"), "{target}");
    }
    let pattern: TargetPattern = "*.example.com:9100".parse().unwrap();
    if pattern.matches(target) {
        let target = target.to_ascii_lowercase();
        let host = target.strip_suffix(".example.com:9100");
        let host = host.unwrap_or_else(|| panic!("{target}"));
        let is_accepted = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        assert!(host.bytes().all(is_accepted), "{target}");
    }
}

fn check_address(text: &str) {
    let Ok((address, _)) = Address::parse(text, &SCHEMES) else { return };
    let displayed = address.to_string();
    let scheme = match (address.path(), address.is_tls()) {
        (Some(_), _) => "unix",
        (None, true) => "rediss",
        (None, false) => "redis",
    };
    assert_eq!(address.path().is_some(), address.host().is_empty());
    let url = format!("{scheme}://{displayed}");
    let (again, credentials) = Address::parse(&url, &SCHEMES).unwrap_or_else(|_| panic!("{url}"));
    if address.path().is_none() {
        assert_eq!(again, address, "{url}");
        assert_eq!((credentials.user(), credentials.password()), (None, None), "{url}");
    }
}

fn check_listen_address(text: &str) {
    let Ok(address) = text.parse::<ListenAddress>() else { return };
    let displayed = address.to_string();
    assert_eq!(displayed.parse::<ListenAddress>().as_ref(), Ok(&address));
}
