//! All connections there are: who is let in, and who has to go for it.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::http::Closer;

/// The connections of all listeners.
pub(super) struct Table {
    most: usize,
    rows: Mutex<Rows>,
}

#[derive(Default)]
struct Rows {
    /// Connections that have a place.
    count: usize,
    /// Those of them that have no request under way, in the order in which they began to wait for one.
    waiting: BTreeMap<u64, Closer>,
    next: u64,
}

/// A connection's place in the table, from when it is accepted. Without a request it is the next one's, once
/// there is no other.
pub(super) struct Place {
    table: Arc<Table>,
    closer: Closer,
    /// Where it stands among those that wait.
    turn: Cell<Option<u64>>,
    has_left: Cell<bool>,
}

impl Table {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, rows: Mutex::default() })
    }

    /// A place: a free one, or that of the connection that waits longest, which is closed. None where all
    /// connections have requests under way.
    pub(super) fn admit(self: &Arc<Self>) -> Option<Place> {
        let mut rows = self.rows();
        if rows.count < self.most {
            rows.count += 1;
        } else {
            let (_, longest) = rows.waiting.pop_first()?;
            longest.close();
        }
        let closer = Closer::default();
        let turn = Cell::new(Some(rows.wait(&closer)));
        drop(rows);
        Some(Place { table: Arc::clone(self), closer, turn, has_left: Cell::new(false) })
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rows {
    fn wait(&mut self, closer: &Closer) -> u64 {
        let turn = self.next;
        self.next += 1;
        self.waiting.insert(turn, closer.clone());
        turn
    }
}

impl Place {
    /// What closes the connection.
    pub(super) fn closer(&self) -> &Closer {
        &self.closer
    }

    /// A request is under way: the place is nobody else's.
    pub(super) fn answers(&self) {
        if let Some(turn) = self.turn.take() {
            self.table.rows().waiting.remove(&turn);
        }
    }

    /// No request is under way any more.
    pub(super) fn waits(&self) {
        let mut rows = self.table.rows();
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

    fn is_closed(place: &Place) -> bool {
        place.closer().is_to_close()
    }

    fn counts(table: &Table) -> (usize, usize) {
        let rows = table.rows();
        (rows.count, rows.waiting.len())
    }

    #[test]
    fn the_connection_that_waits_longest_makes_room() {
        let table = Table::new(3);
        let [first, second, third] = [(); 3].map(|()| table.admit().unwrap());
        first.answers();
        first.waits();
        let fourth = table.admit().unwrap();
        assert_eq!([&first, &second, &third, &fourth].map(is_closed), [false, true, false, false]);
        let fifth = table.admit().unwrap();
        assert_eq!([&first, &third, &fourth, &fifth].map(is_closed), [false, true, false, false]);
        drop((second, third));
        assert_eq!(counts(&table), (3, 3));
        drop((first, fourth, fifth));
        assert_eq!(counts(&table), (0, 0));
    }

    #[test]
    fn a_connection_with_a_request_under_way_is_left_alone() {
        let table = Table::new(2);
        let [first, second] = [(); 2].map(|()| table.admit().unwrap());
        first.answers();
        second.answers();
        assert!(table.admit().is_none());
        assert_eq!([&first, &second].map(is_closed), [false, false]);
        second.waits();
        let third = table.admit().unwrap();
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
        let place = table.admit().unwrap();
        place.answers();
        place.leave();
        place.waits();
        drop(place);
        assert_eq!(counts(&table), (0, 0));
    }
}
