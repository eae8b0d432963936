//! `/proc/cpuinfo`, which is exposed only if a flag enables it.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use hello_exporter::Collector;
use hello_exporter::filter::Pattern;

use crate::Flags;
use crate::files::{Invalid, Line, Lines, Result, Texts, decimal, number, words};

#[derive(Collector, Debug, Default, PartialEq)]
#[collector(no_new)]
pub(super) struct CpuInfo {
    /// CPU information from /proc/cpuinfo.
    #[metric(labels = [
        "package", "core", "cpu", "vendor", "family", "model", "model_name", "microcode", "stepping",
        "cachesize",
    ])]
    info: Vec<([String; 10], u8)>,

    /// Frequency of a CPU from /proc/cpuinfo, in hertz.
    #[metric(labels = ["package", "core", "cpu"])]
    frequency_hertz: Vec<([String; 3], f64)>,

    /// Flags of the first CPU from /proc/cpuinfo.
    #[metric(labels = ["flag"])]
    flag_info: Vec<(String, u8)>,

    /// Bugs of the first CPU from /proc/cpuinfo.
    #[metric(labels = ["bug"])]
    bug_info: Vec<(String, u8)>,
}

// The keys of each label and value, which differ between architectures. If a CPU has several keys
// of a list, the one that comes first in the list is used.
const PACKAGE: &[&str] = &["physical id"];
const CORE: &[&str] = &["core id", "hart"];
const VENDOR: &[&str] = &["vendor_id", "vendor", "cpu", "system type"];
const FAMILY: &[&str] = &["cpu family", "CPU Family"];
const MODEL_NAME: &[&str] = &["model name", "Model Name", "cpu model", "isa"];
const MEGAHERTZ: &[&str] = &["cpu MHz", "cpu MHz dynamic", "clock"];
const FLAGS: &[&str] = &["flags", "Features", "features"];
const BUGS: &[&str] = &["bugs"];

/// All these keys, and the keys that are the same on all architectures.
const KEYS: &[&str] = &[
    "physical id",
    "core id",
    "hart",
    "vendor_id",
    "vendor",
    "cpu",
    "system type",
    "cpu family",
    "CPU Family",
    "model",
    "model name",
    "Model Name",
    "cpu model",
    "isa",
    "microcode",
    "stepping",
    "cache size",
    "cpu MHz",
    "cpu MHz dynamic",
    "clock",
    "flags",
    "Features",
    "features",
    "bugs",
];

/// The keys that s390x, mips and loongarch write once, before all CPUs.
const COMMON: [&str; 3] = ["vendor_id", "system type", "features"];

/// A CPU with its number.
struct Cpu<'t> {
    number: u32,
    texts: Texts<'t>,
}

/// Returns a function that reads the file, if a flag enables it.
pub(super) fn reader(flags: &Flags) -> impl Fn() -> Result<CpuInfo> + use<> {
    let (flag, bug) = (flags.cpu_flags.clone(), flags.cpu_bugs.clone());
    let is_wanted = flags.cpu_info || flag.is_some() || bug.is_some();
    let file = is_wanted.then(|| flags.procfs.join("cpuinfo"));
    move || match &file {
        Some(file) => Ok(CpuInfo::of(&file.lines()?, flag.as_ref(), bug.as_ref())),
        None => Ok(CpuInfo::default()),
    }
}

impl CpuInfo {
    fn of(lines: &Lines<'_>, flag: Option<&Pattern>, bug: Option<&Pattern>) -> Self {
        let cpus = Reader::read(lines);
        Self {
            info: cpus.iter().filter_map(|cpu| Some((cpu.labels()?, 1))).collect(),
            frequency_hertz: cpus.iter().filter_map(Cpu::frequency).collect(),
            flag_info: words_of(cpus.first(), FLAGS, flag),
            bug_info: words_of(cpus.first(), BUGS, bug),
        }
    }
}

/// Returns the words of the first of `keys` that match `wanted`; no words without `wanted`.
fn words_of(cpu: Option<&Cpu<'_>>, keys: &[&str], wanted: Option<&Pattern>) -> Vec<(String, u8)> {
    let text = cpu.and_then(|cpu| cpu.texts.first(keys)).unwrap_or_default();
    let words = text.split_whitespace().filter(|word| wanted.is_some_and(|it| it.matches(word)));
    words.map(|word| (word.to_owned(), 1)).collect()
}

impl Cpu<'_> {
    fn labels(&self) -> Option<[String; 10]> {
        let keys = [PACKAGE, CORE, VENDOR, FAMILY, &["model"], MODEL_NAME];
        let [package, core, vendor, family, model, model_name] = self.texts.all_first(keys)?;
        let [microcode, stepping, cache] =
            self.texts.all(["microcode", "stepping", "cache size"])?;
        let cpu = self.number.to_string();
        Some([package, core, cpu, vendor, family, model, model_name, microcode, stepping, cache])
    }

    /// Returns the frequency with its labels; `None` if one of them is unknown.
    fn frequency(&self) -> Option<([String; 3], f64)> {
        let megahertz: f64 = self.texts.first(MEGAHERTZ)?.parse().ok()?;
        let [package, core] = self.texts.all_first([PACKAGE, CORE])?;
        Some(([package, core, self.number.to_string()], megahertz * 1e6))
    }
}

