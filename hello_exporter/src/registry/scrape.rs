//! One scrape: from a plan to bytes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use tracing::{error, warn};

use super::plan::{Collector, LateAddition, Member, Plan};
use super::source::Source;
use super::{CollectorId, Shared};
use crate::collect::Collect;
use crate::encode::{Encoder, FamilyEncoder, Format, Text, Written};
use crate::metric::CounterVec;

/// What scrapes have lost, for the exporter to expose under its own name.
#[derive(hello_exporter_derive::Collector)]
#[collector(crate = crate)]
pub(crate) struct Health {
    /// Series that were not exposed because their family clashed with another one, and updates of
    /// series that were one too many for their family.
    #[metric(labels = ["family"])]
    dropped_series_total: CounterVec<1>,

    /// Series that were not exposed because their collector had written the same label set before,
    /// or the wrong number of label values.
    #[metric(labels = ["collector"])]
    scrape_duplicate_series_total: CounterVec<1>,
}

impl Default for Health {
    fn default() -> Self {
        Self::new()
    }
}

/// The collectors that exist for this scrape only.
type Made = Vec<(CollectorId, Box<dyn Collect>)>;

pub(super) fn encode(shared: &Shared, format: Format, buffer: &mut Vec<u8>) {
    let plan = shared.plan();
    let made: Made = plan.made.iter().filter_map(|collector| make(shared, collector)).collect();
    // Making collectors may have brought families that the plan did not know.
    let plan = if made.is_empty() { plan } else { shared.plan() };
    match format {
        Format::Text => encode_plan(shared, &plan, &made, &mut Text::new(buffer)),
    }
}

/// Makes a collector for this scrape, and has its new families taken into the plan.
fn make(shared: &Shared, collector: &Arc<Collector>) -> Option<(CollectorId, Box<dyn Collect>)> {
    let Source::Made { maker, .. } = &collector.source else {
        return None;
    };
    let plan = shared.plan();
    let known = |index| {
        let mut members = plan.families.iter().flat_map(|family| family.members());
        members.any(|member| member.collector.id == collector.id && member.index == index)
    };
    let Ok((made, late)) = catch_unwind(AssertUnwindSafe(|| maker.make(&known))) else {
        error!(collector = collector.name, "Collector panicked, its metrics are left out");
        return None;
    };
    for family in &late {
        let mut state = shared.state.write().unwrap_or_else(PoisonError::into_inner);
        let addition = state.add_late(collector, family);
        drop(state);
        if let LateAddition::RefusedNow(error) = &addition {
            warn!(%error, "New metric clashes, it is left out");
        }
        if !matches!(addition, LateAddition::Accepted) {
            shared.health.dropped_series_total.with([family.desc.name()]).inc_by(family.series);
        }
    }
    Some((collector.id, made))
}

fn encode_plan(shared: &Shared, plan: &Plan, made: &Made, encoder: &mut dyn Encoder) {
    let mut written = Written::default();
    for family in &plan.families {
        let start = encoder.mark();
        encoder.begin_family(&family.head().desc);
        let head = encoder.mark();
        for member in family.members() {
            encode_member(shared, member, made, encoder, &mut written);
        }
        if encoder.mark() == head {
            encoder.rollback(start);
        } else {
            encoder.end_family();
        }
    }
}

/// Writes one collector's part of a family, whole or not at all.
fn encode_member(
    shared: &Shared,
    member: &Member,
    made: &Made,
    encoder: &mut dyn Encoder,
    written: &mut Written,
) {
    let collector: &dyn Collect = match &member.collector.source {
        Source::Live(collector) => &**collector,
        Source::Made { .. } => match made.iter().find(|(id, _)| *id == member.collector.id) {
            Some((_, collector)) => &**collector,
            None => return,
        },
    };
    let start = encoder.mark();
    let collect = || {
        let mut family = FamilyEncoder::new(&member.metric, encoder, written);
        collector.collect(member.index, &mut family);
    };
    let result = catch_unwind(AssertUnwindSafe(collect));
    let metric = member.metric.desc.name();
    if result.is_err() {
        encoder.rollback(start);
        error!(collector = member.collector.name, metric, "Collector panicked, metric left out");
    }
    report_dropped(shared, member, written);
    count_over_limit(shared, member, written.dropped);
}

/// Counts what a metric has dropped for want of a place since it was asked last.
fn count_over_limit(shared: &Shared, member: &Member, total: u64) {
    let before = member.dropped.fetch_max(total, Ordering::Relaxed);
    if total > before {
        let family = member.metric.desc.name();
        shared.health.dropped_series_total.with([family]).inc_by(total - before);
    }
}

/// Counts the samples that a collector wrote in vain, and says so the first time.
fn report_dropped(shared: &Shared, member: &Member, written: &Written) {
    let dropped = written.duplicates + written.misfits;
    if dropped == 0 {
        return;
    }
    let (collector, metric) = (member.collector.name, member.metric.desc.name());
    let (duplicates, misfits) = (written.duplicates, written.misfits);
    let total = || shared.health.scrape_duplicate_series_total.with([collector]);
    if total().get() == 0 {
        warn!(
            collector,
            metric,
            duplicates,
            misfits,
            "Collector wrote label sets twice, or with the wrong number of values; dropped"
        );
    }
    total().inc_by(dropped);
}
