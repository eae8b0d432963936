//! Chooses the format and the coding of a response.
//!
//! [RFC 9110, section 12.5](https://www.rfc-editor.org/rfc/rfc9110#section-12.5): the highest
//! weight wins. No client is refused: one that accepts none of the formats gets the text format,
//! and one that accepts none of the codings gets an uncompressed body.

use std::borrow::Cow;

use super::compress::Coding;
use crate::encode::{Encoding, Format};
use crate::name::Escaping;

/// A format, its version, and how names in it are escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Representation {
    version: Version,
    /// The scheme that the header requests; `None` if it requests none.
    escaping: Option<Escaping>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    /// Text 0.0.4.
    Text004,
    /// Text 1.0.0, which differs only in its `Content-Type`.
    Text100,
    /// OpenMetrics 1.0.0 under the version 0.0.1, as client_golang sends it to clients that request
    /// this version.
    OpenMetrics001,
    /// OpenMetrics 1.0.0.
    OpenMetrics100,
    /// Protobuf, delimited.
    Protobuf,
}

impl Representation {
    pub(super) fn encoding(self) -> Encoding {
        let format = match self.version {
            Version::Text004 | Version::Text100 => Format::Text,
            Version::OpenMetrics001 | Version::OpenMetrics100 => Format::OpenMetrics,
            Version::Protobuf => Format::Protobuf,
        };
        Encoding::new(format).escaping(self.escaping.unwrap_or_default())
    }

    /// Returns the value of the `Content-Type` header. From version 1.0.0 on, it has the parameter
    /// `escaping`; in protobuf, if the client requests a scheme.
    pub(super) fn content_type(self) -> Cow<'static, str> {
        let (media_type, escaping) = match self.version {
            Version::Text004 => ("text/plain; version=0.0.4; charset=utf-8", None),
            Version::Text100 => (
                "text/plain; version=1.0.0; charset=utf-8",
                Some(self.escaping.unwrap_or_default()),
            ),
            Version::OpenMetrics001 => {
                ("application/openmetrics-text; version=0.0.1; charset=utf-8", None)
            }
            Version::OpenMetrics100 => (
                "application/openmetrics-text; version=1.0.0; charset=utf-8",
                Some(self.escaping.unwrap_or_default()),
            ),
            Version::Protobuf => (Format::Protobuf.content_type(), self.escaping),
        };
        match escaping {
            Some(escaping) => format!("{media_type}; escaping={escaping}").into(),
            None => media_type.into(),
        }
    }
}

/// Reads the value of a parameter `escaping`.
fn escaping(value: &str) -> Option<Escaping> {
    let all = [Escaping::AllowUtf8, Escaping::Underscores, Escaping::Dots, Escaping::Values];
    all.into_iter().find(|escaping| escaping.as_str() == value)
}

/// Returns the representation for an `Accept` header, which may be empty. Among equal weights, the
/// first in the header wins.
///
/// As in client_golang, the escaping is taken from the winning range. If that has none, it is taken
/// from the last range before it that has one, in the order of weights, even if the format of that
/// range is unknown.
pub(super) fn representation(accept: &str) -> Representation {
    let ranges = split(accept, ',').filter_map(MediaRange::read);
    let mut ranges: Vec<MediaRange> = ranges.filter(|range| range.weight > 0.0).collect();
    ranges.sort_by(|one, other| other.weight.total_cmp(&one.weight));
    let mut escaping = None;
    for range in &ranges {
        escaping = range.escaping.or(escaping);
        if let Some(version) = range.version() {
            return Representation { version, escaping };
        }
    }
    Representation { version: Version::Text004, escaping }
}

/// Returns the coding for an `Accept-Encoding` header, which may be empty. Among equal weights,
/// gzip wins, then zstd.
///
/// `*` is read as `identity`, since it names no coding. A coding with an invalid weight is ignored:
/// every client understands an uncompressed body.
pub(super) fn coding(accept_encoding: &str) -> Coding {
    let named: Vec<(Coding, f64)> = split(accept_encoding, ',').filter_map(named_coding).collect();
    let in_order = [Coding::Gzip, Coding::Zstd, Coding::Identity];
    let weighted =
        in_order.iter().flat_map(|coding| named.iter().filter(move |(of, _)| of == coding));
    heaviest(weighted.copied()).unwrap_or(Coding::Identity)
}

