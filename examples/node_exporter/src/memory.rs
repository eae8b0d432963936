//! All fields of `/proc/meminfo`, and those of `/proc/vmstat` that a flag selects.

#[cfg(test)]
mod tests;

use hello_exporter::DynamicFamilies;
use hello_exporter::collect::SampleValue;

use crate::Flags;
use crate::files::{Invalid, Result, name, named, number, signed, words};

pub(crate) fn meminfo(flags: &Flags) -> impl Fn() -> Result<DynamicFamilies> + use<> {
    let file = flags.procfs.join("meminfo");
    move || {
        let mut families = DynamicFamilies::new();
        for Memory { field, name, value } in file.lines()?.read(memory) {
            let help = format!("{field} of /proc/meminfo.");
            families.gauge(format!("node_memory_{name}"), help).value(value);
        }
        Ok(families)
    }
}

/// A line of `/proc/meminfo`.
#[derive(Debug, PartialEq)]
struct Memory {
    field: String,
    name: String,
    value: u64,
}

fn memory(line: &str) -> Result<Memory, Invalid> {
    let (field, value) = named(line)?;
    // `Active(anon)` becomes `Active_anon`.
    let name_of_field = field.replace('(', "_").replace(')', "");
    let plain = name(&name_of_field)?;
    let (name, value) = if field.starts_with("HugePages_") {
        let [value] = words(value, "a number of pages")?;
        (plain.to_owned(), number(value)?)
    } else {
        let [value, unit] = words(value, "a number and `kB`")?;
        if unit != "kB" {
            return Err(Invalid::word(unit, "`kB`"));
        }
        (format!("{plain}_bytes"), number::<u64>(value)?.saturating_mul(1024))
    };
    Ok(Memory { field: field.to_owned(), name, value })
}

pub(crate) fn vmstat(flags: &Flags) -> impl Fn() -> Result<DynamicFamilies> + use<> {
    let file = flags.procfs.join("vmstat");
    let fields = flags.vmstat_fields.clone();
    move || {
        let mut families = DynamicFamilies::new();
        let lines = file.lines()?;
        for (field, value) in lines.read(count).into_iter().filter(|it| fields.matches(it.0)) {
            let help = format!("{field} of /proc/vmstat.");
            families.untyped(format!("node_vmstat_{field}"), help).value(value);
        }
        Ok(families)
    }
}

/// Reads a line of a name and a number, as in `/proc/vmstat` and `/proc/net/snmp6`.
pub(crate) fn count(line: &str) -> Result<(&str, SampleValue), Invalid> {
    let [field, value] = words(line, "a name and a number")?;
    Ok((name(field)?, signed(value)?))
}
