//! As whom servers are asked: a password is for one address, and sent to no other.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::{Address, Scheme};

/// A user and a password. An empty one is none.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    user: String,
    password: String,
}

/// A login that cannot be used. No message has a password in it, nor a URL, in which one can be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsError {
    /// What is no URL with one of the schemes.
    #[error("no URL of a server, such as {example}")]
    #[non_exhaustive]
    Url {
        /// One that is.
        example: String,
    },
    /// A user without a password, as whom nobody can be asked.
    #[error("a user without a password")]
    NoPassword,
    /// Two users, or two passwords, for the same server.
    #[error("two users or two passwords for one server")]
    Contradiction,
    /// A file of passwords that cannot be read.
    #[error("cannot read {}", .path.display())]
    #[non_exhaustive]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// A file of passwords with other contents than those that are expected.
    #[error(
        "{}:{line}: invalid JSON, expected an object from URLs to passwords",
        .path.display()
    )]
    #[non_exhaustive]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line of the first mistake, from 1.
        line: usize,
    },
    /// A key of a file of passwords that cannot be used.
    #[error("{}: key {number}", .path.display())]
    #[non_exhaustive]
    Key {
        /// The file.
        path: PathBuf,
        /// The position of the key, from 1.
        number: usize,
        /// What is wrong with it.
        source: Box<CredentialsError>,
    },
}

impl Credentials {
    /// A user and a password that flags say.
    pub fn new(user: Option<&str>, password: Option<&str>) -> Self {
        let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Self::of(owned(user), owned(password))
    }

    pub(super) fn of(user: String, password: String) -> Self {
        Self { user, password }
    }

    /// The user.
    pub fn user(&self) -> Option<&str> {
        Some(&*self.user).filter(|user| !user.is_empty())
    }

    /// The password.
    pub fn password(&self) -> Option<&str> {
        Some(&*self.password).filter(|password| !password.is_empty())
    }

    /// Whether there is neither a user nor a password.
    pub fn is_empty(&self) -> bool {
        self.user.is_empty() && self.password.is_empty()
    }

    /// What this login says and what the other one says, as a URL and flags do.
    ///
    /// # Errors
    ///
    /// [`CredentialsError::Contradiction`] where they say two things.
    pub fn and(self, other: Self) -> Result<Self, CredentialsError> {
        let either = |one: String, other: String| match (one.is_empty(), other.is_empty()) {
            (true, _) => Ok(other),
            (false, true) => Ok(one),
            (false, false) if one == other => Ok(one),
            (false, false) => Err(CredentialsError::Contradiction),
        };
        Ok(Self::of(either(self.user, other.user)?, either(self.password, other.password)?))
    }
}

/// Without what is in it.
impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Credentials").finish_non_exhaustive()
    }
}

/// The servers that an exporter is configured for, and as whom to ask them.
///
/// A request can name any server, and one that it controls. So a password is for one address, host, port and form of
/// connection, and no other server is sent it; neither is it shown [a client's certificate](super::ClientTls).
///
/// ```
/// use hello_exporter::client::{Address, Credentials, CredentialStore, Scheme};
///
/// const SCHEMES: [Scheme; 2] = [Scheme::plain("redis", 6379), Scheme::tls("rediss", 6379)];
///
/// // Of the flags --redis.addr, --redis.user and --redis.password.
/// let mut logins = CredentialStore::new();
/// let (own, of_url) = Address::parse("redis://first", &SCHEMES)?;
/// logins.add(own.clone(), of_url.and(Credentials::new(None, Some("secret")))?)?;
///
/// let (target, _) = Address::parse("redis://FIRST:6379", &SCHEMES)?;
/// assert_eq!(logins.of(&target).and_then(Credentials::password), Some("secret"));
/// let (target, _) = Address::parse("redis://second", &SCHEMES)?;
/// assert!(logins.of(&target).is_none());
/// let (target, _) = Address::parse("rediss://first", &SCHEMES)?;
/// assert!(logins.of(&target).is_none());
/// # Ok::<(), hello_exporter::client::CredentialsError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct CredentialStore(BTreeMap<Address, Credentials>);

