//! Basic authentication: who is known, and what it costs to find out.

use std::collections::{BTreeMap, HashSet};
use std::sync::{PoisonError, RwLock};

use actix_web::http::header::{self, HeaderMap};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use ring::rand::SystemRandom;

use super::comparison::Comparisons;
use super::password::PasswordHash;

/// How many right credentials are remembered. There are as many as users, unless somebody tries what
/// bcrypt does not look at, the bytes of a password behind its 72nd.
const REMEMBERED: usize = 100;

/// A user name and a password, as they were sent.
pub(super) struct Credentials {
    user: Vec<u8>,
    password: Vec<u8>,
}

impl Credentials {
    /// What the `Authorization` header says, if it is of the scheme `Basic` (RFC 7617).
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

/// The users of the file, and the credentials that were right before.
pub(super) struct Users {
    hashes: BTreeMap<Vec<u8>, PasswordHash>,
    /// What the password of a user who does not exist is compared with, so that it takes as long as one
    /// of a user who does. It is the costliest hash there is; that it may be equal means nothing.
    dummy: Option<PasswordHash>,
    key: hmac::Key,
    /// Keyed digests: who reads this memory finds no password in it.
    remembered: RwLock<HashSet<Tag>>,
    comparisons: Comparisons,
}

/// A keyed digest in place of credentials.
pub(super) type Tag = [u8; 32];

impl Users {
    pub(super) fn new(users: BTreeMap<String, PasswordHash>) -> Result<Self, String> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new());
        Ok(Self {
            dummy: users.values().max_by_key(|hash| hash.cost()).cloned(),
            hashes: users.into_iter().map(|(user, hash)| (user.into_bytes(), hash)).collect(),
            key: key.map_err(|_| "the system gives no random numbers".to_owned())?,
            remembered: RwLock::default(),
            comparisons: Comparisons::default(),
        })
    }

    /// The comparisons that requests wait for. They end with these users: others have another key.
    pub(super) fn comparisons(&self) -> &Comparisons {
        &self.comparisons
    }

    /// Whether no password is needed.
    pub(super) fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Whether both are the same users with the same hashes.
    pub(super) fn are_those_of(&self, other: &Self) -> bool {
        self.hashes == other.hashes
    }

    /// Whether these credentials were right before.
    pub(super) fn remembers(&self, credentials: &Credentials) -> bool {
        let tag = self.tag(credentials);
        let remembered = self.remembered.read().unwrap_or_else(PoisonError::into_inner);
        tag.is_some_and(|tag| remembered.contains(&tag))
    }

    /// Compares the password, which takes long. What was right is remembered.
    pub(super) fn compare(&self, credentials: &Credentials) -> bool {
        let hash = self.hashes.get(&credentials.user);
        let compared = hash.or(self.dummy.as_ref());
        let is_equal = compared.is_some_and(|hash| hash.is_of(&credentials.password));
        let is_right = is_equal && hash.is_some();
        if is_right {
            self.remember(credentials);
        }
        is_right
    }

    fn remember(&self, credentials: &Credentials) {
        let tag = self.tag(credentials);
        let mut remembered = self.remembered.write().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        remembered.extend(tag);
    }

    /// Returns the tag of credentials. The length of the name is part of it, so that no other name
    /// and password have the same one.
    pub(super) fn tag(&self, credentials: &Credentials) -> Option<Tag> {
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
        let credentials = Credentials::of(&headers)?;
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Some((text(credentials.user), text(credentials.password)))
    }

    #[test]
    fn credentials_are_read_as_rfc_7617_writes_them() {
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
    fn what_is_remembered_is_bounded_and_no_password() {
        // Of what follows bcrypt reads nothing.
        let long = "a".repeat(72);
        let hash = PasswordHash::try_from(bcrypt::hash(&long, 4).unwrap()).ok().unwrap();
        let users = BTreeMap::from([("u".to_owned(), hash)]);
        let users = Users::new(users).unwrap();
        for more in 0..REMEMBERED + 5 {
            let credentials = Credentials::new("u", &format!("{long}{more}"));
            assert!(!users.remembers(&credentials));
            assert!(users.compare(&credentials));
            assert!(users.remembers(&credentials));
        }
        assert_eq!(users.remembered.read().unwrap().len(), 5);
    }
}
