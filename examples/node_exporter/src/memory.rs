//! `/proc/meminfo` and `/proc/vmstat`, whatever the kernel has in them.

use hello_exporter::Families;

use crate::Flags;
use crate::files::{Result, named_lines, number};

pub(crate) fn meminfo(flags: &Flags) -> impl Fn() -> Result<Families> + use<> {
    let file = flags.procfs.join("meminfo");
    move || {
        let mut families = Families::new();
        for (field, mut words) in named_lines(&file.text()?) {
            let Some(value) = words.next().and_then(|value| value.parse::<u64>().ok()) else {
                continue;
            };
            // `Active(anon)` is `Active_anon`.
            let name = field.replace('(', "_").replace(')', "");
            let (name, value) = match words.next() {
                Some("kB") => (format!("{name}_bytes"), value.saturating_mul(1024)),
                _ => (name, value),
            };
            let help = format!("{field} of /proc/meminfo.");
            families.gauge(format!("node_memory_{name}"), help).value(value);
        }
        Ok(families)
    }
}

pub(crate) fn vmstat(flags: &Flags) -> impl Fn() -> Result<Families> + use<> {
    let file = flags.procfs.join("vmstat");
    let fields = flags.vmstat_fields.clone();
    move || {
        let mut families = Families::new();
        for (field, mut words) in named_lines(&file.text()?) {
            if let Some(value) = words.next().and_then(number).filter(|_| fields.matches(field)) {
                let help = format!("{field} of /proc/vmstat.");
                families.untyped(format!("node_vmstat_{field}"), help).value(value);
            }
        }
        Ok(families)
    }
}
