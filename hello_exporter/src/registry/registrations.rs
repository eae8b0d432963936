//! All registrations of a registry: adds and removes collectors, and makes the plan of the next
//! scrape.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::clash::check_pair;
use super::dynamic::DynamicFamily;
use super::exposed::{ExposedName, ExposedNames, exposed_names};
use super::origin::Origin;
use super::overlap::{check_old_name, may_share, overlap};
use super::plan::{Member, MemberState, Members, Plan, PlannedFamily, Registration};
use super::shown::ShownFamilies;
use super::{CollectorId, RegisterError};
use crate::desc::Desc;
use crate::encode::Prepared;

/// All registrations.
#[derive(Default)]
pub(super) struct Registrations {
    pub(super) registrations: BTreeMap<CollectorId, Arc<Registration>>,
    pub(super) families: BTreeMap<String, Arc<Members>>,
    exposed: ExposedNames,
    /// Families that were refused at scrape time and are logged already.
    refused: HashSet<(CollectorId, usize)>,
    /// The families that expositions have.
    pub(super) shown: ShownFamilies,
    plan: Arc<Plan>,
}

impl Registrations {
    pub(super) fn plan(&self) -> Arc<Plan> {
        Arc::clone(&self.plan)
    }

    /// Registers a collector with the families it has described, all or none.
    pub(super) fn add(
        &mut self,
        registration: &Arc<Registration>,
        descs: Vec<Desc>,
    ) -> Result<(), RegisterError> {
        let same = |other: &&Arc<Registration>| {
            other.origin.is(&registration.origin) && other.addition == registration.addition
        };
        if self.registrations.values().any(|other| same(&other)) {
            return Err(RegisterError::AlreadyRegistered { collector: registration.name.clone() });
        }
        for (index, desc) in descs.into_iter().enumerate() {
            if let Err(error) = self.add_names(registration, index, desc) {
                self.remove_families(registration.id);
                return Err(error);
            }
        }
        self.registrations.insert(registration.id, Arc::clone(registration));
        self.replan();
        Ok(())
    }

    /// Removes a collector. Returns its registration and the previous plan, through which the
    /// registry owned it; the caller drops them after it has released the lock.
    pub(super) fn remove(&mut self, id: CollectorId) -> Option<(Arc<Registration>, Arc<Plan>)> {
        let registration = self.registrations.remove(&id)?;
        let plan = self.plan();
        self.remove_families(id);
        self.refused.retain(|(refused, _)| *refused != id);
        self.replan();
        Some((registration, plan))
    }

