//! All connections there are: who is let in, and who has to go for it.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::closer::Closer;

/// The connections of all listeners.
pub(super) struct Table {
    most: usize,
    rows: Mutex<Rows>,
}

#[derive(Default)]
struct Rows {
    /// Connections that have a place.
    count: usize,
    /// Those of them that have no request under way, by when they began to wait for one.
    waiting: BTreeMap<Key, Closer>,
    /// Those of them that are taking answers, by when they began to.
    taking: BTreeMap<Key, Closer>,
    next: u64,
}

/// Since when, and a number that no other has.
type Key = (Instant, u64);

/// How long a client may take its answers while others wait for a place.
const TAKING: Duration = Duration::from_secs(1);

/// How long a connection waits for a place, and how often it looks.
const PATIENCE: Duration = Duration::from_millis(1500);
const RETRY: Duration = Duration::from_millis(25);

/// Who has not paused for so long between two answers is still taking the first.
const PAUSE: Duration = Duration::from_millis(100);

/// A connection's place in the table, from when it is accepted. Without a request it is the next one's, once
/// there is no other.
pub(super) struct Place {
    table: Arc<Table>,
    closer: Closer,
    /// Where it stands among those that wait.
    turn: Cell<Option<Key>>,
    /// Where it stands among those that take answers.
    taking: Cell<Option<Key>>,
    /// When it began to take answers, and when it had taken the last.
    has_taken: Cell<Option<(Instant, Instant)>>,
    has_left: Cell<bool>,
}

impl Table {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, rows: Mutex::default() })
    }

    /// A place: a free one, or that of another connection, which has to go: one that waits for a request, or that
    /// has been taking its answers for too long. None where all have work under way.
    pub(super) fn admit(self: &Arc<Self>, closer: &Closer) -> Option<Place> {
        let mut rows = self.rows();
        match rows.count < self.most {
            true => rows.count += 1,
            false => rows.make_room()?,
        }
        let turn = Cell::new(Some(rows.wait(closer)));
        drop(rows);
        let (table, closer) = (Arc::clone(self), closer.clone());
        let (taking, has_taken, has_left) = Default::default();
        Some(Place { table, closer, turn, taking, has_taken, has_left })
    }

    /// [`admit`](Self::admit), once there is a place, unless none comes free for some time.
    pub(super) async fn admitted(self: &Arc<Self>, closer: &Closer) -> Option<Place> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.admit(closer) {
                None if Instant::now() < deadline => sleep(RETRY).await,
                place => return place,
            }
        }
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rows {
    /// Ends the connection that has held its place longest for nothing, in favour of another one.
    fn make_room(&mut self) -> Option<()> {
        let since = |first: Option<(&Key, &Closer)>| first.map(|((since, _), _)| *since);
        let waiting = since(self.waiting.first_key_value());
        let taking = since(self.taking.first_key_value());
        let taking = taking.filter(|since| since.elapsed() >= TAKING);
        if taking.is_some_and(|taking| waiting.is_none_or(|waiting| taking < waiting)) {
            let (_, closer) = self.taking.pop_first()?;
            closer.close();
            closer.cut();
        } else {
            let (_, closer) = self.waiting.pop_first()?;
            closer.close();
        }
        Some(())
    }

    fn wait(&mut self, closer: &Closer) -> Key {
        let key = self.key(Instant::now());
        self.waiting.insert(key, closer.clone());
        key
    }

    fn key(&mut self, since: Instant) -> Key {
        self.next += 1;
        (since, self.next)
    }
}

impl Place {
    /// A request is under way: the place is nobody else's.
    pub(super) fn answers(&self) {
        if let Some(turn) = self.turn.take() {
            self.table.rows().waiting.remove(&turn);
        }
    }

    /// There is an answer, which the client is to take.
    pub(super) fn delivers(&self) {
        let now = Instant::now();
        let mut rows = self.table.rows();
        if self.has_left.get() || self.closer.is_to_close() || self.taking.get().is_some() {
            return;
        }
        let is_same = |(_, last): &(Instant, Instant)| now.duration_since(*last) < PAUSE;
        let began = self.has_taken.get().filter(is_same).map_or(now, |(began, _)| began);
        let key = rows.key(began);
        rows.taking.insert(key, self.closer.clone());
        self.taking.set(Some(key));
    }

    /// No request is under way any more.
    pub(super) fn waits(&self) {
        let mut rows = self.table.rows();
        if let Some(key) = self.taking.take() {
            rows.taking.remove(&key);
            self.has_taken.set(Some((key.0, Instant::now())));
        }
        // Its place may be another's since.
        if !self.has_left.get() && !self.closer.is_to_close() {
            self.turn.set(Some(rows.wait(&self.closer)));
        }
    }

