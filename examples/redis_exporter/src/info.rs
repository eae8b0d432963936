//! The text of INFO, up to a limit, and its lines grouped by what they describe.

use std::collections::BTreeMap;

use hello_exporter::key_values::KeyValues;

/// The lines of INFO that are kept. A section with too many lines does not displace other sections.
#[derive(Debug, Default)]
pub(crate) struct InfoText {
    text: String,
    lines: usize,
    section: Section,
    dropped: u64,
    is_keyspace_cut: bool,
}

/// The section to which lines are added.
#[derive(Debug, Default)]
struct Section {
    lines: usize,
    bytes: usize,
    is_keyspace: bool,
}

impl InfoText {
    pub(crate) const MOST_LINE_BYTES: u64 = 1 << 14;

    const MOST_BYTES: usize = 1 << 20;
    const MOST_LINES: usize = 1 << 14;
    const MOST_SECTION_BYTES: usize = 1 << 19;
    const MOST_SECTION_LINES: usize = 10_000;

    /// Adds a line, with or without its line end. Ignores it if it is neither a section nor a key
    /// and a text. Drops it if it exceeds a limit.
    pub(crate) fn push(&mut self, line: &[u8]) {
        let line = String::from_utf8_lossy(line.trim_ascii());
        let name = section_name(&line);
        if let Some(name) = name {
            self.section = Section { is_keyspace: name == "Keyspace", ..Section::default() };
        } else if !line.contains(':') {
            return;
        }
        let Self { text, lines, section, .. } = self;
        let is_room = text.len() + line.len() < Self::MOST_BYTES
            && *lines < Self::MOST_LINES
            && section.bytes + line.len() < Self::MOST_SECTION_BYTES
            && section.lines < Self::MOST_SECTION_LINES;
        if !is_room {
            return self.drop_line();
        }
        *lines += 1;
        section.lines += usize::from(name.is_none());
        section.bytes += line.len();
        text.push_str(&line);
        text.push('\n');
    }

    /// Counts a line that is dropped.
    pub(crate) fn drop_line(&mut self) {
        self.dropped += 1;
        self.is_keyspace_cut |= self.section.is_keyspace;
    }

    /// Counts the rest of the text, which is not read, as one dropped line.
    pub(crate) fn cut(&mut self) {
        self.dropped += 1;
        self.is_keyspace_cut = true;
    }

    /// Returns how many lines were dropped.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Returns whether no line was added.
    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Returns whether databases may be missing.
    pub(crate) fn is_keyspace_cut(&self) -> bool {
        self.is_keyspace_cut
    }

    /// Returns whether this is the INFO of a server. Every server names its version:
    /// `redis_version`, `garnet_version`, `pika_version`.
    pub(crate) fn is_of_server(&self) -> bool {
        let mut keys = self.text.lines().filter_map(|line| line.split_once(':'));
        keys.any(|(key, _)| key.ends_with("_version"))
    }

    /// Returns the lines, grouped by what they describe.
    pub(crate) fn parse(&self) -> Info<'_> {
        let mut info = Info::default();
        let (mut section, mut fields) = ("", Vec::new());
        for line in self.text.lines() {
            match section_name(line) {
                Some(name) => section = name,
                None => info.add(section, line, &mut fields),
            }
        }
        info.fields = fields.into_iter().collect();
        info
    }
}

/// Returns the name of the section that begins at a line. Kvrocks also has comments that begin no
/// section: `# Last scan db time: …`.
fn section_name(line: &str) -> Option<&str> {
    let name = line.strip_prefix("# ")?.trim();
    (!name.contains([' ', ':'])).then_some(name)
}

