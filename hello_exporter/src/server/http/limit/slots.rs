//! The slots of the requests in flight: which request gets one, and which gives its own up for it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::Permit;
use crate::server::connection::Closer;
use crate::server::network::network;

/// How long a client may take its response while other requests wait. A client that reads takes
/// milliseconds.
const DELIVERY: Duration = Duration::from_secs(1);

/// The client that sends a request.
#[derive(Clone)]
pub(in crate::server::http) struct Requester {
    host: IpAddr,
    /// The handle of its connection; servers other than [`Exporter`](crate::Exporter) have none.
    connection: Option<Closer>,
}

impl Requester {
    pub(in crate::server::http) fn of(request: &HttpRequest) -> Self {
        let address = request.peer_addr().map(|address| address.ip());
        Self::new(network(address), request.conn_data::<Closer>().cloned())
    }

    pub(super) fn new(host: IpAddr, connection: Option<Closer>) -> Self {
        Self { host, connection }
    }

    /// Whether the client has ended its side of the connection: it may be gone.
    fn has_ended(&self) -> bool {
        self.connection.as_ref().is_some_and(Closer::has_ended)
    }
}

/// The slots, of which there are `most`, and the requests that wait for one.
///
/// A slot is free only while no request waits.
pub(super) struct Slots {
    most: usize,
    /// In the order in which they were given.
    held: BTreeMap<u64, Slot>,
    /// How many slots each host holds; none is 0.
    hosts: HashMap<IpAddr, usize>,
    /// In the order in which they came.
    waiting: BTreeMap<u64, Waiting>,
    next: u64,
}

pub(super) struct Slot {
    requester: Requester,
    phase: Phase,
}

enum Phase {
    /// The request waits for sources or for its target, until it is notified that its slot is gone.
    Running(Arc<Notify>),
    /// A thread encodes the response, which nothing can end.
    Encoding,
    /// The client takes the response, since then, over a connection that can be closed.
    Sending(Instant),
}

struct Waiting {
    requester: Requester,
    granted: oneshot::Sender<Permit>,
}

/// A slot that a request has got, whose [`Permit`] is to be sent.
pub(super) struct Grant {
    pub(super) number: u64,
    pub(super) evicted: Arc<Notify>,
    pub(super) to: oneshot::Sender<Permit>,
}

impl Slots {
    pub(super) fn new(most: usize) -> Self {
        let (held, hosts, waiting) = Default::default();
        Self { most, held, hosts, waiting, next: 0 }
    }

    /// Adds a request to those that wait. The number is what [`leave`](Self::leave) takes.
    pub(super) fn wait(&mut self, requester: Requester, granted: oneshot::Sender<Permit>) -> u64 {
        let number = self.number();
        self.waiting.insert(number, Waiting { requester, granted });
        number
    }

    /// Removes a request that waits no longer.
    pub(super) fn leave(&mut self, number: u64) {
        self.waiting.remove(&number);
    }

    /// Gives slots to the requests that wait: free ones, and those of requests that make room.
    ///
    /// Requests of the host that holds the fewest slots come first.
    pub(super) fn grant(&mut self, now: Instant) -> Vec<Grant> {
        let mut grants = Vec::new();
        while let Some((number, host)) = self.first_waiting() {
            if self.held.len() >= self.most {
                // Who could not make room for this one could not for the others either.
                let Some(victim) = self.victim(host, now) else { break };
                self.evict(victim);
            }
            grants.extend(self.grant_to(number));
        }
        grants
    }

    fn first_waiting(&self) -> Option<(u64, IpAddr)> {
        let hosts = self.waiting.iter().map(|(number, it)| (*number, it.requester.host));
        hosts.min_by_key(|(number, host)| (self.slots_of(host), *number))
    }

    fn grant_to(&mut self, waiting: u64) -> Option<Grant> {
        let Waiting { requester, granted } = self.waiting.remove(&waiting)?;
        let (number, evicted) = (self.number(), Arc::new(Notify::new()));
        *self.hosts.entry(requester.host).or_default() += 1;
        let phase = Phase::Running(Arc::clone(&evicted));
        self.held.insert(number, Slot { requester, phase });
        Some(Grant { number, evicted, to: granted })
    }

