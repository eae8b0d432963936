//! The example `node_exporter` skips a damaged line of a kernel file, and still exposes all other
//! lines and all collectors.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use hello_exporter_tests::Exporter;
use hello_exporter_tests::node::{
    EXTRA_FLAGS, copied_tree, exposition, failing_in, series_of_tree, start_on_tree,
};
use tempfile::TempDir;

/// How a line is damaged.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// Nothing of it is left.
    Empty,
    /// Its last words are missing.
    Short,
    /// A word that is not a number is appended.
    LongByWord,
    /// A number is appended.
    LongByNumber,
    /// A NUL byte is inserted.
    Nul,
    /// It consists of NUL bytes.
    Nuls,
    /// A number has thirty digits.
    Overflow,
    /// A number is replaced by text.
    NoNumber,
    /// The separator of key and text is missing.
    NoSeparator,
    /// The line is missing, and the other line of its pair remains.
    Alone,
    /// There is no space after the colon, as in the files of old kernels.
    NoBlank,
}

const KINDS: [Kind; 11] = [
    Kind::Empty,
    Kind::Short,
    Kind::LongByWord,
    Kind::LongByNumber,
    Kind::Nul,
    Kind::Nuls,
    Kind::Overflow,
    Kind::NoNumber,
    Kind::NoSeparator,
    Kind::Alone,
    Kind::NoBlank,
];

/// The format of a file's lines.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Format {
    /// A fixed number of words and numbers.
    Table,
    /// Pairs of lines, the first with the names of the values of the second.
    Pairs,
    /// Keys and texts, where any text is valid.
    Texts(char),
    /// Words, where any word is valid.
    Words,
}

/// A file that the exporter reads.
struct File {
    path: PathBuf,
    format: Format,
    lines: Vec<String>,
}

/// A damaged file.
struct Damage {
    text: String,
    /// The numbers of the lines that must be logged.
    logged: Vec<usize>,
    /// Whether the series of all lines of the file may be missing, because the key of the damaged
    /// line is unreadable.
    is_unknown: bool,
}

/// A sequence of pseudorandom numbers that is the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

fn files_below(directory: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() { files_below(&entry, found) } else { found.push(entry) }
    }
}

impl File {
    /// Returns the files of a host that the exporter reads.
    fn all(tree: &Path) -> Vec<Self> {
        // With `EXTRA_FLAGS` the exporter reads none of these. Version 1.5.0 of the original reads
        // the first one.
        let unread = ["proc/1/mounts", "cpuidle/current_driver", ".keep", "ifalias"];
        let mut paths = Vec::new();
        files_below(tree, &mut paths);
        paths.retain(|path| !unread.iter().any(|end| path.to_str().unwrap().ends_with(end)));
        paths.into_iter().map(Self::read).collect()
    }

    fn read(path: PathBuf) -> Self {
        let name = path.to_str().unwrap();
        let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
        let format = match name {
            _ if ends(&["net/netstat", "net/snmp"]) => Format::Pairs,
            _ if ends(&["cpuinfo"]) => Format::Texts(':'),
            _ if ends(&["os-release"]) || name.contains("/udev/") => Format::Texts('='),
            _ if ends(&["available_clocksource"]) => Format::Words,
            _ => Format::Table,
        };
        let lines = fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect();
        Self { path, format, lines }
    }

