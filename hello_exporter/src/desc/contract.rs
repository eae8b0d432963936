//! The closed values, the buckets and the status of a family.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};

use super::{Desc, has_unit};
use crate::labels::ClosedValues;

/// The label values, buckets and status of a [`Desc`]. Dashboards and alerts depend on them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Contract {
    /// The values of the variable labels, in their order, and the states of a state set after them.
    /// A label after the last of them is open.
    pub(crate) values: Cow<'static, [ClosedValues]>,
    pub(crate) buckets: Bounds,
    /// Whether a histogram has native buckets.
    pub(crate) is_native: bool,
    pub(crate) status: Status,
}

/// Whether the users of a family have to move to another one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Status {
    /// It has had one name only, and stays.
    #[default]
    Current,
    /// Exposed under this old name as well.
    Renamed(Cow<'static, str>),
    /// The family under its old name; this is the new one.
    OldName(Cow<'static, str>),
    /// To be removed, with the advice of the author.
    Deprecated(Cow<'static, str>),
}

impl Contract {
    pub(crate) const NONE: Self = Self {
        values: Cow::Borrowed(&[]),
        buckets: Bounds(&[]),
        is_native: false,
        status: Status::Current,
    };

    /// Prepends the values of the labels of a row.
    pub(super) fn with_row_values(&mut self, row: &[ClosedValues]) {
        self.values.to_mut().splice(..0, row.iter().copied());
    }
}

/// The upper bounds of classic buckets. Two NaN are the same, and two zeros with other signs are
/// not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds(pub(crate) &'static [f64]);

impl Bounds {
    fn bits(&self) -> impl Iterator<Item = u64> {
        self.0.iter().map(|bound| bound.to_bits())
    }
}

impl PartialEq for Bounds {
    fn eq(&self, other: &Self) -> bool {
        self.bits().eq(other.bits())
    }
}

impl Eq for Bounds {}

impl Hash for Bounds {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bits().for_each(|bound| bound.hash(state));
    }
}

impl Desc {
    /// Exposes the family under an old name as well, until operators have moved to the new one. The
    /// help of the old family names the new one.
    ///
    /// A scope or an outer struct adds its prefix to the old name too. This replaces an earlier
    /// [`deprecated`](Self::deprecated).
    ///
    /// ```
    /// use hello_exporter::collect::{Desc, MetricType};
    ///
    /// let desc = Desc::new("jobs_total", "Jobs done.", MetricType::Counter).renamed_from("jobs");
    /// assert_eq!(desc.name(), "jobs_total");
    /// ```
    #[must_use]
    pub fn renamed_from(mut self, old: impl Into<Cow<'static, str>>) -> Self {
        self.contract.status = Status::Renamed(old.into());
        self
    }

    /// Marks the family as one that will be removed. `advice` says what to use instead, and becomes
    /// part of the help. This replaces an earlier [`renamed_from`](Self::renamed_from).
    ///
    /// ```
    /// use hello_exporter::collect::{Desc, MetricType};
    ///
    /// let jobs = Desc::new("jobs", "Jobs.", MetricType::Gauge).deprecated("use jobs_total");
    /// assert_eq!(jobs.exposed_help(), "(Deprecated: use jobs_total) Jobs.");
    /// ```
    #[must_use]
    pub fn deprecated(mut self, advice: impl Into<Cow<'static, str>>) -> Self {
        self.contract.status = Status::Deprecated(advice.into());
        self
    }

    /// Returns the text of the `# HELP` line, not escaped: the [`help`](Self::help), after the
    /// reason why the family is deprecated, if it is.
    pub fn exposed_help(&self) -> Cow<'_, str> {
        match self.deprecation() {
            Some(reason) => Cow::Owned(format!("(Deprecated: {reason}) {}", self.help)),
            None => Cow::Borrowed(&self.help),
        }
    }

    /// Returns why the family is deprecated, if it is.
    pub fn deprecation(&self) -> Option<Cow<'_, str>> {
        match &self.contract.status {
            Status::Current | Status::Renamed(_) => None,
            Status::OldName(new) => Some(Cow::Owned(format!("renamed to {new}"))),
            Status::Deprecated(advice) => Some(Cow::Borrowed(advice)),
        }
    }

    /// Returns the family, and then the family under its old name if it has one.
    pub(crate) fn under_all_names(self) -> impl Iterator<Item = Self> {
        let old = self.under_old_name();
        std::iter::once(self).chain(old)
    }

    /// Returns the family under its old name, if it has one. It has no unit if its old name does
    /// not end in it.
    fn under_old_name(&self) -> Option<Self> {
        let Status::Renamed(old) = &self.contract.status else { return None };
        let mut family = self.clone();
        family.contract.status = Status::OldName(self.name.clone());
        family.name = old.clone();
        if !family.unit().is_some_and(|unit| has_unit(family.family_name(), unit)) {
            family.unit = None;
        }
        Some(family)
    }

    /// Returns the new name, if this is the family under its old name.
    pub(crate) fn new_name(&self) -> Option<&str> {
        match &self.contract.status {
            Status::OldName(new) => Some(new),
            _ => None,
        }
    }

    #[cfg(feature = "schema")]
    pub(crate) fn contract(&self) -> &Contract {
        &self.contract
    }

    pub(crate) const fn contract_mut(&mut self) -> &mut Contract {
        &mut self.contract
    }
}
