//! The units of Grafana.

use crate::desc::MetricType;
use crate::schema::FamilySchema;

/// The unit of numbers without a unit, `1.5 K` for 1,500.
const NUMBER: &str = "short";

/// The unit of events in a second.
pub(super) const EVENTS: &str = "cps";

/// The unit of milliseconds since 1970.
pub(super) const DATE: &str = "dateTimeAsIso";

/// A unit in the names of metrics, Grafana's for it, and Grafana's for its rate.
const UNITS: [(&str, &str, Option<&str>); 23] = [
    ("amperes", "amp", None),
    ("bits", "bits", Some("binbps")),
    ("bytes", "bytes", Some("binBps")),
    ("celsius", "celsius", None),
    ("days", "d", None),
    ("degrees", "degree", None),
    ("fahrenheit", "fahrenheit", None),
    ("grams", "massg", None),
    ("hertz", "hertz", None),
    ("hours", "h", None),
    ("joules", "joule", Some("watt")),
    ("kelvin", "kelvin", None),
    ("meters", "lengthm", None),
    ("microseconds", "µs", None),
    ("milliseconds", "ms", None),
    ("minutes", "m", None),
    ("nanoseconds", "ns", None),
    ("pascals", "pressurepa", None),
    ("percent", "percent", None),
    ("ratio", "percentunit", None),
    // Seconds in a second are a part of the time.
    ("seconds", "s", Some("percentunit")),
    ("volts", "volt", None),
    ("watts", "watt", None),
];

/// Returns the unit of the values.
pub(super) fn of_values(family: &FamilySchema) -> String {
    match (known(family), &family.unit) {
        (Some((_, unit, _)), _) => unit.to_owned(),
        (None, Some(unit)) => format!("suffix: {unit}"),
        (None, None) => NUMBER.to_owned(),
    }
}

/// Returns the unit of the increase in a second.
pub(super) fn of_rate(family: &FamilySchema) -> String {
    match (known(family), &family.unit) {
        (Some((_, _, Some(unit))), _) => unit.to_owned(),
        (Some((unit, ..)), _) => format!("suffix: {unit}/s"),
        (None, Some(unit)) => format!("suffix: {unit}/s"),
        (None, None) => EVENTS.to_owned(),
    }
}

/// Returns whether the values are times in seconds since 1970.
pub(super) fn is_date(family: &FamilySchema) -> bool {
    let suffixes = ["timestamp_seconds", "start_time_seconds", "boot_time_seconds"];
    family.metric_type == MetricType::Gauge
        && suffixes.iter().any(|suffix| family.name.ends_with(suffix))
}

/// Returns the entry of the declared unit. If none is declared, the last word of the name is the
/// unit.
fn known(family: &FamilySchema) -> Option<(&'static str, &'static str, Option<&'static str>)> {
    let unit = family.unit.as_deref().or_else(|| {
        let name = family.name.strip_suffix("_total").unwrap_or(&family.name);
        name.rsplit(|it: char| !it.is_alphanumeric()).next()
    })?;
    UNITS.into_iter().find(|(name, ..)| *name == unit)
}

#[cfg(test)]
mod tests {
    use super::{is_date, of_rate, of_values};
    use crate::desc::MetricType;
    use crate::schema::FamilySchema;

    fn family(name: &str, unit: Option<&str>) -> FamilySchema {
        FamilySchema {
            name: name.to_owned(),
            metric_type: MetricType::Gauge,
            unit: unit.map(str::to_owned),
            help: String::new(),
            labels: Vec::new(),
            buckets: Vec::new(),
            is_native: false,
            collectors: Vec::new(),
            deprecated: None,
            renamed_to: None,
        }
    }

    #[test]
    fn units_come_from_the_declaration_or_the_name() {
        for (name, unit, values, rate) in [
            ("a_seconds", Some("seconds"), "s", "percentunit"),
            ("a_seconds_total", None, "s", "percentunit"),
            ("http.bytes", None, "bytes", "binBps"),
            ("a_celsius", None, "celsius", "suffix: celsius/s"),
            ("a_parsecs", Some("parsecs"), "suffix: parsecs", "suffix: parsecs/s"),
            ("a_parsecs", None, "short", "cps"),
            ("energy_joules_total", None, "joule", "watt"),
        ] {
            let family = family(name, unit);
            assert_eq!((&*of_values(&family), &*of_rate(&family)), (values, rate), "{name}");
        }
    }

    #[test]
    fn times_since_1970_are_dates() {
        for (name, expected) in [
            ("process_start_time_seconds", true),
            ("last_success_timestamp_seconds", true),
            ("duration_seconds", false),
        ] {
            assert_eq!(is_date(&family(name, None)), expected, "{name}");
        }
    }
}