    /// Returns the text with this line replaced by another, or removed.
    fn text_with(&self, index: usize, line: Option<&str>) -> String {
        let mut lines = self.lines.clone();
        lines.splice(index..=index, line.map(str::to_owned));
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    /// Returns the file's text without a line. If the line has a key, the text with another value
    /// of this key comes first.
    fn texts_without(&self, index: usize) -> Vec<String> {
        let without = self.text_with(index, None);
        let Format::Texts(separator) = self.format else {
            return vec![without];
        };
        let pair = self.lines[index].split_once(separator);
        let other = pair.map(|(key, _)| self.text_with(index, Some(&format!("{key}{separator}1"))));
        other.into_iter().chain([without]).collect()
    }

    fn is(&self, end: &str) -> bool {
        self.path.ends_with(end)
    }

    /// Damages a line. Returns `None` if this kind of damage is impossible, or if some kernel may
    /// write the result.
    fn damaged(&self, index: usize, kind: Kind, random: &mut Random) -> Option<Damage> {
        let line = &self.lines[index];
        let is_heading = self.is("net/dev") && index < 2;
        let of_headings = [Kind::Empty, Kind::Nul, Kind::Nuls];
        let is_possible = match self.format {
            Format::Table => !is_heading || of_headings.contains(&kind),
            Format::Pairs => true,
            Format::Texts(_) => self.texts_can_be(index, kind),
            Format::Words => matches!(kind, Kind::Empty | Kind::Nul | Kind::Nuls),
        };
        let damaged = self.damage(line, kind, random).filter(|_| is_possible)?;
        let text = match kind {
            Kind::Alone => self.text_with(index, None),
            _ => self.text_with(index, Some(&damaged)),
        };
        let is_unknown = match (self.format, damaged.find('\0')) {
            (Format::Texts(separator), Some(nul)) => {
                damaged.find(separator).is_none_or(|it| nul < it)
            }
            _ => false,
        };
        Some(Damage { text, logged: self.logged(index, kind, &damaged), is_unknown })
    }

    /// Returns whether this kind damages a line of texts. Such a line may be missing or empty, and
    /// may have any number of words.
    fn texts_can_be(&self, index: usize, kind: Kind) -> bool {
        let Format::Texts(separator) = self.format else {
            return false;
        };
        let numbers = [
            "processor",
            "cpu family",
            "model",
            "stepping",
            "cache size",
            "physical id",
            "core id",
            "cpu MHz",
        ];
        let line = &self.lines[index];
        let key = line.split(separator).next().unwrap_or_default().trim();
        let is_comment = line.trim().is_empty() || line.starts_with(['#', 'S', 'I', 'G']);
        match kind {
            Kind::Nul | Kind::Nuls | Kind::NoSeparator => !is_comment,
            Kind::Overflow | Kind::NoNumber => self.is("cpuinfo") && numbers.contains(&key),
            Kind::NoBlank => self.is("cpuinfo"),
            _ => false,
        }
    }

    fn damage(&self, line: &str, kind: Kind, random: &mut Random) -> Option<String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let damaged = match kind {
            Kind::Empty | Kind::Alone => String::new(),
            Kind::Short => self.shortened(line, &words, random)?,
            Kind::LongByWord => format!("{line} x"),
            // The number of interrupts depends on the kernel.
            Kind::LongByNumber if words.first() == Some(&"intr") => return None,
            Kind::LongByNumber => format!("{line} 7"),
            Kind::Nul => {
                let (before, after) = line.split_at_checked(random.below(line.len() + 1))?;
                format!("{before}\0{after}")
            }
            Kind::Nuls => "\0".repeat(line.len().max(1)),
            Kind::Overflow => self.with_number(line, &"9".repeat(30), random)?,
            Kind::NoNumber => self.with_number(line, "x", random)?,
            Kind::NoSeparator => {
                let Format::Texts(separator) = self.format else {
                    return None;
                };
                line.replace(separator, "")
            }
            Kind::NoBlank => {
                let (name, rest) = line.split_once(':').filter(|it| it.1.starts_with(' '))?;
                format!("{name}:{}", rest.trim_start())
            }
        };
        let is_of_pair = self.format == Format::Pairs;
        Some(damaged).filter(|damaged| damaged != line && (kind != Kind::Alone || is_of_pair))
    }

    /// Removes words at the end. Returns `None` if some kernel writes the remaining words.
    fn shortened(&self, line: &str, words: &[&str], random: &mut Random) -> Option<String> {
        let most = words.len().checked_sub(1)?;
        let left = most - random.below(words.len().div_ceil(2));
        let end = line.find(words.get(left)?)?;
        let is_of_some_kernel = match words[0] {
            "intr" => left > 1,
            cpu if self.is("proc/stat") && cpu.starts_with("cpu") => left == 9,
            _ if self.is("diskstats") => [14, 18].contains(&left),
            _ if self.is("sockstat") || self.is("sockstat6") => left % 2 == 1 && left > 1,
            _ => false,
        };
        // The same word may occur in the line twice.
        let is_right = line[..end].split_whitespace().count() == left;
        (is_right && !is_of_some_kernel).then(|| line[..end].trim_end().to_owned())
    }