/// The part of the file that a line belongs to.
enum Part {
    /// All CPUs.
    Common,
    /// The CPU at this index.
    Cpu(usize),
    /// No CPU: a line after the CPUs, or of a CPU whose number is unknown.
    Other,
}

/// Reads the file of any architecture: `key : text` in blocks, one for each CPU.
struct Reader<'t> {
    lines: &'t Lines<'t>,
    common: Texts<'t>,
    cpus: Vec<Cpu<'t>>,
    part: Part,
}

impl<'t> Reader<'t> {
    fn read(lines: &'t Lines<'t>) -> Vec<Cpu<'t>> {
        let (common, cpus) = (Texts::of(KEYS), Vec::new());
        let mut reader = Reader { lines, common, cpus, part: Part::Common };
        if lines.are_blank() {
            lines.skip(1, Invalid::Empty);
        }
        lines.iter().for_each(|line| reader.add(line));
        let Self { common, mut cpus, .. } = reader;
        cpus.iter_mut().for_each(|cpu| cpu.texts.fall_back(&common, &COMMON));
        cpus
    }

    fn add(&mut self, line: Line<'t>) {
        if line.text.trim().is_empty() {
            self.part = if self.cpus.is_empty() { Part::Common } else { Part::Other };
            return;
        }
        let key = line.text.split_once(':').filter(|_| !line.text.contains('\0'));
        match key.and_then(|(key, text)| self.begin(key.trim(), text.trim())) {
            Some(Ok(part)) => self.part = part,
            Some(Err(error)) => {
                self.lines.skip(line.number, error);
                self.part = Part::Other;
            }
            None => self.add_text(line),
        }
    }

    /// Returns the part that begins at a line with this key, if one does. On s390x, lines such as
    /// `processor 0: …` name the CPUs, and blocks that begin with `cpu number : 0` follow.
    fn begin(&mut self, key: &str, text: &str) -> Option<Result<Part, Invalid>> {
        let of_number = |number: u32| self.cpus.iter().position(|cpu| cpu.number == number);
        let (text, begins_block) = match (key, key.strip_prefix("processor ")) {
            ("cpu number", _) => {
                let part = |number| of_number(number).map_or(Part::Other, Part::Cpu);
                return Some(number(text).map(part));
            }
            ("processor", _) => (text, true),
            (_, Some(number)) => (number, false),
            _ => return None,
        };
        Some(number(text).map(|number| {
            self.cpus.push(Cpu { number, texts: Texts::of(KEYS) });
            if begins_block { Part::Cpu(self.cpus.len() - 1) } else { Part::Other }
        }))
    }

    fn add_text(&mut self, line: Line<'t>) {
        let cpu = match self.part {
            Part::Cpu(index) => self.cpus.get_mut(index),
            Part::Common | Part::Other => None,
        };
        match (cpu, &self.part) {
            (Some(cpu), _) => cpu.texts.add(self.lines, line, ':', checked),
            (None, Part::Common) => self.common.add(self.lines, line, ':', checked),
            (None, _) => Texts::of(&[]).add(self.lines, line, ':', |_, text| Ok(text.into())),
        }
    }
}

/// Returns the text of a key, if it has the form that kernels write. Like the original, it keeps
/// blanks at the end.
fn checked<'t>(key: &str, text: &'t str) -> Result<Cow<'t, str>, Invalid> {
    let text = text.strip_prefix(' ').unwrap_or(text);
    match key.trim() {
        "physical id" | "core id" | "hart" | "cpu family" | "model" => _ = number::<i64>(text)?,
        "stepping" if text != "unknown" => _ = number::<i64>(text)?,
        "microcode" => _ = words::<1>(text, "one")?,
        "cache size" => {
            let [size, _] = words(text, "a size and its unit")?;
            number::<u64>(size)?;
        }
        "cpu MHz" | "cpu MHz dynamic" | "clock" => return megahertz(text),
        key if is_label(key) && text.trim().is_empty() => return Err(Invalid::Empty),
        _ => {}
    }
    Ok(text.into())
}

fn is_label(key: &str) -> bool {
    [VENDOR, FAMILY, MODEL_NAME].iter().any(|keys| keys.contains(&key))
}

/// Returns the number of megahertz, or an empty text if the kernel does not know it.
fn megahertz(text: &str) -> Result<Cow<'_, str>, Invalid> {
    let text = text.trim_end_matches("MHz");
    if text.eq_ignore_ascii_case("unknown") {
        return Ok("".into());
    }
    decimal(text).map(|_| text.into())
}
