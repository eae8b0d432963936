//! A metric as registration renders it.

use std::borrow::Cow;

use super::messages::MessageParts;
use super::{metadata, protobuf};
use crate::desc::{Desc, MetricType};
use crate::labels::{self, RenderedLabels};
use crate::name::{Escaping, NameKind};

/// A [`Desc`] ready for encoding: the metadata of its family, and the prefixes of its lines,
/// rendered once.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) desc: Desc,
    /// The names of the variable labels, in quotes if they need them.
    pub(crate) label_names: Cow<'static, [Cow<'static, str>]>,
    /// Whether no variable label needs quotes.
    pub(crate) has_plain_labels: bool,
    /// The metric under the schemes that change its names; `None` if none does.
    escaped: Option<Box<EscapedForms>>,
    /// The rendered constant labels: `hello="world"`.
    pub(crate) const_labels: String,
    /// The parts that the messages of protobuf share.
    pub(crate) messages: MessageParts,
    /// HELP and TYPE.
    pub(crate) text_metadata: String,
    /// HELP, TYPE and UNIT.
    pub(crate) open_metrics_metadata: String,
    /// Whether exemplars are exposed. False for a counter with the type `unknown` in OpenMetrics.
    pub(crate) takes_exemplars: bool,
    pub(crate) sample: LinePrefix,
    /// The prefixes of the parts of a histogram or summary; empty for other types.
    pub(crate) bucket: LinePrefix,
    pub(crate) sum: LinePrefix,
    pub(crate) count: LinePrefix,
    /// The prefix of the start timestamp in OpenMetrics; `None` for a type without one, and for a
    /// family of unknown type.
    pub(crate) created: Option<LinePrefix>,
}

/// The first part of all lines with one name: the name and the constant labels.
#[derive(Debug, Default)]
pub(crate) struct LinePrefix {
    /// For a line without variable labels: `b{hello="world"} `.
    pub(crate) bare: String,
    /// For a line with variable labels, which follow: `b{hello="world",`.
    pub(crate) open: String,
}

/// A metric under each scheme that escapes names.
#[derive(Debug)]
struct EscapedForms {
    underscores: Prepared,
    dots: Prepared,
    values: Prepared,
}

impl EscapedForms {
    /// Returns the forms of a metric; `None` if they are all the same.
    fn of(desc: &Desc) -> Option<Box<Self>> {
        let form = |escaping| match desc.escaped(escaping) {
            Cow::Owned(escaped) => Some(Prepared::without_forms(escaped)),
            Cow::Borrowed(_) => None,
        };
        Some(Box::new(Self {
            underscores: form(Escaping::Underscores)?,
            dots: form(Escaping::Dots)?,
            values: form(Escaping::Values)?,
        }))
    }
}

impl Prepared {
    pub(crate) fn new(desc: Desc) -> Self {
        let escaped = EscapedForms::of(&desc);
        Self { escaped, ..Self::without_forms(desc) }
    }

    /// Returns the metric under a scheme.
    pub(crate) fn form(&self, escaping: Escaping) -> &Self {
        match (&self.escaped, escaping) {
            (None, _) | (_, Escaping::AllowUtf8) => self,
            (Some(forms), Escaping::Underscores) => &forms.underscores,
            (Some(forms), Escaping::Dots) => &forms.dots,
            (Some(forms), Escaping::Values) => &forms.values,
        }
    }

    fn without_forms(desc: Desc) -> Self {
        let const_labels = const_labels(&desc);
        let has_parts = matches!(desc.metric_type(), MetricType::Histogram | MetricType::Summary);
        let part = |suffix| {
            if has_parts {
                LinePrefix::new(&format!("{}{suffix}", desc.name()), &const_labels)
            } else {
                LinePrefix::default()
            }
        };
        Self {
            text_metadata: metadata::text(&desc),
            open_metrics_metadata: metadata::open_metrics(&desc),
            takes_exemplars: !desc.is_unsuffixed_counter(),
            sample: LinePrefix::new(desc.name(), &const_labels),
            bucket: part("_bucket"),
            sum: part("_sum"),
            count: part("_count"),
            created: created(&desc, &const_labels),
            label_names: label_names(&desc),
            has_plain_labels: desc.has_plain_labels(),
            escaped: None,
            messages: message_parts(&desc, &const_labels),
            const_labels,
            desc,
        }
    }

    /// Prepares a metric whose family name in OpenMetrics is taken. There it becomes a family of
    /// unknown type with the name of its samples.
    pub(crate) fn unknown(desc: Desc) -> Self {
        let open_metrics_metadata = metadata::open_metrics_unknown(&desc);
        Self { open_metrics_metadata, takes_exemplars: false, created: None, ..Self::new(desc) }
    }
}

/// Renders the parts that the messages of protobuf share.
fn message_parts(desc: &Desc, const_labels: &str) -> MessageParts {
    let const_labels = protobuf::label_messages(RenderedLabels(const_labels.as_bytes()));
    MessageParts::new(const_labels, label_names(desc).iter().map(AsRef::as_ref))
}

/// Renders the constant labels.
fn const_labels(desc: &Desc) -> String {
    let pairs = desc.const_labels().iter();
    let pairs: Vec<(Cow<'_, str>, &str)> =
        pairs.map(|(name, value)| (NameKind::Label.rendered(name), &**value)).collect();
    let mut rendered = String::new();
    labels::render(pairs.iter().map(|(name, value)| (&**name, *value)), &mut rendered);
    rendered
}

/// Renders the names of the variable labels.
fn label_names(desc: &Desc) -> Cow<'static, [Cow<'static, str>]> {
    let names = desc.labels().iter();
    names
        .map(|name| match NameKind::Label.is_plain(name) {
            true => name.clone(),
            false => NameKind::Label.rendered(name).into_owned().into(),
        })
        .collect()
}

/// Returns the prefix of `<family>_created`, if OpenMetrics has this sample in the family.
fn created(desc: &Desc, const_labels: &str) -> Option<LinePrefix> {
    let counts = desc.metric_type().has_start_timestamp() && !desc.is_unsuffixed_counter();
    counts.then(|| LinePrefix::new(&format!("{}_created", desc.family_name()), const_labels))
}

impl LinePrefix {
    /// Renders the prefix of a name. A name that needs quotes is inside the braces, before the
    /// labels.
    fn new(name: &str, const_labels: &str) -> Self {
        let name = NameKind::Metric.rendered(name);
        if name.starts_with('"') {
            let separator = if const_labels.is_empty() { "" } else { "," };
            let labels = format!("{{{name}{separator}{const_labels}");
            return Self { bare: format!("{labels}}} "), open: labels + "," };
        }
        if const_labels.is_empty() {
            return Self { bare: format!("{name} "), open: format!("{name}{{") };
        }
        let bare = format!("{name}{{{const_labels}}} ");
        Self { bare, open: format!("{name}{{{const_labels},") }
    }

    /// Returns the parts of a line before its value.
    #[inline]
    pub(super) fn before_value<'p>(&'p self, labels: RenderedLabels<'p>) -> [&'p [u8]; 3] {
        if labels.is_empty() {
            [self.bare.as_bytes(), b"", b""]
        } else {
            [self.open.as_bytes(), labels.0, b"} "]
        }
    }
}