    /// Returns the slot that makes room for a request of `host`, if there is one:
    ///
    /// 1. the oldest of a client that has ended its side of the connection, and may be gone;
    /// 2. one of the host that holds the most, if that still holds no fewer than `host` does
    ///    afterwards;
    /// 3. the one whose client has been taking its response for longest, if that is too long.
    fn victim(&self, host: IpAddr, now: Instant) -> Option<u64> {
        let ended = self.held.iter().find(|(_, it)| it.is_running() && it.requester.has_ended());
        let ended = ended.map(|(number, _)| *number);
        ended.or_else(|| self.slot_of_greediest(host)).or_else(|| self.overdue(now))
    }

    /// A request that runs goes before one whose response is being sent, and an older one before a
    /// younger.
    fn slot_of_greediest(&self, host: IpAddr) -> Option<u64> {
        let fair = self.slots_of(&host) + 2;
        let slots = self.held.iter().filter_map(|(number, slot)| {
            let count = self.slots_of(&slot.requester.host);
            let order = (Reverse(count), !slot.is_running(), *number);
            (slot.can_go() && count >= fair).then_some(order)
        });
        slots.min().map(|(_, _, number)| number)
    }

    fn overdue(&self, now: Instant) -> Option<u64> {
        let (since, number) = self.longest_sending()?;
        (now.saturating_duration_since(since) >= DELIVERY).then_some(number)
    }

    fn longest_sending(&self) -> Option<(Instant, u64)> {
        let sending = self.held.iter().filter_map(|(number, slot)| match slot.phase {
            Phase::Sending(since) => Some((since, *number)),
            _ => None,
        });
        sending.min()
    }

    fn evict(&mut self, number: u64) {
        match self.remove(number) {
            Some(Slot { phase: Phase::Running(evicted), .. }) => evicted.notify_one(),
            Some(Slot { requester: Requester { connection: Some(connection), .. }, .. }) => {
                connection.cut();
            }
            _ => {}
        }
    }

    /// Removes a slot, if its request has not been evicted before.
    pub(super) fn remove(&mut self, number: u64) -> Option<Slot> {
        let slot = self.held.remove(&number)?;
        let host = slot.requester.host;
        let left = self.slots_of(&host).saturating_sub(1);
        match left {
            0 => self.hosts.remove(&host),
            left => self.hosts.insert(host, left),
        };
        Some(slot)
    }

    /// Begins to encode the response of a request. False if the request has been evicted.
    pub(super) fn encode(&mut self, number: u64) -> bool {
        let slot = self.held.get_mut(&number);
        slot.map(|slot| slot.phase = Phase::Encoding).is_some()
    }

    /// Begins to send the response of a request.
    pub(super) fn send(&mut self, number: u64, now: Instant) {
        // Without a handle of the connection nothing could end it.
        if let Some(slot) =
            self.held.get_mut(&number).filter(|it| it.requester.connection.is_some())
        {
            slot.phase = Phase::Sending(now);
        }
    }

    /// Returns until when it is worth waiting for a slot, up to `patience`; `None` where every
    /// request waits for sources or for its target, which may take long.
    pub(super) fn next_free(&self, patience: Instant) -> Option<Instant> {
        if let Some((since, _)) = self.longest_sending() {
            return Some(patience.min(since + DELIVERY));
        }
        let is_encoding = |slot: &Slot| matches!(slot.phase, Phase::Encoding);
        self.held.values().any(is_encoding).then_some(patience)
    }

    fn slots_of(&self, host: &IpAddr) -> usize {
        self.hosts.get(host).copied().unwrap_or(0)
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty() && self.hosts.is_empty() && self.waiting.is_empty()
    }
}

impl Slot {
    fn is_running(&self) -> bool {
        matches!(self.phase, Phase::Running(_))
    }

    fn can_go(&self) -> bool {
        !matches!(self.phase, Phase::Encoding)
    }
}
