//! Users and passwords of servers. A password belongs to one address, and is sent to no other
//! address.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::{Address, Scheme};

/// A user and a password, each of which may be missing. An empty one is the same as a missing one.
///
/// A user without a password is valid: a server may identify it by other means, such as the `trust`
/// and `peer` methods of PostgreSQL. A protocol that requires a password has to check for one.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    user: String,
    password: String,
}

/// Why credentials cannot be used. No message contains a password, or the invalid URL, which could
/// contain one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsError {
    /// A URL is invalid, or its scheme is unknown.
    #[error("expected the URL of a server, e.g. {example}")]
    #[non_exhaustive]
    Url {
        /// A valid URL.
        example: String,
    },
    /// A server has two users, or two passwords.
    #[error("two users or two passwords for one server")]
    Contradiction,
    /// A file of passwords cannot be read.
    #[error("cannot read {}", .path.display())]
    #[non_exhaustive]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// A file of passwords is invalid.
    #[error(
        "{}:{line}: invalid content, expected a JSON object from URLs to passwords",
        .path.display()
    )]
    #[non_exhaustive]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line of the first mistake, from 1.
        line: usize,
    },
    /// An entry in a file of passwords cannot be used.
    #[error("{}: key {number}", .path.display())]
    #[non_exhaustive]
    Key {
        /// The file.
        path: PathBuf,
        /// The position of the key, from 1.
        number: usize,
        /// Why it cannot be used.
        source: Box<CredentialsError>,
    },
}

impl Credentials {
    /// Creates credentials from a user and a password. Each is a `&str`, or an `Option` of one,
    /// such as the value of a flag.
    ///
    /// ```
    /// use hello_exporter::client::Credentials;
    ///
    /// let (user, password) = (None::<String>, Some(String::from("secret")));
    /// let of_flags = Credentials::new(user.as_deref(), password.as_deref());
    /// assert_eq!(of_flags, Credentials::new(None, "secret"));
    /// ```
    pub fn new<'a>(user: impl Into<Option<&'a str>>, password: impl Into<Option<&'a str>>) -> Self {
        let (user, password) = (user.into(), password.into());
        Self {
            user: user.unwrap_or_default().to_owned(),
            password: password.unwrap_or_default().to_owned(),
        }
    }

    /// Returns the user.
    pub fn user(&self) -> Option<&str> {
        Some(&*self.user).filter(|user| !user.is_empty())
    }

    /// Returns the password.
    pub fn password(&self) -> Option<&str> {
        Some(&*self.password).filter(|password| !password.is_empty())
    }

    /// Returns whether there is neither a user nor a password.
    pub fn is_empty(&self) -> bool {
        self.user.is_empty() && self.password.is_empty()
    }

    /// Merges credentials from two places, such as a URL and flags.
    ///
    /// # Errors
    ///
    /// Returns [`CredentialsError::Contradiction`] for two different users, or two different
    /// passwords.
    pub fn merge(self, other: Self) -> Result<Self, CredentialsError> {
        let either = |one: String, other: String| match (one.is_empty(), other.is_empty()) {
            (true, _) => Ok(other),
            (false, true) => Ok(one),
            (false, false) if one == other => Ok(one),
            (false, false) => Err(CredentialsError::Contradiction),
        };
        Ok(Self {
            user: either(self.user, other.user)?,
            password: either(self.password, other.password)?,
        })
    }
}

/// Hides the user and the password.
impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Credentials").finish_non_exhaustive()
    }
}

/// The servers that an exporter is configured for, and their credentials.
///
/// A request can name any server, even one of an attacker. So credentials belong to one address:
/// host, port, and whether it speaks TLS, or the path of a Unix socket. They are sent to no other
/// server. [The client certificate](super::ClientTls) is presented only to servers in the store.
///
/// ```
/// use hello_exporter::client::{Address, Credentials, CredentialStore, Scheme};
///
/// const SCHEMES: [Scheme; 2] = [Scheme::plain("redis", 6379), Scheme::tls("rediss", 6379)];
///
/// // From the flags --redis.addr, --redis.user and --redis.password.
/// let mut store = CredentialStore::new();
/// let (own, of_url) = Address::parse("redis://first", &SCHEMES)?;
/// store.insert(own.clone(), of_url.merge(Credentials::new(None, "secret"))?)?;
///
/// let (target, _) = Address::parse("redis://FIRST:6379", &SCHEMES)?;
/// assert_eq!(store.get(&target).and_then(Credentials::password), Some("secret"));
/// let (target, _) = Address::parse("redis://second", &SCHEMES)?;
/// assert!(store.get(&target).is_none());
/// let (target, _) = Address::parse("rediss://first", &SCHEMES)?;
/// assert!(store.get(&target).is_none());
/// # Ok::<(), hello_exporter::client::CredentialsError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct CredentialStore(BTreeMap<Address, Credentials>);

