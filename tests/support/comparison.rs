//! Compares an exporter with the original that it replaces: families and values.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display, Formatter};

use crate::{Family, Sample};

/// Comparison of an exporter with the original, by groups of families.
#[derive(Debug)]
pub struct Comparison {
    /// By name.
    pub groups: BTreeMap<String, Group>,
}

/// A group of families, such as the families of one collector.
#[derive(Debug, Default)]
pub struct Group {
    /// Number of the original's families.
    pub families: usize,
    /// Families of the original that differ from ours, and why: missing, another type, other
    /// labels.
    pub different: BTreeMap<String, String>,
    /// Families that only ours has.
    pub additional: Vec<String>,
    /// Number of compared series: those of families that both have.
    pub series: usize,
    /// Series with another value, or that only one side has.
    pub wrong: BTreeMap<String, Wrong>,
    /// Series that the original had in one of its scrapes only.
    pub passing: Vec<String>,
}

/// A series that differs from the original's.
#[derive(Debug)]
pub struct Wrong {
    /// The `# TYPE` of the family.
    pub metric_type: String,
    /// The difference, and the expected value.
    pub why: String,
}

impl Comparison {
    /// Compares with one scrape of the original; values must be equal. `group` returns the name of
    /// a family's group.
    pub fn equal(original: &[Family], ours: &[Family], group: impl Fn(&str) -> String) -> Self {
        Self::between([original, original], ours, group)
    }

    /// Compares with two scrapes of the original, one before and one after ours. Each of our values
    /// must lie between the two, whichever of them is larger.
    pub fn between(
        originals: [&[Family]; 2],
        ours: &[Family],
        group: impl Fn(&str) -> String,
    ) -> Self {
        let originals = originals.map(by_name);
        let ours = by_name(ours);
        let mut groups = BTreeMap::<String, Group>::new();
        let [before, after] = &originals;
        let names: BTreeSet<&str> =
            [before, after, &ours].into_iter().flatten().map(|it| *it.0).collect();
        for name in names {
            let group = groups.entry(group(name)).or_default();
            let of_original = [before.get(name).copied(), after.get(name).copied()];
            group.add(name, of_original, ours.get(name).copied());
        }
        Self { groups }
    }

    /// Removes differences that `other`, another round, does not have, but none of a counter. A
    /// value that rises and falls may by chance lie outside the two scrapes around it; a counter,
    /// which only rises, may not.
    pub fn forgive(&mut self, other: &Self) {
        for (name, group) in &mut self.groups {
            let other = other.groups.get(name);
            let is_wrong =
                |series: &String| other.is_some_and(|other| other.wrong.contains_key(series));
            group.wrong.retain(|series, it| it.metric_type == "counter" || is_wrong(series));
        }
    }
}

impl Group {
    /// Returns the number of the original's families that ours equal in type and labels.
    pub fn same(&self) -> usize {
        self.families - self.different.len()
    }

    fn add(&mut self, name: &str, originals: [Option<&Family>; 2], ours: Option<&Family>) {
        let Some(original) = originals[0].or(originals[1]) else {
            return self.additional.push(name.to_owned());
        };
        self.families += 1;
        let difference = match ours {
            Some(ours) => difference(original, ours),
            None => Some("missing".to_owned()),
        };
        self.different.extend(difference.map(|why| (name.to_owned(), why)));
        if let Some(ours) = ours {
            self.add_series(originals, ours);
        }
    }

    fn add_series(&mut self, originals: [Option<&Family>; 2], ours: &Family) {
        let originals = originals.map(|family| family.map(series).unwrap_or_default());
        let [before, after] = &originals;
        let ours_by_series = series(ours);
        let all: BTreeSet<&String> =
            [before, after, &ours_by_series].into_iter().flatten().map(|it| it.0).collect();
        self.series += all.len();
        for series in all {
            let why = match (before.get(series), ours_by_series.get(series), after.get(series)) {
                (Some(&before), Some(&ours), Some(&after)) => outside(before, ours, after),
                (Some(_), None, Some(_)) => Some("missing".to_owned()),
                (None, _, None) => Some("the original does not have it".to_owned()),
                _ => {
                    self.passing.push(series.clone());
                    None
                }
            };
            let metric_type = ours.metric_type.clone();
            self.wrong.extend(why.map(|why| (series.clone(), Wrong { metric_type, why })));
        }
    }
}

fn by_name(families: &[Family]) -> BTreeMap<&str, &Family> {
    families.iter().map(|family| (&*family.name, family)).collect()
}

/// Returns how our family differs from the original's in type or labels.
fn difference(original: &Family, ours: &Family) -> Option<String> {
    let (theirs, type_of_ours) = (&original.metric_type, &ours.metric_type);
    if theirs != type_of_ours {
        return Some(format!("of type {type_of_ours}, not {theirs}"));
    }
    let (theirs, ours) = (label_names(original), label_names(ours));
    (theirs != ours).then(|| format!("has the labels {ours:?}, not {theirs:?}"))
}

fn label_names(family: &Family) -> BTreeSet<&str> {
    family.samples.iter().flat_map(|sample| sample.labels.keys()).map(String::as_str).collect()
}

fn series(family: &Family) -> BTreeMap<String, f64> {
    let name = |sample: &Sample| {
        if sample.labels.is_empty() {
            return sample.name.clone();
        }
        let pair = |(name, value): (&String, &String)| format!("{name}={value:?}");
        let labels: Vec<String> = sample.labels.iter().map(pair).collect();
        format!("{}{{{}}}", sample.name, labels.join(","))
    };
    family.samples.iter().map(|sample| (name(sample), sample.value)).collect()
}

