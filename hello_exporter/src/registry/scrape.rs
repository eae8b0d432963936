//! One scrape: from a plan to bytes.

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use tracing::{error, info, warn};

use super::collectors::{Dynamic, ScrapeCollector, make, plan_dynamic};
use super::origin::Origin;
use super::plan::{Member, Plan, PlannedFamily, Registration};
use super::{CollectorId, Inner};
use crate::collect::Collect;
use crate::encode::{
    Encoder, Encoding, Exposition, FamilyEncoder, Format, OpenMetricsEncoder, ProtobufEncoder,
    TextEncoder, Written, encode_family, with_form,
};
use crate::panic::{Panic, catch};
use crate::sync::lock;

/// The request of one scrape.
pub(crate) struct ScrapeRequest<'a> {
    pub(crate) encoding: Encoding,
    /// The names of the families to expose; `None` for all.
    pub(crate) names: Option<&'a HashSet<String>>,
}

impl ScrapeRequest<'_> {
    fn wants(&self, family: &PlannedFamily) -> bool {
        self.names.is_none_or(|names| names.contains(family.metadata.desc.name()))
    }

    /// Returns whether a collector must be made. Until it is made, its dynamic families are
    /// unknown.
    fn needs(&self, plan: &Plan, registration: &Registration) -> bool {
        let mut families = plan.families.iter();
        self.names.is_none()
            || registration.has_dynamic
            || families.any(|family| self.wants(family) && family.members.has(registration.id))
    }
}

/// Provides collectors for one scrape. The metrics of each are exposed as a whole or not at all.
pub(crate) trait Provider {
    fn provide(&self) -> Vec<ScrapeCollector>;

    /// Leaves out a collector that has panicked. Everything is encoded again without it.
    fn leave_out(&mut self, id: CollectorId);
}

/// Provides no collectors.
impl Provider for () {
    fn provide(&self) -> Vec<ScrapeCollector> {
        Vec::new()
    }

    fn leave_out(&mut self, _: CollectorId) {}
}

/// Appends an exposition, and returns whether all collectors have succeeded.
pub(super) fn encode(
    inner: &Inner,
    plan: Arc<Plan>,
    request: &ScrapeRequest<'_>,
    provider: &mut dyn Provider,
    exposition: &mut Exposition,
) -> bool {
    let (mut collectors, has_failed) = make_needed(&plan, request);
    let made = collectors.len();
    collectors.extend(provider.provide());
    let (dynamic, mut panicked) = plan_dynamic(inner, &plan, &collectors);
    // The previous call may have added families to the plan.
    let plan = if dynamic.is_empty() { plan } else { inner.plan() };
    let mut written = inner.memory.take();
    let has_failed = has_failed || !panicked.is_empty();
    let mut attempts = Attempts { has_failed, ..Attempts::default() };
    let start = exposition.begin();
    loop {
        for id in panicked.drain(..) {
            provider.leave_out(id);
            attempts.left_out.push(id);
            collectors.truncate(made);
            collectors.extend(provider.provide());
        }
        let scrape = ScrapeEncoder {
            inner,
            plan: &plan,
            collectors: &collectors,
            dynamic: &dynamic,
            request,
        };
        match scrape.encode_to(exposition, &mut written, &mut attempts) {
            Ok(()) if !exposition.is_torn() => break,
            // The reader has read samples of a collector that panicked, or has a fault.
            Ok(()) => {}
            Err(id) => panicked.push(id),
        }
        written.resets.clear();
        exposition.restart(start);
    }
    written.resets.drain(..).for_each(|metric| metric.reset());
    inner.memory.give_back(written);
    !attempts.has_failed
}

/// Makes the collectors that a scrape needs, and returns whether any of them has failed.
fn make_needed(plan: &Plan, request: &ScrapeRequest<'_>) -> (Vec<ScrapeCollector>, bool) {
    let is_needed = |registration: &&Arc<Registration>| {
        matches!(registration.origin, Origin::Function(_)) && request.needs(plan, registration)
    };
    let mut needed = 0;
    let registrations = plan.per_scrape.iter().filter(is_needed).inspect(|_| needed += 1);
    let made: Vec<ScrapeCollector> = registrations.filter_map(|it| make(it)).collect();
    let has_failed = made.len() < needed;
    (made, has_failed)
}

/// The state of the attempts to encode one scrape.
#[derive(Default)]
struct Attempts {
    /// The collectors that are left out as a whole.
    left_out: Vec<CollectorId>,
    /// The members whose dropped samples are counted.
    counted: Vec<(CollectorId, usize)>,
    /// Whether a collector has panicked or could not be made.
    has_failed: bool,
}

/// The buffers of past scrapes, at most [`MOST`](Self::MOST). A scrape of live metrics that reuses
/// one allocates nothing.
#[derive(Default)]
pub(super) struct SpareMemory(Mutex<Vec<Written>>);

impl SpareMemory {
    const MOST: usize = 4;

    fn take(&self) -> Written {
        lock(&self.0).pop().unwrap_or_default()
    }

    fn give_back(&self, mut written: Written) {
        let mut spare = lock(&self.0);
        if spare.len() < Self::MOST && written.prepare_reuse() {
            spare.push(written);
        }
    }
}

