//! The exposition of one borrowed collector. A registry cannot encode it, because a registry owns
//! its collectors.

use std::any::type_name_of_val;
use std::borrow::Cow;

use crate::collect::Collect;
use crate::desc::Desc;
use crate::encode::{Exposition, FamilyEncoder, Prepared, TextEncoder, Written, encode_family};
use crate::registry::origin::Registrable;
use crate::registry::{RegisterError, Registry};

/// The reason why [`exposition`] returns no text.
#[derive(Debug, thiserror::Error)]
pub(super) enum ExpositionError {
    #[error(transparent)]
    Refused(#[from] RegisterError),
    #[error("metric `{metric}`: a scrape would drop {losses}")]
    Dropped { metric: String, losses: String },
}

/// Returns the exposition of the collector alone, in the text format.
pub(super) fn exposition(collector: &(impl Collect + ?Sized)) -> Result<String, ExpositionError> {
    let descs = collector.describe();
    check(collector, &descs)?;
    let prepared = |(index, desc): (usize, Desc)| {
        desc.under_all_names().map(move |desc| (index, Prepared::new(desc)))
    };
    let mut metrics: Vec<(usize, Prepared)> =
        descs.into_iter().enumerate().flat_map(prepared).collect();
    metrics.sort_by(|(_, one), (_, other)| one.desc.name().cmp(other.desc.name()));
    let mut exposition = Exposition::new(Vec::new());
    let mut text = TextEncoder::new(&mut exposition);
    let mut written = Written::default();
    let mut dropped = None;
    // Descs of one name are one family.
    for family in metrics.chunk_by(|(_, one), (_, other)| one.desc.name() == other.desc.name()) {
        let Some((_, first)) = family.first() else { continue };
        // Like a scrape, except that a panic is not caught.
        encode_family(&mut text, first, |encoder| {
            for (index, metric) in family {
                collector.collect(*index, &mut FamilyEncoder::new(metric, encoder, &mut written));
                dropped = dropped.take().or_else(|| dropped_of(metric, &written));
            }
        });
    }
    dropped.map_or(Ok(()), Err)?;
    Ok(String::from_utf8_lossy(&exposition.buffer).into_owned())
}

fn dropped_of(metric: &Prepared, written: &Written) -> Option<ExpositionError> {
    let Written { invalid: invalid_samples, duplicates, .. } = *written;
    let reason = written.reason.as_deref().unwrap_or("unknown reason");
    let invalid = match invalid_samples {
        0 => None,
        1 => Some(format!("1 invalid sample ({reason})")),
        _ => Some(format!("{invalid_samples} invalid samples ({reason})")),
    };
    let repeated = match duplicates {
        0 => None,
        1 => Some("1 sample with the labels of another one".to_owned()),
        _ => Some(format!("{duplicates} samples with the labels of others")),
    };
    let losses: Vec<String> = invalid.into_iter().chain(repeated).collect();
    let (metric, losses) = (metric.desc.name().to_owned(), losses.join(" and "));
    (!losses.is_empty()).then_some(ExpositionError::Dropped { metric, losses })
}

/// Checks the collector as an empty registry does.
fn check(collector: &(impl Collect + ?Sized), descs: &[Desc]) -> Result<(), RegisterError> {
    let name = Cow::Borrowed(type_name_of_val(collector));
    let error = |error| RegisterError::Field { collector: name.clone(), error };
    collector.verify().map_err(error)?;
    let collector = Registrable::provided(name, descs.to_vec().into());
    Registry::new().scope().add(collector).map(|_| ())
}
