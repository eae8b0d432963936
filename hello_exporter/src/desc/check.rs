//! The rules for a single [`Desc`], independent of other registrations.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::{Desc, MetricType};
use crate::name::{Escaping, NameKind, is_label_name, is_metric_name, is_utf8_label_name};

impl Desc {
    /// Checks the name, the unit and the labels of the family, as registration does. A program can
    /// check names from its configuration with this before the first scrape.
    ///
    /// ```
    /// use hello_exporter::collect::{Desc, MetricType};
    ///
    /// let desc = Desc::new("wait_seconds", "Time.", MetricType::Histogram).with_labels(["le"]);
    /// assert_eq!(
    ///     desc.check().unwrap_err().to_string(),
    ///     "label `le` of `wait_seconds` is reserved: every histogram writes it itself",
    /// );
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the first rule that the family breaks. Other families are not considered.
    pub fn check(&self) -> Result<(), DescError> {
        self.check_as(false)
    }

    /// Checks the family. Only recording rules should use `:` in names, but the `prometheus` crate
    /// accepts it. So the name of a foreign family may contain it.
    pub(crate) fn check_as(&self, is_foreign: bool) -> Result<(), DescError> {
        self.check_name(is_foreign)?;
        let has_no_unit = matches!(self.metric_type, MetricType::Info | MetricType::StateSet);
        if let Some(unit) = self.unit().filter(|_| has_no_unit) {
            let (name, unit) = (self.name.to_string(), unit.to_owned());
            return Err(DescError::NoUnit { name, unit, metric_type: self.metric_type });
        }
        if self.metric_type == MetricType::Info && self.family_name() == self.name {
            return Err(DescError::InfoName(self.name.to_string()));
        }
        // The name of a state set is also the label of its states.
        if let Some(label) = self.state_label().filter(|name| !self.accepts_label_name(name)) {
            return Err(DescError::Label { name: label.to_owned(), label: label.to_owned() });
        }
        if let Some(unit) = self.unit().filter(|unit| !is_unit(unit)) {
            let (name, unit) = (self.name.to_string(), unit.to_owned());
            return Err(DescError::UnitName { name, unit });
        }
        if let Some(unit) = self.unit().filter(|unit| !has_unit(self.family_name(), unit)) {
            return Err(DescError::Unit { name: self.name.to_string(), unit: unit.to_owned() });
        }
        self.check_labels()
    }

    fn check_name(&self, is_foreign: bool) -> Result<(), DescError> {
        let name = if is_foreign { &self.name.replace(':', "_") } else { &*self.name };
        match (self.is_utf8, name.is_empty()) {
            (true, true) => Err(DescError::EmptyName),
            (false, _) if !is_metric_name(name) => Err(DescError::Name(self.name.to_string())),
            _ => Ok(()),
        }
    }

    fn check_labels(&self) -> Result<(), DescError> {
        let mut seen = BTreeSet::new();
        for label in self.label_names() {
            self.check_label(label)?;
            if !seen.insert(label) {
                return Err(DescError::RepeatedLabel {
                    name: self.name.to_string(),
                    label: label.to_owned(),
                });
            }
        }
        if self.is_utf8 { self.check_escaped_labels() } else { Ok(()) }
    }

    /// Refuses two labels that a scheme writes alike. All labels are different from the label
    /// `__name__`, which Prometheus adds.
    fn check_escaped_labels(&self) -> Result<(), DescError> {
        let labels: Vec<&str> =
            ["__name__"].into_iter().chain(self.state_label()).chain(self.label_names()).collect();
        let pairs = labels
            .iter()
            .enumerate()
            .flat_map(|(at, label)| labels.iter().take(at).map(move |other| (*label, *other)));
        for (label, other) in pairs {
            if let Some(escaping) = NameKind::Label.clash(label, other) {
                return Err(DescError::LabelsEscapedAlike {
                    name: self.name.to_string(),
                    label: label.to_owned(),
                    other: other.to_owned(),
                    escaped: NameKind::Label.escaped(label, escaping).into_owned(),
                    escaping,
                });
            }
        }
        Ok(())
    }

    /// Returns whether a label of the family can have this name.
    pub(crate) fn accepts_label_name(&self, name: &str) -> bool {
        if self.is_utf8 { is_utf8_label_name(name) } else { is_label_name(name) }
    }

    /// Returns the label that distinguishes the states of a state set: the name of the set.
    pub(crate) fn state_label(&self) -> Option<&str> {
        (self.metric_type == MetricType::StateSet).then_some(&*self.name)
    }

