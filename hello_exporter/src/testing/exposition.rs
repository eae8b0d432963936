//! What one borrowed collector exposes. A registry keeps what it is given, so that this goes past it.

use std::any::type_name_of_val;
use std::borrow::Cow;

use crate::collect::Collect;
use crate::desc::Desc;
use crate::encode::{FamilyEncoder, Prepared, Text, Written, encode_family};
use crate::registry::{RegisterError, Registrable, Registry};

/// Why a collector has no exposition that a test could go by.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unsound {
    #[error(transparent)]
    Refused(#[from] RegisterError),
    #[error(
        "metric `{metric}`: {duplicates} of its samples repeat a label set, and {misfits} are none of this \
         metric: a scrape would drop and count them"
    )]
    Dropped { metric: String, duplicates: u64, misfits: u64 },
}

/// The exposition of the collector alone, in the text format.
pub(super) fn exposition(collector: &(impl Collect + ?Sized)) -> Result<String, Unsound> {
    let descs = collector.describe();
    check(collector, &descs)?;
    let mut metrics: Vec<(usize, Prepared)> =
        descs.into_iter().map(Prepared::new).enumerate().collect();
    metrics.sort_by(|(_, one), (_, other)| one.desc.name().cmp(other.desc.name()));
    let mut buffer = Vec::new();
    let mut text = Text::new(&mut buffer);
    let mut written = Written::default();
    let mut dropped = None;
    // Descs of one name are one family.
    for family in metrics.chunk_by(|(_, one), (_, other)| one.desc.name() == other.desc.name()) {
        let Some((_, first)) = family.first() else { continue };
        // As a scrape does, but that a panic is not caught.
        encode_family(&mut text, first, |encoder| {
            for (index, metric) in family {
                collector.collect(*index, &mut FamilyEncoder::new(metric, encoder, &mut written));
                dropped = dropped.take().or_else(|| dropped_of(metric, &written));
            }
        });
    }
    dropped.map_or(Ok(()), Err)?;
    Ok(String::from_utf8_lossy(&buffer).into_owned())
}

fn dropped_of(metric: &Prepared, written: &Written) -> Option<Unsound> {
    let (metric, duplicates) = (metric.desc.name().to_owned(), written.duplicates);
    let misfits = written.misfits;
    (duplicates + misfits > 0).then_some(Unsound::Dropped { metric, duplicates, misfits })
}

/// What an empty registry has to say of the collector.
fn check(collector: &(impl Collect + ?Sized), descs: &[Desc]) -> Result<(), RegisterError> {
    let name = Cow::Borrowed(type_name_of_val(collector));
    let error = |error| RegisterError::Field { collector: name.clone(), error };
    collector.verify().map_err(error)?;
    Registry::new().scope().add(Registrable::provided(name, descs.to_vec(), Vec::new())).map(|_| ())
}
