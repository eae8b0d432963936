//! Which connections are admitted, and which are evicted.

use std::ops::Deref;

use super::super::slots::DELIVERY;
use super::*;

/// A slot with the handle of its connection.
struct Admitted {
    slot: ConnectionSlot,
    handle: ConnectionHandle,
}

impl Deref for Admitted {
    type Target = ConnectionSlot;

    fn deref(&self) -> &ConnectionSlot {
        &self.slot
    }
}

fn admit(admission: &Arc<Admission>) -> Option<Admitted> {
    let handle = ConnectionHandle::default();
    admission.try_admit(&handle).map(|slot| Admitted { slot, handle })
}

fn is_closed(connection: &Admitted) -> bool {
    connection.handle.must_close()
}

/// Returns the number of slots, and of those that wait for a request.
fn counts(admission: &Admission) -> (usize, usize) {
    let slots = lock(&admission.0);
    let waiting = slots.iter().filter(|(_, slot)| matches!(slot.phase, Phase::Waiting(_)));
    (slots.iter().count(), waiting.count())
}

fn is_sending(admission: &Admission) -> bool {
    lock(&admission.0).longest_sending().is_some()
}

/// Runs a request whose response takes 90 ms.
async fn respond(connection: &Admitted) {
    connection.begin_request();
    connection.begin_response();
    tokio::time::advance(Duration::from_millis(90)).await;
    connection.end_requests();
}

#[test]
fn longest_idle_connection_is_evicted() {
    let admission = Admission::new(3);
    let [first, second, third] = [(); 3].map(|()| admit(&admission).unwrap());
    first.begin_request();
    first.end_requests();
    let fourth = admit(&admission).unwrap();
    assert_eq!([&first, &second, &third, &fourth].map(is_closed), [false, true, false, false]);
    let fifth = admit(&admission).unwrap();
    assert_eq!([&first, &third, &fourth, &fifth].map(is_closed), [false, true, false, false]);
    drop((second, third));
    assert_eq!(counts(&admission), (3, 3));
    drop((first, fourth, fifth));
    assert_eq!(counts(&admission), (0, 0));
}

#[test]
fn connection_with_a_request_is_not_evicted() {
    let admission = Admission::new(2);
    let [first, second] = [(); 2].map(|()| admit(&admission).unwrap());
    first.begin_request();
    second.begin_request();
    assert!(admit(&admission).is_none());
    assert_eq!([&first, &second].map(is_closed), [false, false]);
    second.end_requests();
    let third = admit(&admission).unwrap();
    assert_eq!([&first, &second].map(is_closed), [false, true]);
    // A request on the evicted connection changes no slot: its slot is another connection's.
    second.begin_request();
    second.end_requests();
    assert_eq!(counts(&admission), (2, 1));
    drop((first, second));
    assert_eq!(counts(&admission), (1, 1));
    drop(third);
    assert_eq!(counts(&admission), (0, 0));
}

#[test]
fn slot_is_given_back_once() {
    let admission = Admission::new(2);
    let connection = admit(&admission).unwrap();
    connection.begin_request();
    connection.leave();
    connection.end_requests();
    drop(connection);
    assert_eq!(counts(&admission), (0, 0));
}

/// Runs a test whose clock stands still unless the test advances it or waits.
fn run(test: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(test);
}

#[test]
fn slow_reader_is_evicted() {
    run(async {
        let admission = Admission::new(2);
        let [slow, busy] = [(); 2].map(|()| admit(&admission).unwrap());
        busy.begin_request();
        slow.begin_request();
        slow.begin_response();
        tokio::time::advance(Duration::from_millis(900)).await;
        assert!(admit(&admission).is_none());
        tokio::time::advance(Duration::from_millis(100)).await;
        let third = admit(&admission).unwrap();
        assert!(slow.handle.must_be_cut() && !busy.handle.must_be_cut());
        drop(slow);
        third.begin_request();
        assert!(admit(&admission).is_none());
        drop((busy, third));
        assert_eq!(counts(&admission), (0, 0));
        assert!(!is_sending(&admission));
    });
}

#[test]
fn responses_in_a_row_are_one_transfer() {
    run(async {
        let admission = Admission::new(1);
        let connection = admit(&admission).unwrap();
        for _ in 0..12 {
            respond(&connection).await;
        }
        connection.begin_request();
        connection.begin_response();
        assert!(admit(&admission).is_some());
        assert!(connection.handle.must_be_cut());

        // After a pause a new transfer begins.
        let admission = Admission::new(1);
        let connection = admit(&admission).unwrap();
        for _ in 0..12 {
            respond(&connection).await;
            tokio::time::advance(Duration::from_millis(110)).await;
        }
        connection.begin_request();
        connection.begin_response();
        assert!(admit(&admission).is_none());
    });
}

#[test]
fn slow_reader_is_evicted_before_a_new_connection() {
    run(async {
        let admission = Admission::new(2);
        let slow = admit(&admission).unwrap();
        slow.begin_request();
        slow.begin_response();
        tokio::time::advance(DELIVERY).await;
        let good = admit(&admission).unwrap();
        let third = admit(&admission).unwrap();
        assert_eq!([&slow, &good, &third].map(is_closed), [true, false, false]);
    });
}

#[test]
fn connection_waits_for_a_slot() {
    run(async {
        let admission = Admission::new(1);
        let slow = admit(&admission).unwrap();
        slow.begin_request();
        let begun = Instant::now();
        assert!(admission.admit(&ConnectionHandle::default()).await.is_none());
        assert_eq!(begun.elapsed(), PATIENCE);
        slow.begin_response();
        let begun = Instant::now();
        assert!(admission.admit(&ConnectionHandle::default()).await.is_some());
        assert_eq!(begun.elapsed(), DELIVERY);
    });
}
