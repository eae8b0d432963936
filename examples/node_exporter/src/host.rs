//! What the host is, and its clock.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::ffi::CStr;
use std::time::SystemTime;

use hello_exporter::Collector;
use tz::{LocalTimeType, TimeZone};

use crate::Flags;
use crate::files::Result;

#[derive(Collector)]
#[collector(namespace = "node", subsystem = "os", no_new)]
pub(crate) struct Os {
    /// What the distribution says of itself in os-release.
    #[metric(labels = [
        "build_id", "id", "id_like", "image_id", "image_version", "name", "pretty_name", "variant",
        "variant_id", "version", "version_codename", "version_id",
    ])]
    info: Vec<([String; 12], u8)>,

    /// Major and minor version of the distribution.
    #[metric(labels = ["id", "id_like", "name"])]
    version: Vec<([String; 3], f64)>,
}

const INFO: [&str; 12] = [
    "BUILD_ID",
    "ID",
    "ID_LIKE",
    "IMAGE_ID",
    "IMAGE_VERSION",
    "NAME",
    "PRETTY_NAME",
    "VARIANT",
    "VARIANT_ID",
    "VERSION",
    "VERSION_CODENAME",
    "VERSION_ID",
];

pub(crate) fn os(flags: &Flags) -> impl Fn() -> Result<Os> + use<> {
    let file = flags.rootfs.join("etc/os-release");
    let other = flags.rootfs.join("usr/lib/os-release");
    move || {
        let text = match file.text() {
            Err(error) if error.is_not_found() => other.text()?,
            text => text?,
        };
        let fields: HashMap<&str, String> = text.lines().filter_map(assignment).collect();
        let field = |name| fields.get(name).cloned().unwrap_or_default();
        let version = major_minor(&field("VERSION_ID"));
        let labels = || ["ID", "ID_LIKE", "NAME"].map(field);
        Ok(Os {
            info: vec![(INFO.map(field), 1)],
            version: version.into_iter().map(|version| (labels(), version)).collect(),
        })
    }
}

/// A line of a shell script that assigns a constant.
fn assignment(line: &str) -> Option<(&str, String)> {
    let (name, value) = line.trim().split_once('=')?;
    let quote = value.chars().next().filter(|first| matches!(first, '"' | '\''));
    let inner = quote.and_then(|quote| value.strip_prefix(quote)?.strip_suffix(quote));
    let inner = inner.unwrap_or(value);
    Some((name, if quote == Some('\'') { inner.to_owned() } else { unescaped(inner) }))
}

fn unescaped(text: &str) -> String {
    let mut characters = text.chars();
    let next = || match characters.next()? {
        '\\' => characters.next(),
        character => Some(character),
    };
    std::iter::from_fn(next).collect()
}

/// What there is of it before the second dot, and before anything that is no digit.
fn major_minor(version: &str) -> Option<f64> {
    let mut dots = 0;
    let is_end = |character: char| {
        dots += usize::from(character == '.');
        dots > 1 || !(character == '.' || character.is_ascii_digit())
    };
    let end = version.find(is_end).unwrap_or(version.len());
    version.get(..end)?.parse().ok().filter(|version| *version > 0.0)
}

#[derive(Collector)]
#[collector(namespace = "node", subsystem = "uname", no_new)]
pub(crate) struct Uname {
    /// What the system call uname tells.
    #[metric(labels = ["sysname", "release", "version", "machine", "nodename", "domainname"])]
    info: Vec<([String; 6], u8)>,
}

pub(crate) fn uname(_: &Flags) -> impl Fn() -> Result<Uname> + use<> {
    || Ok(Uname::new())
}

impl Uname {
    fn new() -> Self {
        let name = rustix::system::uname();
        let labels = [
            name.sysname(),
            name.release(),
            name.version(),
            name.machine(),
            name.nodename(),
            name.domainname(),
        ];
        let lossy = |text: &CStr| text.to_string_lossy().into_owned();
        Self { info: vec![(labels.map(lossy), 1)] }
    }
}

#[derive(Collector)]
#[collector(namespace = "node", subsystem = "time", no_new)]
pub(crate) struct Time {
    /// The system's time, in seconds since the Unix epoch.
    seconds: SystemTime,

    /// How far local time is ahead of UTC, in seconds.
    #[metric(labels = ["time_zone"])]
    zone_offset_seconds: Vec<(String, i32)>,

    /// Clocks that the kernel could use.
    #[metric(labels = ["device", "clocksource"])]
    clocksource_available_info: Vec<((u32, String), u8)>,

    /// The clock that the kernel uses.
    #[metric(labels = ["device", "clocksource"])]
    clocksource_current_info: Vec<((u32, String), u8)>,
}

pub(crate) fn time(flags: &Flags) -> impl Fn() -> Result<Time> + use<> {
    let clocksources = flags.sysfs.join("devices/system/clocksource");
    let zone = time_zone();
    move || {
        let devices = clocksources.numbered("clocksource");
        let names = |file| {
            let names = devices.iter().flat_map(move |(device, directory)| {
                let text = directory.join(file).text().unwrap_or_default();
                let names: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
                names.into_iter().map(|name| ((*device, name), 1))
            });
            names.collect()
        };
        let local = zone.find_current_local_time_type().copied();
        let local = local.unwrap_or(LocalTimeType::utc());
        // UTC itself is nameless.
        let name = Some(local.time_zone_designation()).filter(|name| !name.is_empty());
        Ok(Time {
            seconds: SystemTime::now(),
            zone_offset_seconds: vec![(name.unwrap_or("UTC").to_owned(), local.ut_offset())],
            clocksource_available_info: names("available_clocksource"),
            clocksource_current_info: names("current_clocksource"),
        })
    }
}

/// That of the variable `TZ`, or else that of the system; UTC where it is not known.
fn time_zone() -> TimeZone {
    let zone = match std::env::var("TZ") {
        Ok(zone) if !zone.is_empty() => TimeZone::from_posix_tz(&zone),
        Ok(_) => Ok(TimeZone::utc()),
        Err(_) => TimeZone::local(),
    };
    zone.unwrap_or_else(|_| TimeZone::utc())
}
