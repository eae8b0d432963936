//! The name of the host, and its clock.

use std::ffi::CStr;
use std::time::SystemTime;

use hello_exporter::Collector;
use tz::{LocalTimeType, TimeZone};

use crate::Flags;
use crate::files::{File, Invalid, Result, words};

#[derive(Collector)]
#[collector(namespace = "node", subsystem = "uname", no_new)]
pub(crate) struct Uname {
    /// System information from the system call uname.
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

    /// Offset of local time from UTC, in seconds.
    #[metric(labels = ["time_zone"])]
    zone_offset_seconds: Vec<(String, i32)>,

    /// Clock sources that the kernel can use.
    #[metric(labels = ["device", "clocksource"])]
    clocksource_available_info: Vec<((u32, String), u8)>,

    /// The clock source that the kernel uses.
    #[metric(labels = ["device", "clocksource"])]
    clocksource_current_info: Vec<((u32, String), u8)>,
}

pub(crate) fn time(flags: &Flags) -> impl Fn() -> Result<Time> + use<> {
    let clocksources = flags.sysfs.join("devices/system/clocksource");
    let zone = time_zone();
    move || {
        let devices = clocksources.numbered("clocksource");
        let local = zone.find_current_local_time_type().copied();
        let local = local.unwrap_or(LocalTimeType::utc());
        // `LocalTimeType::utc` has no name.
        let name = Some(local.time_zone_designation()).filter(|name| !name.is_empty());
        Ok(Time {
            seconds: SystemTime::now(),
            zone_offset_seconds: vec![(name.unwrap_or("UTC").to_owned(), local.ut_offset())],
            clocksource_available_info: names(&devices, "available_clocksource", |line| {
                Ok(line.split_whitespace().map(str::to_owned).collect())
            }),
            clocksource_current_info: names(&devices, "current_clocksource", |line| {
                Ok(words::<1>(line, "the name of a clock source")?.map(str::to_owned).to_vec())
            }),
        })
    }
}

/// Returns the names that `read` finds in `file` of each device.
fn names(
    devices: &[(u32, File)],
    file: &str,
    read: fn(&str) -> Result<Vec<String>, Invalid>,
) -> Vec<((u32, String), u8)> {
    let names = devices.iter().flat_map(|(device, directory)| {
        let names = directory.join(file).only_line(read).unwrap_or_default();
        names.into_iter().map(|name| ((*device, name), 1))
    });
    names.collect()
}

/// Returns the time zone in the environment variable `TZ`, or that of the system if `TZ` is not
/// set; UTC if the zone is empty or invalid.
fn time_zone() -> TimeZone {
    let zone = match std::env::var("TZ") {
        Ok(zone) if !zone.is_empty() => TimeZone::from_posix_tz(&zone),
        Ok(_) => Ok(TimeZone::utc()),
        Err(_) => TimeZone::local(),
    };
    zone.unwrap_or_else(|_| TimeZone::utc())
}
