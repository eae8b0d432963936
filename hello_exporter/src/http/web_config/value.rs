//! The values that keys of the file take, each checked while the file is read, so that an error has the
//! line of the value.

use std::net::IpAddr;

use actix_web::http::header::HeaderValue;
use rustls::crypto::SupportedKxGroup;
use rustls::crypto::ring::{cipher_suite, kx_group};
use rustls::version::{TLS12, TLS13};
use rustls::{SupportedCipherSuite, SupportedProtocolVersion};
use serde::Deserialize;

use crate::cli::parse_duration;

/// A name that the file may use, and what rustls has for it, which can be nothing.
type Named<T> = (&'static str, Option<T>);

/// Every suite that Go's crypto/tls lists. What rustls has uses ephemeral keys and authenticates
/// what it encrypts; what is left it does not have for good.
static CIPHER_SUITES: &[Named<SupportedCipherSuite>] = &[
    ("TLS_AES_128_GCM_SHA256", Some(cipher_suite::TLS13_AES_128_GCM_SHA256)),
    ("TLS_AES_256_GCM_SHA384", Some(cipher_suite::TLS13_AES_256_GCM_SHA384)),
    ("TLS_CHACHA20_POLY1305_SHA256", Some(cipher_suite::TLS13_CHACHA20_POLY1305_SHA256)),
    (
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        Some(cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
    ),
    (
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        Some(cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384),
    ),
    (
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        Some(cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256),
    ),
    (
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        Some(cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256),
    ),
    (
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        Some(cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384),
    ),
    (
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        Some(cipher_suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256),
    ),
    ("TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", None),
    ("TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", None),
    ("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", None),
    ("TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", None),
    ("TLS_RSA_WITH_AES_128_CBC_SHA", None),
    ("TLS_RSA_WITH_AES_128_GCM_SHA256", None),
    ("TLS_RSA_WITH_AES_256_CBC_SHA", None),
    ("TLS_RSA_WITH_AES_256_GCM_SHA384", None),
];

/// Every curve of Go's crypto/tls.
static CURVES: &[Named<&'static dyn SupportedKxGroup>] = &[
    ("CurveP256", Some(kx_group::SECP256R1)),
    ("CurveP384", Some(kx_group::SECP384R1)),
    ("X25519", Some(kx_group::X25519)),
    ("CurveP521", None),
    ("X25519MLKEM768", None),
];

/// What a name stands for; an error says which names there are.
fn look_up<T: Copy>(what: &str, name: &str, names: &[Named<T>]) -> Result<Named<T>, String> {
    let found = names.iter().find(|(known, _)| *known == name);
    found.copied().ok_or_else(|| {
        let available = names.iter().filter(|(_, value)| value.is_some());
        let available: Vec<String> = available.map(|(name, _)| format!("`{name}`")).collect();
        format!("unknown {what} `{name}`, expected one of {}", available.join(", "))
    })
}

#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct CipherSuite(pub(super) Named<SupportedCipherSuite>);

impl TryFrom<String> for CipherSuite {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        look_up("cipher suite", &name, CIPHER_SUITES).map(Self)
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Curve(pub(super) Named<&'static dyn SupportedKxGroup>);

impl TryFrom<String> for Curve {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        look_up("curve", &name, CURVES).map(Self)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(super) enum TlsVersion {
    Tls12,
    Tls13,
}

impl TlsVersion {
    pub(super) fn supported(self) -> &'static SupportedProtocolVersion {
        match self {
            Self::Tls12 => &TLS12,
            Self::Tls13 => &TLS13,
        }
    }
}

impl TryFrom<String> for TlsVersion {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        match &*name {
            "TLS12" => Ok(Self::Tls12),
            "TLS13" => Ok(Self::Tls13),
            "TLS10" | "TLS11" => Err(format!(
                "TLS version `{name}` is not supported, because it is broken (RFC 8996), expected \
                 `TLS12` or `TLS13`"
            )),
            _ => Err(format!("unknown TLS version `{name}`, expected `TLS12` or `TLS13`")),
        }
    }
}

/// What is asked of a client's certificate.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) enum ClientAuthType {
    NoClientCert,
    VerifyClientCertIfGiven,
    RequireAndVerifyClientCert,
}

impl TryFrom<String> for ClientAuthType {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let accepted = "`NoClientCert`, `VerifyClientCertIfGiven` or `RequireAndVerifyClientCert`";
        match &*name {
            // An empty text is what exporter-toolkit takes for none.
            "" | "NoClientCert" => Ok(Self::NoClientCert),
            "VerifyClientCertIfGiven" => Ok(Self::VerifyClientCertIfGiven),
            "RequireAndVerifyClientCert" => Ok(Self::RequireAndVerifyClientCert),
            "RequestClientCert" | "RequireAnyClientCert" | "RequireClientCert" => Err(format!(
                "client auth type `{name}` is not supported, because it takes any certificate \
                 without verifying it, and so keeps nobody out, expected {accepted}"
            )),
            _ => Err(format!("unknown client auth type `{name}`, expected {accepted}")),
        }
    }
}

/// A subject alternative name that a client's certificate may have.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) enum San {
    Ip(IpAddr),
    /// A DNS name, a mail address or a URI, compared as it is written.
    Text(String),
}