/// Returns the first value with the highest weight, if that weight is more than 0.
fn heaviest<T>(weighted: impl Iterator<Item = (T, f64)>) -> Option<T> {
    let heavier = |best: Option<(T, f64)>, next: (T, f64)| match best {
        Some(best) if best.1 >= next.1 => Some(best),
        _ => Some(next),
    };
    let best = weighted.filter(|(_, weight)| *weight > 0.0).fold(None, heavier);
    best.map(|(value, _)| value)
}

/// Reads a known coding, or `*`, and its weight.
fn named_coding(element: &str) -> Option<(Coding, f64)> {
    let mut parts = split(element, ';');
    let name = parts.next()?;
    let coding = match known(name, &["gzip", "x-gzip", "zstd", "identity", "*"])? {
        // RFC 9110, section 8.4.1.3.
        "gzip" | "x-gzip" => Coding::Gzip,
        "zstd" => Coding::Zstd,
        _ => Coding::Identity,
    };
    let weight = match parts.next() {
        None => 1.0,
        Some(parameter) => {
            let (name, value) = parameter.split_once('=')?;
            name.trim().eq_ignore_ascii_case("q").then(|| weight(value.trim()))??
        }
    };
    Some((coding, weight))
}

/// An element of an `Accept` header.
struct MediaRange<'h> {
    media_type: &'h str,
    weight: f64,
    version: Option<&'h str>,
    escaping: Option<Escaping>,
    is_delimited: bool,
    is_metric_family: bool,
}

impl<'h> MediaRange<'h> {
    fn read(element: &'h str) -> Option<Self> {
        let mut parts = split(element, ';');
        let mut range = Self {
            media_type: parts.next()?,
            weight: 1.0,
            version: None,
            escaping: None,
            is_delimited: false,
            is_metric_family: false,
        };
        for (name, value) in parts.filter_map(|parameter| parameter.split_once('=')) {
            range.read_parameter(name.trim(), value.trim().trim_matches('"'));
        }
        Some(range)
    }

    fn read_parameter(&mut self, name: &str, value: &'h str) {
        match known(name, &["q", "version", "escaping", "encoding", "proto"]) {
            // An invalid weight counts as a missing one, as in Go.
            Some("q") => self.weight = weight(value).unwrap_or(1.0),
            Some("version") => self.version = Some(value),
            Some("escaping") => self.escaping = escaping(value),
            Some("encoding") => self.is_delimited = value == "delimited",
            Some("proto") => self.is_metric_family = value == "io.prometheus.client.MetricFamily",
            _ => {}
        }
    }

    /// Returns the version that the range names, if it is supported; without a version, OpenMetrics
    /// 1.0.0 and text 0.0.4.
    fn version(&self) -> Option<Version> {
        const OPEN_METRICS: &str = "application/openmetrics-text";
        const PROTOBUF: &str = "application/vnd.google.protobuf";

        let all = [OPEN_METRICS, PROTOBUF, "text/plain", "text/*", "*/*"];
        Some(match (known(self.media_type, &all)?, self.version) {
            (OPEN_METRICS, None | Some("1.0.0")) => Version::OpenMetrics100,
            (OPEN_METRICS, Some("0.0.1")) => Version::OpenMetrics001,
            (PROTOBUF, _) if self.is_delimited && self.is_metric_family => Version::Protobuf,
            ("text/plain", Some("1.0.0")) => Version::Text100,
            ("text/plain", None | Some("0.0.4")) | ("text/*" | "*/*", _) => Version::Text004,
            _ => return None,
        })
    }
}

