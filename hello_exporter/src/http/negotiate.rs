//! In which format a scrape is answered, and how it is coded.
//!
//! [RFC 9110, section 12.5](https://www.rfc-editor.org/rfc/rfc9110#section-12.5): the highest weight wins.
//! Nobody is refused: whoever accepts nothing that we have gets the text format as it is.

use crate::Format;

use super::compress::Coding;

/// The format for an `Accept` header; an empty one stands for none. Of equal weights the first in the header
/// wins.
///
/// A range that names a version which we do not write stands for nothing: OpenMetrics 0.0.1 is not what its
/// readers were made for if 1.0.0 is sent under its name.
pub(super) fn format(accept: &str) -> Format {
    let ranges = split(accept, ',').filter_map(media_range);
    heaviest(ranges).unwrap_or(Format::Text)
}

/// The coding for an `Accept-Encoding` header; an empty one stands for none. Of equal weights gzip wins, and
/// then zstd.
///
/// `*` stands for a body as it is: whoever takes anything has asked for nothing. A coding whose weight cannot
/// be read is left out, because everybody understands a body as it is.
pub(super) fn coding(accept_encoding: &str) -> Coding {
    let named: Vec<(Coding, f64)> = split(accept_encoding, ',').filter_map(named_coding).collect();
    let in_order = [Coding::Gzip, Coding::Zstd, Coding::Identity];
    let weighted =
        in_order.iter().flat_map(|coding| named.iter().filter(move |(of, _)| of == coding));
    heaviest(weighted.copied()).unwrap_or(Coding::Identity)
}

/// The first of those that weigh most, if that is anything.
fn heaviest<T>(weighted: impl Iterator<Item = (T, f64)>) -> Option<T> {
    let heavier = |best: Option<(T, f64)>, next: (T, f64)| match best {
        Some(best) if best.1 >= next.1 => Some(best),
        _ => Some(next),
    };
    let best = weighted.filter(|(_, weight)| *weight > 0.0).fold(None, heavier);
    best.map(|(thing, _)| thing)
}

/// A coding that we have, or `*`, and its weight.
fn named_coding(element: &str) -> Option<(Coding, f64)> {
    let mut parts = split(element, ';');
    let coding = match &*parts.next()?.to_ascii_lowercase() {
        // RFC 9110, section 8.4.1.3.
        "gzip" | "x-gzip" => Coding::Gzip,
        "zstd" => Coding::Zstd,
        "identity" | "*" => Coding::Identity,
        _ => return None,
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

/// The format that a media range stands for, and its weight. Nothing for what we do not have.
fn media_range(range: &str) -> Option<(Format, f64)> {
    let mut parts = split(range, ';');
    let media_type = parts.next()?.to_ascii_lowercase();
    let mut range = Parameters::default();
    for (name, value) in parts.filter_map(|parameter| parameter.split_once('=')) {
        range.read(name.trim(), value.trim().trim_matches('"'));
    }
    let format = match &*media_type {
        "application/openmetrics-text" if range.has_version("1.0.0") => Format::OpenMetrics,
        "application/vnd.google.protobuf" if range.is_delimited && range.is_metric_family => {
            Format::Protobuf
        }
        "text/plain" if range.has_version("0.0.4") => Format::Text,
        "text/*" | "*/*" => Format::Text,
        _ => return None,
    };
    Some((format, range.weight))
}

/// What the parameters of a media range say, as far as it matters; `escaping` does not.
struct Parameters {
    weight: f64,
    version: Option<String>,
    is_delimited: bool,
    is_metric_family: bool,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { weight: 1.0, version: None, is_delimited: false, is_metric_family: false }
    }
}

impl Parameters {
    fn read(&mut self, name: &str, value: &str) {
        match &*name.to_ascii_lowercase() {
            // What is no weight weighs as much as none at all, as in Go.
            "q" => self.weight = weight(value).unwrap_or(1.0),
            "version" => self.version = Some(value.to_owned()),
            "encoding" => self.is_delimited = value == "delimited",
            "proto" => self.is_metric_family = value == "io.prometheus.client.MetricFamily",
            _ => {}
        }
    }

    /// No version is any.
    fn has_version(&self, version: &str) -> bool {
        self.version.as_deref().is_none_or(|other| other == version)
    }
}

/// A number from 0 to 1.
fn weight(value: &str) -> Option<f64> {
    value.parse().ok().filter(|weight| (0.0..=1.0).contains(weight))
}

/// The parts between separators, which do not separate where they are quoted.
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
    fn the_highest_weight_wins_and_of_equal_ones_the_first() {
        let cases = [
            ("", Format::Text),
            ("*/*", Format::Text),
            ("image/png", Format::Text),
            ("text/html,application/xhtml+xml,*/*;q=0.8", Format::Text),
            ("application/openmetrics-text", Format::OpenMetrics),
            ("Application/OpenMetrics-Text; Version=1.0.0", Format::OpenMetrics),
            ("application/openmetrics-text; version=\"1.0.0\"", Format::OpenMetrics),
            ("application/openmetrics-text;version=0.0.1", Format::Text),
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
    fn prometheus_gets_what_it_prefers() {
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
        assert_eq!(format(version_2), Format::OpenMetrics);
        assert_eq!(format(version_3), Format::OpenMetrics);
        assert_eq!(format(&with_native_histograms), Format::Protobuf);
    }

    #[test]
    fn the_coding_that_weighs_most_wins_and_gzip_of_equal_ones() {
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