impl CredentialStore {
    /// Creates a store without servers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Inserts a server with its credentials, which may be empty. If the store has the server
    /// already, its credentials and the new ones are merged, provided that the old or the new ones
    /// are empty, or that both have the same user or no user. So a flag may give the user, and
    /// [a file](Self::read_file) the same user with the password.
    ///
    /// # Errors
    ///
    /// Returns [`CredentialsError::Contradiction`] if the server has another user or password.
    pub fn insert(
        &mut self,
        address: Address,
        credentials: Credentials,
    ) -> Result<(), CredentialsError> {
        let known = self.0.get(&address).cloned().unwrap_or_default();
        // A password without a user belongs to the default user, and to no other.
        let is_mergeable =
            known.is_empty() || credentials.is_empty() || known.user == credentials.user;
        if !is_mergeable {
            return Err(CredentialsError::Contradiction);
        }
        self.0.insert(address, known.merge(credentials)?);
        Ok(())
    }

    /// Reads a JSON file, and inserts its servers: `{"redis://host:port": "password",
    /// "rediss://user@host:port": "password"}`.
    ///
    /// # Errors
    ///
    /// Returns [`CredentialsError::Read`], [`CredentialsError::Syntax`], or
    /// [`CredentialsError::Key`] with an error of [`Address::parse`] or [`Self::insert`]. All of
    /// these errors name the file.
    pub fn read_file(&mut self, path: &Path, schemes: &[Scheme]) -> Result<(), CredentialsError> {
        let owned = || path.to_owned();
        let text = fs::read_to_string(path)
            .map_err(|source| CredentialsError::Read { path: owned(), source })?;
        // serde's message would quote the file, and so a password.
        let pairs: Pairs = serde_json::from_str(&text)
            .map_err(|error| CredentialsError::Syntax { path: owned(), line: error.line() })?;
        for (index, (url, password)) in pairs.0.into_iter().enumerate() {
            let inserted = Address::parse(&url, schemes).and_then(|(address, of_url)| {
                self.insert(address, of_url.merge(Credentials::new(None, &*password))?)
            });
            let number = index + 1;
            inserted.map_err(|error| CredentialsError::Key {
                path: owned(),
                number,
                source: Box::new(error),
            })?;
        }
        Ok(())
    }

    /// Returns the credentials for a server, if it has a user or a password.
    pub fn get(&self, address: &Address) -> Option<&Credentials> {
        self.0.get(address).filter(|credentials| !credentials.is_empty())
    }

    /// Returns whether a server was inserted, with credentials or without.
    pub fn contains(&self, address: &Address) -> bool {
        self.0.contains_key(address)
    }

    /// Returns the servers and their credentials, which may be empty, ordered by address.
    pub fn iter(&self) -> impl Iterator<Item = (&Address, &Credentials)> {
        self.0.iter()
    }
}

