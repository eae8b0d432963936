//! The rules for families that cannot be registered together.

use std::borrow::Cow;

use super::RegisterError;
use super::plan::{Member, Registration};
use crate::desc::Desc;
use crate::encode::Prepared;

/// Checks a family against another one of the same name.
pub(super) fn check_pair(
    registration: &Registration,
    ours: &Desc,
    member: &Member,
) -> Result<(), RegisterError> {
    let theirs = &member.metric.desc;
    let exclusive = registration.is_foreign || member.registration.is_foreign;
    if exclusive || sorted(ours.const_labels()) == sorted(theirs.const_labels()) {
        return Err(RegisterError::Duplicate {
            metric: ours.name().to_owned() + &in_braces(ours),
            collector: registration.name.clone(),
            other: member.registration.name.clone(),
        });
    }
    let Some((aspect, ours_has, theirs_has)) = difference(ours, theirs) else {
        return Ok(());
    };
    Err(RegisterError::Inconsistent {
        metric: ours.name().to_owned(),
        collector: registration.name.clone(),
        other: member.registration.name.clone(),
        aspect,
        ours: ours_has,
        theirs: theirs_has,
    })
}

/// Returns the first difference that prevents two descs from sharing a family: its aspect, and both
/// sides.
///
/// Constant and variable labels must each have the same names. [`check_pair`] has already refused
/// equal constant labels, so the value of a constant label differs, and no two series are the same.
fn difference(ours: &Desc, theirs: &Desc) -> Option<(&'static str, String, String)> {
    let types = [ours, theirs].map(|desc| format!("`{}`", desc.metric_type()));
    let help = [ours, theirs].map(|desc| format!("{:?}", desc.exposed_help()));
    let units = [ours, theirs].map(|desc| format!("{:?}", desc.unit().unwrap_or_default()));
    let labels = [ours, theirs].map(|desc| format!("{:?}", sorted(desc.labels())));
    let const_labels = [ours, theirs].map(|desc| {
        let names: Vec<&Cow<'_, str>> = desc.const_labels().iter().map(|(name, _)| name).collect();
        format!("{:?}", sorted(&names))
    });
    let aspects = [
        ("type", types),
        ("help", help),
        ("unit", units),
        ("labels", labels),
        ("constant labels", const_labels),
    ];
    let different = aspects.into_iter().find(|(_, [ours, theirs])| ours != theirs);
    different.map(|(aspect, [ours, theirs])| (aspect, ours, theirs))
}

fn sorted<T: Ord>(items: &[T]) -> Vec<&T> {
    let mut items: Vec<&T> = items.iter().collect();
    items.sort();
    items
}

/// Returns the constant labels in braces, as the text format writes them, or nothing if there are
/// none.
fn in_braces(desc: &Desc) -> String {
    let labels = Prepared::new(desc.clone()).const_labels;
    if labels.is_empty() { labels } else { format!("{{{labels}}}") }
}
