//! Compares passwords, once for all requests of a host that bring the same credentials at the same
//! time.

use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::web;
use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};
use tracing::{debug, error};

use super::auth::{Credentials, Tag, Users};
use super::turns::{Turn, Turns};
use crate::server::network::network;

/// The answer to all who share a comparison: whether the credentials are right; `None` where too
/// many other passwords of the host wait.
type Answer = Pin<Box<dyn Future<Output = Option<bool>> + Send>>;

/// The comparisons that requests wait for, by host and credentials.
///
/// Each lives as long as a request waits for it: one leaves the queue when all of its clients are
/// gone, and no client that goes away takes it from the others. Hosts do not share one, so that
/// none waits behind what another host sends.
#[derive(Default)]
pub(super) struct Comparisons(Mutex<HashMap<(IpAddr, Tag), WeakShared<Answer>>>);

impl Comparisons {
    /// Returns the comparison under `key` that is under way, or starts one.
    fn join(&self, key: (IpAddr, Tag), start: impl FnOnce() -> Answer) -> Shared<Answer> {
        let mut comparisons = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(comparison) = comparisons.get(&key).and_then(WeakShared::upgrade) {
            return comparison;
        }
        // There are as many as places in the queue, and those that are over.
        comparisons.retain(|_, comparison| comparison.upgrade().is_some());
        let comparison = start().shared();
        comparisons.extend(comparison.downgrade().map(|weak| (key, weak)));
        comparison
    }
}

/// Returns whether the credentials are right, once it is their turn; `None` where too many other
/// passwords of the host wait.
pub(super) async fn compare(
    users: &Arc<Users>,
    turns: &Arc<Turns>,
    host: Option<IpAddr>,
    credentials: Credentials,
) -> Option<bool> {
    let key = (network(host), users.tag(&credentials)?);
    let start = || {
        let (users, turns) = (Arc::clone(users), Arc::clone(turns));
        async move {
            let turn = turns.take(host).await?;
            Some(compare_in_turn(users, turn, credentials).await)
        }
        .boxed()
    };
    // Only the one that compares them keeps the credentials.
    let comparison = users.comparisons().join(key, start);
    comparison.await
}

/// Compares off the event loop: it takes a tenth of a second.
async fn compare_in_turn(users: Arc<Users>, turn: Turn, credentials: Credentials) -> bool {
    // Another host may have sent the same while this one waited.
    if users.remembers(&credentials) {
        return true;
    }
    // The turn is over when the comparison is, whether or not a client has waited for it.
    let compare = move || {
        let comparisons = turn.count();
        debug!(comparisons, "Comparing a password");
        users.compare(&credentials)
    };
    web::block(compare).await.unwrap_or_else(|error| {
        error!(%error, "A password was not compared");
        false
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::pin::pin;

    use super::*;
    use crate::server::web_config::password::PasswordHash;

    const HOST: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));

    /// Alice's password is `secret`.
    fn users() -> Arc<Users> {
        let hash = PasswordHash::try_from(bcrypt::hash("secret", 4).unwrap()).ok().unwrap();
        Arc::new(Users::new(BTreeMap::from([("alice".to_owned(), hash)])).unwrap())
    }

    fn alice(password: &str) -> Credentials {
        Credentials::new("alice", password)
    }

    #[actix_web::test]
    async fn same_credentials_share_one_comparison() {
        let (users, turns) = (users(), Arc::new(Turns::default()));
        let requests = (0..20).map(|_| compare(&users, &turns, HOST, alice("secret")));
        let answers = futures_util::future::join_all(requests).await;
        assert_eq!(answers, [Some(true); 20]);
        assert_eq!(turns.take(HOST).await.unwrap().count(), 2);
    }

    #[actix_web::test]
    async fn different_passwords_of_a_host_are_bounded() {
        let (users, turns) = (users(), Arc::new(Turns::default()));
        let requests = (0..20).map(|at| {
            let (users, turns) = (&users, &turns);
            async move { compare(users, turns, HOST, alice(&at.to_string())).await }
        });
        let answers = futures_util::future::join_all(requests).await;
        assert_eq!(answers[..8], [Some(false); 8]);
        assert_eq!(answers[8..], [None; 12]);
    }

    #[actix_web::test]
    async fn client_that_goes_away_takes_the_comparison_from_nobody() {
        let (users, turns) = (users(), Arc::new(Turns::default()));
        let before = turns.take(HOST).await.unwrap();
        let mut second = pin!(compare(&users, &turns, HOST, alice("secret")));
        {
            let mut first = pin!(compare(&users, &turns, HOST, alice("secret")));
            assert!(first.as_mut().now_or_never().is_none());
            assert!(second.as_mut().now_or_never().is_none());
        }
        drop(before);
        assert_eq!(second.await, Some(true));
    }

    #[actix_web::test]
    async fn comparison_without_clients_leaves_the_queue() {
        let (users, turns) = (users(), Arc::new(Turns::default()));
        let before = turns.take(HOST).await.unwrap();
        for at in 0..100 {
            let mut request = pin!(compare(&users, &turns, HOST, alice(&at.to_string())));
            assert!(request.as_mut().now_or_never().is_none(), "{at}");
        }
        assert_eq!(users.comparisons().0.lock().unwrap().len(), 1);
        drop(before);
        assert_eq!(compare(&users, &turns, HOST, alice("secret")).await, Some(true));
    }

    #[actix_web::test]
    async fn new_users_do_not_share_with_those_before() {
        let (before, turns) = (users(), Arc::new(Turns::default()));
        let hash = PasswordHash::try_from(bcrypt::hash("rotated", 4).unwrap()).ok().unwrap();
        let after = Arc::new(Users::new(BTreeMap::from([("alice".to_owned(), hash)])).unwrap());
        let old = compare(&before, &turns, HOST, alice("secret"));
        let new = compare(&after, &turns, HOST, alice("secret"));
        let rotated = compare(&after, &turns, HOST, alice("rotated"));
        let answers = futures_util::future::join3(old, new, rotated).await;
        assert_eq!(answers, (Some(true), Some(false), Some(true)));
    }
}