    /// Adds dynamic families of a collector, and new labels of those that are planned. Returns the
    /// families that are refused, each with its error the first time.
    pub(super) fn add_dynamic<'l>(
        &mut self,
        registration: &Arc<Registration>,
        families: &'l [DynamicFamily],
    ) -> Vec<(&'l DynamicFamily, Option<RegisterError>)> {
        let mut refused = Vec::new();
        if !self.registrations.contains_key(&registration.id) {
            return refused;
        }
        let plan = self.plan();
        let mut has_added = false;
        for family in families {
            let key = (registration.id, family.index);
            if let Some(planned) = plan.metrics.get(&key) {
                has_added |= self.widen(registration, planned, &family.desc);
                continue;
            }
            match self.add_names(registration, family.index, family.desc.clone()) {
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

    /// Adds the labels of `desc` that a planned family lacks, to the family under its old name as
    /// well. Returns whether the plan is outdated.
    fn widen(&mut self, registration: &Registration, planned: &Prepared, desc: &Desc) -> bool {
        let old = registration.addition.apply(desc.clone()).under_all_names().nth(1);
        let is_wider = self.widen_family(registration, planned.desc.name(), desc);
        if let Some(old) = old.filter(|_| is_wider) {
            self.widen_family(registration, old.name(), desc);
        }
        is_wider
    }

    /// A family keeps its labels if several collectors share it, or if it would have an invalid
    /// label or too many labels. Then its samples with other labels are dropped.
    fn widen_family(&mut self, registration: &Registration, name: &str, desc: &Desc) -> bool {
        let Some(family) = self.families.get(name).filter(|family| family.others.is_empty()) else {
            return false;
        };
        let known = family.metadata().desc.labels();
        let new = desc.labels().iter().filter(|label| !known.contains(label));
        let labels: Vec<_> = known.iter().chain(new).cloned().collect();
        let wider = family.metadata().desc.clone().with_labels(labels);
        let is_foreign = registration.is_foreign;
        if wider.labels().len() == known.len()
            || wider.labels().len() > Self::MOST_LABELS
            || wider.check_as(is_foreign).is_err()
        {
            return false;
        }
        let first = Member { metric: Arc::new(Prepared::new(wider)), ..family.first.clone() };
        self.families.insert(name.to_owned(), Arc::new(Members { first, others: Vec::new() }));
        true
    }

    /// A family gains no labels beyond this number. Label names that change with every scrape are a
    /// mistake, and each is added to all samples of the family.
    const MOST_LABELS: usize = 64;

    /// Adds a family under its name, and under its old one if it has one: both or neither.
    fn add_names(
        &mut self,
        registration: &Arc<Registration>,
        index: usize,
        desc: Desc,
    ) -> Result<(), RegisterError> {
        let names: Vec<Desc> = registration.addition.apply(desc).under_all_names().collect();
        names.iter().try_for_each(|desc| self.check_family(registration, desc))?;
        if let [new, old] = &*names {
            check_old_name(registration, new, old)?;
        }
        // Both count their losses and panics together.
        let state = Arc::default();
        for desc in names {
            self.insert_family(registration, index, desc, &state);
        }
        Ok(())
    }

    fn check_family(&self, registration: &Registration, desc: &Desc) -> Result<(), RegisterError> {
        let is_foreign = registration.is_foreign;
        desc.check_as(is_foreign)
            .map_err(|error| RegisterError::Desc { collector: registration.name.clone(), error })?;
        self.check_overlap(registration, desc, &exposed_names(desc, is_foreign))?;
        let members = self.families.get(desc.name()).into_iter().flat_map(|family| family.iter());
        for member in members {
            check_pair(registration, desc, member)?;
        }
        Ok(())
    }

    fn insert_family(
        &mut self,
        registration: &Arc<Registration>,
        index: usize,
        desc: Desc,
        state: &Arc<MemberState>,
    ) {
        let name = desc.name().to_owned();
        self.exposed.insert(exposed_names(&desc, registration.is_foreign), &name);
        let metric = Arc::new(Prepared::new(desc));
        let (registration, state) = (Arc::clone(registration), Arc::clone(state));
        self.insert_member(name, Member { registration, index, metric, state });
    }

    fn insert_member(&mut self, name: String, member: Member) {
        match self.families.get_mut(&name) {
            Some(family) => Arc::make_mut(family).others.push(member),
            None => {
                let family = Members { first: member, others: Vec::new() };
                self.families.insert(name, Arc::new(family));
            }
        }
    }

    /// Refuses a family that exposes a name of another family, under any scheme.
    fn check_overlap(
        &self,
        registration: &Registration,
        desc: &Desc,
        exposed: &[ExposedName],
    ) -> Result<(), RegisterError> {
        let clash = exposed.iter().find_map(|name| {
            let mut owners = self.exposed.owners(name);
            let (escaping, owner) = owners.find(|(_, owner)| !self.may_share(desc, name, owner))?;
            let family = self.families.get(owner)?;
            Some((escaping, &name.1, &family.metadata().desc, &family.first.registration))
        });
        clash.map_or(Ok(()), |(escaping, name, other, of)| {
            Err(overlap((desc, registration), (other, of), name, escaping))
        })
    }

    /// Returns whether a family may have a name of the family `owner`: because it is the same one,
    /// or because one of them is the other under its old name.
    fn may_share(&self, desc: &Desc, name: &ExposedName, owner: &str) -> bool {
        let owner = self.families.get(owner).map(|family| &family.metadata().desc);
        match owner {
            Some(owner) if owner.name() == desc.name() => true,
            Some(owner) if owner.new_name() == Some(desc.name()) => may_share(desc, owner, name),
            Some(owner) if desc.new_name() == Some(owner.name()) => may_share(owner, desc, name),
            _ => false,
        }
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
        self.exposed = ExposedNames::default();
        for (name, family) in &self.families {
            let is_foreign = family.first.registration.is_foreign;
            self.exposed.insert(exposed_names(&family.metadata().desc, is_foreign), name);
        }
    }

    /// Returns the family with its metadata. A family of a foreign registry, or one under its old
    /// name, can have the name that OpenMetrics gives to another one: a gauge `x` next to a counter
    /// `x_total`. Then the family with the longer name has the type `unknown` in OpenMetrics.
    fn planned(&self, members: &Arc<Members>) -> PlannedFamily {
        let desc = &members.metadata().desc;
        let short = desc.family_name();
        let is_ambiguous = short != desc.name()
            && self.families.get(short).is_some_and(|family| self.is_shown(family));
        let metadata = if is_ambiguous {
            Arc::new(Prepared::unknown(desc.clone()))
        } else {
            Arc::clone(members.metadata())
        };
        PlannedFamily { metadata, members: Arc::clone(members) }
    }

    /// Returns whether expositions have the family.
    fn is_shown(&self, family: &Members) -> bool {
        self.shown.has(&family.metadata().desc)
    }

    pub(super) fn replan(&mut self) {
        let is_last = |family: &&Arc<Members>| family.first.registration.addition.last;
        let shown = self.families.values().filter(|family| self.is_shown(family));
        let (last, mut families): (Vec<_>, Vec<_>) = shown.partition(is_last);
        families.extend(last);
        let per_scrape =
            self.registrations.values().filter(|it| !matches!(it.origin, Origin::Kept(_)));
        let is_new = |member: &&Member| member.metric.desc.new_name().is_none();
        let members = self.families.values().flat_map(|family| family.iter()).filter(is_new);
        let key = |member: &Member| (member.registration.id, member.index);
        self.plan = Arc::new(Plan {
            metrics: members.map(|member| (key(member), Arc::clone(&member.metric))).collect(),
            families: families.into_iter().map(|family| self.planned(family)).collect(),
            per_scrape: per_scrape.cloned().collect(),
            never_blocks: self.registrations.values().all(|it| it.never_blocks),
        });
    }
}
