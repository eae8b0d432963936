//! Names and hashes of `basic_auth_users`.

use serde::Deserialize;

/// A name that a client can send.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct UserName(pub(super) String);

impl TryFrom<String> for UserName {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, &'static str> {
        if name.contains(':') {
            // The message omits the name, which may be followed by a password.
            return Err(
                "the user name contains a colon, so that no client can send it (RFC 7617), \
                        expected a name without one",
            );
        }
        Ok(Self(name))
    }
}

/// The bcrypt hash of a password.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct PasswordHash {
    hash: String,
    cost: u32,
}

impl PasswordHash {
    /// Returns the binary logarithm of the number of rounds.
    pub(super) fn cost(&self) -> u32 {
        self.cost
    }

    /// Returns whether this is the hash of `password`.
    pub(super) fn matches(&self, password: &[u8]) -> bool {
        bcrypt::verify(password, &self.hash).unwrap_or(false)
    }
}

/// The costs that bcrypt accepts.
const COSTS: std::ops::RangeInclusive<u32> = 4..=31;

impl TryFrom<String> for PasswordHash {
    type Error = &'static str;

    fn try_from(hash: String) -> Result<Self, &'static str> {
        let hash = canonical(hash);
        let cost = hash.parse::<bcrypt::HashParts>().map(|parts| parts.get_cost()).ok();
        match cost.filter(|cost| COSTS.contains(cost)) {
            Some(cost) => Ok(Self { hash, cost }),
            None => Err(
                "expected the bcrypt hash of a password, such as `htpasswd -nBC 10 \"\"` writes: \
                         `$2y$10$` and 53 more characters",
            ),
        }
    }
}

/// bcrypt's alphabet for base64.
const ALPHABET: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The index of the last character of the salt, of which only two bits count.
const LAST_OF_SALT: usize = "$2b$10$".len() + 21;

/// Clears the unused bits of the salt. Go ignores them, the bcrypt crate refuses them, and
/// generators that make a salt of 22 random characters set them.
fn canonical(hash: String) -> String {
    let mut bytes = hash.into_bytes();
    if let Some(last) = bytes.get_mut(LAST_OF_SALT)
        && let Some(value) = ALPHABET.iter().position(|character| character == last)
        && let Some(cleared) = ALPHABET.get(value & 0b11_0000)
    {
        *last = *cleared;
    }
    // One ASCII character has replaced another.
    String::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hash of `secret`, whose salt ends in `u`.
    const SECRET: &str = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";

    #[test]
    fn unused_bits_of_salts_are_ignored() {
        for last in ['u', 'v', '2', '9'] {
            let hash = SECRET.replace("stuu", &format!("stu{last}"));
            let hash = PasswordHash::try_from(hash).ok().unwrap();
            assert!(hash.matches(b"secret") && !hash.matches(b"other"), "{last}");
        }
        for other in
            ["", "é", "$2b$04$", &SECRET.replace("stuu", "stu!"), &SECRET.replace("stuu", "stué")]
        {
            assert!(PasswordHash::try_from(other.to_owned()).is_err(), "{other}");
        }
    }
}
