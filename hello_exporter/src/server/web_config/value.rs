//! The values of `tls_server_config`. Each is checked while the file is read, so that an error
//! names the line.

use std::net::IpAddr;

use rustls::crypto::SupportedKxGroup;
use rustls::crypto::ring::{cipher_suite, kx_group};
use rustls::version::{TLS12, TLS13};
use rustls::{SupportedCipherSuite, SupportedProtocolVersion};
use serde::Deserialize;

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

/// Which certificate a client needs.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) enum ClientAuthType {
    /// An empty text, which exporter-toolkit takes for a key that is left out.
    Unset,
    NoClientCert,
    VerifyClientCertIfGiven,
    RequireAndVerifyClientCert,
}

impl TryFrom<String> for ClientAuthType {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let accepted = "`NoClientCert`, `VerifyClientCertIfGiven` or `RequireAndVerifyClientCert`";
        match &*name {
            "" => Ok(Self::Unset),
            "NoClientCert" => Ok(Self::NoClientCert),
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
