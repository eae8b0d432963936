//! One scrape: from a plan to bytes.

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::{error, info, warn};

use super::origin::{LateFamily, Origin};
use super::plan::{Collector, LateAddition, Member, Plan, Planned};
use super::{CollectorId, Shared};
use crate::collect::Collect;
use crate::encode::{
    Encoder, FamilyEncoder, Format, OpenMetrics, Protobuf, ProtobufScratch, Text, Written,
    encode_family,
};
use crate::metric::CounterVec;
use crate::panic::{Panic, catch};

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

/// What one scrape asks for.
pub(crate) struct ScrapeRequest<'a> {
    pub(crate) format: Format,
    /// The names of the families to expose; nothing for all.
    pub(crate) names: Option<&'a HashSet<String>>,
    /// The collectors that whoever asks has brought along.
    pub(crate) provided: &'a [Provided],
}

impl ScrapeRequest<'_> {
    fn wants(&self, planned: &Planned) -> bool {
        self.names.is_none_or(|names| names.contains(planned.head.desc.name()))
    }

    /// Whether a collector has to be made. The families of a foreign registry are not known before.
    fn needs(&self, plan: &Plan, collector: &Collector) -> bool {
        let mut families = plan.families.iter();
        self.names.is_none()
            || collector.origin.is_exclusive()
            || families.any(|planned| self.wants(planned) && planned.family.has(collector.id))
    }
}

/// A collector that exists for one scrape, under the id of its registration.
#[derive(Clone)]
pub(crate) struct Provided {
    pub(crate) id: CollectorId,
    pub(crate) collector: Arc<dyn Collect + Send + Sync>,
}

/// The collectors that were made for this scrape.
type Made = Vec<(CollectorId, Box<dyn Collect>)>;

/// Appends an exposition. Where a provided collector panics nothing is appended, and its id returned: its
/// metrics are all of one moment, and are exposed as a whole or not at all.
pub(super) fn encode(
    shared: &Shared,
    request: &ScrapeRequest<'_>,
    buffer: &mut Vec<u8>,
) -> Result<(), CollectorId> {
    let plan = shared.plan();
    let needed = plan.made.iter().filter(|collector| request.needs(&plan, collector));
    let made: Made = needed.filter_map(|collector| make(shared, &plan, collector)).collect();
    // Making collectors may have brought families that the plan did not know.
    let first = plan;
    let plan = if made.is_empty() { Arc::clone(&first) } else { shared.plan() };
    let mut memory = shared.memory.take();
    let scrape = Scrape { shared, plan: &plan, made: &made, request };
    let start = buffer.len();
    let result = scrape.encode_to(buffer, &mut memory);
    if result.is_err() {
        buffer.truncate(start);
    }
    shared.memory.give_back(memory);
    for (_, collector) in made {
        dropped(collector);
    }
    // Of what was unregistered meanwhile these plans may be the last owners.
    dropped(first);
    dropped(plan);
    result
}

/// Drops what an author's `drop` may be part of.
fn dropped<T>(value: T) {
    if let Err(error) = catch(|| drop(value)) {
        error!(%error, "Collector panicked when it was dropped");
    }
}

