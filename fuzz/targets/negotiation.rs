//! The first line of the input is an `Accept` header, the second one an `Accept-Encoding` header.
//! The response has a format and a coding that they permit, and its headers agree with its body.

#![no_main]

use std::sync::LazyLock;

use hello_exporter::registry::{Encoding, Escaping};
use hello_exporter::respond::{Request, Response};
use hello_exporter::{DynamicFamilies, Format, Registry};
use libfuzzer_sys::fuzz_target;

const SCHEMES: [Escaping; 4] =
    [Escaping::AllowUtf8, Escaping::Underscores, Escaping::Dots, Escaping::Values];

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    let families = || {
        let mut families = DynamicFamilies::new().utf8();
        families.counter("http.requests_total", "Requests.").sample([("a.b", "x")], 7);
        families
    };
    let registry = Registry::new();
    registry.register_fn(families).unwrap();
    registry
});

/// The values of `Content-Type`, each with the body that belongs to it.
static OFFERED: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let mut offered = Vec::new();
    let mut offer = |content_type: String, format, escaping| {
        let mut body = Vec::new();
        REGISTRY.encode(Encoding::new(format).escaping(escaping), &mut body);
        offered.push((content_type, body));
    };
    let open_metrics = "application/openmetrics-text; version=";
    let protobuf = Format::Protobuf.content_type();
    for escaping in SCHEMES {
        offer("text/plain; version=0.0.4; charset=utf-8".to_owned(), Format::Text, escaping);
        let text = format!("text/plain; version=1.0.0; charset=utf-8; escaping={escaping}");
        offer(text, Format::Text, escaping);
        let old = format!("{open_metrics}0.0.1; charset=utf-8");
        offer(old, Format::OpenMetrics, escaping);
        let new = format!("{open_metrics}1.0.0; charset=utf-8; escaping={escaping}");
        offer(new, Format::OpenMetrics, escaping);
        offer(format!("{protobuf}; escaping={escaping}"), Format::Protobuf, escaping);
    }
    offer(protobuf.to_owned(), Format::Protobuf, Escaping::Underscores);
    offered
});

fn respond(accept: &[u8], accept_encoding: &[u8]) -> Response {
    let headers = [("Accept", accept), ("Accept-Encoding", accept_encoding)];
    REGISTRY.respond_to(&Request::new().headers(headers))
}

fn header<'r>(response: &'r Response, name: &str) -> Option<&'r str> {
    response.headers().find(|(it, _)| *it == name).map(|(_, value)| value)
}

fuzz_target!(|input: &[u8]| {
    let mut lines = input.splitn(2, |byte| *byte == b'\n');
    let (accept, accept_encoding) =
        (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    check_format(accept);
    check_coding(accept_encoding);
    let both = respond(accept, accept_encoding);
    assert_eq!(header(&both, "content-type"), header(&respond(accept, b""), "content-type"));
    let coded = respond(b"", accept_encoding);
    assert_eq!(header(&both, "content-encoding"), header(&coded, "content-encoding"));
});

fn check_format(accept: &[u8]) {
    let response = respond(accept, b"");
    assert_eq!((response.status(), header(&response, "content-encoding")), (200, None));
    let content_type = header(&response, "content-type").unwrap();
    let body = response.body();
    let is_offered = OFFERED.iter().any(|offer| (&*offer.0, &*offer.1) == (content_type, body));
    assert!(is_offered, "{content_type}: {}", body.escape_ascii());
    let Ok(accept) = str::from_utf8(accept) else {
        return assert_eq!(content_type, "text/plain; version=0.0.4; charset=utf-8");
    };
    let media_type = content_type.split(';').next().unwrap();
    // The text format is the default. Quoted separators are the business of the reader.
    if media_type != "text/plain" && !accept.contains('"') {
        let ranges = accept.split(',').filter(|it| is_named(it, media_type));
        let mut weights = ranges.flat_map(weight);
        assert!(weights.any(|weight| weight > 0.0), "{content_type} for {accept}");
    }
    // A range that is not accepted changes nothing, and neither does white space.
    if !accept.contains('"') {
        for other in [
            format!("{accept},text/plain;q=0,*/*; q=0.0"),
            format!("application/openmetrics-text;escaping=dots;q=0.000 , {accept}"),
            accept.replace(',', " ,\t").replace(';', " ; ").replace('=', " = "),
        ] {
            let other = respond(other.as_bytes(), b"");
            assert_eq!(header(&other, "content-type"), Some(content_type), "{accept}");
        }
    }
}

fn check_coding(accept_encoding: &[u8]) {
    let response = respond(b"", accept_encoding);
    let coding = header(&response, "content-encoding");
    match (coding, response.body()) {
        (None, [b'#', ..])
        | (Some("gzip"), [0x1f, 0x8b, ..])
        | (Some("zstd"), [0x28, 0xb5, 0x2f, 0xfd, ..]) => {}
        (coding, body) => panic!("{coding:?}: {}", body.escape_ascii()),
    }
    let Ok(accept_encoding) = str::from_utf8(accept_encoding) else {
        return assert_eq!(coding, None);
    };
    if accept_encoding.contains('"') {
        return;
    }
    let heaviest = |names: &[&str]| {
        let elements = accept_encoding.split(',');
        let elements = elements.filter(|it| names.iter().any(|name| is_named(it, name)));
        elements.filter_map(coding_weight).fold(0.0, f64::max)
    };
    let (gzip, zstd) = (heaviest(&["gzip", "x-gzip"]), heaviest(&["zstd"]));
    let identity = heaviest(&["identity", "*"]);
    let expected = if gzip > 0.0 && gzip >= zstd && gzip >= identity {
        Some("gzip")
    } else if zstd > 0.0 && zstd >= identity {
        Some("zstd")
    } else {
        None
    };
    assert_eq!(coding, expected, "{accept_encoding}");
}

fn is_named(element: &str, name: &str) -> bool {
    element.split(';').next().unwrap().trim().eq_ignore_ascii_case(name)
}

/// Returns the weight of a media range: the last one that is given. An invalid one is 1.
fn weight(range: &str) -> Option<f64> {
    let pairs = range.split(';').skip(1).filter_map(|it| it.split_once('='));
    let weights = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
    let last = weights.last().map(|(_, value)| value.trim());
    Some(last.map_or(1.0, |value| {
        value.parse().ok().filter(|weight| (0.0..=1.0).contains(weight)).unwrap_or(1.0)
    }))
}

/// Returns the weight of a coding. One with anything but a valid weight does not count.
fn coding_weight(element: &str) -> Option<f64> {
    let Some(parameter) = element.split(';').nth(1) else { return Some(1.0) };
    let (name, value) = parameter.split_once('=')?;
    let weight: f64 = value.trim().parse().ok()?;
    (name.trim().eq_ignore_ascii_case("q") && (0.0..=1.0).contains(&weight)).then_some(weight)
}
