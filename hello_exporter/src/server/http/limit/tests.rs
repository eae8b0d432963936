//! Which requests get a slot, and which are evicted.

use std::time::Duration;

use super::*;
use crate::server::connection::ConnectionHandle;

/// Runs a test whose clock stands still unless everything waits for it.
fn run(test: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(test);
}

/// Returns a client on `host`, with a connection of its own.
fn client(host: u8) -> (Requester, ConnectionHandle) {
    let connection = ConnectionHandle::default();
    (Requester::new([10, 0, 0, host].into(), Some(connection.clone())), connection)
}

async fn enter(limit: &Arc<Limit>, host: u8) -> Option<Permit> {
    limit.enter(client(host).0, None).await.ok()
}

async fn fill(limit: &Arc<Limit>, host: u8, count: usize) -> Vec<Permit> {
    let mut permits = Vec::new();
    for _ in 0..count {
        permits.push(enter(limit, host).await.unwrap());
    }
    permits
}

fn in_flight(limit: &Limit) -> usize {
    limit.metrics.requests_in_flight.load(Ordering::Relaxed)
}

fn assert_unused(limit: &Limit) {
    assert_eq!(in_flight(limit), 0);
    assert!(limit.queue().is_empty());
}

/// Counts the requests that have lost their slots.
async fn evicted(permits: &[Permit]) -> usize {
    let mut count = 0;
    for permit in permits {
        let result = permit.run(std::future::ready(())).await;
        count += usize::from(result.is_err_and(|refusal| refusal.status() == 503));
    }
    count
}

#[test]
fn slot_is_held_until_the_response_is_received() {
    run(async {
        let limit = Arc::new(Limit::new(1));
        let permit = enter(&limit, 1).await;
        let begun = Instant::now();
        let refusal = limit.enter(client(1).0, None).await.err();
        assert_eq!(refusal.map(|refusal| refusal.status().as_u16()), Some(503));
        assert_eq!(begun.elapsed(), Duration::ZERO, "no slot is about to be free");
        drop(permit);
        assert!(enter(&limit, 1).await.is_some());
        assert!(limit.queue().is_empty());
        let unlimited = Arc::new(Limit::new(0));
        let _permits = (enter(&unlimited, 1).await, enter(&unlimited, 1).await);
        assert_eq!(in_flight(&unlimited), 2);
    });
}

#[test]
fn slow_readers_are_evicted() {
    run(async {
        let limit = Arc::new(Limit::new(2));
        let clients = [client(1), client(1)];
        let mut permits = Vec::new();
        for (client, _) in &clients {
            let permit = limit.enter(client.clone(), None).await.ok().unwrap();
            permit.deliver();
            permits.push(permit);
            tokio::time::advance(Duration::from_millis(400)).await;
        }
        let are_cut = || clients.each_ref().map(|(_, connection)| connection.must_be_cut());
        let begun = Instant::now();
        let third = enter(&limit, 1).await;
        assert!(third.is_some());
        assert_eq!((are_cut(), begun.elapsed()), ([true, false], Duration::from_millis(200)));
        let fourth = enter(&limit, 1).await;
        assert!(fourth.is_some());
        assert_eq!((are_cut(), begun.elapsed()), ([true, true], Duration::from_millis(600)));
        drop((permits, third, fourth));
        assert_unused(&limit);
    });
}

#[test]
fn client_that_releases_its_slot_in_time_is_not_evicted() {
    run(async {
        let limit = Arc::new(Limit::new(1));
        let (requester, connection) = client(1);
        let permit = limit.enter(requester, None).await.ok().unwrap();
        permit.deliver();
        let waiting = tokio::spawn({
            let limit = Arc::clone(&limit);
            async move { enter(&limit, 1).await.is_some() }
        });
        let begun = Instant::now();
        tokio::time::sleep(Duration::from_millis(10)).await;
        drop(permit);
        assert!(waiting.await.unwrap());
        assert_eq!(begun.elapsed(), Duration::from_millis(10));
        assert!(!connection.must_be_cut());
    });
}

#[test]
fn lone_host_holds_all_slots() {
    run(async {
        let limit = Arc::new(Limit::new(40));
        let permits = fill(&limit, 1, 40).await;
        assert!(enter(&limit, 1).await.is_none());
        assert_eq!(evicted(&permits).await, 0);
    });
}

#[test]
fn hosts_share_slots_evenly() {
    run(async {
        let limit = Arc::new(Limit::new(8));
        let first = fill(&limit, 1, 8).await;
        let second = fill(&limit, 2, 4).await;
        assert!(enter(&limit, 2).await.is_none(), "both hold four");
        let third = fill(&limit, 3, 2).await;
        assert!(enter(&limit, 3).await.is_none(), "none holds two more");
        assert!(enter(&limit, 1).await.is_none());
        let counts = [evicted(&first).await, evicted(&second).await, evicted(&third).await];
        assert_eq!(counts, [5, 1, 0]);
        // An evicted request is in flight until it has ended, and frees no slot then.
        assert_eq!(in_flight(&limit), 14);
        drop(first);
        let fourth = fill(&limit, 3, 3).await;
        drop((second, third, fourth));
        assert_unused(&limit);
    });
}

