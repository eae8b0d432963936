//! The differences between two schemas.

mod family;
mod gone;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{CollectorSchema, FamilySchema, Schema};
use family::Differences;
use gone::Gone;

/// A difference between two schemas.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// Whether queries that worked before can fail or return less.
    pub impact: Impact,
    /// The change, in one line.
    pub message: String,
}

/// The effect of a change on dashboards and alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Impact {
    /// A query that worked with the older exporter can fail, or return less or something else.
    Breaking,
    /// Every query that worked with the older exporter still works.
    Compatible,
}

impl Impact {
    /// Returns the impact of a change after which something can be missing.
    fn of_loss(is_loss: bool) -> Self {
        if is_loss { Self::Breaking } else { Self::Compatible }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let impact = match self.impact {
            Impact::Breaking => "breaking",
            Impact::Compatible => "compatible",
        };
        write!(formatter, "{impact}: {}", self.message)
    }
}

impl Schema {
    /// Returns what a newer schema has changed: first what breaks queries, then the rest, each
    /// sorted by name. `docs/schema.md`, in the repository, lists all changes.
    ///
    /// The order of families, labels and other lists is no change. If the result is empty, the
    /// schemas differ in nothing but this order.
    ///
    /// ```
    /// use hello_exporter::schema::{Impact, Schema};
    /// use hello_exporter::{Collector, Counter, CounterVec};
    ///
    /// #[derive(Collector)]
    /// struct Before {
    ///     /// Jobs done.
    ///     jobs_total: Counter,
    /// }
    ///
    /// #[derive(Collector)]
    /// struct After {
    ///     #[metric(help = "Jobs done.", labels = ["queue"])]
    ///     jobs_total: CounterVec<1>,
    /// }
    ///
    /// let changes = Schema::of::<Before>().changes(&Schema::of::<After>());
    /// assert_eq!(changes[0].impact, Impact::Breaking);
    /// assert_eq!(changes[0].message, "`jobs_total` has the new label `queue`");
    /// ```
    pub fn changes(&self, newer: &Self) -> Vec<Change> {
        let mut changes = Changes { found: Vec::new(), newer };
        changes.of_exporter(self);
        changes.of_collectors(&self.collectors);
        changes.of_places(self);
        // In this order, `jobs` precedes `jobs_total`.
        changes.found.sort_by_cached_key(|it| (it.impact, it.message.replace('`', "")));
        changes.found
    }
}

/// Collects changes.
struct Changes<'s> {
    found: Vec<Change>,
    newer: &'s Schema,
}

impl<'s> Changes<'s> {
    /// Adds a change. Line breaks in label values and advice are escaped.
    fn add(&mut self, impact: Impact, message: impl Into<String>) {
        let message = message.into().replace('\n', "\\n").replace('\r', "\\r");
        self.found.push(Change { impact, message });
    }

    fn breaking(&mut self, message: impl Into<String>) {
        self.add(Impact::Breaking, message);
    }

    fn compatible(&mut self, message: impl Into<String>) {
        self.add(Impact::Compatible, message);
    }

    /// Compares the names. Families that begin with them are changes of their own.
    fn of_exporter(&mut self, older: &Schema) {
        let names = [
            ("exporter", &older.exporter, &self.newer.exporter),
            ("prefix of the metrics about collectors", &older.namespace, &self.newer.namespace),
        ];
        for (what, old, new) in names {
            if old != new {
                self.compatible(format!("the {what} is {} instead of {}", named(new), named(old)));
            }
        }
    }

    fn of_collectors(&mut self, older: &[CollectorSchema]) {
        let (old, new) = (by(older, |it| &it.name), by(&self.newer.collectors, |it| &it.name));
        for (name, collector) in &old {
            match new.get(name).map(|now| (collector.enabled_by_default, now.enabled_by_default)) {
                None => self.breaking(format!("collector `{name}` and its flags are gone")),
                Some((true, false)) => self.breaking(format!(
                    "collector `{name}` is disabled by default now, `--collector.{name}` enables it"
                )),
                Some((false, true)) => self.compatible(format!(
                    "collector `{name}` is enabled by default now, `--no-collector.{name}` disables \
                     it"
                )),
                Some(_) => {}
            }
        }
        for name in new.keys().filter(|name| !old.contains_key(*name)) {
            self.compatible(format!("collector `{name}` is new"));
        }
    }

    /// Compares the path for metrics, and each probe.
    fn of_places(&mut self, older: &'s Schema) {
        let (old, new) = (places(older), places(self.newer));
        for place in &old {
            match new.iter().find(|now| now.path == place.path) {
                None => self.breaking(format!("{} is gone", place.name())),
                Some(now) => {
                    self.of_families(place, now);
                    self.of_dynamic(place, now);
                }
            }
        }
        for place in new.iter().filter(|now| old.iter().all(|place| place.path != now.path)) {
            self.compatible(format!("{} is new", place.name()));
        }
    }

    fn of_families(&mut self, place: &Place<'s>, now: &Place<'s>) {
        let at = place.at();
        let (old, new) = (by(place.families, |it| &it.name), by(now.families, |it| &it.name));
        let gone = Gone::between(&old, &new, self.newer, place.path);
        for (name, family) in &old {
            match new.get(name) {
                Some(now) => Differences::new(format!("`{name}`{at}"), self).add_all(family, now),
                None => self.breaking(format!("`{name}`{at} is gone{}", gone.advice(family))),
            }
        }
        for name in new.keys().filter(|name| !old.contains_key(*name)) {
            self.compatible(format!("`{name}`{at} is new"));
        }
    }

    fn of_dynamic(&mut self, place: &Place<'_>, now: &Place<'_>) {
        let families = format!("families{} whose names are known only at run time", place.at());
        match (place.has_dynamic, now.has_dynamic) {
            (true, false) => self.breaking(format!("{families} are gone")),
            (false, true) => self.compatible(format!("{families} are new")),
            _ => {}
        }
    }
}

/// A path that exposes families.
struct Place<'s> {
    /// The path of a probe; `None` for metrics.
    path: Option<&'s str>,
    families: &'s [FamilySchema],
    has_dynamic: bool,
}

impl Place<'_> {
    fn name(&self) -> String {
        match self.path {
            Some(path) => format!("the probe at `{path}`"),
            None => "the path for metrics".to_owned(),
        }
    }

    /// Returns what messages append to the name of a family.
    fn at(&self) -> String {
        self.path.map(|path| format!(" at `{path}`")).unwrap_or_default()
    }
}

/// Returns the path for metrics, and all probes.
fn places(schema: &Schema) -> Vec<Place<'_>> {
    let metrics = Place { path: None, families: &schema.families, has_dynamic: schema.has_dynamic };
    let probes = schema.probes.iter().map(|probe| Place {
        path: Some(&probe.path),
        families: &probe.families,
        has_dynamic: probe.has_dynamic,
    });
    std::iter::once(metrics).chain(probes).collect()
}

fn by<T>(items: &[T], key: impl Fn(&T) -> &String) -> BTreeMap<&str, &T> {
    items.iter().map(|item| (key(item).as_str(), item)).collect()
}

fn set(texts: &[String]) -> BTreeSet<&str> {
    texts.iter().map(String::as_str).collect()
}

/// Returns a name in backticks, or `unnamed`.
fn named(name: &str) -> String {
    if name.is_empty() { "unnamed".to_owned() } else { format!("`{name}`") }
}

/// Returns texts in backticks, joined by commas.
fn listed<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let texts: Vec<String> = texts.into_iter().map(|text| format!("`{text}`")).collect();
    texts.join(", ")
}
