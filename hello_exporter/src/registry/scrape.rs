//! One scrape: from a plan to bytes.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::{error, warn};

use super::plan::{Collector, LateAddition, Member, Plan, Planned};
use super::source::{LateFamily, Source};
use super::{CollectorId, Shared};
use crate::collect::Collect;
use crate::encode::{
    Encoder, FamilyEncoder, Format, OpenMetrics, Protobuf, ProtobufScratch, Text, Written,
    encode_family,
};
use crate::metric::CounterVec;

/// What scrapes have lost, for the exporter to expose under its own name.
#[derive(hello_exporter_derive::Collector)]
#[collector(crate = crate)]
pub(crate) struct Health {
    /// Series that were not exposed: their family clashed with another one, they were none of its samples,
    /// or one too many for it.
    #[metric(labels = ["family"])]
    dropped_series_total: CounterVec<1>,

    /// Series that were not exposed because their collector had written the same label set before.
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
    let made: Made = plan.made.iter().filter_map(|it| make(shared, &plan, it)).collect();
    // Making collectors may have brought families that the plan did not know.
    let first = plan;
    let plan = if made.is_empty() { Arc::clone(&first) } else { shared.plan() };
    let mut memory = shared.memory.take();
    let Memory { written, protobuf } = &mut memory;
    let scrape = Scrape { shared, plan: &plan, made: &made };
    match format {
        Format::Text => scrape.encode(&mut Text::new(buffer), written),
        Format::OpenMetrics => scrape.encode(&mut OpenMetrics::new(buffer), written),
        Format::Protobuf => scrape.encode(&mut Protobuf::new(buffer, protobuf), written),
    }
    shared.memory.give_back(memory);
    for (_, collector) in made {
        // Its `drop` is the author's code as well.
        let _ = caught(DROPPED, None, || drop(collector));
    }
    // So is that of what was unregistered meanwhile, of which this plan may be the last owner.
    for plan in [first, plan] {
        let _ = caught(DROPPED, None, || drop(plan));
    }
}

const DROPPED: &str = "Collector panicked when it was dropped";

/// Makes a collector for this scrape, and has its new families taken into the plan.
fn make(
    shared: &Shared,
    plan: &Plan,
    collector: &Arc<Collector>,
) -> Option<(CollectorId, Box<dyn Collect>)> {
    let Source::Made { maker, .. } = &collector.source else {
        return None;
    };
    let id = collector.id;
    let make = || {
        let (made, late) = maker.make(&|index| plan.indices.contains(&(id, index)));
        let verified = made.verify();
        (made, late, verified)
    };
    let message = "Collector panicked, its metrics are left out";
    let (made, late, verified) = caught(message, Some(collector), make)?;
    if let Err(error) = verified {
        if !collector.is_reported.swap(true, Ordering::Relaxed) {
            error!(collector = collector.name, %error, "Collector is not what it declares, left out");
        }
        return None;
    }
    for family in &late {
        add_late(shared, collector, family);
    }
    Some((id, made))
}

fn add_late(shared: &Shared, collector: &Arc<Collector>, family: &LateFamily) {
    let mut state = shared.state.write().unwrap_or_else(PoisonError::into_inner);
    let addition = state.add_late(collector, family);
    drop(state);
    if let LateAddition::RefusedNow(error) = &addition {
        warn!(%error, "New metric clashes, it is left out");
    }
    if !matches!(addition, LateAddition::Accepted) {
        let desc = collector.addition.apply(family.desc.clone());
        shared.health.dropped_series_total.with([desc.name()]).inc_by(family.series);
    }
}

/// Runs an author's code, and logs its panic.
fn caught<R>(message: &str, collector: Option<&Collector>, run: impl FnOnce() -> R) -> Option<R> {
    let result = catch_unwind(AssertUnwindSafe(run));
    let error = |payload: Box<dyn Any + Send>| {
        let collector = collector.map(|collector| collector.name);
        error!(collector, error = panic_message(&*payload), "{message}");
        // Even a payload can panic when it is dropped, and then with another one.
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(payload)));
        std::mem::forget(dropped);
    };
    result.map_err(error).ok()
}

/// What a panic says.
pub(crate) fn panic_message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// What one scrape needs, kept for the next, so that a scrape of live metrics allocates nothing.
#[derive(Default)]
struct Memory {
    written: Written,
    protobuf: ProtobufScratch,
}

/// The memory of past scrapes: as much as so many needed at once.
#[derive(Default)]
pub(super) struct SpareMemory(Mutex<Vec<Memory>>);

impl SpareMemory {
    const MOST: usize = 4;

    fn take(&self) -> Memory {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    fn give_back(&self, mut memory: Memory) {
        let mut spare = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.len() < Self::MOST && memory.written.is_spare() {
            spare.push(memory);
        }
    }
}

/// One walk through a plan.
struct Scrape<'s> {
    shared: &'s Shared,
    plan: &'s Plan,
    made: &'s Made,
}

impl Scrape<'_> {
    fn encode(&self, encoder: &mut dyn Encoder, written: &mut Written) {
        for Planned { head, family } in &self.plan.families {
            encode_family(encoder, head, |encoder| {
                for member in family.members() {
                    self.encode_member(member, encoder, written);
                }
            });
        }
        encoder.finish();
    }

    /// Writes one collector's part of a family, whole or not at all.
    fn encode_member(&self, member: &Member, encoder: &mut dyn Encoder, written: &mut Written) {
        let collector: &dyn Collect = match &member.collector.source {
            Source::Live(collector) => &**collector,
            Source::Made { .. } => {
                match self.made.iter().find(|(id, _)| *id == member.collector.id) {
                    Some((_, collector)) => &**collector,
                    None => return,
                }
            }
        };
        let start = encoder.mark();
        let collect = || {
            let mut family = FamilyEncoder::new(&member.metric, encoder, written);
            collector.collect(member.index, &mut family);
        };
        let message = "Collector panicked, metric left out";
        if caught(message, Some(&member.collector), collect).is_none() {
            encoder.rollback(start);
        }
        report_dropped(self.shared, member, written);
        count_over_limit(self.shared, member, written.dropped);
    }
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
    let Written { duplicates, misfits, .. } = written;
    if duplicates + misfits == 0 {
        return;
    }
    let (collector, metric) = (member.collector.name, member.metric.desc.name());
    if !member.collector.is_reported.swap(true, Ordering::Relaxed) {
        warn!(
            collector,
            metric,
            duplicates,
            misfits,
            "Collector wrote a label set twice, or what is no sample of the metric; dropped"
        );
    }
    if *duplicates > 0 {
        let total = &shared.health.scrape_duplicate_series_total;
        total.with([collector]).inc_by(*duplicates);
    }
    if *misfits > 0 {
        shared.health.dropped_series_total.with([metric]).inc_by(*misfits);
    }
}