impl CredentialStore {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a server, with a login or without. The password of a user may have been [read](Self::add_file) before.
    ///
    /// # Errors
    ///
    /// [`CredentialsError::NoPassword`] for a user, [`CredentialsError::Contradiction`] where the address has another login.
    pub fn add(&mut self, address: Address, login: Credentials) -> Result<(), CredentialsError> {
        let known = self.0.get(&address).cloned().unwrap_or_default();
        let login = match (known.is_empty(), login.is_empty()) {
            (true, _) => login,
            (false, true) => known,
            (false, false) if known.user == login.user => known.and(login)?,
            (false, false) if login.password.is_empty() => {
                return Err(CredentialsError::NoPassword);
            }
            (false, false) => return Err(CredentialsError::Contradiction),
        };
        if login.password.is_empty() && !login.user.is_empty() {
            return Err(CredentialsError::NoPassword);
        }
        self.0.insert(address, login);
        Ok(())
    }

    /// Adds the servers of a JSON file: `{"redis://host:port": "password", "rediss://user@host:port": "password"}`.
    ///
    /// # Errors
    ///
    /// [`CredentialsError::Read`], [`CredentialsError::Syntax`], and [`CredentialsError::Key`] with what
    /// [`Address::parse`] and [`Self::add`] say. All of them name the file.
    pub fn add_file(&mut self, path: &Path, schemes: &[Scheme]) -> Result<(), CredentialsError> {
        let owned = || path.to_owned();
        let text = fs::read_to_string(path)
            .map_err(|source| CredentialsError::Read { path: owned(), source })?;
        // serde's message would quote the file, and so a password.
        let pairs: Pairs = serde_json::from_str(&text)
            .map_err(|error| CredentialsError::Syntax { path: owned(), line: error.line() })?;
        for (index, (url, password)) in pairs.0.into_iter().enumerate() {
            let added = Address::parse(&url, schemes).and_then(|(address, of_url)| {
                self.add(address, of_url.and(Credentials::of(String::new(), password))?)
            });
            let number = index + 1;
            added.map_err(|error| CredentialsError::Key {
                path: owned(),
                number,
                source: Box::new(error),
            })?;
        }
        Ok(())
    }

    /// The login for a server, if there is one. It has a password.
    pub fn of(&self, address: &Address) -> Option<&Credentials> {
        self.0.get(address).filter(|login| !login.is_empty())
    }

    /// Whether a server is one of these, with a login or without.
    pub fn has(&self, address: &Address) -> bool {
        self.0.contains_key(address)
    }
}

