//! One scrape: from a plan to bytes.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::{error, info, warn};

use super::momentary::{LateFamilies, LateFamily, Momentary};
use super::origin::Origin;
use super::plan::{Collector, Member, Plan, Planned};
use super::{CollectorId, RegisterError, Shared};
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

impl Health {
    /// So many families are told apart; what is lost of others is counted under no name. Names that are refused may
    /// be made up by whoever is asked for metrics.
    const MOST_FAMILIES: usize = 1000;

    fn count_dropped(&self, family: &str, series: u64) {
        let dropped = &self.dropped_series_total;
        let is_told = dropped.with([family]).get() > 0 || dropped.len() < Self::MOST_FAMILIES;
        let family = if is_told { family } else { "" };
        dropped.with([family]).inc_by(series);
    }
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
}

impl ScrapeRequest<'_> {
    fn wants(&self, planned: &Planned) -> bool {
        self.names.is_none_or(|names| names.contains(planned.head.desc.name()))
    }

    /// Whether a collector has to be made. Some families are not known before.
    fn needs(&self, plan: &Plan, collector: &Collector) -> bool {
        let mut families = plan.families.iter();
        self.names.is_none()
            || collector.origin.has_late()
            || families.any(|planned| self.wants(planned) && planned.family.has(collector.id))
    }
}

/// A collector that exists for one scrape, under the id of its registration.
#[derive(Clone)]
pub(crate) struct Provided {
    pub(crate) id: CollectorId,
    pub(crate) collector: Arc<dyn Momentary + Send + Sync>,
}

/// A collector that was made for this scrape.
struct Made {
    registered: Arc<Collector>,
    collector: Box<dyn Momentary>,
}

/// The families of this scrape that were not declared.
type Late = HashMap<CollectorId, LateFamilies>;

/// Who brings collectors along for a scrape. Their metrics are all of one moment, and are exposed as a whole or
/// not at all.
pub(crate) trait Provider {
    fn provided(&self) -> Vec<Provided>;

    /// One of them has panicked, and everything is encoded again without it.
    fn leave_out(&mut self, id: CollectorId);
}

/// Nobody.
impl Provider for () {
    fn provided(&self) -> Vec<Provided> {
        Vec::new()
    }

    fn leave_out(&mut self, _: CollectorId) {}
}

/// Appends an exposition.
pub(super) fn encode(
    shared: &Shared,
    request: &ScrapeRequest<'_>,
    provider: &mut dyn Provider,
    buffer: &mut Vec<u8>,
) {
    let plan = shared.plan();
    let needed = plan.momentary.iter().filter(|collector| request.needs(&plan, collector));
    let made: Vec<Made> = needed.filter_map(make).collect();
    let mut provided = provider.provided();
    let late = take_in_late(shared, &plan, &made, &provided);
    // That may have brought families which the plan did not know.
    let first = plan;
    let plan = if late.is_empty() { Arc::clone(&first) } else { shared.plan() };
    let mut memory = shared.memory.take();
    let mut attempts = Attempts::default();
    let start = buffer.len();
    loop {
        let present = Present { made: &made, provided: &provided, late: &late };
        let scrape = Scrape { shared, plan: &plan, present, request };
        match scrape.encode_to(buffer, &mut memory, &mut attempts) {
            Ok(()) => break,
            Err(panicked) => {
                buffer.truncate(start);
                attempts.panicked.push(panicked);
                provider.leave_out(panicked);
                provided = provider.provided();
            }
        }
    }
    shared.memory.give_back(memory);
    for made in made {
        dropped(made.collector);
    }
    // Of what was unregistered meanwhile these plans may be the last owners.
    dropped(first);
    dropped(plan);
}

/// What the attempts to encode one scrape have come to.
#[derive(Default)]
struct Attempts {
    /// The provided collectors that are left out.
    panicked: Vec<CollectorId>,
    /// The members whose losses are counted.
    counted: Vec<(CollectorId, usize)>,
}

/// Drops what an author's `drop` may be part of.
fn dropped<T>(value: T) {
    if let Err(error) = catch(|| drop(value)) {
        error!(%error, "Collector panicked when it was dropped");
    }
}

