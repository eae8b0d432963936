//! The names that families expose, under each escaping scheme.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::desc::{Desc, MetricType};
use crate::name::{Escaping, NameKind};

/// A name that a family exposes or reserves, and the scheme under which it does; `None` for all.
pub(super) type ExposedName = (Option<Escaping>, String);

/// All exposed names, and the name of the family of each.
#[derive(Default)]
pub(super) struct ExposedNames {
    /// Names that are the same under all schemes.
    plain: HashMap<String, String>,
    escaped: BTreeMap<Escaping, HashMap<String, String>>,
}

impl ExposedNames {
    pub(super) fn insert(&mut self, names: Vec<ExposedName>, family: &str) {
        for (escaping, name) in names {
            let owners = match escaping {
                None => &mut self.plain,
                Some(escaping) => self.escaped.entry(escaping).or_default(),
            };
            owners.insert(name, family.to_owned());
        }
    }

    /// Iterates over the families that expose a name, and the scheme under which they do.
    pub(super) fn owners<'s>(
        &'s self,
        (escaping, name): &'s ExposedName,
    ) -> impl Iterator<Item = (Option<Escaping>, &'s String)> {
        let plain = self.plain.get(name).map(|owner| (*escaping, owner));
        let schemes = self.escaped.iter();
        let same = schemes.filter(move |(scheme, _)| escaping.is_none_or(|it| it == **scheme));
        let escaped = same.filter_map(|(scheme, owners)| Some((Some(*scheme), owners.get(name)?)));
        plain.into_iter().chain(escaped)
    }
}

/// Returns the names that a family exposes or reserves: its own name, the names of its parts, and
/// the names that OpenMetrics derives from it; under each scheme if these differ.
pub(super) fn exposed_names(desc: &Desc, foreign: bool) -> Vec<ExposedName> {
    if NameKind::Metric.is_plain(desc.name()) {
        return names(desc, foreign).into_iter().map(|name| (None, name)).collect();
    }
    let schemes = [Escaping::AllowUtf8].into_iter().chain(Escaping::CHANGING);
    let of_scheme = |escaping| {
        let names = names(&desc.escaped(escaping), foreign).into_iter();
        names.map(move |name| (Some(escaping), name))
    };
    schemes.flat_map(of_scheme).collect()
}

/// Returns the names that a family exposes or reserves. In OpenMetrics, the family of a counter has
/// no `_total`, and the family of an info has no `_info`.
///
/// The families of a foreign registry reserve no names: they were made for the text format.
fn names(desc: &Desc, foreign: bool) -> BTreeSet<String> {
    let base = desc.family_name();
    let reserved: &[&str] = match desc.metric_type() {
        _ if foreign => &[],
        MetricType::Counter | MetricType::Histogram | MetricType::Summary => &["", "_created"],
        MetricType::Info => &[""],
        _ => &[],
    };
    let reserved = reserved.iter().map(|suffix| format!("{base}{suffix}"));
    sample_names(desc).chain(reserved).collect()
}

/// Iterates over the name of a family and the names of its parts.
pub(super) fn sample_names(desc: &Desc) -> impl Iterator<Item = String> {
    let suffixes: &[&str] = match desc.metric_type() {
        MetricType::Histogram => &["", "_bucket", "_sum", "_count"],
        MetricType::Summary => &["", "_sum", "_count"],
        _ => &[""],
    };
    suffixes.iter().map(|suffix| format!("{}{suffix}", desc.name()))
}
