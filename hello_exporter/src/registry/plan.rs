//! The families in the order of exposition, and the collectors of each.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};

use super::momentary::{LateFamily, LateIndices};
use super::origin::{CollectorName, Origin};
use super::{Addition, CollectorId, RegisterError};
use crate::desc::{Desc, MetricType};
use crate::encode::Prepared;
use crate::panic::{DropLog, PanicState};

/// All families in the order of exposition. A scrape walks one plan from front to back.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) families: Vec<Planned>,
    /// The collectors that exist for one scrape.
    pub(super) momentary: Vec<Arc<Collector>>,
    /// The metadata of each collector's family, by the index of the family there.
    pub(super) metrics: HashMap<(CollectorId, usize), Arc<Prepared>>,
}

impl Plan {
    pub(super) fn names(&self) -> Vec<String> {
        self.families.iter().map(|planned| planned.head.desc.name().to_owned()).collect()
    }

    #[cfg(feature = "server")]
    pub(super) fn names_of(&self, id: CollectorId) -> Vec<String> {
        let families = self.families.iter().filter(|planned| planned.family.has(id));
        families.map(|planned| planned.head.desc.name().to_owned()).collect()
    }
}

/// A family and its metadata.
pub(super) struct Planned {
    pub(super) head: Arc<Prepared>,
    pub(super) family: Arc<Family>,
}

/// One family, and the collectors that share it. There is at least one.
#[derive(Clone)]
pub(super) struct Family {
    first: Member,
    others: Vec<Member>,
}

impl Family {
    /// Returns the metadata, which all members share.
    fn head(&self) -> &Arc<Prepared> {
        &self.first.metric
    }

    pub(super) fn members(&self) -> impl Iterator<Item = &Member> {
        std::iter::once(&self.first).chain(&self.others)
    }

    pub(super) fn has(&self, id: CollectorId) -> bool {
        self.members().any(|member| member.collector.id == id)
    }

    fn without(&self, id: CollectorId) -> Option<Self> {
        let mut members = self.members().filter(|member| member.collector.id != id).cloned();
        Some(Self { first: members.next()?, others: members.collect() })
    }
}

/// One family of one collector.
#[derive(Clone)]
pub(super) struct Member {
    pub(super) collector: Arc<Collector>,
    /// The index of the family in the collector.
    pub(super) index: usize,
    pub(super) metric: Arc<Prepared>,
    pub(super) state: Arc<MemberState>,
}

/// The state of a metric that is kept from one scrape to the next.
#[derive(Default)]
pub(super) struct MemberState {
    /// The number of its dropped updates that are counted already.
    pub(super) dropped: AtomicU64,
    /// Whether it panicked when it was last collected.
    pub(super) panics: PanicState,
}

/// A registered collector.
pub(super) struct Collector {
    pub(super) id: CollectorId,
    pub(super) name: CollectorName,
    pub(super) origin: Origin,
    pub(super) addition: Addition,
    /// The number of declared families.
    pub(super) declared: usize,
    /// The undeclared families that it has ever had.
    pub(super) late: Mutex<LateIndices>,
    /// Whether a dropped sample of it was logged.
    pub(super) is_reported: AtomicBool,
    /// Whether it panicked when it was last made.
    pub(super) panics: PanicState,
    /// Drops the collectors that are made for one scrape each.
    pub(super) drops: DropLog,
}

/// Drops the origin alone: several collectors can have one last owner, a plan.
impl Drop for Collector {
    fn drop(&mut self) {
        let origin = mem::replace(&mut self.origin, Origin::Provided { descs: Vec::new() });
        DropLog::new(self.name.clone()).drop(origin);
    }
}

/// All that is registered.
#[derive(Default)]
pub(super) struct State {
    collectors: BTreeMap<CollectorId, Arc<Collector>>,
    families: BTreeMap<String, Arc<Family>>,
    /// Every name that a family exposes, and the name of the family.
    exposed: HashMap<String, String>,
    /// Families that were refused at scrape time and are logged already.
    refused: HashSet<(CollectorId, usize)>,
    plan: Arc<Plan>,
}

impl State {
    pub(super) fn plan(&self) -> Arc<Plan> {
        Arc::clone(&self.plan)
    }

    /// Registers a collector with the families it has described, all or none.
    pub(super) fn add(
        &mut self,
        collector: &Arc<Collector>,
        descs: Vec<Desc>,
    ) -> Result<(), RegisterError> {
        let same = |other: &&Arc<Collector>| {
            other.origin.is(&collector.origin) && other.addition == collector.addition
        };
        if self.collectors.values().any(|other| same(&other)) {
            return Err(RegisterError::AlreadyRegistered { collector: collector.name.clone() });
        }
        for (index, desc) in descs.into_iter().enumerate() {
            if let Err(error) = self.add_family(collector, index, desc) {
                self.remove_families(collector.id);
                return Err(error);
            }
        }
        self.collectors.insert(collector.id, Arc::clone(collector));
        self.replan();
        Ok(())
    }

