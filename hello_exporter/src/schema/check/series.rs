//! The series of a family, and the values that expressions make of them.

use std::collections::BTreeSet;

use crate::desc::MetricType;
use crate::name::{Escaping, NameKind};
use crate::schema::{FamilySchema, LabelSchema};

/// The meaning of the samples of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Counter,
    /// A gauge, an info or a state set.
    Gauge,
    /// A classic bucket of a histogram.
    Bucket,
    /// A native histogram.
    Native,
    /// The sum or the count of a histogram or a summary.
    Total,
    /// A quantile of a summary.
    Quantile,
    /// A start timestamp.
    Created,
    Untyped,
}

/// The series of a family with one name.
#[derive(Clone, Debug)]
pub(super) struct Series<'s> {
    /// The name in the schema. A UTF-8 name can have another form in an expression.
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) family: &'s FamilySchema,
}

impl<'s> Series<'s> {
    /// Returns all series of a family.
    pub(super) fn of(family: &'s FamilySchema) -> Vec<Self> {
        let roles: &[Role] = match family.metric_type {
            MetricType::Counter => &[Role::Counter],
            MetricType::Gauge | MetricType::Info | MetricType::StateSet => &[Role::Gauge],
            MetricType::Histogram => &[Role::Bucket, Role::Total, Role::Total],
            MetricType::Summary => &[Role::Quantile, Role::Total, Role::Total],
            MetricType::Untyped => &[Role::Untyped],
        };
        // Without buckets in the schema, the values may be native histograms.
        let may_be_native =
            family.metric_type == MetricType::Histogram && family.buckets.is_empty();
        let is_native = family.is_native || may_be_native;
        let native = is_native.then(|| (family.name.clone(), Role::Native));
        let created = family.metric_type.has_start_timestamp().then(|| {
            let base = family.name.strip_suffix("_total").unwrap_or(&family.name);
            (format!("{base}_created"), Role::Created)
        });
        let named = family.series_names().zip(roles.iter().copied()).chain(native).chain(created);
        named.map(|(name, role)| Self { name, role, family }).collect()
    }

    /// Returns whether the values only go up.
    pub(super) fn is_cumulative(&self) -> bool {
        matches!(self.role, Role::Counter | Role::Bucket | Role::Total)
    }

    /// Returns whether `rate()` has a meaning.
    pub(super) fn has_rate(&self) -> bool {
        self.is_cumulative() || matches!(self.role, Role::Native | Role::Untyped)
    }

    /// Returns whether quantiles can be computed from these series.
    pub(super) fn is_histogram(&self) -> bool {
        matches!(self.role, Role::Bucket | Role::Native | Role::Untyped)
    }

    /// Returns the type, with its article.
    pub(super) fn kind(&self) -> String {
        let of = self.family.metric_type;
        match (self.role, of) {
            (Role::Counter, _) => "a counter".to_owned(),
            (Role::Gauge, MetricType::Info) => "an info".to_owned(),
            (Role::Gauge, _) => format!("a {of}"),
            (Role::Bucket, _) => "a bucket of a histogram".to_owned(),
            (Role::Native, _) => "a native histogram".to_owned(),
            (Role::Total, _) if self.name.ends_with("_sum") => format!("the sum of a {of}"),
            (Role::Total, _) => format!("the count of a {of}"),
            (Role::Quantile, _) => "a quantile of a summary".to_owned(),
            (Role::Created, _) => format!("the start timestamp of a {of}"),
            (Role::Untyped, _) => "untyped".to_owned(),
        }
    }

    /// Returns the declared label with this name.
    pub(super) fn label(&self, name: &str) -> Option<&'s LabelSchema> {
        self.family.labels.iter().find(|label| is_named(NameKind::Label, &label.name, name))
    }

    /// Returns the names of all labels.
    pub(super) fn labels(&self) -> impl Iterator<Item = &'s str> {
        let own = match self.role {
            // Sums over `le` are correct for both kinds of buckets.
            Role::Bucket | Role::Native | Role::Quantile => self.family.own_label(),
            _ => None,
        };
        self.family.labels.iter().map(|label| label.name.as_str()).chain(own)
    }

    /// Returns whether the series can have the label.
    pub(super) fn has_label(&self, name: &str) -> bool {
        self.labels().any(|label| is_named(NameKind::Label, label, name))
    }
}

/// Returns whether an expression can have this form of a name.
fn is_named(kind: NameKind, name: &str, form: &str) -> bool {
    forms(kind, name).any(|it| it == form)
}

/// Returns the forms of a name: UTF-8, and under every scheme that escapes it.
pub(super) fn forms(kind: NameKind, name: &str) -> impl Iterator<Item = String> {
    let schemes = [Escaping::AllowUtf8].into_iter().chain(Escaping::CHANGING);
    schemes.map(move |scheme| kind.escaped(name, scheme).into_owned())
}

/// Facts about the series that an expression returns.
#[derive(Clone, Debug, Default)]
pub(super) struct Value<'s> {
    /// The series that it is computed from. Empty if they are not the exporter's.
    pub(super) series: Vec<Series<'s>>,
    /// Whether there can be labels that the series do not have.
    pub(super) is_open: bool,
    /// Labels that the expression creates.
    pub(super) created: BTreeSet<String>,
    /// The counters whose values are part of the result, with their lines.
    pub(super) counters: Vec<(String, usize)>,
}

impl Value<'_> {
    /// Returns the value of series that the schema does not know.
    pub(super) fn unknown() -> Self {
        Self { is_open: true, ..Self::default() }
    }

    /// Returns the value without counters, as a function that accepts them returns it.
    pub(super) fn without_counters(self) -> Self {
        Self { counters: Vec::new(), ..self }
    }

    /// Returns the value of an expression that has series or labels of both.
    pub(super) fn or(mut self, other: Self) -> Self
    where
        Self: Sized,
    {
        self.series.extend(other.series);
        self.is_open |= other.is_open;
        self.created.extend(other.created);
        self.counters.extend(other.counters);
        self
    }

    /// Returns the names of the series, sorted.
    pub(super) fn names(&self) -> BTreeSet<String> {
        self.series.iter().map(|series| series.name.clone()).collect()
    }
}
