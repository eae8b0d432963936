//! Decides which request gets a slot, and which request is evicted for it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use actix_web::HttpRequest;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::Permit;
use crate::server::connection::ConnectionHandle;
use crate::server::connection::slots::{DELIVERY, Phase, Slot, Slots};
use crate::server::network::network;

/// The client that sends a request.
#[derive(Clone)]
pub(in crate::server::http) struct Requester {
    host: IpAddr,
    /// The handle of its connection; servers other than [`Exporter`](crate::Exporter) have none.
    connection: Option<ConnectionHandle>,
}

impl Requester {
    pub(in crate::server::http) fn of(request: &HttpRequest) -> Self {
        let address = request.peer_addr().map(|address| address.ip());
        Self::new(network(address), request.conn_data::<ConnectionHandle>().cloned())
    }

    pub(super) fn new(host: IpAddr, connection: Option<ConnectionHandle>) -> Self {
        Self { host, connection }
    }

    /// Returns whether the client has ended its side of the connection: it may be gone.
    fn is_half_closed(&self) -> bool {
        self.connection.as_ref().is_some_and(ConnectionHandle::is_half_closed)
    }
}

/// The requests that hold a slot, and those that wait for one.
///
/// A slot is free only while no request waits.
pub(super) struct RequestQueue {
    slots: Slots<Occupant>,
    /// How many slots each host holds. A host without slots has no entry.
    hosts: HashMap<IpAddr, usize>,
    /// In the order of their arrival.
    waiting: BTreeMap<u64, QueuedRequest>,
    next: u64,
}

/// A request that holds a slot.
struct Occupant {
    requester: Requester,
    /// Notifies the request of its eviction, while it waits for sources or for its target.
    evicted: Arc<Notify>,
}

struct QueuedRequest {
    requester: Requester,
    granted: oneshot::Sender<Permit>,
}

/// A slot that was granted to a request. Its [`Permit`] still has to be sent.
pub(super) struct Grant {
    pub(super) slot: RequestSlot,
    pub(super) to: oneshot::Sender<Permit>,
}

/// The slot of a request.
pub(super) struct RequestSlot {
    pub(super) number: u64,
    pub(super) evicted: Arc<Notify>,
}

/// How long a request waits for a slot.
pub(super) enum Wait {
    /// It has been granted a slot. Its [`Permit`] is sent without delay, but may not have arrived.
    Granted,
    /// Until a slot may be free.
    Until(Instant),
    /// No slot is about to be free.
    Refused,
}

impl RequestQueue {
    pub(super) fn new(most: usize) -> Self {
        Self { slots: Slots::new(most), hosts: HashMap::new(), waiting: BTreeMap::new(), next: 0 }
    }

    /// Adds a request to the queue. Returns its number, for [`leave`](Self::leave).
    pub(super) fn wait(&mut self, requester: Requester, granted: oneshot::Sender<Permit>) -> u64 {
        self.next += 1;
        self.waiting.insert(self.next, QueuedRequest { requester, granted });
        self.next
    }

    /// Removes a request from the queue.
    pub(super) fn leave(&mut self, number: u64) {
        self.waiting.remove(&number);
    }

    /// Grants slots to queued requests: free slots, and the slots of requests that it evicts.
    ///
    /// Requests of the host that holds the fewest slots come first.
    pub(super) fn grant(&mut self, now: Instant) -> Vec<Grant> {
        let mut grants = Vec::new();
        while let Some((number, host)) = self.first_waiting() {
            if self.slots.is_full() {
                // A host that holds more slots could not get one either.
                let Some(victim) = self.victim(host, now) else { break };
                self.evict(victim);
            }
            grants.extend(self.grant_to(number, now));
        }
        grants
    }

    fn first_waiting(&self) -> Option<(u64, IpAddr)> {
        let hosts = self.waiting.iter().map(|(number, it)| (*number, it.requester.host));
        hosts.min_by_key(|(number, host)| (self.slots_of(host), *number))
    }

    fn grant_to(&mut self, waiting: u64, now: Instant) -> Option<Grant> {
        let QueuedRequest { requester, granted } = self.waiting.remove(&waiting)?;
        Some(Grant { slot: self.occupy(requester, now), to: granted })
    }

    /// Gives a free slot to a request that is not in the queue; `None` if there is no free slot, or
    /// if others wait.
    pub(super) fn take_free(&mut self, requester: &Requester, now: Instant) -> Option<RequestSlot> {
        let is_free = self.waiting.is_empty() && !self.slots.is_full();
        is_free.then(|| self.occupy(requester.clone(), now))
    }