    /// Returns whether a sample can have labels of these names in addition to the constant ones.
    pub(crate) fn accepts_labels(&self, labels: &[(&str, &str)]) -> bool {
        labels.iter().enumerate().all(|(at, (name, _))| {
            let is_constant = self.const_labels.iter().any(|(constant, _)| constant == name);
            let is_repeated = labels.iter().take(at).any(|(other, _)| other == name);
            self.check_label(name).is_ok() && !is_constant && !is_repeated
        })
    }

    fn check_label(&self, label: &str) -> Result<(), DescError> {
        if self.is_utf8 && label.is_empty() {
            return Err(DescError::EmptyLabel { name: self.name.to_string() });
        }
        if !self.accepts_label_name(label) {
            return Err(DescError::Label { name: self.name.to_string(), label: label.to_owned() });
        }
        if self.state_label() == Some(label) || self.metric_type.reserved_label() == Some(label) {
            return Err(DescError::ReservedLabel {
                name: self.name.to_string(),
                label: label.to_owned(),
                metric_type: self.metric_type,
            });
        }
        Ok(())
    }

    pub(super) fn label_names(&self) -> impl Iterator<Item = &str> {
        let constant = self.const_labels.iter().map(|(name, _)| name.as_ref());
        constant.chain(self.labels.iter().map(Cow::as_ref))
    }
}

/// Returns whether all formats can write this unit. Even a family that permits UTF-8 names has its
/// unit without quotes.
fn is_unit(unit: &str) -> bool {
    unit.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Returns whether the name of a family ends in `_unit`.
pub(crate) fn has_unit(name: &str, unit: &str) -> bool {
    !unit.is_empty() && name.strip_suffix(unit).is_some_and(|stem| stem.ends_with('_'))
}

/// A rule that a [`Desc`] breaks, independent of other registrations.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DescError {
    /// The name is not a valid metric name.
    #[error(
        "`{0}` is not a metric name: letters, digits and `_` are accepted, but no leading digit"
    )]
    Name(String),
    /// A family that permits any UTF-8 text has an empty name.
    #[error("the name of a metric is empty")]
    EmptyName,
    /// A family that permits any UTF-8 text has a label with an empty name.
    #[error("the name of a label of `{name}` is empty")]
    EmptyLabel {
        /// The family.
        name: String,
    },
    /// A scheme writes the names of two labels alike. Every series has the label `__name__`.
    #[error(
        "labels `{other}` and `{label}` of `{name}` are both `{escaped}` with `escaping={escaping}`"
    )]
    LabelsEscapedAlike {
        /// The family.
        name: String,
        /// The label.
        label: String,
        /// The label that precedes it.
        other: String,
        /// The name of both under the scheme.
        escaped: String,
        /// The scheme.
        escaping: Escaping,
    },
    /// The unit is not valid, even for a family that permits any UTF-8 text as its name.
    #[error("`{unit}` of `{name}` is not a unit: letters, digits and `_` are accepted")]
    UnitName {
        /// The family.
        name: String,
        /// The unit.
        unit: String,
    },
    /// The name does not end in the unit.
    #[error(
        "`{name}` has unit `{unit}`, expected a name that ends in `_{unit}`; only the name of a counter \
         may end in `_{unit}_total`"
    )]
    Unit {
        /// The family.
        name: String,
        /// The unit.
        unit: String,
    },
    /// Metrics of this type have no unit.
    #[error("`{name}` has unit `{unit}`, but a metric of type {metric_type} has none")]
    NoUnit {
        /// The family.
        name: String,
        /// The unit.
        unit: String,
        /// The type.
        metric_type: MetricType,
    },
    /// An info is not named `<subject>_info`.
    #[error("`{0}` is an info, and must be named `<subject>_info`")]
    InfoName(String),
    /// The name of a label is not a valid label name.
    #[error(
        "`{label}` of `{name}` is not a label name: letters, digits and `_` are accepted, but no \
         leading digit, and `__` is reserved at the start"
    )]
    Label {
        /// The family.
        name: String,
        /// The label.
        label: String,
    },
    /// Two labels, variable or constant, have the same name.
    #[error("label `{label}` of `{name}` is given twice")]
    RepeatedLabel {
        /// The family.
        name: String,
        /// The label.
        label: String,
    },
    /// The samples of this type already have a label with this name.
    #[error("label `{label}` of `{name}` is reserved: every {metric_type} writes it itself")]
    ReservedLabel {
        /// The family.
        name: String,
        /// The label.
        label: String,
        /// The type that reserves it.
        metric_type: MetricType,
    },
}