    /// Replaces one of the numbers that the exporter reads.
    fn with_number(&self, line: &str, number: &str, random: &mut Random) -> Option<String> {
        let is_digit = |character: char| character.is_ascii_digit() || character == '.';
        let begins = |at: usize| line[..at].ends_with([' ', '\t', '=', ':', ',']) || at == 0;
        let ends = |at: usize| line[at..].starts_with([' ', '\t', ':', ',']) || at == line.len();
        let starts = line.match_indices(is_digit).map(|(at, _)| at).filter(|at| begins(*at));
        let mut numbers: Vec<(usize, usize)> = starts
            .map(|at| (at, line[at..].find(|it| !is_digit(it)).map_or(line.len(), |end| at + end)))
            .filter(|(_, end)| ends(*end))
            .collect();
        if self.is("loadavg") {
            numbers.truncate(3);
        } else if self.is("1/mountinfo") {
            numbers.truncate(4);
        } else if matches!(self.format, Format::Texts(_)) {
            numbers.drain(..numbers.len().saturating_sub(1));
        }
        let (start, end) = *numbers.get(random.below(numbers.len().max(1)))?;
        Some(format!("{}{number}{}", &line[..start], &line[end..]))
    }

    /// Returns the numbers of the invalid lines. In a pair with more or fewer names than values,
    /// both lines are invalid.
    fn logged(&self, index: usize, kind: Kind, damaged: &str) -> Vec<usize> {
        let is_values =
            self.lines[index].contains(|it: char| it.is_ascii_digit() && index % 2 == 1);
        let words = damaged.split_whitespace().count();
        let names_line = index - usize::from(is_values);
        let is_mismatch = match kind {
            Kind::LongByNumber => is_values,
            Kind::LongByWord => !is_values,
            Kind::Short => words > 1,
            _ => false,
        };
        match (self.format, kind) {
            (_, Kind::NoBlank) => vec![],
            // It is valid that no CPU is isolated.
            _ if self.is("isolated") && damaged.is_empty() => vec![],
            // The line that remains has the number of the first line of the pair.
            (Format::Pairs, Kind::Alone) => vec![names_line + 1],
            (Format::Pairs, _) if is_mismatch => vec![names_line + 1, names_line + 2],
            _ => vec![index + 1],
        }
    }
}

/// A host, and the exporter that reads its files.
struct Host {
    directory: TempDir,
    exporter: Exporter,
}

impl Host {
    fn start() -> Self {
        let directory = copied_tree();
        let exporter = start_on_tree(directory.path(), &EXTRA_FLAGS);
        Self { directory, exporter }
    }

    fn series(&self) -> BTreeSet<String> {
        let exposition = exposition(&self.exporter, "");
        assert_eq!(failing_in(&exposition), [""; 0]);
        series_of_tree(&exposition).into_iter().map(str::to_owned).collect()
    }

    /// Returns the series while a file has another text.
    fn series_with(&self, path: &Path, text: &str) -> BTreeSet<String> {
        let path = self.directory.path().join(path);
        let before = fs::read(&path).unwrap();
        fs::write(&path, text).unwrap();
        let series = self.series();
        fs::write(&path, before).unwrap();
        series
    }
}

/// The series of each line: the series that change if the line is missing or has another value.
struct Owners {
    host: Host,
    all: BTreeSet<String>,
    known: BTreeMap<(PathBuf, Option<usize>), BTreeSet<String>>,
}

impl Owners {
    /// Returns the series of a line; without an index, the series of all lines.
    fn of(&mut self, path: &Path, file: &File, index: Option<usize>) -> &BTreeSet<String> {
        let Self { host, all, known } = self;
        known.entry((path.to_owned(), index)).or_insert_with(|| {
            let texts = index.map_or(vec!["\0\n".to_owned()], |index| file.texts_without(index));
            let lost = texts.iter().map(|text| &*all - &host.series_with(path, text));
            lost.flatten().collect()
        })
    }
}

/// Returns the file and the line number of each log line about a skipped line.
fn skipped(log: &[String]) -> Vec<(String, usize)> {
    let skipped = log.iter().filter(|line| line.contains("Skipping an invalid line"));
    let field = |line: &str, name: &str| {
        let (_, value) = line.split_once(&format!(" {name}=")).unwrap();
        value.split(' ').next().unwrap().to_owned()
    };
    skipped.map(|line| (field(line, "file"), field(line, "line").parse().unwrap())).collect()
}