/// Makes a collector for this scrape.
fn make(registered: &Arc<Collector>) -> Option<Made> {
    let Origin::Made { maker, .. } = &registered.origin else {
        return None;
    };
    let make = || {
        let made = maker.make();
        let verified = made.verify();
        (made, verified)
    };
    let made = catch(make);
    report_making(registered, made.as_ref().err());
    let (collector, verified) = made.ok()?;
    if let Err(error) = verified {
        if !registered.is_reported.swap(true, Ordering::Relaxed) {
            let name = &*registered.name;
            error!(collector = name, %error, "Collector is not what it declares, left out");
        }
        return None;
    }
    Some(Made { registered: Arc::clone(registered), collector })
}

/// Has the families that collectors were not registered with taken into the plan.
fn take_in_late(shared: &Shared, plan: &Plan, made: &[Made], provided: &[Provided]) -> Late {
    let made = made.iter().map(|made| (&made.registered, &*made.collector));
    let provided = provided.iter().filter_map(|provided| {
        let registered = plan.momentary.iter().find(|registered| registered.id == provided.id)?;
        Some((registered, &*provided.collector as &dyn Momentary))
    });
    let with_late = made.chain(provided).filter(|(_, collector)| collector.has_late());
    let late = with_late.map(|(registered, collector)| {
        let id = registered.id;
        let mut indices = registered.late.lock().unwrap_or_else(PoisonError::into_inner);
        let is_planned = |index| plan.indices.contains(&(id, index));
        let late = LateFamilies::of(collector, &mut indices, is_planned);
        drop(indices);
        add_late(shared, registered, &late);
        (id, late)
    });
    late.collect()
}

/// Says that a collector has begun to panic when it is made, or has ceased to.
fn report_making(collector: &Collector, panic: Option<&Panic>) {
    if !has_changed(&collector.is_panicking, panic.is_some()) {
        return;
    }
    let collector = &*collector.name;
    match panic {
        Some(error) => error!(collector, %error, "Collector panicked, its metrics are left out"),
        None => info!(collector, "Collector works again"),
    }
}

/// Notes a state, and says whether it is another one than before. It is written only then: scrapes share it.
fn has_changed(state: &AtomicBool, now: bool) -> bool {
    state.load(Ordering::Relaxed) != now && state.swap(now, Ordering::Relaxed) != now
}

fn add_late(shared: &Shared, collector: &Arc<Collector>, late: &LateFamilies) {
    let count = |family: &str, series| shared.health.count_dropped(family, series);
    for (family, error) in refused(shared, collector, &late.new) {
        if let Some(error) = error {
            warn!(%error, "New metric cannot be exposed, it is left out");
        }
        count(collector.addition.apply(family.desc.clone()).name(), family.series);
    }
    if late.surplus > 0 {
        if !collector.is_reported.swap(true, Ordering::Relaxed) {
            let name = &*collector.name;
            let what = "Collector has too many families, two of one name, or one with too long a name; dropped";
            warn!(collector = name, "{what}");
        }
        count("", late.surplus);
    }
}

fn refused<'l>(
    shared: &Shared,
    collector: &Arc<Collector>,
    new: &'l [LateFamily],
) -> Vec<(&'l LateFamily, Option<RegisterError>)> {
    if new.is_empty() {
        return Vec::new();
    }
    let mut state = shared.state.write().unwrap_or_else(PoisonError::into_inner);
    state.add_late(collector, new)
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

/// The collectors that are there for one scrape.
#[derive(Clone, Copy)]
struct Present<'s> {
    made: &'s [Made],
    provided: &'s [Provided],
    late: &'s Late,
}

