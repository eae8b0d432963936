//! Counts of the network protocols and of their sockets.

#[cfg(test)]
mod tests;

use std::mem;

use hello_exporter::DynamicFamilies;
use hello_exporter::collect::SampleValue;
use rustix::param::page_size;

use crate::Flags;
use crate::files::{Absence, Invalid, Line, Lines, Result, name, named, number, signed};
use crate::memory::count;

pub(crate) fn netstat(flags: &Flags) -> impl Fn() -> Result<DynamicFamilies> + use<> {
    let (netstat, snmp) = (flags.procfs.join("net/netstat"), flags.procfs.join("net/snmp"));
    let snmp6 = flags.procfs.join("net/snmp6");
    let fields = flags.netstat_fields.clone();
    move || {
        let mut families = DynamicFamilies::new();
        let mut add = |name: String, value: SampleValue| {
            if fields.matches(&name) {
                let help = format!("{name} of the network protocols.");
                families.untyped(format!("node_netstat_{name}"), help).value(value);
            }
        };
        Pairs::read(&netstat.lines()?, &mut add);
        Pairs::read(&snmp.lines()?, &mut add);
        // This file is missing without IPv6.
        if let Some(lines) = snmp6.lines_if_present()? {
            lines.read(count6).into_iter().for_each(|(name, value)| add(name, value));
        }
        Ok(families)
    }
}

/// Reads a line such as `Ip6InOctets 4`.
fn count6(line: &str) -> Result<(String, SampleValue), Invalid> {
    let (field, value) = count(line)?;
    let (protocol, name) = field.split_once('6').ok_or(Invalid::Lacks('6'))?;
    Ok((format!("{protocol}6_{name}"), value))
}

/// Reads pairs of lines, one of names and one of values: `Tcp: InSegs OutSegs`, `Tcp: 4 2`.
struct Pairs<'t, F> {
    lines: &'t Lines<'t>,
    add: F,
    /// The previous line, if it has names.
    names: Names<'t>,
}

enum Names<'t> {
    None,
    /// They were skipped, so their values are ignored without a report.
    Skipped,
    Line {
        number: usize,
        protocol: &'t str,
        names: Vec<&'t str>,
    },
}

enum Row<'t> {
    Names(Vec<&'t str>),
    Values(Vec<SampleValue>),
}

impl<'t, F: FnMut(String, SampleValue)> Pairs<'t, F> {
    fn read(lines: &'t Lines<'t>, add: F) {
        let mut pairs = Pairs { lines, add, names: Names::None };
        lines.iter().for_each(|line| pairs.line(line));
        pairs.names_lack_values();
    }

    fn line(&mut self, line: Line<'t>) {
        match line.checked().and_then(row) {
            Ok((protocol, Row::Names(names))) => {
                self.names_lack_values();
                self.names = Names::Line { number: line.number, protocol, names };
            }
            Ok((protocol, Row::Values(values))) => self.values(line.number, protocol, &values),
            Err(error) => {
                self.lines.skip(line.number, error);
                self.names = Names::Skipped;
            }
        }
    }

    /// Adds the values of a line, whose names are on the previous line. If the protocols of the two
    /// lines differ, or their numbers of words, either may be invalid, so both are skipped.
    fn values(&mut self, number: usize, protocol: &str, values: &[SampleValue]) {
        match mem::replace(&mut self.names, Names::None) {
            Names::Line { protocol: of_names, names, .. }
                if of_names == protocol && names.len() == values.len() =>
            {
                let pairs = names.iter().zip(values);
                pairs.for_each(|(name, value)| (self.add)(format!("{protocol}_{name}"), *value));
            }
            Names::Skipped => {}
            names => {
                self.names = names;
                self.names_lack_values();
                self.lines.skip(number, Invalid::WithoutNames);
            }
        }
    }

    /// Skips the pending line of names, if any: its values are missing.
    fn names_lack_values(&mut self) {
        if let Names::Line { number, .. } = mem::replace(&mut self.names, Names::None) {
            self.lines.skip(number, Invalid::WithoutValues);
        }
    }
}

fn row(line: &str) -> Result<(&str, Row<'_>), Invalid> {
    let (protocol, rest) = named(line)?;
    let words: Vec<&str> = rest.split_whitespace().collect();
    let is_number =
        |word: &&str| word.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    let row = match words.first() {
        None => return Err(Invalid::Words { found: 1, expected: "names or numbers" }),
        Some(first) if is_number(first) => {
            Row::Values(words.into_iter().map(signed).collect::<Result<_, _>>()?)
        }
        Some(_) => Row::Names(words.into_iter().map(name).collect::<Result<_, _>>()?),
    };
    Ok((name(protocol)?, row))
}

pub(crate) fn sockstat(flags: &Flags) -> impl Fn() -> Result<DynamicFamilies> + use<> {
    let (v4, v6) = (flags.procfs.join("net/sockstat"), flags.procfs.join("net/sockstat6"));
    let absence = Absence::new();
    move || {
        let mut families = DynamicFamilies::new();
        // A kernel without IPv4 or IPv6 lacks one of them.
        let files = [v4.lines_if_present()?, v6.lines_if_present()?];
        if files.iter().all(Option::is_none) {
            absence.report(&v4, "No counts of sockets are exposed: this kernel does not have them");
        }
        for sockets in files.iter().flatten().flat_map(|lines| lines.read(sockets)) {
            sockets.into_iter().for_each(|socket| socket.add(&mut families));
        }
        Ok(families)
    }
}

/// A count of the sockets of a protocol.
#[derive(Debug, PartialEq)]
struct Sockets<'t> {
    protocol: &'t str,
    name: &'t str,
    value: i64,
}

/// Reads a line such as `TCP: inuse 4 orphan 0`.
fn sockets(line: &str) -> Result<Vec<Sockets<'_>>, Invalid> {
    let (protocol, rest) = named(line)?;
    let protocol = name(protocol)?;
    let words: Vec<&str> = rest.split_whitespace().collect();
    let (pairs, rest) = words.as_chunks::<2>();
    if pairs.is_empty() || !rest.is_empty() {
        return Err(Invalid::Words { found: words.len() + 1, expected: "a name, then pairs" });
    }
    let socket = |[field, value]: [_; 2]| {
        Ok(Sockets { protocol, name: name(field)?, value: number(value)? })
    };
    pairs.iter().copied().map(socket).collect()
}

impl Sockets<'_> {
    fn add(&self, families: &mut DynamicFamilies) {
        let Self { protocol, name, value } = self;
        let mut add = |name: &str, help: String, value: i64| {
            families.gauge(format!("node_sockstat_{protocol}_{name}"), help).value(value);
        };
        add(name, format!("{protocol} sockets: {name}."), *value);
        if *name == "mem" {
            let bytes = value.saturating_mul(i64::try_from(page_size()).unwrap_or(i64::MAX));
            add("mem_bytes", format!("Memory of {protocol} sockets in bytes."), bytes);
        }
    }
}
