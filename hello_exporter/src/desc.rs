//! The descriptor of a metric family: its name, help, type and labels.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use crate::name::{is_label_name, is_metric_name};

/// The type of a metric family, as the `# TYPE` lines of the formats that have it spell it.
///
/// ```
/// use hello_exporter::collect::MetricType;
///
/// assert_eq!(MetricType::Counter.to_string(), "counter");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MetricType {
    /// A value that only goes up, or back to zero when the process restarts.
    Counter,
    /// A value that goes up and down.
    Gauge,
    /// Observations counted in buckets.
    Histogram,
    /// Observations with quantiles that the monitored program computes.
    Summary,
    /// Facts as labels; the value is 1. A type of OpenMetrics, and a gauge in other formats.
    Info,
    /// States that are on or off, a series each. A type of OpenMetrics, and a gauge in other formats.
    StateSet,
    /// A value whose type is not known.
    Untyped,
}

impl MetricType {
    /// Returns the type's name in the formats.
    pub const fn as_str(self) -> &'static str {
        match self {
            MetricType::Counter => "counter",
            MetricType::Gauge => "gauge",
            MetricType::Histogram => "histogram",
            MetricType::Summary => "summary",
            MetricType::Info => "info",
            MetricType::StateSet => "stateset",
            MetricType::Untyped => "untyped",
        }
    }

    /// Returns the suffix that OpenMetrics appends to the family's name in the names of samples.
    pub(crate) const fn suffix(self) -> Option<&'static str> {
        match self {
            MetricType::Counter => Some("_total"),
            MetricType::Info => Some("_info"),
            _ => None,
        }
    }

    /// Returns the label that the samples of this type have in addition to the declared ones.
    pub(crate) const fn reserved_label(self) -> Option<&'static str> {
        match self {
            MetricType::Histogram => Some("le"),
            MetricType::Summary => Some("quantile"),
            _ => None,
        }
    }
}

impl fmt::Display for MetricType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The descriptor of a metric family, as the Go client's `Desc`: all but its samples.
///
/// The derive makes one per field, as a constant. A metric whose name is known only at run time is
/// described by hand, from owned strings:
///
/// ```
/// use hello_exporter::collect::{Desc, MetricType};
///
/// let disk = String::from("sda");
/// let desc = Desc::new(format!("{disk}_reads_total"), "Reads completed.", MetricType::Counter)
///     .with_labels(["partition"])
///     .with_const_labels([("disk", disk)]);
///
/// assert_eq!(desc.name(), "sda_reads_total");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Desc {
    name: Cow<'static, str>,
    help: Cow<'static, str>,
    metric_type: MetricType,
    unit: Option<Cow<'static, str>>,
    labels: Cow<'static, [Cow<'static, str>]>,
    const_labels: Cow<'static, [(Cow<'static, str>, Cow<'static, str>)]>,
}

