//! A metric as registration renders it.

use super::metadata;
use crate::desc::{Desc, MetricType};
use crate::labels::{self, RenderedLabels};

/// A [`Desc`] ready for encoding: the metadata of its family, and the prefixes of its lines,
/// rendered once.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) desc: Desc,
    /// The rendered constant labels: `hello="world"`.
    pub(crate) const_labels: String,
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

impl Prepared {
    pub(crate) fn new(desc: Desc) -> Self {
        let mut const_labels = String::new();
        labels::render(
            desc.const_labels().iter().map(|(name, value)| (name.as_ref(), value.as_ref())),
            &mut const_labels,
        );
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

/// Returns the prefix of `<family>_created`, if OpenMetrics has this sample in the family.
fn created(desc: &Desc, const_labels: &str) -> Option<LinePrefix> {
    let counts = desc.metric_type().has_start_timestamp() && !desc.is_unsuffixed_counter();
    counts.then(|| LinePrefix::new(&format!("{}_created", desc.family_name()), const_labels))
}

impl LinePrefix {
    fn new(name: &str, const_labels: &str) -> Self {
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
