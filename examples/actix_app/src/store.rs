//! The links in memory, and their metric. The adoption of the derive did not change this file.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};

use prometheus::{IntGauge, register_int_gauge};
use tokio::sync::Notify;

pub(crate) struct Store {
    links: Mutex<HashMap<String, Link>>,
    visited: Notify,
    stored: IntGauge,
}

struct Link {
    url: String,
    visits: u64,
}

const MOST_LINKS: usize = 100_000;

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Created {
    New,
    Changed,
    Full,
}

impl Store {
    pub(crate) fn new() -> prometheus::Result<Self> {
        let stored = register_int_gauge!("links_stored", "Links in memory.")?;
        Ok(Self { links: Mutex::default(), visited: Notify::new(), stored })
    }

    pub(crate) fn create(&self, name: String, url: String) -> Created {
        let mut links = self.links();
        let is_full = links.len() >= MOST_LINKS;
        match links.entry(name) {
            Entry::Occupied(mut link) => {
                link.get_mut().url = url;
                Created::Changed
            }
            Entry::Vacant(_) if is_full => Created::Full,
            Entry::Vacant(link) => {
                link.insert(Link { url, visits: 0 });
                self.stored.inc();
                Created::New
            }
        }
    }

    pub(crate) fn remove(&self, name: &str) -> bool {
        let is_removed = self.links().remove(name).is_some();
        if is_removed {
            self.stored.dec();
            self.visited.notify_waiters();
        }
        is_removed
    }

    /// Returns the URL of a link, and counts a visit.
    pub(crate) fn follow(&self, name: &str) -> Option<String> {
        let mut links = self.links();
        let link = links.get_mut(name)?;
        link.visits += 1;
        self.visited.notify_waiters();
        Some(link.url.clone())
    }

    /// Waits until a link has more than `known` visits, if that is given, and returns their number;
    /// `None` if there is no such link, or if it is removed.
    pub(crate) async fn visits(&self, name: &str, known: Option<u64>) -> Option<u64> {
        loop {
            let visited = self.visited.notified();
            let visits = self.links().get(name)?.visits;
            if known.is_none_or(|known| visits > known) {
                return Some(visits);
            }
            visited.await;
        }
    }

    fn links(&self) -> MutexGuard<'_, HashMap<String, Link>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