impl Desc {
    /// Describes a family without labels. [`check`](Self::check) and a registration report what is wrong
    /// with it.
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        help: impl Into<Cow<'static, str>>,
        metric_type: MetricType,
    ) -> Self {
        Self {
            name: name.into(),
            help: help.into(),
            metric_type,
            unit: None,
            labels: Cow::Borrowed(&[]),
            const_labels: Cow::Borrowed(&[]),
        }
    }

    /// Describes a family in a constant that the derive writes.
    pub(crate) const fn constant(
        name: &'static str,
        help: &'static str,
        metric_type: MetricType,
        unit: Option<&'static str>,
        labels: &'static [Cow<'static, str>],
        const_labels: &'static [(Cow<'static, str>, Cow<'static, str>)],
    ) -> Self {
        Self {
            name: Cow::Borrowed(name),
            help: Cow::Borrowed(help),
            metric_type,
            unit: match unit {
                Some(unit) => Some(Cow::Borrowed(unit)),
                None => None,
            },
            labels: Cow::Borrowed(labels),
            const_labels: Cow::Borrowed(const_labels),
        }
    }

    /// Sets the unit, for OpenMetrics. The name, without the `_total` of a counter, must end in it.
    ///
    /// ```
    /// use hello_exporter::collect::{Desc, MetricType};
    ///
    /// let desc = Desc::new("busy_seconds_total", "Time spent.", MetricType::Counter).with_unit("seconds");
    /// assert_eq!(desc.unit(), Some("seconds"));
    /// ```
    #[must_use]
    pub fn with_unit(mut self, unit: impl Into<Cow<'static, str>>) -> Self {
        self.unit = Some(unit.into());
        self
    }

    /// Sets the names of the variable labels, in the order of their values.
    #[must_use]
    pub fn with_labels<N: Into<Cow<'static, str>>>(
        mut self,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        self.labels = names.into_iter().map(Into::into).collect();
        self
    }

    /// Appends constant labels.
    #[must_use]
    pub fn with_const_labels<N, V>(mut self, pairs: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<Cow<'static, str>>,
        V: Into<Cow<'static, str>>,
    {
        self.const_labels
            .to_mut()
            .extend(pairs.into_iter().map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// Prepends constant labels.
    #[must_use]
    pub(crate) fn with_outer_const_labels(
        mut self,
        outer: &[(Cow<'static, str>, Cow<'static, str>)],
    ) -> Self {
        if !outer.is_empty() {
            self.const_labels.to_mut().splice(..0, outer.iter().cloned());
        }
        self
    }

    /// Prepends variable labels.
    #[must_use]
    pub(crate) fn with_outer_labels(mut self, outer: &[Cow<'static, str>]) -> Self {
        self.labels.to_mut().splice(..0, outer.iter().cloned());
        self
    }

    /// Returns the position of the variable label with this name, which is appended if it is missing.
    pub(crate) fn label_position(&mut self, name: &str) -> usize {
        let position = self.labels.iter().position(|label| label == name);
        position.unwrap_or_else(|| {
            let labels = self.labels.to_mut();
            labels.push(Cow::Owned(name.to_owned()));
            labels.len() - 1
        })
    }

    /// Removes all variable labels after the first `count`.
    pub(crate) fn truncate_labels(&mut self, count: usize) {
        if count < self.labels.len() {
            self.labels.to_mut().truncate(count);
        }
    }

    /// Prepends `prefix` to the name.
    #[must_use]
    pub(crate) fn with_prefix(mut self, prefix: &str) -> Self {
        if !prefix.is_empty() {
            self.name = Cow::Owned(format!("{prefix}{}", self.name));
        }
        self
    }

    /// Returns the whole name, namespace and subsystem included.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the family's name in OpenMetrics: without the suffix of a counter or an info.
    pub(crate) fn family_name(&self) -> &str {
        let suffix = self.metric_type.suffix();
        let family = suffix.and_then(|suffix| self.name.strip_suffix(suffix));
        family.filter(|family| !family.is_empty()).unwrap_or(&self.name)
    }

    /// Returns whether this is a counter whose name lacks `_total`, which OpenMetrics does not accept.
    pub(crate) fn is_unsuffixed_counter(&self) -> bool {
        self.metric_type == MetricType::Counter && self.family_name() == self.name()
    }

    /// Returns the text of the `# HELP` line, not escaped.
    pub fn help(&self) -> &str {
        &self.help
    }

    /// Returns the type of the family.
    pub fn metric_type(&self) -> MetricType {
        self.metric_type
    }

    /// Returns the unit, if there is one.
    pub fn unit(&self) -> Option<&str> {
        self.unit.as_deref()
    }

    /// Returns the names of the variable labels, in the order of their values.
    pub fn labels(&self) -> &[Cow<'static, str>] {
        &self.labels
    }

    /// Returns the names and values of the constant labels, in the order of the exposition.
    pub fn const_labels(&self) -> &[(Cow<'static, str>, Cow<'static, str>)] {
        &self.const_labels
    }

    /// Checks the names of the family and its labels, as a registration does, e.g. those of a
    /// configuration before the first scrape.
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
    /// The first rule that the family breaks by itself, whatever else is registered.
    pub fn check(&self) -> Result<(), DescError> {
        self.check_as(false)
    }

    /// Checks the family, whose name may contain `:` if it is foreign: only recording rules should use
    /// it, but nothing enforces that.
    pub(crate) fn check_as(&self, is_foreign: bool) -> Result<(), DescError> {
        let is_name = match is_foreign {
            true => is_metric_name(&self.name.replace(':', "_")),
            false => is_metric_name(&self.name),
        };
        if !is_name {
            return Err(DescError::Name(self.name.to_string()));
        }
        let has_no_unit = matches!(self.metric_type, MetricType::Info | MetricType::StateSet);
        if let Some(unit) = self.unit().filter(|_| has_no_unit) {
            let (name, unit) = (self.name.to_string(), unit.to_owned());
            return Err(DescError::NoUnit { name, unit, metric_type: self.metric_type });
        }
        if self.metric_type == MetricType::Info && self.family_name() == self.name {
            return Err(DescError::InfoName(self.name.to_string()));
        }
        // Its name is the label of its states.
        if self.metric_type == MetricType::StateSet && !is_label_name(&self.name) {
            let (name, label) = (self.name.to_string(), self.name.to_string());
            return Err(DescError::Label { name, label });
        }
        if let Some(unit) = self.unit().filter(|unit| !has_unit(self.family_name(), unit)) {
            return Err(DescError::Unit { name: self.name.to_string(), unit: unit.to_owned() });
        }
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
        Ok(())
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
        if !is_label_name(label) {
            return Err(DescError::Label { name: self.name.to_string(), label: label.to_owned() });
        }
        // The label that tells the states of a set apart is called as the set.
        let is_own_state = self.metric_type == MetricType::StateSet && label == self.name;
        if is_own_state || self.metric_type.reserved_label() == Some(label) {
            return Err(DescError::ReservedLabel {
                name: self.name.to_string(),
                label: label.to_owned(),
                metric_type: self.metric_type,
            });
        }
        Ok(())
    }

    fn label_names(&self) -> impl Iterator<Item = &str> {
        let constant = self.const_labels.iter().map(|(name, _)| name.as_ref());
        constant.chain(self.labels.iter().map(Cow::as_ref))
    }
}

/// Returns whether the name of a family ends in `_unit`.
fn has_unit(name: &str, unit: &str) -> bool {
    !unit.is_empty() && name.strip_suffix(unit).is_some_and(|front| front.ends_with('_'))
}

/// A rule that a [`Desc`] breaks by itself, whatever else is registered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DescError {
    /// The name is not a metric name.
    #[error(
        "`{0}` is not a metric name: letters, digits and `_` are accepted, and a digit not first"
    )]
    Name(String),
    /// The name does not end in the unit.
    #[error(
        "`{name}` has unit `{unit}`, and must end in `_{unit}`, or a counter in `_{unit}_total`"
    )]
    Unit {
        /// The family.
        name: String,
        /// The unit.
        unit: String,
    },
    /// The type has no units.
    #[error("`{name}` has unit `{unit}`, but a metric of type {metric_type} has none")]
    NoUnit {
        /// The family.
        name: String,
        /// The unit.
        unit: String,
        /// The type.
        metric_type: MetricType,
    },
    /// The name of an info does not end in `_info`.
    #[error("`{0}` is an info, and must be named `<subject>_info`")]
    InfoName(String),
    /// A label's name is not a label name.
    #[error(
        "`{label}` of `{name}` is not a label name: letters, digits and `_` are accepted, a digit \
         not first, and `__` is reserved at the start"
    )]
    Label {
        /// The family.
        name: String,
        /// The label.
        label: String,
    },
    /// Two labels, variable or constant, have one name.
    #[error("label `{label}` of `{name}` is given twice")]
    RepeatedLabel {
        /// The family.
        name: String,
        /// The label.
        label: String,
    },
    /// A label that the samples of this type have by themselves.
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
