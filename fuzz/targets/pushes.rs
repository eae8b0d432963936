//! The lines of the input are the URL of a Pushgateway, a job, the name of a label and its value.
//! The URL of the group is on the same host, and the Pushgateway reads job and label back.

#![no_main]

use std::cell::RefCell;

use hello_exporter::fuzzing::push::{find_label, group_url};
use libfuzzer_sys::fuzz_target;
use url::{Position, Url, form_urlencoded};

fuzz_target!(|input: &[u8]| {
    // Any bytes are read as an exposition. Each label of it is found.
    let seen = RefCell::new(Vec::new());
    let none = find_label(input, |label| {
        seen.borrow_mut().push(label.to_owned());
        false
    });
    assert_eq!(none, None);
    for label in &seen.into_inner() {
        assert_eq!(find_label(input, |it| it == label).unwrap().1, *label);
    }
    let Ok(input) = str::from_utf8(input) else { return };
    let mut lines = input.splitn(4, '\n');
    let mut next = || lines.next().unwrap_or_default();
    let (url, job, name, value) = (next(), next(), next(), next());
    let Ok(of_group) = group_url(url, job, &[(name, value)]) else { return };
    let base = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
    let path = of_group.strip_prefix(base.trim_end_matches('/')).unwrap();
    let segments: Vec<&str> = path.split('/').collect();
    let ["", "metrics", job_key, job_value, key, label] = segments[..] else {
        panic!("{of_group}");
    };
    assert_eq!(decoded(job_key, job_value), ("job".to_owned(), job.to_owned()));
    assert_eq!(decoded(key, label), (name.to_owned(), value.to_owned()));
    // Names of hosts are the resolver's business.
    let Ok(parsed) = Url::parse(&base) else {
        return assert!(!base.split_once("://").unwrap().1.starts_with('['), "{url}");
    };
    let of_group = Url::parse(&of_group).unwrap();
    assert_eq!(of_group[..Position::BeforePath], parsed[..Position::BeforePath]);
    assert!(matches!(of_group.scheme(), "http" | "https") && of_group.has_host());
    assert_eq!((of_group.query(), of_group.fragment()), (None, None));
});

/// Reads a name and a value as a Pushgateway does.
fn decoded(name: &str, value: &str) -> (String, String) {
    match name.strip_suffix("@base64") {
        Some(name) => (name.to_owned(), String::from_utf8(of_base64(value)).unwrap()),
        None => {
            // A `+` would be read as a space, so it has to be escaped.
            let pairs: Vec<_> = form_urlencoded::parse(value.as_bytes()).collect();
            let [(value, rest)] = &pairs[..] else { panic!("{value}") };
            assert_eq!(rest, "");
            (name.to_owned(), value.to_string())
        }
    }
}

/// Decodes the alphabet for URLs, without padding; a single `=` is nothing.
fn of_base64(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'-' => 62,
        b'_' => 63,
        _ => panic!("{text}"),
    };
    let (mut bytes, mut bits, mut length) = (Vec::new(), 0_u32, 0);
    for byte in text.strip_suffix('=').unwrap_or(text).bytes() {
        bits = bits << 6 | u32::from(digit(byte));
        length += 6;
        if length >= 8 {
            length -= 8;
            bytes.push((bits >> length) as u8);
        }
    }
    bytes
}