#[test]
fn damaged_line_is_skipped_and_logged_once() {
    let host = Host::start();
    let tree = host.directory.path().to_owned();
    let files = File::all(&tree);
    let all = host.series();
    let mut owners = Owners { host: Host::start(), all: all.clone(), known: BTreeMap::new() };
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (mut count, mut expected, mut last) = (0, Vec::new(), None);
    let most_lines = files.iter().map(|file| file.lines.len()).max().unwrap();
    for (index, kind) in (0..most_lines).flat_map(|index| KINDS.map(|kind| (index, kind))) {
        for file in files.iter().filter(|file| index < file.lines.len()) {
            let Some(damage) = file.damaged(index, kind, &mut random) else {
                continue;
            };
            let path = file.path.strip_prefix(&tree).unwrap();
            if last.replace(path) == Some(path) {
                // A line is not logged again until the file has been valid.
                assert_eq!(host.series(), all);
            }
            let series = host.series_with(path, &damage.text);
            count += 1;
            let case = || format!("{kind:?} of line {} of {}", index + 1, path.display());
            let made_up: Vec<&String> = series.difference(&all).collect();
            assert!(made_up.is_empty(), "{}: {made_up:?}\n{}", case(), damage.text);
            let own = owners.of(path, file, Some(index).filter(|_| !damage.is_unknown));
            let lost: Vec<&String> =
                all.difference(&series).filter(|series| !own.contains(*series)).collect();
            assert!(lost.is_empty(), "{}: {lost:?}\n{}", case(), damage.text);
            if kind == Kind::NoBlank {
                assert_eq!(series, all, "{}", case());
            }
            let name = file.path.display().to_string();
            expected.extend(damage.logged.into_iter().map(|line| (name.clone(), line)));
        }
    }
    assert!(count > 1000, "{count} files were damaged");
    let (_, log) = host.exporter.signal("TERM");
    let logged = skipped(&log);
    for (at, (logged, expected)) in logged.iter().zip(&expected).enumerate() {
        assert_eq!(logged, expected, "line {at} of the log lines about skipped lines");
    }
    assert_eq!(logged.len(), expected.len());
    // The log names no source file and no panic.
    assert!(log.iter().all(|line| !line.contains(".rs") && !line.contains("panic")));
}

#[test]
fn damaged_line_is_logged_again_after_the_file_was_valid() {
    let Host { directory, exporter } = Host::start();
    let file = directory.path().join("proc/vmstat");
    let good = fs::read_to_string(&file).unwrap();
    let scrape = |text: &str| {
        fs::write(&file, text).unwrap();
        lines_of_vmstat(&exporter)
    };
    for _ in 0..2 {
        assert_eq!(scrape("pgpgin 1\npgpgout\npswpin 2\n"), 2);
        assert_eq!(scrape("pgpgin 1\npgpgout\npswpin 2\n"), 2);
        // Another line becomes invalid.
        assert_eq!(scrape("pgpgin 1\npgpgout\npswpin\n"), 1);
        assert_eq!(scrape(&good), 9);
    }
    // All of these lines are counted, and the first ten are logged.
    scrape(&"pgpgin\n".repeat(1000));
    scrape(&good);
    let series = format!("node_scrape_skipped_lines_total{{file=\"{}\"}}", file.display());
    let counted = exposition(&exporter, "?name[]=node_scrape_skipped_lines_total");
    assert!(counted.contains(&format!("{series} 1008\n")), "{counted}");
    let (_, log) = exporter.signal("TERM");
    let lines: Vec<usize> = skipped(&log).into_iter().map(|(_, line)| line).collect();
    assert_eq!(lines, [2, 3, 2, 3].into_iter().chain(1..=10).collect::<Vec<_>>());
    let line = log.iter().find(|line| line.contains("Skipping")).unwrap();
    let expected = format!(
        "level=warn msg=\"Skipping an invalid line\" file={} line=2 \
         error=\"the line has 1 words, expected a name and a number\"\n",
        file.display()
    );
    assert!(line.ends_with(&expected), "{line}");
}

fn lines_of_vmstat(exporter: &Exporter) -> usize {
    let exposition = exposition(exporter, "?collect[]=vmstat");
    assert_eq!(failing_in(&exposition), [""; 0]);
    exposition.lines().filter(|line| line.starts_with("node_vmstat_")).count()
}
