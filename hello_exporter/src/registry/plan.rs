//! The families in the order of exposition, and the collectors of each.

use std::collections::HashMap;
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};

use super::dynamic::DynamicIndices;
use super::origin::{CollectorName, Origin};
use super::{Addition, CollectorId};
use crate::encode::Prepared;
use crate::panic::{DropLog, PanicState};

/// All families in the order of exposition. A scrape walks one plan from front to back.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) families: Vec<PlannedFamily>,
    /// The registrations whose collectors exist for one scrape.
    pub(super) per_scrape: Vec<Arc<Registration>>,
    /// Whether no collector can block.
    #[cfg_attr(not(feature = "server"), expect(dead_code, reason = "for a server only"))]
    pub(super) never_blocks: bool,
    /// The metrics, by their collector and their [`Member::index`].
    pub(super) metrics: HashMap<(CollectorId, usize), Arc<Prepared>>,
}

impl Plan {
    pub(super) fn names(&self) -> Vec<String> {
        self.families.iter().map(|planned| planned.metadata.desc.name().to_owned()).collect()
    }
}

/// A family and its metadata.
pub(super) struct PlannedFamily {
    pub(super) metadata: Arc<Prepared>,
    pub(super) members: Arc<Members>,
}

/// The collectors that share a family. There is at least one.
#[derive(Clone)]
pub(super) struct Members {
    pub(super) first: Member,
    pub(super) others: Vec<Member>,
}

impl Members {
    /// Returns the metadata, which all members share.
    pub(super) fn metadata(&self) -> &Arc<Prepared> {
        &self.first.metric
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Member> {
        std::iter::once(&self.first).chain(&self.others)
    }

    pub(super) fn has(&self, id: CollectorId) -> bool {
        self.iter().any(|member| member.registration.id == id)
    }

    pub(super) fn without(&self, id: CollectorId) -> Option<Self> {
        let mut members = self.iter().filter(|member| member.registration.id != id).cloned();
        Some(Self { first: members.next()?, others: members.collect() })
    }
}

/// One family of one collector.
#[derive(Clone)]
pub(super) struct Member {
    pub(super) registration: Arc<Registration>,
    /// The index of the family in the collector; of a dynamic family, its permanent index in the
    /// registry.
    pub(super) index: usize,
    pub(super) metric: Arc<Prepared>,
    pub(super) state: Arc<MemberState>,
}

/// The state of a metric that is kept from one scrape to the next.
#[derive(Default)]
pub(super) struct MemberState {
    /// The number of its dropped updates that were counted already.
    pub(super) dropped: AtomicU64,
    /// Whether it panicked when it was last collected.
    pub(super) panics: PanicState,
}

/// A registered collector.
pub(super) struct Registration {
    pub(super) id: CollectorId,
    pub(super) name: CollectorName,
    pub(super) origin: Origin,
    /// Whether it is a registry of the `prometheus` crate.
    pub(super) is_foreign: bool,
    /// Whether collecting never blocks.
    pub(super) never_blocks: bool,
    pub(super) addition: Addition,
    /// The number of declared families.
    pub(super) declared: usize,
    /// Whether a scrape can bring dynamic families.
    pub(super) has_dynamic: bool,
    pub(super) dynamic: Mutex<DynamicIndices>,
    /// Whether a fault was logged: a dropped sample, a surplus family, a field that differs from
    /// its declaration, or a panic in `describe`. Only the first of these faults is logged.
    pub(super) is_reported: AtomicBool,
    /// Whether it panicked when it was last made.
    pub(super) panics: PanicState,
    /// Drops the collectors that are made for one scrape each.
    pub(super) drops: DropLog,
}

/// Drops each origin on its own, because a plan can be the last owner of several collectors.
impl Drop for Registration {
    fn drop(&mut self) {
        let origin = mem::replace(&mut self.origin, Origin::Provider);
        DropLog::new(self.name.clone()).drop(origin);
    }
}
