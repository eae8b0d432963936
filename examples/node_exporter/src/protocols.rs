//! Counts of the network protocols, and their sockets.

use hello_exporter::Families;

use crate::Flags;
use crate::files::{Result, named_lines, number};

pub(crate) fn netstat(flags: &Flags) -> impl Fn() -> Result<Families> + use<> {
    let (netstat, snmp) = (flags.procfs.join("net/netstat"), flags.procfs.join("net/snmp"));
    let snmp6 = flags.procfs.join("net/snmp6");
    let fields = flags.netstat_fields.clone();
    move || {
        let mut families = Families::new();
        let mut add = |name: String, value: &str| {
            if fields.matches(&name) {
                add(&mut families, &name, value);
            }
        };
        // Without IPv6 the last one is missing.
        for_each_pair(&netstat.text()?, &mut add);
        for_each_pair(&snmp.text()?, &mut add);
        for_each_line(&snmp6.text().unwrap_or_default(), &mut add);
        Ok(families)
    }
}

fn add(families: &mut Families, name: &str, value: &str) {
    if let Some(value) = number(value) {
        let help = format!("{name} of the network protocols.");
        families.untyped(format!("node_netstat_{name}"), help).value(value);
    }
}

/// A line of names, and one of values: `Tcp: InSegs OutSegs`, `Tcp: 4 2`.
fn for_each_pair(text: &str, add: &mut impl FnMut(String, &str)) {
    let mut lines = named_lines(text);
    while let (Some((protocol, names)), Some((_, values))) = (lines.next(), lines.next()) {
        names.zip(values).for_each(|(name, value)| add(format!("{protocol}_{name}"), value));
    }
}

/// A name and a value: `Ip6InOctets 4`.
fn for_each_line(text: &str, add: &mut impl FnMut(String, &str)) {
    for (name, mut values) in named_lines(text) {
        if let (Some((protocol, name)), Some(value)) = (name.split_once('6'), values.next()) {
            add(format!("{protocol}6_{name}"), value);
        }
    }
}

pub(crate) fn sockstat(flags: &Flags) -> impl Fn() -> Result<Families> + use<> {
    let (v4, v6) = (flags.procfs.join("net/sockstat"), flags.procfs.join("net/sockstat6"));
    move || {
        let mut families = Families::new();
        let texts = [v4.text(), v6.text()];
        texts.iter().flatten().for_each(|text| add_sockets(&mut families, text));
        // A kernel without IPv4 or IPv6 has one of them.
        let [v4, v6] = texts;
        v6.or(v4).map(|_| families)
    }
}

fn add_sockets(families: &mut Families, text: &str) {
    for (protocol, mut words) in named_lines(text) {
        while let (Some(name), Some(value)) = (words.next(), words.next()) {
            let Ok(value) = value.parse::<u64>() else {
                continue;
            };
            let mut add = |name: &str, help: String, value: u64| {
                families.gauge(format!("node_sockstat_{protocol}_{name}"), help).value(value);
            };
            add(name, format!("{protocol} sockets: {name}."), value);
            if name == "mem" {
                let bytes = value.saturating_mul(procfs::page_size());
                add("mem_bytes", format!("Memory of {protocol} sockets in bytes."), bytes);
            }
        }
    }
}