/// One walk through a plan.
struct ScrapeEncoder<'s> {
    inner: &'s Inner,
    plan: &'s Plan,
    collectors: &'s [ScrapeCollector],
    dynamic: &'s Dynamic,
    request: &'s ScrapeRequest<'s>,
}

impl ScrapeEncoder<'_> {
    /// Encodes all families. The error is the provided collector that panicked.
    fn encode_to(
        &self,
        exposition: &mut Exposition,
        written: &mut Written,
        attempts: &mut Attempts,
    ) -> Result<(), CollectorId> {
        let Encoding { format, created_samples, .. } = self.request.encoding;
        match format {
            Format::Text => self.encode(&mut TextEncoder::new(exposition), written, attempts),
            Format::OpenMetrics => {
                let encoder = OpenMetricsEncoder::new(exposition).created_samples(created_samples);
                self.encode(&mut { encoder }, written, attempts)
            }
            Format::Protobuf => {
                self.encode(&mut ProtobufEncoder::new(&mut exposition.buffer), written, attempts)
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
        for PlannedFamily { metadata, members } in
            self.plan.families.iter().filter(|family| self.request.wants(family))
        {
            encode_family(encoder, metadata.form(self.request.encoding.escaping), |encoder| {
                for member in members.iter() {
                    if result.is_ok() {
                        result = self.encode_member(member, encoder, written, attempts);
                    }
                }
            });
        }
        encoder.finish();
        result
    }

    /// Returns the collector of a member, and the index of the family there. Returns `None` if this
    /// scrape has no such collector, or the collector has no such dynamic family.
    fn find<'m>(&'m self, member: &'m Member) -> Option<(&'m dyn Collect, usize)> {
        let Registration { id, origin, declared, .. } = &*member.registration;
        if let Origin::Kept(collector) = origin {
            return Some((&**collector, member.index));
        }
        let found = self.collectors.iter().find(|collector| collector.id == *id)?;
        let index = if member.index < *declared {
            member.index
        } else {
            *self.dynamic.get(id)?.get(&member.index)?
        };
        Some((&*found.collector, index))
    }

    /// Writes one collector's part of a family, as a whole or not at all. The error is a provided
    /// collector that panicked: none of its families may be exposed.
    fn encode_member(
        &self,
        member: &Member,
        encoder: &mut dyn Encoder,
        written: &mut Written,
        attempts: &mut Attempts,
    ) -> Result<(), CollectorId> {
        let is_left_out = attempts.left_out.contains(&member.registration.id);
        let found = self.find(member).filter(|_| !is_left_out);
        let Some((collector, index)) = found else {
            return Ok(());
        };
        let (start, resets) = (encoder.mark(), written.resets.len());
        written.is_made = !matches!(member.registration.origin, Origin::Kept(_));
        let (metric, escaping) = (&*member.metric, self.request.encoding.escaping);
        let result = catch(|| {
            with_form(metric, escaping, encoder, |form, encoder| {
                let mut family = FamilyEncoder::in_form(metric, form, encoder, written);
                collector.collect(index, &mut family);
            });
        });
        report_panic(member, result.as_ref().err());
        let is_panicking = result.is_err();
        if is_panicking {
            encoder.rollback(start);
            written.resets.truncate(resets);
            attempts.has_failed = true;
        }
        self.report_dropped(member, written, attempts);
        count_over_limit(self.inner, member, written.dropped);
        match &member.registration.origin {
            Origin::Provider if is_panicking => Err(member.registration.id),
            _ => Ok(()),
        }
    }

    /// Counts the dropped samples of a member, once a scrape. Logs them unless a fault of the
    /// collector was logged before.
    fn report_dropped(&self, member: &Member, written: &Written, attempts: &mut Attempts) {
        let Written { duplicates, invalid, reason, .. } = written;
        let key = (member.registration.id, member.index);
        let is_old_name = member.metric.desc.new_name().is_some();
        if duplicates + invalid == 0 || is_old_name || attempts.counted.contains(&key) {
            return;
        }
        attempts.counted.push(key);
        let (collector, metric) = (&*member.registration.name, member.metric.desc.name());
        if !member.registration.is_reported.swap(true, Ordering::Relaxed) {
            warn!(
                collector,
                metric,
                duplicates,
                invalid,
                reason = reason.as_deref(),
                "Collector wrote invalid samples or a label set twice; these samples are dropped"
            );
        }
        let health = &self.inner.health;
        if *duplicates > 0 {
            health.count_duplicates(collector, *duplicates);
        }
        if *invalid > 0 {
            health.count_dropped(metric, *invalid);
        }
    }
}

/// Logs that a metric has begun to panic, or works again.
fn report_panic(member: &Member, panic: Option<&Panic>) {
    if !member.state.panics.has_changed(panic.is_some()) {
        return;
    }
    let (collector, metric) = (&*member.registration.name, member.metric.desc.name());
    match panic {
        Some(error) => error!(collector, metric, %error, "Collector panicked, metric left out"),
        None => info!(collector, metric, "Collector works again"),
    }
}

/// Counts the updates that a full metric has dropped since the last scrape.
fn count_over_limit(inner: &Inner, member: &Member, total: u64) {
    // The same updates are counted under the new name.
    if member.metric.desc.new_name().is_some() {
        return;
    }
    let before = member.state.dropped.fetch_max(total, Ordering::Relaxed);
    if total > before {
        let family = member.metric.desc.name();
        inner.health.count_dropped(family, total - before);
    }
}