    /// Removes a collector and returns its last owners, which the caller drops without the lock.
    pub(super) fn remove(&mut self, id: CollectorId) -> Option<(Arc<Collector>, Arc<Plan>)> {
        let collector = self.collectors.remove(&id)?;
        let plan = self.plan();
        self.remove_families(id);
        self.refused.retain(|(refused, _)| *refused != id);
        self.replan();
        Some((collector, plan))
    }

    /// Adds undeclared families of a collector, and new labels of those that are planned. Returns
    /// the families that are refused, each with its error the first time.
    pub(super) fn add_late<'l>(
        &mut self,
        collector: &Arc<Collector>,
        late: &'l [LateFamily],
    ) -> Vec<(&'l LateFamily, Option<RegisterError>)> {
        let mut refused = Vec::new();
        if !self.collectors.contains_key(&collector.id) {
            return refused;
        }
        let plan = self.plan();
        let mut has_added = false;
        for family in late {
            let key = (collector.id, family.index);
            if let Some(planned) = plan.metrics.get(&key) {
                has_added |= self.widen(collector, planned, &family.desc);
                continue;
            }
            match self.add_family(collector, family.index, family.desc.clone()) {
                Ok(()) => {
                    has_added = true;
                    self.refused.remove(&key);
                }
                Err(error) => refused.push((family, self.refused.insert(key).then_some(error))),
            }
        }
        if has_added {
            self.replan();
        }
        refused
    }

    /// Adds the labels of `desc` that a planned family lacks. Returns whether the plan is outdated.
    ///
    /// A family that several collectors share keeps its labels, and one that would have an invalid
    /// or too many labels too. Its samples with other labels are dropped.
    fn widen(&mut self, collector: &Collector, planned: &Prepared, desc: &Desc) -> bool {
        let name = planned.desc.name();
        let Some(family) = self.families.get(name).filter(|family| family.others.is_empty()) else {
            return false;
        };
        let known = family.head().desc.labels();
        let new = desc.labels().iter().filter(|label| !known.contains(label));
        let labels: Vec<_> = known.iter().chain(new).cloned().collect();
        let wider = family.head().desc.clone().with_labels(labels);
        let is_foreign = collector.origin.is_exclusive();
        if wider.labels().len() == known.len()
            || wider.labels().len() > Self::MOST_LABELS
            || wider.check_as(is_foreign).is_err()
        {
            return false;
        }
        let first = Member { metric: Arc::new(Prepared::new(wider)), ..family.first.clone() };
        self.families.insert(name.to_owned(), Arc::new(Family { first, others: Vec::new() }));
        true
    }

    /// Limits the labels of a family whose labels are known at run time only: label names that
    /// change with every scrape are a mistake, and each costs all samples of the family.
    const MOST_LABELS: usize = 64;

    fn add_family(
        &mut self,
        collector: &Arc<Collector>,
        index: usize,
        desc: Desc,
    ) -> Result<(), RegisterError> {
        let desc = collector.addition.apply(desc);
        let is_foreign = collector.origin.is_exclusive();
        desc.check_as(is_foreign)
            .map_err(|error| RegisterError::Desc { collector: collector.name.clone(), error })?;
        let exposed = exposed_names(&desc, is_foreign);
        self.check_overlap(collector, &desc, &exposed)?;
        if let Some(family) = self.families.get(desc.name()) {
            for member in family.members() {
                check_pair(collector, &desc, member)?;
            }
        }
        let name = desc.name().to_owned();
        self.exposed.extend(exposed.into_iter().map(|exposed| (exposed, name.clone())));
        let metric = Arc::new(Prepared::new(desc));
        let state = Arc::default();
        let member = Member { collector: Arc::clone(collector), index, metric, state };
        self.insert_member(name, member);
        Ok(())
    }

    fn insert_member(&mut self, name: String, member: Member) {
        match self.families.get_mut(&name) {
            Some(family) => Arc::make_mut(family).others.push(member),
            None => {
                let family = Family { first: member, others: Vec::new() };
                self.families.insert(name, Arc::new(family));
            }
        }
    }

    /// Refuses a family that exposes a name of another family.
    fn check_overlap(
        &self,
        collector: &Collector,
        desc: &Desc,
        exposed: &[String],
    ) -> Result<(), RegisterError> {
        let clash = exposed.iter().find_map(|name| {
            let owner = self.exposed.get(name).filter(|owner| *owner != desc.name())?;
            Some((name, owner, self.families.get(owner)?))
        });
        let Some((exposed, owner, family)) = clash else {
            return Ok(());
        };
        Err(RegisterError::Overlap {
            metric: desc.name().to_owned(),
            collector: collector.name.clone(),
            other_metric: owner.clone(),
            other: family.first.collector.name.clone(),
            exposed: exposed.clone(),
        })
    }

    fn remove_families(&mut self, id: CollectorId) {
        self.families.retain(|_, family| match family.without(id) {
            Some(rest) => {
                if rest.others.len() < family.others.len() {
                    *family = Arc::new(rest);
                }
                true
            }
            None => false,
        });
        let families = &self.families;
        self.exposed.retain(|_, family| families.contains_key(family));
    }

    /// Returns the family with its metadata. A family of a foreign registry can have the name that
    /// OpenMetrics gives to another one: a gauge `x` beside a counter `x_total`. The longer one
    /// then has no type there.
    fn planned(&self, family: &Arc<Family>) -> Planned {
        let desc = &family.head().desc;
        let short = desc.family_name();
        let is_ambiguous = short != desc.name() && self.families.contains_key(short);
        let head = match is_ambiguous {
            true => Arc::new(Prepared::unknown(desc.clone())),
            false => Arc::clone(family.head()),
        };
        Planned { head, family: Arc::clone(family) }
    }

    fn replan(&mut self) {
        let is_last = |family: &&Arc<Family>| family.first.collector.addition.last;
        let (last, mut families): (Vec<_>, Vec<_>) = self.families.values().partition(is_last);
        families.extend(last);
        let is_live = |collector: &Arc<Collector>| matches!(collector.origin, Origin::Live(_));
        let momentary = self.collectors.values().filter(|collector| !is_live(collector));
        let members = self.families.values().flat_map(|family| family.members());
        let key = |member: &Member| (member.collector.id, member.index);
        self.plan = Arc::new(Plan {
            metrics: members.map(|member| (key(member), Arc::clone(&member.metric))).collect(),
            families: families.into_iter().map(|family| self.planned(family)).collect(),
            momentary: momentary.cloned().collect(),
        });
    }
}