/// The lines of INFO, by what they describe. A text with several values, such as `calls=1,usec=2`,
/// is not parsed yet.
#[derive(Debug, Default)]
pub(crate) struct Info<'t> {
    /// Lines with one value, by key.
    pub(crate) fields: KeyValues<'t>,
    /// `cmdstat_NAME`, by name.
    pub(crate) commands: BTreeMap<&'t str, &'t str>,
    /// `latency_percentiles_usec_NAME`.
    pub(crate) percentiles: Vec<(&'t str, &'t str)>,
    /// `errorstat_NAME`.
    pub(crate) errors: Vec<(&'t str, &'t str)>,
    /// `dbNUMBER`, by number.
    pub(crate) databases: BTreeMap<u32, &'t str>,
    /// `slaveNUMBER`.
    pub(crate) replicas: Vec<&'t str>,
    /// The masters of this server: KeyDB and Dragonfly can have several.
    pub(crate) masters: Vec<Master<'t>>,
    /// `masterNUMBER` of a Sentinel.
    pub(crate) monitored: Vec<&'t str>,
    /// `used_active_time_io_thread_NUMBER`.
    pub(crate) io_threads: Vec<(&'t str, &'t str)>,
    /// `module`.
    pub(crate) modules: Vec<&'t str>,
}

/// The lines that describe one master of this server, with the names that a server with a single
/// master uses.
pub(crate) type Master<'t> = Vec<(&'static str, &'t str)>;

impl<'t> Info<'t> {
    fn add(&mut self, section: &str, line: &'t str, fields: &mut Vec<(&'t str, &'t str)>) {
        if self.add_statistics(line) {
            return;
        }
        let Some((key, text)) = line.split_once(':') else { return };
        let (key, text) = (key.trim(), text.trim());
        // Dragonfly writes no prefix in this section.
        if section == "Errorstats" {
            return self.errors.push((key, text));
        }
        if let Some(number) = number_of(key, "db") {
            self.databases.insert(number, text);
        } else if number_of(key, "slave").is_some() {
            self.replicas.push(text);
        } else if number_of(key, "master").is_some() {
            self.monitored.push(text);
        } else if key == "module" {
            self.modules.push(text);
        } else if let Some(thread) = key.strip_prefix("used_active_time_io_thread_") {
            self.io_threads.push((thread, text));
        } else {
            self.add_to_master(key, text);
            fields.push((key, text));
        }
    }

    /// Adds a line whose key ends in a name, and returns whether it is such a line. The name may
    /// contain colons, and the text does not: `cmdstat_host::calls=1`.
    fn add_statistics(&mut self, line: &'t str) -> bool {
        if let Some((name, text)) = statistics(line, "cmdstat_") {
            self.commands.insert(name, text);
        } else if let Some(entry) = statistics(line, "latency_percentiles_usec_") {
            self.percentiles.push(entry);
        } else if let Some(entry) = statistics(line, "errorstat_") {
            self.errors.push(entry);
        } else {
            return false;
        }
        true
    }

    /// Adds the line if it describes a master. The host is the first line of each master.
    fn add_to_master(&mut self, key: &str, text: &'t str) {
        let Some(name) = master_line(key) else { return };
        if name == "master_host" || self.masters.is_empty() {
            self.masters.push(Master::new());
        }
        if let Some(master) = self.masters.last_mut() {
            master.push((name, text));
        }
    }
}

fn statistics<'t>(line: &'t str, prefix: &str) -> Option<(&'t str, &'t str)> {
    line.strip_prefix(prefix)?.rsplit_once(':')
}

/// Returns the number that follows the prefix.
fn number_of(key: &str, prefix: &str) -> Option<u32> {
    let number = key.strip_prefix(prefix)?;
    number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse().ok())?
}

/// The names of lines that describe a master. KeyDB numbers the lines of every master but the
/// first: `master_1_host`.
const MASTER_LINES: [&str; 6] = [
    "master_host",
    "master_port",
    "master_link_status",
    "master_last_io_seconds_ago",
    "master_sync_in_progress",
    "slave_repl_offset",
];

fn master_line(key: &str) -> Option<&'static str> {
    let unnumbered = key.strip_prefix("master_").map(|rest| {
        let numbered = rest.split_once('_').filter(|(number, _)| number_of(number, "").is_some());
        numbered.map_or(rest, |(_, rest)| rest)
    });
    let is_same = |name: &str| match unnumbered {
        Some(unnumbered) => name.strip_prefix("master_") == Some(unnumbered),
        None => name == key,
    };
    MASTER_LINES.into_iter().find(|name| is_same(name))
}

#[cfg(test)]
mod tests;