impl TryFrom<String> for San {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.is_empty() {
            return Err("expected a DNS name, an IP address, a mail address or a URI".to_owned());
        }
        Ok(text.parse().map(Self::Ip).unwrap_or(Self::Text(text)))
    }
}

/// The value of a header. Without one it is not set.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct HeaderText(pub(super) Option<HeaderValue>);

impl TryFrom<String> for HeaderText {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let value = HeaderValue::try_from(text)
            .map_err(|_| "expected the value of a header, without control characters".to_owned())?;
        Ok(Self(Some(value).filter(|value| !value.is_empty())))
    }
}

/// One of the values that a header takes.
fn one_of(text: &str, header: &str, accepted: &[&'static str]) -> Result<HeaderText, String> {
    if text.is_empty() {
        return Ok(HeaderText(None));
    }
    match accepted.iter().find(|value| **value == text) {
        Some(value) => Ok(HeaderText(Some(HeaderValue::from_static(value)))),
        None => {
            let accepted: Vec<String> = accepted.iter().map(|value| format!("`{value}`")).collect();
            Err(format!("`{text}` is no value of {header}, expected {}", accepted.join(" or ")))
        }
    }
}

#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct NoSniff(pub(super) HeaderText);

impl TryFrom<String> for NoSniff {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        one_of(&text, "X-Content-Type-Options", &["nosniff"]).map(Self)
    }
}

#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct FrameOptions(pub(super) HeaderText);

impl TryFrom<String> for FrameOptions {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        one_of(&text, "X-Frame-Options", &["deny", "sameorigin"]).map(Self)
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
    /// The binary logarithm of how often the password is hashed.
    pub(super) fn cost(&self) -> u32 {
        self.cost
    }

    /// Whether it is the hash of this password.
    pub(super) fn is_of(&self, password: &[u8]) -> bool {
        bcrypt::verify(password, &self.hash).unwrap_or(false)
    }
}

/// The costs that bcrypt has.
const COSTS: std::ops::RangeInclusive<u32> = 4..=31;

/// The highest one that is taken. It takes some seconds, and each step more twice as long.
const HIGHEST_COST: u32 = 16;

impl TryFrom<String> for PasswordHash {
    type Error = String;

    fn try_from(hash: String) -> Result<Self, String> {
        let cost = hash.parse::<bcrypt::HashParts>().map(|parts| parts.get_cost()).ok();
        match cost.filter(|cost| COSTS.contains(cost)) {
            Some(cost) if cost > HIGHEST_COST => Err(format!(
                "the bcrypt hash has cost {cost}, with which one wrong password would keep all others \
                 waiting for very long, expected a cost of at most {HIGHEST_COST}"
            )),
            Some(cost) => Ok(Self { hash, cost }),
            None => Err("expected the bcrypt hash of a password, such as `htpasswd -nBC 10 \"\"` \
                         writes: `$2y$10$` and 53 more characters"
                .to_owned()),
        }
    }
}

/// A length of time as Go writes it: `1s`, `1m30s`, `2.5ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Duration(pub(super) std::time::Duration);

impl TryFrom<String> for Duration {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        parse_duration(&text).map(Self).map_err(|error| format!("`{text}` is {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn duration(text: &str) -> Option<std::time::Duration> {
        Duration::try_from(text.to_owned()).ok().map(|duration| duration.0)
    }

    #[test]
    fn durations_are_written_as_in_go() {
        let cases = [
            ("0", 0),
            ("0s", 0),
            ("1s", 1_000_000_000),
            ("1m30s", 90_000_000_000),
            ("1h", 3_600_000_000_000),
            ("500ms", 500_000_000),
            ("1.5s", 1_500_000_000),
            (".5s", 500_000_000),
            ("1.s", 1_000_000_000),
            ("20us", 20_000),
            ("20µs", 20_000),
            ("3ns", 3),
        ];
        for (text, nanoseconds) in cases {
            let expected = std::time::Duration::from_nanos(nanoseconds);
            assert_eq!(duration(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_durations() {
        for text in ["", "1", "s", "1x", "-1s", "1 s", "1s ", "1s2", ".s", "1..5s", "1e3s", "1d"] {
            assert_eq!(duration(text), None, "{text}");
        }
        assert_eq!(duration("99999999999999999999999h"), None);
    }
}