/// Makes a collector for this scrape, and has its new families taken into the plan.
fn make(
    shared: &Shared,
    plan: &Plan,
    collector: &Arc<Collector>,
) -> Option<(CollectorId, Box<dyn Collect>)> {
    let Origin::Made { maker, .. } = &collector.origin else {
        return None;
    };
    let id = collector.id;
    let make = || {
        let (made, late) = maker.make(&|index| plan.indices.contains(&(id, index)));
        let verified = made.verify();
        (made, late, verified)
    };
    let name = &*collector.name;
    let made = catch(make);
    let is_new = collector.is_panicking.swap(made.is_err(), Ordering::Relaxed) != made.is_err();
    let (made, late, verified) = match made {
        Ok(made) => made,
        Err(error) => {
            if is_new {
                error!(collector = name, %error, "Collector panicked, its metrics are left out");
            }
            return None;
        }
    };
    if is_new {
        info!(collector = name, "Collector works again");
    }
    if let Err(error) = verified {
        if !collector.is_reported.swap(true, Ordering::Relaxed) {
            error!(collector = name, %error, "Collector is not what it declares, left out");
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
    request: &'s ScrapeRequest<'s>,
}

impl Scrape<'_> {
    fn encode_to(&self, buffer: &mut Vec<u8>, memory: &mut Memory) -> Result<(), CollectorId> {
        let Memory { written, protobuf } = memory;
        match self.request.format {
            Format::Text => self.encode(&mut Text::new(buffer), written),
            Format::OpenMetrics => self.encode(&mut OpenMetrics::new(buffer), written),
            Format::Protobuf => self.encode(&mut Protobuf::new(buffer, protobuf), written),
        }
    }

    fn encode(&self, encoder: &mut dyn Encoder, written: &mut Written) -> Result<(), CollectorId> {
        let mut result = Ok(());
        for Planned { head, family } in
            self.plan.families.iter().filter(|it| self.request.wants(it))
        {
            encode_family(encoder, head, |encoder| {
                for member in family.members() {
                    if result.is_ok() {
                        result = self.encode_member(member, encoder, written);
                    }
                }
            });
        }
        encoder.finish();
        result
    }

    /// Where the samples of a member come from, unless they are missing in this scrape.
    fn collector<'c>(&'c self, member: &'c Member) -> Option<&'c dyn Collect> {
        let id = member.collector.id;
        match &member.collector.origin {
            Origin::Live(collector) => Some(&**collector),
            Origin::Made { .. } => {
                self.made.iter().find(|made| made.0 == id).map(|(_, collector)| &**collector)
            }
            Origin::Provided { .. } => {
                let provided = self.request.provided.iter().find(|provided| provided.id == id);
                provided.map(|provided| &*provided.collector as &dyn Collect)
            }
        }
    }

    /// Writes one collector's part of a family, whole or not at all. The error is that of a provided
    /// collector, of which nothing at all is to be written.
    fn encode_member(
        &self,
        member: &Member,
        encoder: &mut dyn Encoder,
        written: &mut Written,
    ) -> Result<(), CollectorId> {
        let Some(collector) = self.collector(member) else {
            return Ok(());
        };
        let start = encoder.mark();
        let result = catch(|| {
            let mut family = FamilyEncoder::new(&member.metric, encoder, written);
            collector.collect(member.index, &mut family);
        });
        report_panic(member, result.as_ref().err());
        let is_panicking = result.is_err();
        if is_panicking {
            encoder.rollback(start);
        }
        report_dropped(self.shared, member, written);
        count_over_limit(self.shared, member, written.dropped);
        match &member.collector.origin {
            Origin::Provided { .. } if is_panicking => Err(member.collector.id),
            _ => Ok(()),
        }
    }
}

/// Says that a metric has begun to panic, or has ceased to.
fn report_panic(member: &Member, panic: Option<&Panic>) {
    let was_panicking = member.state.is_panicking.load(Ordering::Relaxed);
    if was_panicking == panic.is_some() {
        return;
    }
    member.state.is_panicking.store(panic.is_some(), Ordering::Relaxed);
    let (collector, metric) = (&*member.collector.name, member.metric.desc.name());
    match panic {
        Some(error) => error!(collector, metric, %error, "Collector panicked, metric left out"),
        None => info!(collector, metric, "Collector works again"),
    }
}

/// Counts what a metric has dropped for want of a place since it was asked last.
fn count_over_limit(shared: &Shared, member: &Member, total: u64) {
    let before = member.state.dropped.fetch_max(total, Ordering::Relaxed);
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
    let (collector, metric) = (&*member.collector.name, member.metric.desc.name());
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
