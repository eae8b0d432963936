//! Who compares a password when: one at a time, and nobody in front of all others.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::server::network::network;

/// Passwords of one host that may be compared, or wait for it.
const PLACES_PER_HOST: usize = 8;

/// Hosts whose passwords may be compared, or wait for it.
const HOSTS: usize = 256;

/// Lets one password be compared at a time, so that comparisons never take more than one processor.
///
/// Every host has a lane of its own, and only the first one in each lane waits for its turn: hosts take
/// turns, however many passwords one of them sends. What would wait behind too many is refused.
pub(super) struct Turns {
    turn: Arc<Semaphore>,
    lanes: Mutex<HashMap<IpAddr, Lane>>,
    comparisons: AtomicU64,
}

struct Lane {
    front: Arc<Semaphore>,
    places: usize,
}

/// The right to compare a password. Whoever drops it hands it on.
pub(super) struct Turn {
    _turn: OwnedSemaphorePermit,
    _front: OwnedSemaphorePermit,
    place: Place,
}

impl Turn {
    /// Counts one comparison, and gives how many there were with it.
    pub(super) fn count(&self) -> u64 {
        self.place.turns.comparisons.fetch_add(1, Ordering::Relaxed) + 1
    }
}

impl Default for Turns {
    fn default() -> Self {
        let turn = Arc::new(Semaphore::new(1));
        Self { turn, lanes: Mutex::default(), comparisons: AtomicU64::new(0) }
    }
}

impl Turns {
    /// Waits for a turn. Nothing where too many wait already.
    pub(super) async fn take(self: &Arc<Self>, host: Option<IpAddr>) -> Option<Turn> {
        let (place, front) = self.place(network(host))?;
        let front = front.acquire_owned().await.ok()?;
        let turn = Arc::clone(&self.turn).acquire_owned().await.ok()?;
        Some(Turn { _turn: turn, _front: front, place })
    }

    /// A place in the lane of a host, and who is in front there.
    fn place(self: &Arc<Self>, host: IpAddr) -> Option<(Place, Arc<Semaphore>)> {
        let mut lanes = self.lanes();
        if lanes.len() >= HOSTS && !lanes.contains_key(&host) {
            return None;
        }
        let new = || Lane { front: Arc::new(Semaphore::new(1)), places: 0 };
        let lane = lanes.entry(host).or_insert_with(new);
        if lane.places >= PLACES_PER_HOST {
            return None;
        }
        lane.places += 1;
        Some((Place { turns: Arc::clone(self), host }, Arc::clone(&lane.front)))
    }

    fn lanes(&self) -> MutexGuard<'_, HashMap<IpAddr, Lane>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Given up when it is dropped: after the comparison, or when the request that waited is gone.
struct Place {
    turns: Arc<Turns>,
    host: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut lanes = self.turns.lanes();
        if let Some(lane) = lanes.get_mut(&self.host) {
            lane.places = lane.places.saturating_sub(1);
            if lane.places == 0 {
                lanes.remove(&self.host);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::Poll;

    use super::*;

    fn host(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([127, 0, 0, last]))
    }

    #[actix_web::test]
    async fn hosts_take_turns_however_many_passwords_one_of_them_sends() {
        let turns = Arc::new(Turns::default());
        let first = turns.take(host(1)).await.unwrap();
        let mut second = pin!(turns.take(host(1)));
        let mut third = pin!(turns.take(host(1)));
        let mut other = pin!(turns.take(host(2)));
        // All of them queue in this order.
        poll_fn(|context| {
            assert!(second.as_mut().poll(context).is_pending());
            assert!(third.as_mut().poll(context).is_pending());
            assert!(other.as_mut().poll(context).is_pending());
            Poll::Ready(())
        })
        .await;
        drop(first);
        // The second one of the first host gets to the front of its lane, behind the other host.
        poll_fn(|context| {
            assert!(second.as_mut().poll(context).is_pending());
            assert!(third.as_mut().poll(context).is_pending());
            Poll::Ready(())
        })
        .await;
        assert_eq!(other.await.unwrap().count(), 1);
        assert_eq!(second.await.unwrap().count(), 2);
        assert_eq!(third.await.unwrap().count(), 3);
        assert!(turns.lanes().is_empty());
    }

    #[actix_web::test]
    async fn who_would_wait_behind_too_many_is_refused_at_once() {
        let turns = Arc::new(Turns::default());
        let places = (0..PLACES_PER_HOST).map(|_| turns.place(network(host(1))).unwrap());
        let places: Vec<_> = places.collect();
        assert!(turns.take(host(1)).await.is_none());
        assert!(turns.take(host(2)).await.is_some());
        drop(places);
        assert!(turns.take(host(1)).await.is_some());
        assert!(turns.lanes().is_empty());

        let network_of = |at: usize| IpAddr::from([0x2001, at as u16, 0, 0, 0, 0, 0, 1_u16]);
        let places: Vec<_> =
            (0..HOSTS).map(|at| turns.place(network(Some(network_of(at)))).unwrap()).collect();
        assert!(turns.take(host(1)).await.is_none());
        drop(places);
        assert!(turns.take(host(1)).await.is_some());
    }

    #[actix_web::test]
    async fn a_request_that_is_gone_gives_its_place_up() {
        let turns = Arc::new(Turns::default());
        let first = turns.take(host(1)).await.unwrap();
        {
            let mut second = pin!(turns.take(host(1)));
            poll_fn(|context| Poll::Ready(second.as_mut().poll(context).is_pending())).await;
        }
        drop(first);
        assert!(turns.lanes().is_empty());
        assert!(turns.take(host(1)).await.is_some());
    }
}