#[test]
fn oldest_request_of_the_largest_host_is_evicted() {
    run(async {
        let limit = Arc::new(Limit::new(3));
        let permits = fill(&limit, 1, 3).await;
        let held =
            [&permits[0], &permits[1], &permits[2]].map(|it| it.run(std::future::pending::<()>()));
        let [first, mut second, mut third] = held.map(Box::pin);
        let other = enter(&limit, 2).await;
        assert!(other.is_some());
        assert_eq!(first.await.unwrap_err().status(), 503);
        poll_fn(|context| {
            assert!(second.as_mut().poll(context).is_pending());
            assert!(third.as_mut().poll(context).is_pending());
            Poll::Ready(())
        })
        .await;
    });
}

#[test]
fn half_closed_request_is_evicted_for_any_host() {
    run(async {
        let limit = Arc::new(Limit::new(2));
        let first = enter(&limit, 1).await.unwrap();
        let (gone, connection) = client(1);
        let gone = limit.enter(gone, None).await.ok().unwrap();
        connection.note_half_close();
        let third = enter(&limit, 1).await.unwrap();
        assert!(enter(&limit, 1).await.is_none());
        assert_eq!(evicted(&[first, gone, third]).await, 1);
    });
}

#[test]
fn request_is_not_evicted_while_its_response_is_encoded() {
    run(async {
        let limit = Arc::new(Limit::new(2));
        let clients = [client(1), client(1)];
        let mut permits = Vec::new();
        for (client, _) in &clients {
            let permit = limit.enter(client.clone(), None).await.ok().unwrap();
            permit.run(std::future::ready(())).await.unwrap();
            permits.push(permit);
        }
        let wait = |host| {
            let limit = Arc::clone(&limit);
            tokio::spawn(async move { enter(&limit, host).await })
        };
        let (same, other) = (wait(1), wait(2));
        tokio::time::sleep(Duration::from_millis(10)).await;
        assert!(!same.is_finished() && !other.is_finished());
        // The other host holds fewer, and the client has just begun to receive its response.
        permits[1].deliver();
        let other = other.await.unwrap();
        assert!(other.is_some());
        assert_eq!(clients.each_ref().map(|(_, it)| it.must_be_cut()), [false, true]);
        // No slot becomes free for the waiting request of the first host.
        assert!(same.await.unwrap().is_none());
        // A request that is cancelled while it waits leaves nothing in the queue.
        let gone = wait(3);
        tokio::task::yield_now().await;
        gone.abort();
        assert!(gone.await.is_err());
        drop((permits, other));
        assert!(limit.queue().is_empty());
        assert_eq!(in_flight(&limit), 0);
    });
}

#[test]
fn free_slot_goes_to_the_waiting_host_that_holds_fewest() {
    run(async {
        let limit = Arc::new(Limit::new(2));
        let permits = fill(&limit, 1, 2).await;
        for permit in &permits {
            permit.run(std::future::ready(())).await.unwrap();
        }
        let wait = |host| {
            let limit = Arc::clone(&limit);
            tokio::spawn(async move { enter(&limit, host).await.map(|permit| (host, permit)) })
        };
        let (same, other) = (wait(1), wait(2));
        tokio::time::sleep(Duration::from_millis(10)).await;
        let mut permits = permits.into_iter();
        drop(permits.next());
        let (host, _permit) = other.await.unwrap().unwrap();
        assert_eq!(host, 2);
        assert!(same.await.unwrap().is_none());
    });
}

#[test]
fn permit_of_a_cancelled_request_is_released() {
    run(async {
        let limit = Arc::new(Limit::new(1));
        let permit = enter(&limit, 1).await.unwrap();
        permit.run(std::future::ready(())).await.unwrap();
        let mut waiting = Box::pin(enter(&limit, 1));
        poll_fn(|context| Poll::Ready(waiting.as_mut().poll(context).is_pending())).await;
        // It is granted a slot, and cancelled before it has received the permit.
        drop(permit);
        assert_eq!(in_flight(&limit), 1);
        drop(waiting);
        assert_unused(&limit);
    });
}

#[test]
fn request_below_the_limit_is_not_refused_while_others_come_and_go() {
    const THREADS: usize = 4;
    let limit = Arc::new(Limit::new(THREADS));
    let requests = || {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().build().unwrap();
        let is_refused = |_: &u32| runtime.block_on(limit.enter(client(1).0, None)).is_err();
        (0..20_000).filter(is_refused).count()
    };
    let refused: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(requests)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(refused, 0);
    assert_unused(&limit);
}
