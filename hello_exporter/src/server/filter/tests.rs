//! Names that flags keep.

#![allow(clippy::unwrap_used, reason = "tests")]

use clap::Parser;

use super::{Filter, FilterFlags, Pattern};

struct Devices;

impl FilterFlags for Devices {
    const PREFIX: &'static str = "device";
    const EXCLUDED: &'static str = "^lo$";
}

#[derive(Debug, Parser)]
struct DeviceFlags {
    #[command(flatten)]
    devices: Filter<Devices>,
}

/// Returns the devices that flags keep.
fn kept(flags: &[&str]) -> Result<Vec<&'static str>, String> {
    let flags = ["exporter"].iter().chain(flags);
    let DeviceFlags { devices } =
        DeviceFlags::try_parse_from(flags).map_err(|error| error.to_string())?;
    Ok(["lo", "eth0", "eth1", "ilo"].into_iter().filter(|name| devices.keeps(name)).collect())
}

#[test]
fn exclude_flag_replaces_its_default() {
    assert_eq!(kept(&[]).unwrap(), ["eth0", "eth1", "ilo"]);
    assert_eq!(kept(&["--device-exclude=0$"]).unwrap(), ["lo", "eth1", "ilo"]);
    assert_eq!(kept(&["--device-include=lo|1"]).unwrap(), ["lo", "eth1", "ilo"]);
    assert_eq!(kept(&["--device-exclude="]).unwrap(), ["lo", "eth0", "eth1", "ilo"]);
}

#[test]
fn both_flags_are_refused_unless_one_is_empty() {
    assert_eq!(kept(&["--device-exclude=", "--device-include=lo"]).unwrap(), ["lo", "ilo"]);
    assert_eq!(kept(&["--device-exclude=0", "--device-include="]).unwrap(), ["lo", "eth1", "ilo"]);
    assert_eq!(
        kept(&["--device-exclude=0", "--device-include=lo"]).unwrap_err(),
        "error: the argument '--device-include <REGEXP>' cannot be used with '--device-exclude <REGEXP>'\n\n\
         Usage: hello_exporter [OPTIONS]\n\nFor more information, try '--help'.\n"
    );
}

#[test]
fn invalid_regular_expression_is_refused() {
    assert_eq!(
        kept(&["--device-include=eth("]).unwrap_err(),
        "error: invalid value 'eth(' for '--device-include <REGEXP>': found open group without closing ')'\n\n\
         For more information, try '--help'.\n"
    );
}

#[test]
fn cached_results_are_right_and_bounded() {
    let pattern: Pattern = "7$".parse().unwrap();
    for _ in 0..2 {
        for number in 0..3 * Pattern::MOST_RESULTS {
            assert_eq!(pattern.matches(&number.to_string()), number % 10 == 7);
        }
    }
    assert!(pattern.results.lock().unwrap().len() <= Pattern::MOST_RESULTS);
}