/// Checks a family against another one of the same name.
fn check_pair(collector: &Collector, ours: &Desc, member: &Member) -> Result<(), RegisterError> {
    let theirs = &member.metric.desc;
    let exclusive = collector.origin.is_exclusive() || member.collector.origin.is_exclusive();
    if exclusive || sorted(ours.const_labels()) == sorted(theirs.const_labels()) {
        return Err(RegisterError::Duplicate {
            metric: ours.name().to_owned() + &in_braces(ours),
            collector: collector.name.clone(),
            other: member.collector.name.clone(),
        });
    }
    let Some((aspect, ours_has, theirs_has)) = difference(ours, theirs) else {
        return Ok(());
    };
    Err(RegisterError::Inconsistent {
        metric: ours.name().to_owned(),
        collector: collector.name.clone(),
        other: member.collector.name.clone(),
        aspect,
        ours: ours_has,
        theirs: theirs_has,
    })
}

/// Returns the first difference that keeps two descs from being one family: an aspect and both
/// sides.
///
/// The names of constant and variable labels have to agree separately: then the constant values, of
/// which at least one differs, keep all series apart.
fn difference(ours: &Desc, theirs: &Desc) -> Option<(&'static str, String, String)> {
    let types = [ours, theirs].map(|desc| format!("`{}`", desc.metric_type()));
    let help = [ours, theirs].map(|desc| format!("{:?}", desc.help()));
    let units = [ours, theirs].map(|desc| format!("{:?}", desc.unit().unwrap_or_default()));
    let labels = [ours, theirs].map(|desc| format!("{:?}", sorted(desc.labels())));
    let const_labels = [ours, theirs].map(|desc| {
        let names: Vec<&Cow<'_, str>> = desc.const_labels().iter().map(|(name, _)| name).collect();
        format!("{:?}", sorted(&names))
    });
    let aspects = [
        ("type", types),
        ("help", help),
        ("unit", units),
        ("labels", labels),
        ("constant labels", const_labels),
    ];
    let different = aspects.into_iter().find(|(_, [ours, theirs])| ours != theirs);
    different.map(|(aspect, [ours, theirs])| (aspect, ours, theirs))
}

fn sorted<T: Ord>(items: &[T]) -> Vec<&T> {
    let mut items: Vec<&T> = items.iter().collect();
    items.sort();
    items
}

/// Returns the constant labels as the text format writes them, in braces.
fn in_braces(desc: &Desc) -> String {
    let block = Prepared::new(desc.clone()).const_labels;
    if block.is_empty() { block } else { format!("{{{block}}}") }
}

/// Returns the names that a family exposes or reserves: its own, those of its parts, and those that
/// OpenMetrics derives from it. There a counter's family has no `_total`, and an info's no `_info`.
///
/// The families of a foreign registry reserve no names: they were made for the text format.
fn exposed_names(desc: &Desc, foreign: bool) -> Vec<String> {
    let name = desc.name();
    let base = desc.family_name();
    let suffixes: &[&str] = match desc.metric_type() {
        MetricType::Histogram => &["_bucket", "_sum", "_count"],
        MetricType::Summary => &["_sum", "_count"],
        _ => &[],
    };
    let reserved: &[&str] = match desc.metric_type() {
        _ if foreign => &[],
        MetricType::Counter | MetricType::Histogram | MetricType::Summary => &["", "_created"],
        MetricType::Info => &[""],
        _ => &[],
    };
    let parts = suffixes.iter().map(|suffix| format!("{name}{suffix}"));
    let reserved = reserved.iter().map(|suffix| format!("{base}{suffix}"));
    let exposed: BTreeSet<String> =
        [name.to_owned()].into_iter().chain(parts).chain(reserved).collect();
    exposed.into_iter().collect()
}
