//! Traffic of network devices, from `/proc/net/dev`.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use hello_exporter::DynamicFamilies;

use crate::Flags;
use crate::files::{File, Invalid, Lines, Result, lossy, numbers};

/// The columns of the file.
const COUNTS: [(&str, &str); 16] = [
    ("receive_bytes", "Bytes received."),
    ("receive_packets", "Packets received."),
    ("receive_errs", "Packets received with errors."),
    ("receive_drop", "Packets received and dropped."),
    ("receive_fifo", "Packets dropped because the receive queue was full."),
    ("receive_frame", "Packets received with framing errors."),
    ("receive_compressed", "Compressed packets received."),
    ("receive_multicast", "Multicast packets received."),
    ("transmit_bytes", "Bytes transmitted."),
    ("transmit_packets", "Packets transmitted."),
    ("transmit_errs", "Transmission errors."),
    ("transmit_drop", "Packets dropped instead of transmitted."),
    ("transmit_fifo", "Errors of the transmit queue."),
    ("transmit_colls", "Collisions."),
    ("transmit_carrier", "Packets not transmitted because of a lost carrier or other reasons."),
    ("transmit_compressed", "Compressed packets transmitted."),
];

/// The count that is in `/sys`, and not in the file.
const UNHANDLED: (&str, &str) = ("receive_nohandler", "Packets received that no protocol handled.");

pub(crate) fn source(flags: &Flags) -> impl Fn() -> Result<DynamicFamilies> + use<> {
    let (file, classes) = (flags.procfs.join("net/dev"), flags.sysfs.join("class/net"));
    let (filter, has_alias) = (flags.network_devices.clone(), flags.alias);
    move || {
        let mut devices = read(&file.lines()?);
        devices.retain(|name, _| filter.keeps(name));
        let mut families = DynamicFamilies::new();
        for (device, counts) in devices {
            let class = classes.join(&device);
            let labels = [("device", device), ("ifalias", alias(&class))];
            let labels = if has_alias { &labels[..] } else { &labels[..1] };
            let unhandled = class.join("statistics/rx_nohandler").number();
            let counts = COUNTS.into_iter().zip(counts);
            for ((count, help), value) in counts.chain(unhandled.map(|value| (UNHANDLED, value))) {
                let family = families.counter(format!("node_network_{count}_total"), help);
                family.sample(labels.iter().map(|(name, value)| (name, value)), value);
            }
        }
        Ok(families)
    }
}

/// Returns the devices sorted by name, so that the order is the same at every scrape.
fn read(lines: &Lines<'_>) -> BTreeMap<String, [u64; 16]> {
    lines.read(device).into_iter().flatten().collect()
}

/// Reads the line of a device; `None` for the two lines with the names of the columns.
fn device(line: &str) -> Result<Option<(String, [u64; 16])>, Invalid> {
    let Some((name, counts)) = line.rsplit_once(':') else {
        return if line.contains('|') { Ok(None) } else { Err(Invalid::Lacks(':')) };
    };
    let counts: Vec<u64> = numbers(counts.split_whitespace())?;
    let counts = counts.try_into().map_err(|counts: Vec<u64>| Invalid::Words {
        found: counts.len() + 1,
        expected: "a name and 16 numbers",
    })?;
    match name.trim() {
        "" => Err(Invalid::word("", "the name of a device")),
        name => Ok(Some((name.to_owned(), counts))),
    }
}

/// Returns the text that an administrator has given to the device, if any.
fn alias(class: &File) -> String {
    let alias = class.join("ifalias").bytes().map(lossy).unwrap_or_default();
    alias.trim_end().to_owned()
}
