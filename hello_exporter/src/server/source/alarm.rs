//! An alarm that can be set to an earlier time while a task waits for it.

use std::sync::Mutex;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::internals::lock;

/// Goes off at the earliest of the times to which it is set.
#[derive(Default)]
pub(super) struct Alarm {
    next: Mutex<Option<Instant>>,
    changed: Notify,
}

impl Alarm {
    /// Sets the alarm to `at`, unless it goes off earlier.
    pub(super) fn set(&self, at: Instant) {
        let mut next = lock(&self.next);
        if next.is_none_or(|next| at < next) {
            *next = Some(at);
            drop(next);
            self.changed.notify_one();
        }
    }

    /// Waits until the alarm goes off, and unsets it.
    pub(super) async fn wait(&self) {
        loop {
            let next = *lock(&self.next);
            let Some(at) = next else {
                self.changed.notified().await;
                continue;
            };
            if timeout_at(at, self.changed.notified()).await.is_err() {
                *lock(&self.next) = None;
                return;
            }
        }
    }
}
