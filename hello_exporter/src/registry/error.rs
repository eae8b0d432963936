//! The reasons to refuse a collector.

use std::borrow::Cow;

use crate::collect::FieldError;
use crate::desc::DescError;
use crate::name::Escaping;

/// The reason why a collector cannot be registered. None of its families is registered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// A family breaks a naming rule.
    #[error("collector `{collector}`: {error}")]
    Desc {
        /// The collector.
        collector: Cow<'static, str>,
        /// The rule.
        #[source]
        error: DescError,
    },
    /// A field differs from the declaration in its attribute.
    #[error("collector `{collector}`: {error}")]
    Field {
        /// The collector.
        collector: Cow<'static, str>,
        /// The field and the difference.
        #[source]
        error: FieldError,
    },
    /// The same `Arc` is registered with the same prefix and constant labels.
    #[error("collector `{collector}` is registered already")]
    AlreadyRegistered {
        /// The collector.
        collector: Cow<'static, str>,
    },
    /// The same name is registered with the same constant labels, or one of the two collectors is a
    /// `prometheus::Registry`, which shares no family.
    #[error(
        "metric `{metric}` of collector `{collector}` is registered already, by collector `{other}`"
    )]
    Duplicate {
        /// The name with its constant labels.
        metric: String,
        /// The collector.
        collector: Cow<'static, str>,
        /// The collector that was registered before.
        other: Cow<'static, str>,
    },
    /// The same name is registered with another type, help, unit or set of label names.
    #[error(
        "metric `{metric}` of collector `{collector}` has {aspect} {ours}, but {theirs} in \
         collector `{other}`; a family shared by two collectors must have the same type, help, unit \
         and label names"
    )]
    Inconsistent {
        /// The name.
        metric: String,
        /// The collector.
        collector: Cow<'static, str>,
        /// The collector that was registered before.
        other: Cow<'static, str>,
        /// The aspect that differs.
        aspect: &'static str,
        /// The aspect in this collector.
        ours: String,
        /// The aspect in the other collector.
        theirs: String,
    },
    /// Two families with different names would expose the same name.
    #[error(
        "metric `{metric}` of collector `{collector}` clashes with metric `{other_metric}` of \
         collector `{other}`: both expose `{exposed}`"
    )]
    Overlap {
        /// The name.
        metric: String,
        /// The collector.
        collector: Cow<'static, str>,
        /// The name that was registered before.
        other_metric: String,
        /// The collector that was registered before.
        other: Cow<'static, str>,
        /// The name that both would expose.
        exposed: String,
    },
    /// Two families with different names would expose the same name under an escaping scheme.
    #[error(
        "metric `{metric}` of collector `{collector}` clashes with metric `{other_metric}` of \
         collector `{other}`: both expose `{exposed}` with `escaping={escaping}`"
    )]
    EscapedAlike {
        /// The name.
        metric: String,
        /// The collector.
        collector: Cow<'static, str>,
        /// The name that was registered before.
        other_metric: String,
        /// The collector that was registered before.
        other: Cow<'static, str>,
        /// The name that both would expose.
        exposed: String,
        /// The scheme.
        escaping: Escaping,
    },
}

impl RegisterError {
    /// Returns the collector that was registered before, if the error names one.
    #[cfg_attr(not(feature = "server"), expect(dead_code, reason = "only an exporter reads it"))]
    pub(crate) fn other(&self) -> Option<&str> {
        match self {
            RegisterError::Duplicate { other, .. }
            | RegisterError::Inconsistent { other, .. }
            | RegisterError::Overlap { other, .. }
            | RegisterError::EscapedAlike { other, .. } => Some(other),
            _ => None,
        }
    }
}