/// The entries of a JSON object, including repeated keys.
struct Pairs(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MapVisitor;

        impl<'de> Visitor<'de> for MapVisitor {
            type Value = Pairs;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object of strings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(MapVisitor)
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::path::Path;

    use super::{Address, CredentialStore, Credentials, CredentialsError, Scheme};

    const SCHEMES: [Scheme; 2] = [Scheme::plain("redis", 6379), Scheme::tls("rediss", 6379)];

    fn address(url: &str) -> Address {
        Address::parse(url, &SCHEMES).unwrap().0
    }

    fn read(contents: &str) -> Result<CredentialStore, CredentialsError> {
        let directory = tempfile::tempdir().unwrap();
        read_at(&directory.path().join("passwords.json"), contents)
    }

    fn read_at(path: &Path, contents: &str) -> Result<CredentialStore, CredentialsError> {
        std::fs::write(path, contents).unwrap();
        let mut store = CredentialStore::new();
        store.read_file(path, &SCHEMES)?;
        Ok(store)
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

    /// Returns the user and the password for a server.
    fn found<'s>(store: &'s CredentialStore, url: &str) -> Option<(&'s str, &'s str)> {
        let credentials = store.get(&address(url))?;
        let text = |text: Option<&'s str>| text.unwrap_or("-");
        Some((text(credentials.user()), text(credentials.password())))
    }

    #[test]
    fn credentials_are_for_their_address_alone() {
        let store =
            read(r#"{"redis://H": "one", "rediss://me@h": "two", "i:1": "", "h:6379": "one"}"#);
        let store = store.unwrap();
        assert_eq!(found(&store, "h"), Some(("-", "one")));
        assert_eq!(found(&store, "rediss://h"), Some(("me", "two")));
        for url in ["h:1", "h.", "i:1", "rediss://i:1", "127.0.0.1"] {
            assert_eq!(found(&store, url), None, "{url}");
        }
        assert!(store.contains(&address("i:1")) && !store.contains(&address("i:2")));
        let addresses = store.iter().map(|(address, _)| address.to_string());
        assert_eq!(addresses.collect::<Vec<_>>(), ["h:6379", "h:6379", "i:1"]);
        assert!(!format!("{store:?}").contains("one"));
    }

    #[test]
    fn invalid_file_is_named_and_not_quoted() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("passwords.json");
        let name = path.display();
        let url = "expected the URL of a server, e.g. redis://localhost:6379";
        let json = "invalid content, expected a JSON object from URLs to passwords";
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
        ] {
            assert_eq!(chain(&read_at(&path, contents).unwrap_err()), error, "{contents}");
        }
        let error =
            CredentialStore::new().read_file("/nonexistent".as_ref(), &SCHEMES).unwrap_err();
        let system = "No such file or directory (os error 2)";
        assert_eq!(chain(&error), format!("cannot read /nonexistent: {system}"));
        std::fs::write(&path, b"\xff").unwrap();
        let error = CredentialStore::new().read_file(&path, &SCHEMES).unwrap_err();
        let text = "stream did not contain valid UTF-8";
        assert_eq!(chain(&error), format!("cannot read {name}: {text}"));
    }

    /// Inserts a server after those of a file. Returns its user and password.
    fn insert(
        url: &str,
        user: Option<&str>,
        password: Option<&str>,
    ) -> Result<Option<(String, String)>, CredentialsError> {
        let mut store = read(r#"{"h": "one", "redis://me@i": "two", "redis://me@k": ""}"#).unwrap();
        let (address, of_url) = Address::parse(url, &SCHEMES).unwrap();
        store.insert(address, of_url.merge(Credentials::new(user, password))?)?;
        Ok(found(&store, url).map(|(user, password)| (user.to_owned(), password.to_owned())))
    }

    #[test]
    fn credentials_of_file_url_and_flags_are_merged() {
        for (url, user, password, expected) in [
            ("h", None, None, ("-", "one")),
            ("h", Some(""), Some(""), ("-", "one")),
            ("h", None, Some("one"), ("-", "one")),
            ("redis://me@i", None, None, ("me", "two")),
            ("i", Some("me"), None, ("me", "two")),
            ("j", Some("you"), Some("three"), ("you", "three")),
            ("redis://you:three@j", None, Some("three"), ("you", "three")),
            ("k", Some("me"), Some("four"), ("me", "four")),
        ] {
            let (user_found, password_found) = insert(url, user, password).unwrap().unwrap();
            assert_eq!((&*user_found, &*password_found), expected, "{url} {user:?} {password:?}");
        }
        assert_eq!(insert("j", None, None).unwrap(), None);
    }

    #[test]
    fn user_without_password_is_accepted() {
        let me = Some(("me".to_owned(), "-".to_owned()));
        assert_eq!(insert("j", Some("me"), None).unwrap(), me);
        assert_eq!(insert("redis://me@j", None, None).unwrap(), me);
        assert_eq!(insert("k", None, None).unwrap(), me);
    }

    #[test]
    fn contradicting_credentials_are_refused() {
        for (url, user, password) in [
            ("h", None, Some("two")),
            ("i", None, Some("two")),
            ("redis://me:x@j", Some("you"), None),
            ("redis://me:x@j", None, Some("y")),
            // A password belongs to one user, and to no other.
            ("h", Some("me"), None),
            ("i", Some("you"), None),
            ("k", None, Some("four")),
        ] {
            let error = insert(url, user, password).unwrap_err().to_string();
            let two = "two users or two passwords for one server";
            assert_eq!(error, two, "{url} {user:?} {password:?}");
        }
    }
}