    /// The connection is over.
    pub(super) fn leave(&self) {
        if self.has_left.replace(true) {
            return;
        }
        let mut rows = self.table.rows();
        let turn = self.turn.take();
        // A closed connection's place went to the one that it was closed for.
        if !self.closer.is_to_close() {
            rows.count -= 1;
        }
        if let Some(turn) = turn {
            rows.waiting.remove(&turn);
        }
        if let Some(key) = self.taking.take() {
            rows.taking.remove(&key);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admit(table: &Arc<Table>) -> Option<Place> {
        table.admit(&Closer::default())
    }

    fn is_closed(place: &Place) -> bool {
        place.closer.is_to_close()
    }

    fn counts(table: &Table) -> (usize, usize) {
        let rows = table.rows();
        (rows.count, rows.waiting.len())
    }

    #[test]
    fn the_connection_that_waits_longest_makes_room() {
        let table = Table::new(3);
        let [first, second, third] = [(); 3].map(|()| admit(&table).unwrap());
        first.answers();
        first.waits();
        let fourth = admit(&table).unwrap();
        assert_eq!([&first, &second, &third, &fourth].map(is_closed), [false, true, false, false]);
        let fifth = admit(&table).unwrap();
        assert_eq!([&first, &third, &fourth, &fifth].map(is_closed), [false, true, false, false]);
        drop((second, third));
        assert_eq!(counts(&table), (3, 3));
        drop((first, fourth, fifth));
        assert_eq!(counts(&table), (0, 0));
    }

    #[test]
    fn a_connection_with_a_request_under_way_is_left_alone() {
        let table = Table::new(2);
        let [first, second] = [(); 2].map(|()| admit(&table).unwrap());
        first.answers();
        second.answers();
        assert!(admit(&table).is_none());
        assert_eq!([&first, &second].map(is_closed), [false, false]);
        second.waits();
        let third = admit(&table).unwrap();
        assert_eq!([&first, &second].map(is_closed), [false, true]);
        // It was told while a request was on its way, which is answered; its place is gone.
        second.answers();
        second.waits();
        assert_eq!(counts(&table), (2, 1));
        drop((first, second));
        assert_eq!(counts(&table), (1, 1));
        drop(third);
        assert_eq!(counts(&table), (0, 0));
    }

    #[test]
    fn a_connection_that_has_left_is_not_counted_twice() {
        let table = Table::new(2);
        let place = admit(&table).unwrap();
        place.answers();
        place.leave();
        place.waits();
        drop(place);
        assert_eq!(counts(&table), (0, 0));
    }

    /// The clock stands still unless somebody advances it.
    fn run(test: impl Future<Output = ()>) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        runtime.block_on(test);
    }

    #[test]
    fn who_takes_answers_for_too_long_makes_room() {
        run(async {
            let table = Table::new(2);
            let [slow, busy] = [(); 2].map(|()| admit(&table).unwrap());
            busy.answers();
            slow.answers();
            slow.delivers();
            tokio::time::advance(Duration::from_millis(900)).await;
            assert!(admit(&table).is_none());
            tokio::time::advance(Duration::from_millis(100)).await;
            let third = admit(&table).unwrap();
            assert!(slow.closer.is_to_be_cut() && !busy.closer.is_to_be_cut());
            drop(slow);
            third.answers();
            assert!(admit(&table).is_none());
            drop((busy, third));
            assert_eq!(counts(&table), (0, 0));
            assert!(table.rows().taking.is_empty());
        });
    }

    #[test]
    fn one_answer_after_another_is_one_that_takes_long() {
        run(async {
            let table = Table::new(1);
            let place = admit(&table).unwrap();
            for _ in 0..12 {
                place.answers();
                place.delivers();
                tokio::time::advance(Duration::from_millis(90)).await;
                place.waits();
            }
            place.answers();
            place.delivers();
            assert!(admit(&table).is_some());
            assert!(place.closer.is_to_be_cut());

            // Who pauses begins anew.
            let table = Table::new(1);
            let place = admit(&table).unwrap();
            for _ in 0..12 {
                place.answers();
                place.delivers();
                tokio::time::advance(Duration::from_millis(90)).await;
                place.waits();
                tokio::time::advance(Duration::from_millis(110)).await;
            }
            place.answers();
            place.delivers();
            assert!(admit(&table).is_none());
        });
    }

    #[test]
    fn who_has_just_come_does_not_go_for_one_who_takes_long() {
        run(async {
            let table = Table::new(2);
            let slow = admit(&table).unwrap();
            slow.answers();
            slow.delivers();
            tokio::time::advance(TAKING).await;
            let good = admit(&table).unwrap();
            let third = admit(&table).unwrap();
            assert_eq!([&slow, &good, &third].map(is_closed), [true, false, false]);
        });
    }

    #[test]
    fn a_connection_waits_for_a_place() {
        run(async {
            let table = Table::new(1);
            let slow = admit(&table).unwrap();
            slow.answers();
            let begun = Instant::now();
            assert!(table.admitted(&Closer::default()).await.is_none());
            assert_eq!(begun.elapsed(), PATIENCE);
            slow.delivers();
            let begun = Instant::now();
            assert!(table.admitted(&Closer::default()).await.is_some());
            assert_eq!(begun.elapsed(), TAKING);
        });
    }
}