/// Returns the known name, in lowercase, that `name` is in any case.
fn known(name: &str, all: &[&'static str]) -> Option<&'static str> {
    all.iter().copied().find(|known| known.eq_ignore_ascii_case(name))
}

/// Parses a number from 0 to 1.
fn weight(value: &str) -> Option<f64> {
    value.parse().ok().filter(|weight| (0.0..=1.0).contains(weight))
}

/// Returns the trimmed parts between separators, except quoted ones.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    let parts = text.split(move |character| {
        is_quoted ^= character == '"';
        character == separator && !is_quoted
    });
    parts.map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_format_of_the_highest_weight_wins() {
        let format = |accept| match representation(accept).version {
            Version::OpenMetrics001 | Version::OpenMetrics100 => Format::OpenMetrics,
            Version::Protobuf => Format::Protobuf,
            Version::Text004 | Version::Text100 => Format::Text,
        };
        let cases = [
            ("", Format::Text),
            ("*/*", Format::Text),
            ("image/png", Format::Text),
            ("text/html,application/xhtml+xml,*/*;q=0.8", Format::Text),
            ("application/openmetrics-text", Format::OpenMetrics),
            ("Application/OpenMetrics-Text; Version=1.0.0", Format::OpenMetrics),
            ("application/openmetrics-text; version=\"1.0.0\"", Format::OpenMetrics),
            ("application/openmetrics-text;version=0.0.1", Format::OpenMetrics),
            ("application/openmetrics-text;version=2.0.0", Format::Text),
            ("application/openmetrics-text;q=0, text/plain;q=0.1", Format::Text),
            ("text/plain;q=0.5, application/openmetrics-text;q=0.5", Format::Text),
            ("application/openmetrics-text;q=0.5, text/plain;q=0.5", Format::OpenMetrics),
            ("application/openmetrics-text;q=0.4, text/plain;q=0.5", Format::Text),
            ("application/openmetrics-text;q=0.1, */*;q=0.05", Format::OpenMetrics),
            ("application/openmetrics-text;q=abc, text/plain;q=0.9", Format::OpenMetrics),
            ("application/vnd.google.protobuf", Format::Text),
            (
                "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text",
                Format::Text,
            ),
            (";;,,=;q=", Format::Text),
            ("application/openmetrics-text;q=0.0001, text/plain;q=0.00009", Format::OpenMetrics),
            ("text/html;title=\"a, application/openmetrics-text\"", Format::Text),
            (
                "text/html;title=\"a;q=0, b\";q=0.2, application/openmetrics-text;q=0.1",
                Format::OpenMetrics,
            ),
        ];
        for (accept, expected) in cases {
            assert_eq!(format(accept), expected, "{accept}");
        }
    }

    #[test]
    fn prometheus_gets_its_preferred_format() {
        let version_2 = "application/openmetrics-text;version=1.0.0,\
                         application/openmetrics-text;version=0.0.1;q=0.75,\
                         text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        let version_3 = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                         application/openmetrics-text;version=0.0.1;q=0.5,\
                         text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
                         text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        let with_native_histograms = format!(
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;\
             encoding=delimited;q=0.7,{version_3}"
        );
        let format = |accept| {
            let Representation { version, escaping } = representation(accept);
            (version, escaping)
        };
        let utf8 = Some(Escaping::AllowUtf8);
        assert_eq!(format(version_2), (Version::OpenMetrics100, None));
        assert_eq!(format(version_3), (Version::OpenMetrics100, utf8));
        assert_eq!(format(&with_native_histograms), (Version::Protobuf, None));
        let text_only = "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
                         text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        assert_eq!(format(text_only), (Version::Text100, utf8));
    }

    #[test]
    fn coding_of_the_highest_weight_wins_and_gzip_is_preferred() {
        let cases = [
            ("", Coding::Identity),
            ("gzip", Coding::Gzip),
            ("X-GZip", Coding::Gzip),
            ("zstd", Coding::Zstd),
            ("br, deflate", Coding::Identity),
            ("zstd, gzip", Coding::Gzip),
            ("zstd, identity", Coding::Zstd),
            ("identity, gzip", Coding::Gzip),
            ("gzip;q=0.8, zstd;q=0.9", Coding::Zstd),
            ("gzip;q=0.5, identity;q=0.6", Coding::Identity),
            ("gzip;q=0.001", Coding::Gzip),
            ("gzip;q=0", Coding::Identity),
            ("gzip;q=0, gzip;q=0.1", Coding::Gzip),
            ("*", Coding::Identity),
            ("*, gzip", Coding::Gzip),
            ("*;q=0.6, gzip;q=0.5", Coding::Identity),
            ("identity;q=0", Coding::Identity),
            ("*;q=0, zstd;q=0", Coding::Identity),
            ("identity;q=0, *;q=0, zstd;q=0.1", Coding::Zstd),
            ("gzip;q=1.1, zstd;q=0.1", Coding::Zstd),
            ("gzip;q=, zstd;q=-1, deflate", Coding::Identity),
            ("gzip;q=\"1\"", Coding::Identity),
            ("gzip;level=9", Coding::Identity),
            ("gzip ; Q = 0.5 , zstd ;q=0.4", Coding::Gzip),
            (";q=1,,=", Coding::Identity),
        ];
        for (accept_encoding, expected) in cases {
            assert_eq!(coding(accept_encoding), expected, "{accept_encoding}");
        }
    }
}
