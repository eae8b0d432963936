//! In which format a scrape is answered.
//!
//! [RFC 9110, section 12.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1): the highest weight
//! wins, of equal weights the first in the header, and whoever accepts nothing that we have gets the text
//! format all the same.

use std::cmp::Reverse;

use crate::Format;

/// The format for an `Accept` header; an empty one stands for none.
pub(super) fn format(accept: &str) -> Format {
    let ranges = accept.split(',').filter_map(|range| {
        let (format, weight) = media_range(range)?;
        (weight > 0).then_some((format, weight))
    });
    // The sort is stable.
    let mut ranges: Vec<(Format, u16)> = ranges.collect();
    ranges.sort_by_key(|(_, weight)| Reverse(*weight));
    ranges.first().map_or(Format::Text, |(format, _)| *format)
}

/// The format that a media range stands for, and its weight in thousandths. Nothing for what we do not
/// have.
fn media_range(range: &str) -> Option<(Format, u16)> {
    let mut parts = range.split(';').map(str::trim);
    let media_type = parts.next()?.to_ascii_lowercase();
    let mut range = Parameters::default();
    for (name, value) in parts.filter_map(|parameter| parameter.split_once('=')) {
        range.read(name.trim(), value.trim().trim_matches('"'));
    }
    let format = match &*media_type {
        "application/openmetrics-text" if range.has_version(&["1.0.0"]) => Format::OpenMetrics,
        "application/vnd.google.protobuf" if range.is_delimited && range.is_metric_family => {
            Format::Protobuf
        }
        "text/plain" if range.has_version(&["0.0.4"]) => Format::Text,
        "text/*" | "*/*" => Format::Text,
        _ => return None,
    };
    Some((format, range.weight))
}

/// What the parameters of a media range say, as far as it matters; `escaping` does not.
struct Parameters {
    weight: u16,
    version: Option<String>,
    is_delimited: bool,
    is_metric_family: bool,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { weight: 1000, version: None, is_delimited: false, is_metric_family: false }
    }
}

impl Parameters {
    fn read(&mut self, name: &str, value: &str) {
        match &*name.to_ascii_lowercase() {
            "q" => self.weight = weight(value),
            "version" => self.version = Some(value.to_owned()),
            "encoding" => self.is_delimited = value == "delimited",
            "proto" => self.is_metric_family = value == "io.prometheus.client.MetricFamily",
            _ => {}
        }
    }

    /// No version is any.
    fn has_version(&self, versions: &[&str]) -> bool {
        self.version.as_deref().is_none_or(|version| versions.contains(&version))
    }
}

/// A weight in thousandths; what is none weighs as much as no weight at all.
fn weight(value: &str) -> u16 {
    let weight = value.parse().ok().filter(|weight| (0.0..=1.0).contains(weight));
    (weight.unwrap_or(1.0_f64) * 1000.0) as u16
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
}
