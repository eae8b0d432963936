//! What is rendered of a metric when it is registered.

use super::{open_metrics, text};
use crate::desc::{Desc, MetricType};
use crate::labels;

/// A [`Desc`] made ready for encoding: what stands in front of all its samples, and what each of them
/// begins with, rendered once.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) desc: Desc,
    /// `hello="world"`: the constant labels as they appear on the wire.
    pub(crate) const_block: String,
    /// HELP and TYPE.
    pub(crate) text_head: String,
    /// HELP, TYPE and UNIT.
    pub(crate) open_metrics_head: String,
    /// Whether samples can carry exemplars: not those of what OpenMetrics calls unknown.
    pub(crate) takes_exemplars: bool,
    pub(crate) sample: Start,
    /// Those of the parts of a histogram or summary.
    pub(crate) bucket: Start,
    pub(crate) sum: Start,
    pub(crate) count: Start,
}

/// What samples of one name begin with.
#[derive(Debug, Default)]
pub(crate) struct Start {
    /// `b{hello="world"} `, where no variable labels follow.
    pub(crate) bare: String,
    /// `b{hello="world",`, where they do.
    pub(crate) open: String,
}

impl Prepared {
    pub(crate) fn new(desc: Desc) -> Self {
        let mut const_block = String::new();
        labels::render(
            desc.const_labels().iter().map(|(name, value)| (name.as_ref(), value.as_ref())),
            &mut const_block,
        );
        let has_parts = matches!(desc.metric_type(), MetricType::Histogram | MetricType::Summary);
        let part = |suffix| match has_parts {
            true => Start::new(&format!("{}{suffix}", desc.name()), &const_block),
            false => Start::default(),
        };
        Self {
            text_head: text::head(&desc),
            open_metrics_head: open_metrics::head(&desc),
            takes_exemplars: !desc.is_unsuffixed_counter(),
            sample: Start::new(desc.name(), &const_block),
            bucket: part("_bucket"),
            sum: part("_sum"),
            count: part("_count"),
            const_block,
            desc,
        }
    }
}

impl Prepared {
    /// The same, where OpenMetrics' name for the family is that of another one: the family is unknown
    /// under the name that its samples have.
    pub(crate) fn unknown(desc: Desc) -> Self {
        let open_metrics_head = open_metrics::unknown_head(&desc);
        Self { open_metrics_head, takes_exemplars: false, ..Self::new(desc) }
    }
}

impl Start {
    fn new(name: &str, const_block: &str) -> Self {
        if const_block.is_empty() {
            return Self { bare: format!("{name} "), open: format!("{name}{{") };
        }
        let bare = format!("{name}{{{const_block}}} ");
        Self { bare, open: format!("{name}{{{const_block},") }
    }
}