/// What writes the samples of one family of one collector.
enum Samples<'s> {
    Declared(&'s dyn Collect, usize),
    DeclaredMomentary(&'s dyn Momentary, usize),
    /// The position of the family among those that were not declared.
    Late(&'s dyn Momentary, usize),
}

impl Samples<'_> {
    fn write(&self, encoder: &mut FamilyEncoder<'_>) {
        match *self {
            Samples::Declared(collector, index) => collector.collect(index, encoder),
            Samples::DeclaredMomentary(collector, index) => collector.collect(index, encoder),
            Samples::Late(collector, position) => collector.collect_late(position, encoder),
        }
    }
}

impl<'s> Present<'s> {
    /// Where the samples of a member come from, unless they are missing in this scrape.
    fn samples(self, member: &'s Member) -> Option<Samples<'s>> {
        let Collector { id, origin, declared, .. } = &*member.collector;
        let collector: &dyn Momentary = match origin {
            Origin::Live(collector) => return Some(Samples::Declared(&**collector, member.index)),
            Origin::Made { .. } => {
                &*self.made.iter().find(|made| made.registered.id == *id)?.collector
            }
            Origin::Provided { .. } => {
                &*self.provided.iter().find(|provided| provided.id == *id)?.collector
            }
        };
        if member.index < *declared {
            return Some(Samples::DeclaredMomentary(collector, member.index));
        }
        let position = self.late.get(id)?.position(member.index)?;
        Some(Samples::Late(collector, position))
    }
}

/// One walk through a plan.
struct Scrape<'s> {
    shared: &'s Shared,
    plan: &'s Plan,
    present: Present<'s>,
    request: &'s ScrapeRequest<'s>,
}

impl Scrape<'_> {
    /// The error is the collector on which everything has to begin again.
    fn encode_to(
        &self,
        buffer: &mut Vec<u8>,
        memory: &mut Memory,
        attempts: &mut Attempts,
    ) -> Result<(), CollectorId> {
        let Memory { written, protobuf } = memory;
        match self.request.format {
            Format::Text => self.encode(&mut Text::new(buffer), written, attempts),
            Format::OpenMetrics => self.encode(&mut OpenMetrics::new(buffer), written, attempts),
            Format::Protobuf => {
                self.encode(&mut Protobuf::new(buffer, protobuf), written, attempts)
            }
        }
    }

    fn encode(
        &self,
        encoder: &mut dyn Encoder,
        written: &mut Written,
        attempts: &mut Attempts,
    ) -> Result<(), CollectorId> {
        let mut result = Ok(());
        for Planned { head, family } in
            self.plan.families.iter().filter(|it| self.request.wants(it))
        {
            encode_family(encoder, head, |encoder| {
                for member in family.members() {
                    if result.is_ok() {
                        result = self.encode_member(member, encoder, written, attempts);
                    }
                }
            });
        }
        encoder.finish();
        result
    }

    /// Writes one collector's part of a family, whole or not at all. The error is that of a provided
    /// collector, of which nothing at all is to be written.
    fn encode_member(
        &self,
        member: &Member,
        encoder: &mut dyn Encoder,
        written: &mut Written,
        attempts: &mut Attempts,
    ) -> Result<(), CollectorId> {
        let is_left_out = attempts.panicked.contains(&member.collector.id);
        let Some(samples) = self.present.samples(member).filter(|_| !is_left_out) else {
            return Ok(());
        };
        let start = encoder.mark();
        let result = catch(|| {
            let mut family = FamilyEncoder::new(&member.metric, encoder, written);
            samples.write(&mut family);
        });
        report_panic(member, result.as_ref().err());
        let is_panicking = result.is_err();
        if is_panicking {
            encoder.rollback(start);
        }
        self.report_dropped(member, written, attempts);
        count_over_limit(self.shared, member, written.dropped);
        match &member.collector.origin {
            Origin::Provided { .. } if is_panicking => Err(member.collector.id),
            _ => Ok(()),
        }
    }

    /// Counts the samples that a collector wrote in vain, once a scrape, and says so the first time.
    fn report_dropped(&self, member: &Member, written: &Written, attempts: &mut Attempts) {
        let Written { duplicates, misfits, .. } = written;
        let key = (member.collector.id, member.index);
        if duplicates + misfits == 0 || attempts.counted.contains(&key) {
            return;
        }
        attempts.counted.push(key);
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
        let health = &self.shared.health;
        if *duplicates > 0 {
            health.scrape_duplicate_series_total.with([collector]).inc_by(*duplicates);
        }
        if *misfits > 0 {
            health.dropped_series_total.with([metric]).inc_by(*misfits);
        }
    }
}

/// Says that a metric has begun to panic, or has ceased to.
fn report_panic(member: &Member, panic: Option<&Panic>) {
    if !has_changed(&member.state.is_panicking, panic.is_some()) {
        return;
    }
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
