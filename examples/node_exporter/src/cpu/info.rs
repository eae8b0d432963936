//! What `/proc/cpuinfo` tells, where it is asked for.

use hello_exporter::Collector;
use hello_exporter::filter::Pattern;

use crate::Flags;
use crate::files::Result;

#[derive(Collector, Default)]
#[collector(no_new)]
pub(super) struct CpuInfo {
    /// What a CPU is, as /proc/cpuinfo has it.
    #[metric(labels = [
        "package", "core", "cpu", "vendor", "family", "model", "model_name", "microcode", "stepping",
        "cachesize",
    ])]
    info: Vec<([String; 10], u8)>,

    /// Flags of the first CPU, as /proc/cpuinfo has them.
    #[metric(labels = ["flag"])]
    flag_info: Vec<(String, u8)>,

    /// Bugs of the first CPU, as /proc/cpuinfo has them.
    #[metric(labels = ["bug"])]
    bug_info: Vec<(String, u8)>,
}

/// What the kernel calls the labels.
const FIELDS: [&str; 10] = [
    "physical id",
    "core id",
    "processor",
    "vendor_id",
    "cpu family",
    "model",
    "model name",
    "microcode",
    "stepping",
    "cache size",
];

/// Reads what was asked for.
pub(super) fn reader(flags: &Flags) -> impl Fn() -> Result<CpuInfo> + use<> {
    let (flag, bug) = (flags.cpu_flags.clone(), flags.cpu_bugs.clone());
    let is_wanted = flags.cpu_info || flag.is_some() || bug.is_some();
    let file = is_wanted.then(|| flags.procfs.join("cpuinfo"));
    move || match &file {
        Some(file) => Ok(CpuInfo::new(&file.parse()?, flag.as_ref(), bug.as_ref())),
        None => Ok(CpuInfo::default()),
    }
}

impl CpuInfo {
    fn new(cpus: &procfs::CpuInfo, flag: Option<&Pattern>, bug: Option<&Pattern>) -> Self {
        let field = |cpu, name| cpus.get_field(cpu, name).unwrap_or_default();
        let words = |name, included: Option<&Pattern>| {
            let words = field(0, name).split_whitespace();
            let words = words.filter(|word| included.is_some_and(|it| it.matches(word)));
            words.map(|word| (word.to_owned(), 1)).collect()
        };
        let info = |cpu| (FIELDS.map(|name| field(cpu, name).to_owned()), 1);
        Self {
            info: (0..cpus.num_cores()).map(info).collect(),
            flag_info: words("flags", flag),
            bug_info: words("bugs", bug),
        }
    }
}
