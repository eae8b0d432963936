//! The descriptor of a metric family: its name, help, type and labels.

mod check;
pub(crate) mod contract;

use std::borrow::Cow;
use std::fmt;

pub use check::DescError;
pub(crate) use check::has_unit;
use contract::{Contract, Status};

use crate::labels::ClosedValues;
use crate::name::{Escaping, NameKind};

/// The type of a metric family. It is displayed as in the `# TYPE` lines of the formats that have
/// it.
///
/// ```
/// use hello_exporter::collect::MetricType;
///
/// assert_eq!(MetricType::Counter.to_string(), "counter");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "schema", serde(rename_all = "lowercase"))]
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
    /// Facts as labels; the value is 1. OpenMetrics has this type; in other formats it is a gauge.
    Info,
    /// States that are on or off, with one series each. OpenMetrics has this type; in other formats
    /// it is a gauge.
    StateSet,
    /// A value whose type is not known.
    Untyped,
}

impl MetricType {
    /// Returns the name of the type in the `# TYPE` lines of the formats that have it.
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

    /// Returns whether series of this type count from a start timestamp on.
    pub(crate) const fn has_start_timestamp(self) -> bool {
        matches!(self, MetricType::Counter | MetricType::Histogram | MetricType::Summary)
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

/// The descriptor of a metric family, like the Go client's `Desc`: everything except its samples.
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
    /// Whether its names can be any UTF-8 text.
    is_utf8: bool,
    contract: Contract,
}

impl Desc {
    /// Describes a family without labels. The arguments are checked by [`check`](Self::check) and
    /// at registration.
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
            is_utf8: false,
            contract: Contract::NONE,
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
        contract: Contract,
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
            is_utf8: false,
            contract,
        }
    }

    /// Permits any UTF-8 text, except an empty one, as the name and as the names of labels. Names
    /// of labels still do not begin with `__`.
    ///
    /// [`Escaping`](crate::registry::Escaping) has the ways in which such names are exposed.
    ///
    /// ```
    /// use hello_exporter::collect::{Desc, MetricType};
    ///
    /// let desc = Desc::new("http.requests", "Requests.", MetricType::Counter);
    /// assert!(desc.check().is_err());
    /// assert!(desc.utf8().with_labels(["http.method"]).check().is_ok());
    /// ```
    #[must_use]
    pub const fn utf8(mut self) -> Self {
        self.permit_utf8();
        self
    }

    pub(crate) const fn permit_utf8(&mut self) {
        self.is_utf8 = true;
    }

    /// Sets the unit, e.g. `seconds`, for OpenMetrics and the protocol buffer format. The name must
    /// end in `_` and the unit; the name of a counter may have `_total` after them.
    ///
    /// ```
    /// use hello_exporter::collect::{Desc, MetricType};
    ///
    /// let desc = Desc::new("busy_seconds_total", "Time spent.", MetricType::Counter);
    /// assert_eq!(desc.with_unit("seconds").unit(), Some("seconds"));
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

    /// Prepends the constant labels of the outer struct.
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

    /// Prepends the labels of a row, and their values.
    #[must_use]
    pub(crate) fn with_row_labels(
        mut self,
        row_labels: &[Cow<'static, str>],
        values: &[ClosedValues],
    ) -> Self {
        let values = values.iter().copied().chain(std::iter::repeat(None));
        let values: Vec<ClosedValues> = values.take(row_labels.len()).collect();
        self.contract.with_row_values(&values);
        self.labels.to_mut().splice(..0, row_labels.iter().cloned());
        self
    }

    /// Returns the position of the variable label with this name. Appends the label if it is
    /// missing.
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

    /// Prepends `prefix` to the name, and to the old one.
    #[must_use]
    pub(crate) fn with_prefix(mut self, prefix: &str) -> Self {
        if !prefix.is_empty() {
            self.name = Cow::Owned(format!("{prefix}{}", self.name));
            if let Status::Renamed(old) = &mut self.contract.status {
                *old = Cow::Owned(format!("{prefix}{old}"));
            }
        }
        self
    }

    /// Returns whether all formats can write all names without quotes.
    fn is_plain(&self) -> bool {
        NameKind::Metric.is_plain(&self.name)
            && self.has_plain_labels()
            && self.const_labels.iter().all(|(name, _)| NameKind::Label.is_plain(name))
    }

    /// Returns whether all formats can write the names of the variable labels without quotes. The
    /// name of a state set is also the label of its states.
    pub(crate) fn has_plain_labels(&self) -> bool {
        let mut labels = self.labels.iter().map(AsRef::as_ref).chain(self.state_label());
        labels.all(|name| NameKind::Label.is_plain(name))
    }

    /// Returns the family with its names under a scheme.
    pub(crate) fn escaped(&self, escaping: Escaping) -> Cow<'_, Self> {
        if escaping == Escaping::AllowUtf8 || self.is_plain() {
            return Cow::Borrowed(self);
        }
        let escaped = |kind: NameKind, name: &str| kind.escaped(name, escaping).into_owned().into();
        let label = |name: &Cow<'_, str>| escaped(NameKind::Label, name);
        let const_label =
            |(name, value): &(Cow<'_, str>, Cow<'static, str>)| (label(name), value.clone());
        Cow::Owned(Self {
            name: escaped(NameKind::Metric, &self.name),
            labels: self.labels.iter().map(label).collect(),
            const_labels: self.const_labels.iter().map(const_label).collect(),
            ..self.clone()
        })
    }

    /// Returns the full name, with namespace and subsystem.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the family's name in OpenMetrics: without the suffix of a counter or an info.
    pub(crate) fn family_name(&self) -> &str {
        let suffix = self.metric_type.suffix();
        let family = suffix.and_then(|suffix| self.name.strip_suffix(suffix));
        family.filter(|family| !family.is_empty()).unwrap_or(&self.name)
    }

    /// Returns whether this is a counter whose name lacks `_total`, which OpenMetrics does not
    /// accept.
    pub(crate) fn is_unsuffixed_counter(&self) -> bool {
        self.metric_type == MetricType::Counter && self.family_name() == self.name()
    }

    /// Returns the help as the author has written it. [`exposed_help`](Self::exposed_help) is the
    /// text of the `# HELP` line.
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
}