/// What an object of JSON has in it, as often as it is there.
struct Pairs(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfMap;

        impl<'de> Visitor<'de> for OfMap {
            type Value = Pairs;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(OfMap)
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::{Address, CredentialStore, Credentials, CredentialsError, Scheme};

    const SCHEMES: [Scheme; 2] = [Scheme::plain("redis", 6379), Scheme::tls("rediss", 6379)];

    fn address(url: &str) -> Address {
        Address::parse(url, &SCHEMES).unwrap().0
    }

    /// What a file of passwords, and then a URL and flags, make of a server.
    fn of_file(contents: &str) -> Result<CredentialStore, CredentialsError> {
        let directory = tempfile::tempdir().unwrap();
        read(&directory.path().join("passwords.json"), contents)
    }

    fn read(path: &std::path::Path, contents: &str) -> Result<CredentialStore, CredentialsError> {
        std::fs::write(path, contents).unwrap();
        let mut logins = CredentialStore::new();
        logins.add_file(path, &SCHEMES)?;
        Ok(logins)
    }

    fn chain(error: &CredentialsError) -> String {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(error) = source {
            text += &format!(": {error}");
            source = error.source();
        }
        text
    }

    #[test]
    fn a_login_is_for_its_address_alone() {
        let logins =
            of_file(r#"{"redis://H": "one", "rediss://me@h": "two", "i:1": "", "h:6379": "one"}"#);
        let logins = logins.unwrap();
        let of = |url| logins.of(&address(url)).map(|login| (login.user(), login.password()));
        assert_eq!(of("h"), Some((None, Some("one"))));
        assert_eq!(of("rediss://h"), Some((Some("me"), Some("two"))));
        for url in ["h:1", "h.", "i:1", "rediss://i:1", "127.0.0.1"] {
            assert_eq!(of(url), None, "{url}");
        }
        assert!(logins.has(&address("i:1")) && !logins.has(&address("i:2")));
        assert!(!format!("{logins:?}").contains("one"));
    }

    #[test]
    fn invalid_file_is_named_and_not_quoted() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("passwords.json");
        let name = path.display();
        let url = "no URL of a server, such as redis://localhost:6379";
        let json = "invalid JSON, expected an object from URLs to passwords";
        let two = "two users or two passwords for one server";
        for (contents, error) in [
            (r#"["hunter2"]"#, format!("{name}:1: {json}")),
            ("{\n\"h\": \"hunter2\"\n\"", format!("{name}:3: {json}")),
            ("{\"h\":\n7}", format!("{name}:2: {json}")),
            ("", format!("{name}:1: {json}")),
            (r#"{"h": "hunter2", "ftp://:hunter2@h": "x"}"#, format!("{name}: key 2: {url}")),
            (r#"{"h": "hunter2", "redis://h:6379": "x"}"#, format!("{name}: key 2: {two}")),
            (r#"{"h": "hunter2", "redis://bob@h": "hunter2"}"#, format!("{name}: key 2: {two}")),
            (r#"{"h": "hunter2", "h": "x"}"#, format!("{name}: key 2: {two}")),
            (r#"{"redis://:hunter2@h": "x"}"#, format!("{name}: key 1: {two}")),
            (r#"{"redis://hunter2@h": ""}"#, format!("{name}: key 1: a user without a password")),
        ] {
            assert_eq!(chain(&read(&path, contents).unwrap_err()), error, "{contents}");
        }
        let error = CredentialStore::new().add_file("/nonexistent".as_ref(), &SCHEMES).unwrap_err();
        let system = "No such file or directory (os error 2)";
        assert_eq!(chain(&error), format!("cannot read /nonexistent: {system}"));
        std::fs::write(&path, b"\xff").unwrap();
        let error = CredentialStore::new().add_file(&path, &SCHEMES).unwrap_err();
        let text = "stream did not contain valid UTF-8";
        assert_eq!(chain(&error), format!("cannot read {name}: {text}"));
    }

    #[test]
    fn a_login_that_contradicts_another_is_refused() {
        let add = |url: &str, user, password| {
            let mut logins = of_file(r#"{"h": "one", "redis://me@i": "two"}"#).unwrap();
            let (address, of_url) = Address::parse(url, &SCHEMES).unwrap();
            let login = of_url.and(Credentials::new(user, password))?;
            logins.add(address.clone(), login)?;
            let login = logins.of(&address);
            Ok(login.map(|it| (it.user().map(str::to_owned), it.password().map(str::to_owned))))
        };
        let owned = |user: &str, password: &str| {
            Some((Some(user.to_owned()).filter(|user| !user.is_empty()), Some(password.to_owned())))
        };
        let error = |result: Result<_, CredentialsError>| result.unwrap_err().to_string();
        assert_eq!(add("h", None, None).unwrap(), owned("", "one"));
        assert_eq!(add("h", Some(""), Some("")).unwrap(), owned("", "one"));
        assert_eq!(add("h", None, Some("one")).unwrap(), owned("", "one"));
        assert_eq!(add("redis://me@i", None, None).unwrap(), owned("me", "two"));
        assert_eq!(add("i", Some("me"), None).unwrap(), owned("me", "two"));
        assert_eq!(add("j", Some("you"), Some("three")).unwrap(), owned("you", "three"));
        assert_eq!(add("redis://you:three@j", None, Some("three")).unwrap(), owned("you", "three"));
        assert_eq!(add("j", None, None).unwrap(), None);
        let none = "a user without a password";
        assert_eq!(error(add("h", Some("me"), None)), none);
        assert_eq!(error(add("i", Some("you"), None)), none);
        assert_eq!(error(add("j", Some("me"), None)), none);
        let two = "two users or two passwords for one server";
        assert_eq!(error(add("h", None, Some("two"))), two);
        assert_eq!(error(add("i", None, Some("two"))), two);
        assert_eq!(error(add("redis://me:x@j", Some("you"), None)), two);
        assert_eq!(error(add("redis://me:x@j", None, Some("y"))), two);
    }
}
