//! Lets bcrypt comparisons run one at a time, queued fairly per client host.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::internals::lock;
use crate::server::network::network;

/// The maximum number of comparisons of one host that run or wait.
const MOST_PER_HOST: usize = 8;

/// The maximum number of hosts whose comparisons run or wait.
const MOST_HOSTS: usize = 256;

/// Lets one comparison run at a time, so that all together never take more than one processor.
///
/// Every host has a queue of its own, and only the first comparison of each queue waits for the
/// processor: hosts take turns, however many passwords one of them sends. A comparison is refused
/// if its queue is full, or if there are too many queues.
pub(super) struct BcryptQueue {
    processor: Arc<Semaphore>,
    hosts: Mutex<HashMap<IpAddr, HostQueue>>,
    /// The number of comparisons that have begun.
    count: AtomicU64,
}

/// The comparisons of one host.
struct HostQueue {
    /// Held by the first comparison.
    first: Arc<Semaphore>,
    length: usize,
}

/// The right to run a comparison, passed on when it is dropped.
pub(super) struct BcryptPermit {
    _processor: OwnedSemaphorePermit,
    _first: OwnedSemaphorePermit,
    entry: QueueEntry,
}

impl BcryptPermit {
    /// Counts a comparison, and returns how many there were, including this one.
    pub(super) fn count(&self) -> u64 {
        self.entry.queue.count.fetch_add(1, Ordering::Relaxed) + 1
    }
}

impl Default for BcryptQueue {
    fn default() -> Self {
        let processor = Arc::new(Semaphore::new(1));
        Self { processor, hosts: Mutex::default(), count: AtomicU64::new(0) }
    }
}

impl BcryptQueue {
    /// Waits until a comparison of `host` may run; returns `None` at once if too many wait already.
    pub(super) async fn wait(self: &Arc<Self>, host: Option<IpAddr>) -> Option<BcryptPermit> {
        let (entry, first) = self.enter(network(host))?;
        let _first = first.acquire_owned().await.ok()?;
        let _processor = Arc::clone(&self.processor).acquire_owned().await.ok()?;
        Some(BcryptPermit { _processor, _first, entry })
    }

    /// Enters the queue of `host`. Returns the entry, and the semaphore of the first comparison.
    fn enter(self: &Arc<Self>, host: IpAddr) -> Option<(QueueEntry, Arc<Semaphore>)> {
        let mut hosts = lock(&self.hosts);
        if hosts.len() >= MOST_HOSTS && !hosts.contains_key(&host) {
            return None;
        }
        let new = || HostQueue { first: Arc::new(Semaphore::new(1)), length: 0 };
        let queue = hosts.entry(host).or_insert_with(new);
        if queue.length >= MOST_PER_HOST {
            return None;
        }
        queue.length += 1;
        Some((QueueEntry { queue: Arc::clone(self), host }, Arc::clone(&queue.first)))
    }
}

/// A comparison in the queue of its host. It leaves the queue when this is dropped: after it has
/// run, or when no request waits for it.
struct QueueEntry {
    queue: Arc<BcryptQueue>,
    host: IpAddr,
}

impl Drop for QueueEntry {
    fn drop(&mut self) {
        let mut hosts = lock(&self.queue.hosts);
        if let Some(queue) = hosts.get_mut(&self.host) {
            queue.length = queue.length.saturating_sub(1);
            if queue.length == 0 {
                hosts.remove(&self.host);
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
    async fn hosts_take_turns() {
        let queue = Arc::new(BcryptQueue::default());
        let first = queue.wait(host(1)).await.unwrap();
        let mut second = pin!(queue.wait(host(1)));
        let mut third = pin!(queue.wait(host(1)));
        let mut other = pin!(queue.wait(host(2)));
        // All of them queue in this order.
        poll_fn(|context| {
            assert!(second.as_mut().poll(context).is_pending());
            assert!(third.as_mut().poll(context).is_pending());
            assert!(other.as_mut().poll(context).is_pending());
            Poll::Ready(())
        })
        .await;
        drop(first);
        // The second comparison of the first host is now first in its queue, after the other host.
        poll_fn(|context| {
            assert!(second.as_mut().poll(context).is_pending());
            assert!(third.as_mut().poll(context).is_pending());
            Poll::Ready(())
        })
        .await;
        assert_eq!(other.await.unwrap().count(), 1);
        assert_eq!(second.await.unwrap().count(), 2);
        assert_eq!(third.await.unwrap().count(), 3);
        assert!(lock(&queue.hosts).is_empty());
    }

    #[actix_web::test]
    async fn full_queue_refuses_at_once() {
        let queue = Arc::new(BcryptQueue::default());
        let entries = (0..MOST_PER_HOST).map(|_| queue.enter(network(host(1))).unwrap());
        let entries: Vec<_> = entries.collect();
        assert!(queue.wait(host(1)).await.is_none());
        assert!(queue.wait(host(2)).await.is_some());
        drop(entries);
        assert!(queue.wait(host(1)).await.is_some());
        assert!(lock(&queue.hosts).is_empty());

        let network_of = |at: usize| IpAddr::from([0x2001, at as u16, 0, 0, 0, 0, 0, 1_u16]);
        let entries: Vec<_> =
            (0..MOST_HOSTS).map(|at| queue.enter(network(Some(network_of(at)))).unwrap()).collect();
        assert!(queue.wait(host(1)).await.is_none());
        drop(entries);
        assert!(queue.wait(host(1)).await.is_some());
    }

    #[actix_web::test]
    async fn cancelled_request_leaves_the_queue() {
        let queue = Arc::new(BcryptQueue::default());
        let first = queue.wait(host(1)).await.unwrap();
        {
            let mut second = pin!(queue.wait(host(1)));
            poll_fn(|context| Poll::Ready(second.as_mut().poll(context).is_pending())).await;
        }
        drop(first);
        assert!(lock(&queue.hosts).is_empty());
        assert!(queue.wait(host(1)).await.is_some());
    }
}
