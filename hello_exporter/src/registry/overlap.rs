//! The rules for families that expose the same name.

use super::RegisterError;
use super::exposed::{ExposedName, ExposedNames, exposed_names, sample_names};
use super::plan::Registration;
use crate::desc::Desc;
use crate::name::Escaping;

/// Returns whether a family and the same one under its old name may both have this name.
///
/// They may if neither has samples of this name. If one name is the other with `_total`,
/// OpenMetrics has one name for both families: then the longer one has the type `unknown` there.
pub(super) fn may_share(new: &Desc, old: &Desc, (escaping, name): &ExposedName) -> bool {
    let has_samples = |desc: &Desc| sample_names(desc).any(|sample| sample == *name);
    let has_none = !has_samples(new) && !has_samples(old);
    let is_family_of = |desc: &Desc| name == desc.family_name() && name != desc.name();
    escaping.is_none() && (has_none || is_family_of(new) || is_family_of(old))
}

/// Refuses an old name if samples of both names would be the same under a scheme.
pub(super) fn check_old_name(
    registration: &Registration,
    new: &Desc,
    old: &Desc,
) -> Result<(), RegisterError> {
    let is_foreign = registration.is_foreign;
    let mut names = ExposedNames::default();
    names.insert(exposed_names(new, is_foreign), new.name());
    for name in exposed_names(old, is_foreign) {
        let owner = names.owners(&name).map(|(escaping, _)| escaping).next();
        let clash = owner.filter(|escaping| {
            !may_share(new, old, &(*escaping, name.1.clone())) || new.name() == old.name()
        });
        if let Some(escaping) = clash {
            return Err(overlap((old, registration), (new, registration), &name.1, escaping));
        }
    }
    Ok(())
}

/// Returns the error about two families, each with its collector, that expose the same name.
pub(super) fn overlap(
    (desc, registration): (&Desc, &Registration),
    (other, of_other): (&Desc, &Registration),
    exposed: &str,
    escaping: Option<Escaping>,
) -> RegisterError {
    let (metric, collector) = (desc.name().to_owned(), registration.name.clone());
    let (other_metric, other) = (other.name().to_owned(), of_other.name.clone());
    let exposed = exposed.to_owned();
    match escaping.filter(|escaping| *escaping != Escaping::AllowUtf8) {
        Some(escaping) => RegisterError::EscapedAlike {
            metric,
            collector,
            other_metric,
            other,
            exposed,
            escaping,
        },
        None => RegisterError::Overlap { metric, collector, other_metric, other, exposed },
    }
}