fn outside(before: f64, ours: f64, after: f64) -> Option<String> {
    let is_between = before.min(after) <= ours && ours <= before.max(after);
    let is_equal = |other| is_same(ours, other);
    let wanted = || {
        if before == after { format!("{before}") } else { format!("from {before} to {after}") }
    };
    let is_right = is_between || is_equal(before) || is_equal(after);
    (!is_right).then(|| format!("{ours}, not {}", wanted()))
}

/// Returns whether two numbers are equal, or both NaN.
fn is_same(ours: f64, other: f64) -> bool {
    ours == other || ours.is_nan() && other.is_nan()
}

/// Writes a table of the groups, then the differences by name.
impl Display for Comparison {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let width = self.groups.keys().map(String::len).max().unwrap_or_default().max(5);
        writeln!(formatter, "{:width$}  families  same  additional  series  right", "group")?;
        for (name, group) in &self.groups {
            let Group { families, additional, series, wrong, .. } = group;
            let (same, additional, right) = (group.same(), additional.len(), series - wrong.len());
            writeln!(
                formatter,
                "{name:width$}  {families:8}  {same:4}  {additional:10}  {series:6}  {right:5}"
            )?;
        }
        self.groups.iter().try_for_each(|(name, group)| group.fmt_differences(name, formatter))
    }
}

impl Group {
    fn fmt_differences(&self, group: &str, formatter: &mut Formatter<'_>) -> fmt::Result {
        for (family, why) in &self.different {
            writeln!(formatter, "{group}: family {family}: {why}")?;
        }
        for family in &self.additional {
            writeln!(formatter, "{group}: family {family}: additional")?;
        }
        for (series, Wrong { why, .. }) in &self.wrong {
            writeln!(formatter, "{group}: {series}: {why}")?;
        }
        for series in &self.passing {
            writeln!(formatter, "{group}: {series}: in one scrape of the original only")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Comparison, outside};
    use crate::parse;

    const BEFORE: &str = "# TYPE a_x gauge\na_x{k=\"1\"} 1\na_x{k=\"2\"} 5\na_x{k=\"3\"} 1\n\
                          # TYPE a_y_total counter\na_y_total 1\n# TYPE b_z gauge\nb_z 1\n\
                          # TYPE b_t gauge\nb_t 1\n# TYPE b_l gauge\nb_l{k=\"1\"} 1\n";
    const OURS: &str = "# TYPE a_x gauge\na_x{k=\"1\"} 2\na_x{k=\"2\"} 2\na_x{k=\"4\"} 1\n\
                        # TYPE a_y_total counter\na_y_total 4\n# TYPE b_t counter\nb_t 1\n\
                        # TYPE b_l gauge\nb_l{l=\"1\"} 1\n# TYPE b_more gauge\nb_more 1\n";
    const AFTER: &str = "# TYPE a_x gauge\na_x{k=\"1\"} 2\na_x{k=\"2\"} 3\n\
                         # TYPE a_y_total counter\na_y_total 3\n# TYPE b_z gauge\nb_z 1\n\
                         # TYPE b_t gauge\nb_t 1\n# TYPE b_l gauge\nb_l{k=\"1\"} 1\n";

    fn group(family: &str) -> String {
        family.chars().take(1).collect()
    }

    fn compared() -> Comparison {
        Comparison::between([&parse(BEFORE), &parse(AFTER)], &parse(OURS), group)
    }

    #[test]
    fn every_difference_is_named() {
        let report = "\
group  families  same  additional  series  right
a             2     2           0       5      2
b             3     0           1       4      0
a: a_x{k=\"2\"}: 2, not from 5 to 3
a: a_x{k=\"4\"}: the original does not have it
a: a_y_total: 4, not from 1 to 3
a: a_x{k=\"3\"}: in one scrape of the original only
b: family b_l: has the labels {\"l\"}, not {\"k\"}
b: family b_t: of type counter, not gauge
b: family b_z: missing
b: family b_more: additional
b: b_l{k=\"1\"}: missing
b: b_l{l=\"1\"}: the original does not have it
b: b_t: missing
b: b_t_total: the original does not have it
";
        assert_eq!(compared().to_string(), report);
    }

    #[test]
    fn equal_families_have_no_differences() {
        let comparison = Comparison::equal(&parse(BEFORE), &parse(BEFORE), group);
        let differences = comparison.to_string().lines().skip(3).count();
        assert_eq!(differences, 0, "{comparison}");
    }

    #[test]
    fn last_bit_of_a_number_is_compared() {
        assert_eq!(outside(0.3, 0.3, 0.3), None);
        assert_eq!(outside(0.3, 0.1 + 0.2, 0.3).as_deref(), Some("0.30000000000000004, not 0.3"));
        assert_eq!(outside(f64::NAN, f64::NAN, f64::NAN), None);
        assert!(outside(1.0, f64::NAN, 1.0).is_some());
    }

    #[test]
    fn gauge_outside_once_is_forgiven_but_a_counter_is_not() {
        let mut comparison = compared();
        comparison.forgive(&Comparison::equal(&parse(OURS), &parse(OURS), group));
        let wrong: Vec<&String> = comparison.groups["a"].wrong.keys().collect();
        assert_eq!(wrong, ["a_y_total"]);
    }
}
