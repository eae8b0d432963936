//! Compares passwords, once for all concurrent requests of a host with the same credentials.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use actix_web::web;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use tracing::{debug, error};

use super::auth::{BasicCredentials, CredentialsDigest, Users};
use super::bcrypt_queue::{BcryptPermit, BcryptQueue};
use crate::internals::lock;
use crate::server::network::network;

/// Resolves to whether the credentials are right; `None` if the queue refuses the comparison.
type Comparison = BoxFuture<'static, Option<bool>>;

/// The comparisons that requests wait for, by host and credentials.
///
/// A comparison exists while a request waits for it: it leaves the queue when all of its clients
/// are gone, and a client that goes away does not end it for the others. Each host has its own
/// comparisons, so that no request waits in the queue of another host.
#[derive(Default)]
pub(super) struct Comparisons(Mutex<HashMap<(IpAddr, CredentialsDigest), WeakShared<Comparison>>>);

impl Comparisons {
    /// Returns the current comparison under `key`, or starts one.
    fn join(
        &self,
        key: (IpAddr, CredentialsDigest),
        start: impl FnOnce() -> Comparison,
    ) -> Shared<Comparison> {
        let mut comparisons = lock(&self.0);
        if let Some(comparison) = comparisons.get(&key).and_then(WeakShared::upgrade) {
            return comparison;
        }
        // This leaves at most as many as the queue holds.
        comparisons.retain(|_, comparison| comparison.upgrade().is_some());
        let comparison = start().shared();
        comparisons.extend(comparison.downgrade().map(|weak| (key, weak)));
        comparison
    }
}

/// Waits in the queue, and returns whether the credentials are right; `None` if the queue refuses
/// the comparison.
pub(super) async fn compare(
    users: &Arc<Users>,
    queue: &Arc<BcryptQueue>,
    host: Option<IpAddr>,
    credentials: BasicCredentials,
) -> Option<bool> {
    let key = (network(host), users.digest(&credentials)?);
    let start = || {
        let (users, queue) = (Arc::clone(users), Arc::clone(queue));
        async move {
            let permit = queue.wait(host).await?;
            Some(compare_with_permit(users, permit, credentials).await)
        }
        .boxed()
    };
    // Only the request that starts the comparison keeps its credentials.
    let comparison = users.comparisons().join(key, start);
    comparison.await
}

/// Compares on a blocking thread, since bcrypt takes a tenth of a second.
async fn compare_with_permit(
    users: Arc<Users>,
    permit: BcryptPermit,
    credentials: BasicCredentials,
) -> bool {
    // Another host may have sent the same credentials while this request waited.
    if users.is_cached(&credentials) {
        return true;
    }
    // The thread holds the permit until the comparison ends, even if no client waits any more.
    let compare = move || {
        let comparisons = permit.count();
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

    fn alice(password: &str) -> BasicCredentials {
        BasicCredentials::new("alice", password)
    }

    #[actix_web::test]
    async fn same_credentials_share_one_comparison() {
        let (users, queue) = (users(), Arc::new(BcryptQueue::default()));
        let requests = (0..20).map(|_| compare(&users, &queue, HOST, alice("secret")));
        let results = futures_util::future::join_all(requests).await;
        assert_eq!(results, [Some(true); 20]);
        assert_eq!(queue.wait(HOST).await.unwrap().count(), 2);
    }

    #[actix_web::test]
    async fn different_passwords_of_a_host_are_bounded() {
        let (users, queue) = (users(), Arc::new(BcryptQueue::default()));
        let requests = (0..20).map(|at| {
            let (users, queue) = (&users, &queue);
            async move { compare(users, queue, HOST, alice(&at.to_string())).await }
        });
        let results = futures_util::future::join_all(requests).await;
        assert_eq!(results[..8], [Some(false); 8]);
        assert_eq!(results[8..], [None; 12]);
    }

    #[actix_web::test]
    async fn cancelled_request_does_not_end_the_comparison() {
        let (users, queue) = (users(), Arc::new(BcryptQueue::default()));
        let permit = queue.wait(HOST).await.unwrap();
        let mut second = pin!(compare(&users, &queue, HOST, alice("secret")));
        {
            let mut first = pin!(compare(&users, &queue, HOST, alice("secret")));
            assert!(first.as_mut().now_or_never().is_none());
            assert!(second.as_mut().now_or_never().is_none());
        }
        drop(permit);
        assert_eq!(second.await, Some(true));
    }

    #[actix_web::test]
    async fn comparison_without_clients_leaves_the_queue() {
        let (users, queue) = (users(), Arc::new(BcryptQueue::default()));
        let permit = queue.wait(HOST).await.unwrap();
        for at in 0..100 {
            let mut request = pin!(compare(&users, &queue, HOST, alice(&at.to_string())));
            assert!(request.as_mut().now_or_never().is_none(), "{at}");
        }
        assert_eq!(lock(&users.comparisons().0).len(), 1);
        drop(permit);
        assert_eq!(compare(&users, &queue, HOST, alice("secret")).await, Some(true));
    }

    #[actix_web::test]
    async fn new_users_have_their_own_comparisons() {
        let (before, queue) = (users(), Arc::new(BcryptQueue::default()));
        let hash = PasswordHash::try_from(bcrypt::hash("rotated", 4).unwrap()).ok().unwrap();
        let after = Arc::new(Users::new(BTreeMap::from([("alice".to_owned(), hash)])).unwrap());
        let old = compare(&before, &queue, HOST, alice("secret"));
        let new = compare(&after, &queue, HOST, alice("secret"));
        let rotated = compare(&after, &queue, HOST, alice("rotated"));
        let results = futures_util::future::join3(old, new, rotated).await;
        assert_eq!(results, (Some(true), Some(false), Some(true)));
    }
}
