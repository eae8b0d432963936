//! Counts samples without writing them.

use super::{Encoder, FamilyEncoder, Prepared, Sample, Written};
use crate::labels::RenderedLabels;

/// Returns the number of samples that `collect` writes, invalid and repeated ones included.
pub(crate) fn count_samples(
    metric: &Prepared,
    collect: impl FnOnce(&mut FamilyEncoder<'_>),
) -> u64 {
    let mut written = Written::default();
    collect(&mut FamilyEncoder::new(metric, &mut Discard, &mut written));
    written.samples()
}

/// An encoder that discards everything.
struct Discard;

impl Encoder for Discard {
    fn begin_family(&mut self, _: &Prepared) {}

    fn sample(&mut self, _: &Prepared, _: RenderedLabels<'_>, _: &Sample<'_>) {}

    fn mark(&self) -> usize {
        0
    }

    fn rollback(&mut self, _: usize) {}
}
