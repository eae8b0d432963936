//! The collectors of one scrape, and the dynamic families that they bring.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tracing::{error, info, warn};

use super::dynamic::{DynamicFamily, DynamicPositions, Unplanned};
use super::origin::Origin;
use super::plan::{Plan, Registration};
use super::{CollectorId, Inner};
use crate::collect::Collect;
use crate::desc::Desc;
use crate::encode::{Exposition, FamilyEncoder, Prepared, TextEncoder, Written};
use crate::panic::{Panic, catch};
use crate::sync::{lock, write};

/// A collector that exists for one scrape, with the id of its registration. It comes from a
/// registered function or from a [`Provider`](super::Provider).
pub(crate) struct ScrapeCollector {
    pub(crate) id: CollectorId,
    pub(crate) collector: Arc<dyn Collect>,
}

/// Makes the collector of a registered function; `None` if that fails.
pub(super) fn make(registration: &Registration) -> Option<ScrapeCollector> {
    let Origin::Function(make) = &registration.origin else {
        return None;
    };
    let made = catch(|| {
        let collector = make(&registration.drops);
        let verified = collector.verify();
        (collector, verified)
    });
    report_making(registration, made.as_ref().err());
    let (collector, verified) = made.ok()?;
    if let Err(error) = verified {
        if !registration.is_reported.swap(true, Ordering::Relaxed) {
            let name = &*registration.name;
            error!(collector = name, %error, "Collector differs from its declaration, left out");
        }
        return None;
    }
    Some(ScrapeCollector { id: registration.id, collector })
}

/// Logs that making a collector has begun to panic, or works again.
fn report_making(registration: &Registration, panic: Option<&Panic>) {
    if !registration.panics.has_changed(panic.is_some()) {
        return;
    }
    let collector = &*registration.name;
    match panic {
        Some(error) => error!(collector, %error, "Collector panicked, its metrics are left out"),
        None => info!(collector, "Collector works again"),
    }
}

/// The positions of this scrape's dynamic families, by collector.
pub(super) type Dynamic = HashMap<CollectorId, DynamicPositions>;

/// Adds to the plan the dynamic families of this scrape that can be registered. Returns the
/// positions of all dynamic families that have an index, and the collectors that panicked when they
/// described their families.
pub(super) fn plan_dynamic(
    inner: &Inner,
    plan: &Plan,
    collectors: &[ScrapeCollector],
) -> (Dynamic, Vec<CollectorId>) {
    let (mut dynamic, mut panicked) = (Dynamic::new(), Vec::new());
    for ScrapeCollector { id, collector } in collectors {
        let mut with_dynamic = plan.per_scrape.iter().filter(|it| it.has_dynamic);
        let Some(registration) = with_dynamic.find(|it| it.id == *id) else { continue };
        let Some(descs) = describe(registration, &**collector) else {
            panicked.push(*id);
            continue;
        };
        let declared = registration.declared;
        let descs = descs.into_iter().skip(declared);
        let is_planned = |index, desc: &Desc| {
            let planned = plan.metrics.get(&(*id, index));
            planned.is_some_and(|planned| has_labels_of(&planned.desc, desc))
        };
        let (positions, unplanned) = lock(&registration.dynamic).find(descs, declared, is_planned);
        register_new(inner, registration, &**collector, unplanned);
        dynamic.insert(*id, positions);
    }
    (dynamic, panicked)
}

/// Returns the families of a collector; `None` if it panics. Logs the panic unless a fault of the
/// collector was logged before.
fn describe(registration: &Registration, collector: &dyn Collect) -> Option<Vec<Desc>> {
    let described = catch(|| collector.describe());
    if let Err(error) = &described
        && !registration.is_reported.swap(true, Ordering::Relaxed)
    {
        let collector = &*registration.name;
        error!(collector, %error, "Collector panicked, its metrics are left out");
    }
    described.ok()
}

/// Returns whether a planned family has all labels of `desc`.
fn has_labels_of(planned: &Desc, desc: &Desc) -> bool {
    desc.labels().iter().all(|label| planned.labels().contains(label))
}

/// Registers new families and new labels. The series of refused and surplus families are counted as
/// dropped.
fn register_new(
    inner: &Inner,
    registration: &Arc<Registration>,
    collector: &dyn Collect,
    Unplanned { new, surplus }: Unplanned,
) {
    let count = |family: &str, position, desc: &Desc| {
        inner.health.count_dropped(family, series(collector, position, desc));
    };
    let refused = if new.is_empty() {
        Vec::new()
    } else {
        write(&inner.registrations).add_dynamic(registration, &new)
    };
    for (DynamicFamily { position, desc, .. }, error) in refused {
        if let Some(error) = error {
            warn!(%error, "New metric cannot be exposed, it is left out");
        }
        count(registration.addition.apply(desc.clone()).name(), *position, desc);
    }
    if !surplus.is_empty() && !registration.is_reported.swap(true, Ordering::Relaxed) {
        let name = &*registration.name;
        let what = "Families of the collector are dropped: too many, two with one name, or a name that is too long";
        warn!(collector = name, "{what}");
    }
    for (position, desc) in &surplus {
        count("", *position, desc);
    }
}

/// Returns the number of series of a family; 0 if the collector panics.
fn series(collector: &dyn Collect, position: usize, desc: &Desc) -> u64 {
    let metric = Prepared::new(desc.clone());
    let mut written = Written::counting();
    let mut text = Exposition::new(Vec::new());
    let mut encoder = TextEncoder::new(&mut text);
    let collect = || {
        collector.collect(position, &mut FamilyEncoder::new(&metric, &mut encoder, &mut written))
    };
    catch(collect).map_or(0, |()| written.samples())
}