    fn occupy(&mut self, requester: Requester, now: Instant) -> RequestSlot {
        *self.hosts.entry(requester.host).or_default() += 1;
        let evicted = Arc::new(Notify::new());
        let occupant = Occupant { requester, evicted: Arc::clone(&evicted) };
        RequestSlot { number: self.slots.insert(occupant, now), evicted }
    }

    /// Returns the slot to evict for a request of `host`, if there is one:
    ///
    /// 1. the oldest one whose request waits for sources or for its target, and whose client has
    ///    ended its side of the connection, and may be gone;
    /// 2. one of the host that holds the most, if this host then still holds at least as many as
    ///    `host`;
    /// 3. the one whose client has been receiving its response for longest, if that is too long.
    fn victim(&self, host: IpAddr, now: Instant) -> Option<u64> {
        self.half_closed()
            .or_else(|| self.slot_of_largest_host(host))
            .or_else(|| self.slots.overdue(now).map(|(_, number)| number))
    }

    fn half_closed(&self) -> Option<u64> {
        let mut slots = self.slots.iter();
        let half_closed =
            slots.find(|(_, slot)| is_waiting(slot) && slot.holder.requester.is_half_closed());
        half_closed.map(|(number, _)| number)
    }

    /// Returns a slot of the host that holds the most. A request that waits comes before one whose
    /// response is being sent, and an older one before a younger.
    fn slot_of_largest_host(&self, host: IpAddr) -> Option<u64> {
        let fair = self.slots_of(&host) + 2;
        let slots = self.slots.iter().filter_map(|(number, slot)| {
            let count = self.slots_of(&slot.holder.requester.host);
            let order = (Reverse(count), !is_waiting(slot), number);
            (slot.phase != Phase::Busy && count >= fair).then_some(order)
        });
        slots.min().map(|(_, _, number)| number)
    }

    fn evict(&mut self, number: u64) {
        let Some(Slot { holder, phase }) = self.remove(number) else { return };
        match (phase, holder.requester.connection) {
            (Phase::Waiting(_), _) => holder.evicted.notify_one(),
            (_, Some(connection)) => connection.cut(),
            (_, None) => {}
        }
    }

    /// Removes a slot, unless it was evicted.
    fn remove(&mut self, number: u64) -> Option<Slot<Occupant>> {
        let slot = self.slots.remove(number)?;
        let host = slot.holder.requester.host;
        match self.slots_of(&host).saturating_sub(1) {
            0 => self.hosts.remove(&host),
            left => self.hosts.insert(host, left),
        };
        Some(slot)
    }

    /// Gives a slot back, unless it was evicted.
    pub(super) fn release(&mut self, number: u64) {
        self.remove(number);
    }

    /// Begins to encode the response of a request. Returns `false` if the request was evicted.
    pub(super) fn encode(&mut self, number: u64) -> bool {
        let slot = self.slots.get_mut(number);
        slot.map(|slot| slot.phase = Phase::Busy).is_some()
    }

    /// Begins to send the response of a request.
    pub(super) fn send(&mut self, number: u64, now: Instant) {
        let slot = self.slots.get_mut(number);
        // Without a handle, nothing could end the connection.
        if let Some(slot) = slot.filter(|slot| slot.holder.requester.connection.is_some()) {
            slot.phase = Phase::Sending(now);
        }
    }

    /// Returns how long the request `number` waits for a slot: up to `patience`, or not at all if
    /// all requests with a slot wait for sources or for their targets, which may take long.
    pub(super) fn wait_of(&self, number: u64, patience: Instant) -> Wait {
        if !self.waiting.contains_key(&number) {
            return Wait::Granted;
        }
        if let Some((since, _)) = self.slots.longest_sending() {
            return Wait::Until(patience.min(since + DELIVERY));
        }
        let is_encoding = self.slots.iter().any(|(_, slot)| slot.phase == Phase::Busy);
        if is_encoding { Wait::Until(patience) } else { Wait::Refused }
    }

    fn slots_of(&self, host: &IpAddr) -> usize {
        self.hosts.get(host).copied().unwrap_or(0)
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.slots.iter().count() == 0 && self.hosts.is_empty() && self.waiting.is_empty()
    }
}

fn is_waiting(slot: &Slot<Occupant>) -> bool {
    matches!(slot.phase, Phase::Waiting(_))
}
