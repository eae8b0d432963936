//! The collectors that exist for one scrape, and the undeclared families that they bring.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use tracing::{error, info, warn};

use super::momentary::{LateFamilies, LateFamily, Momentary};
use super::origin::Origin;
use super::plan::{Collector, Member, Plan};
use super::{CollectorId, RegisterError, Shared};
use crate::collect::Collect;
use crate::desc::Desc;
use crate::encode::FamilyEncoder;
use crate::panic::{Guarded, Panic, catch};
use crate::sync::lock;

/// A collector that exists for one scrape, under the id of its registration.
#[derive(Clone)]
pub(crate) struct Provided {
    pub(crate) id: CollectorId,
    pub(crate) collector: Arc<dyn Momentary + Send + Sync>,
}

/// A collector that was made for this scrape.
pub(super) struct Made {
    registered: Arc<Collector>,
    collector: Guarded<Box<dyn Momentary>>,
}

impl Made {
    fn collector(&self) -> Option<&dyn Momentary> {
        self.collector.get().map(|collector| &**collector)
    }
}

/// The undeclared families of this scrape.
pub(super) type Late = HashMap<CollectorId, LateFamilies>;

/// Makes a collector for this scrape; `None` if that fails.
pub(super) fn make(registered: &Arc<Collector>) -> Option<Made> {
    let Origin::Made { maker, .. } = &registered.origin else {
        return None;
    };
    let make = || {
        let made = Guarded::new(maker.make(), &registered.drops);
        let verified = made.get().map_or(Ok(()), |made| made.verify());
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

/// Adds the undeclared families of this scrape to the plan.
pub(super) fn take_in_late(
    shared: &Shared,
    plan: &Plan,
    made: &[Made],
    provided: &[Provided],
) -> Late {
    let made = made.iter().filter_map(|made| Some((&made.registered, made.collector()?)));
    let provided = provided.iter().filter_map(|provided| {
        let registered = plan.momentary.iter().find(|registered| registered.id == provided.id)?;
        Some((registered, &*provided.collector as &dyn Momentary))
    });
    let with_late = made.chain(provided).filter(|(_, collector)| collector.has_late());
    let late = with_late.map(|(registered, collector)| {
        let id = registered.id;
        let mut indices = lock(&registered.late);
        let is_planned = |index, desc: &Desc| {
            let planned = plan.metrics.get(&(id, index));
            planned.is_some_and(|planned| has_labels_of(&planned.desc, desc))
        };
        let late = LateFamilies::of(collector, &mut indices, is_planned);
        drop(indices);
        add_late(shared, registered, &late);
        (id, late)
    });
    late.collect()
}

/// Returns whether a planned family has all labels of `desc`.
fn has_labels_of(planned: &Desc, desc: &Desc) -> bool {
    desc.labels().iter().all(|label| planned.labels().contains(label))
}

/// Logs that making a collector has begun to panic, or works again.
fn report_making(collector: &Collector, panic: Option<&Panic>) {
    if !collector.panics.has_changed(panic.is_some()) {
        return;
    }
    let collector = &*collector.name;
    match panic {
        Some(error) => error!(collector, %error, "Collector panicked, its metrics are left out"),
        None => info!(collector, "Collector works again"),
    }
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

/// The collectors that exist for one scrape.
#[derive(Clone, Copy)]
pub(super) struct Present<'s> {
    pub(super) made: &'s [Made],
    pub(super) provided: &'s [Provided],
    pub(super) late: &'s Late,
}

/// The samples of one family of one collector.
pub(super) enum Samples<'s> {
    Declared(&'s dyn Collect, usize),
    DeclaredMomentary(&'s dyn Momentary, usize),
    /// An undeclared family, by its position among those of the scrape.
    Late(&'s dyn Momentary, usize),
}

impl Samples<'_> {
    pub(super) fn write(&self, encoder: &mut FamilyEncoder<'_>) {
        match *self {
            Samples::Declared(collector, index) => collector.collect(index, encoder),
            Samples::DeclaredMomentary(collector, index) => collector.collect(index, encoder),
            Samples::Late(collector, position) => collector.collect_late(position, encoder),
        }
    }
}

impl<'s> Present<'s> {
    /// Returns the samples of a member; `None` if this scrape has none.
    pub(super) fn samples(self, member: &'s Member) -> Option<Samples<'s>> {
        let Collector { id, origin, declared, .. } = &*member.collector;
        let collector: &dyn Momentary = match origin {
            Origin::Live(collector) => return Some(Samples::Declared(&**collector, member.index)),
            Origin::Made { .. } => {
                self.made.iter().find(|made| made.registered.id == *id)?.collector()?
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
