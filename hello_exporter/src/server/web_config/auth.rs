//! Basic authentication: the users, their hashes, and a cache of accepted credentials.

use std::collections::{BTreeMap, HashSet};
use std::sync::RwLock;

use actix_web::http::header::{self, HeaderMap};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use ring::rand::SystemRandom;

use super::comparison::Comparisons;
use super::password::PasswordHash;
use crate::internals::{read, write};

/// The maximum number of accepted credentials in the cache. There are at most as many as users,
/// unless a client varies the bytes after the 72nd of a password, which bcrypt ignores.
const MOST_CACHED: usize = 100;

/// The user name and the password of a request.
pub(super) struct BasicCredentials {
    user: Vec<u8>,
    password: Vec<u8>,
}

impl BasicCredentials {
    /// Reads the `Authorization` header, if it is of the scheme `Basic` (RFC 7617).
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let header = headers.get(header::AUTHORIZATION)?.as_bytes();
        let (scheme, encoded) = header.split_at_checked("Basic ".len())?;
        if !scheme.eq_ignore_ascii_case(b"Basic ") {
            return None;
        }
        let decoded = STANDARD.decode(encoded).ok()?;
        let colon = decoded.iter().position(|byte| *byte == b':')?;
        let (user, password) = decoded.split_at(colon);
        Some(Self { user: user.to_vec(), password: password.get(1..)?.to_vec() })
    }

    #[cfg(test)]
    pub(super) fn new(user: &str, password: &str) -> Self {
        Self { user: user.as_bytes().to_vec(), password: password.as_bytes().to_vec() }
    }
}

/// The users of the file, and the cache of accepted credentials.
pub(super) struct Users {
    hashes: BTreeMap<Vec<u8>, PasswordHash>,
    /// Compared with the passwords of unknown users, so that they take as long as those of known
    /// users. It is the costliest hash of all; a match is ignored.
    dummy: Option<PasswordHash>,
    key: hmac::Key,
    /// Keyed digests, so that this memory contains no password.
    cached: RwLock<HashSet<CredentialsDigest>>,
    comparisons: Comparisons,
}

/// The keyed digest of credentials.
pub(super) type CredentialsDigest = [u8; 32];

impl Users {
    pub(super) fn new(users: BTreeMap<String, PasswordHash>) -> Result<Self, String> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new());
        Ok(Self {
            dummy: users.values().max_by_key(|hash| hash.cost()).cloned(),
            hashes: users.into_iter().map(|(user, hash)| (user.into_bytes(), hash)).collect(),
            key: key.map_err(|_| "the system provides no random numbers".to_owned())?,
            cached: RwLock::default(),
            comparisons: Comparisons::default(),
        })
    }

    /// Returns the comparisons that requests wait for. After a reload with other users, the new
    /// users have another key, and so their own comparisons.
    pub(super) fn comparisons(&self) -> &Comparisons {
        &self.comparisons
    }

    /// Returns whether there are no users, so that no password is needed.
    pub(super) fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Returns whether both have the same users with the same hashes.
    pub(super) fn has_hashes_of(&self, other: &Self) -> bool {
        self.hashes == other.hashes
    }

    /// Returns whether these credentials were accepted before.
    pub(super) fn is_cached(&self, credentials: &BasicCredentials) -> bool {
        let digest = self.digest(credentials);
        digest.is_some_and(|digest| read(&self.cached).contains(&digest))
    }

    /// Compares the password, which takes long, and caches correct credentials.
    pub(super) fn compare(&self, credentials: &BasicCredentials) -> bool {
        let hash = self.hashes.get(&credentials.user);
        let compared = hash.or(self.dummy.as_ref());
        let is_equal = compared.is_some_and(|hash| hash.matches(&credentials.password));
        let is_right = is_equal && hash.is_some();
        if is_right {
            self.cache(credentials);
        }
        is_right
    }

    fn cache(&self, credentials: &BasicCredentials) {
        let digest = self.digest(credentials);
        let mut cached = write(&self.cached);
        if cached.len() >= MOST_CACHED {
            cached.clear();
        }
        cached.extend(digest);
    }

    /// Returns the digest of credentials. It includes the length of the name, so that no other name
    /// and password have the same digest.
    pub(super) fn digest(&self, credentials: &BasicCredentials) -> Option<CredentialsDigest> {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(&credentials.user.len().to_be_bytes());
        context.update(&credentials.user);
        context.update(&credentials.password);
        context.sign().as_ref().try_into().ok()
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn credentials(header: &str) -> Option<(String, String)> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_str(header).unwrap());
        let credentials = BasicCredentials::of(&headers)?;
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Some((text(credentials.user), text(credentials.password)))
    }

    #[test]
    fn credentials_are_parsed_as_in_rfc_7617() {
        let pair = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(
            credentials("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
            pair("Aladdin", "open sesame")
        );
        assert_eq!(credentials("bASIC YTpiOmM="), pair("a", "b:c"));
        assert_eq!(credentials("Basic Og=="), pair("", ""));
        for other in [
            "",
            "Basic",
            "Basic ",
            "Basic YWJj",
            "Basic YTpi Yw==",
            "Basic YTpiOmM",
            "Basic  YTpiOmM=",
            "Bearer YTpiOmM=",
            "Basic !!!!",
        ] {
            assert_eq!(credentials(other), None, "{other}");
        }
    }

    #[test]
    fn cache_is_bounded() {
        // bcrypt ignores the bytes after these.
        let long = "a".repeat(72);
        let hash = PasswordHash::try_from(bcrypt::hash(&long, 4).unwrap()).ok().unwrap();
        let users = BTreeMap::from([("u".to_owned(), hash)]);
        let users = Users::new(users).unwrap();
        for more in 0..MOST_CACHED + 5 {
            let credentials = BasicCredentials::new("u", &format!("{long}{more}"));
            assert!(!users.is_cached(&credentials));
            assert!(users.compare(&credentials));
            assert!(users.is_cached(&credentials));
        }
        assert_eq!(users.cached.read().unwrap().len(), 5);
    }
}
