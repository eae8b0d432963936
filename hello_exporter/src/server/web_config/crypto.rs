//! The cryptography of TLS connections, and its names in the file.

use std::sync::Arc;

use rustls::SupportedCipherSuite;
use rustls::crypto::ring::{ALL_CIPHER_SUITES, cipher_suite, default_provider, kx_group};
use rustls::crypto::{CryptoProvider, SupportedKxGroup};
use serde::Deserialize;

/// Returns the cryptography without restrictions by the file.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(default_provider())
}

/// Returns the cryptography with the listed curves, the listed suites of TLS 1.2, and all suites of
/// TLS 1.3; an empty list restricts nothing. Warns about listed values that rustls lacks.
pub(super) fn restricted_provider(
    suites: &[CipherSuite],
    curves: &[Curve],
    warnings: &mut Vec<String>,
) -> Result<CryptoProvider, String> {
    let mut provider = default_provider();
    if !suites.is_empty() {
        let listed = suites.iter().map(|CipherSuite(entry)| *entry);
        provider.cipher_suites = with_tls13(&supported("cipher_suites", listed, warnings)?);
    }
    if !curves.is_empty() {
        let listed = curves.iter().map(|Curve(entry)| *entry);
        provider.kx_groups = supported("curve_preferences", listed, warnings)?;
    }
    Ok(provider)
}

/// Returns all suites of TLS 1.3, and the listed ones of TLS 1.2: as in Go, the list is for TLS 1.2
/// alone.
fn with_tls13(listed: &[SupportedCipherSuite]) -> Vec<SupportedCipherSuite> {
    let of_tls13 = ALL_CIPHER_SUITES.iter().filter(|suite| suite.tls13().is_some());
    let of_tls12 = listed.iter().filter(|suite| suite.tls13().is_none());
    of_tls13.chain(of_tls12).copied().collect()
}

/// Returns the listed values that rustls has, and warns about the others. Returns an error if
/// rustls has none of them.
fn supported<T>(
    key: &str,
    listed: impl Iterator<Item = GoName<T>>,
    warnings: &mut Vec<String>,
) -> Result<Vec<T>, String> {
    let (mut supported, mut lacking) = (Vec::new(), Vec::new());
    for (name, value) in listed {
        match value {
            Some(value) => supported.push(value),
            None => lacking.push(format!("`{name}`")),
        }
    }
    let lacking = lacking.join(", ");
    if supported.is_empty() {
        return Err(format!("`{key}` lists only unsupported values: {lacking}"));
    }
    if !lacking.is_empty() {
        warnings.push(format!("`{key}`: {lacking} not supported, and left out"));
    }
    Ok(supported)
}

/// A name of Go's crypto/tls, and rustls' value for it, if it has one.
type GoName<T> = (&'static str, Option<T>);

/// Every suite of Go's `tls.CipherSuites()`, as of Go 1.19. The suites of rustls use ephemeral keys
/// and authenticated encryption. rustls will not support the others, which lack one of these or
/// both.
static CIPHER_SUITES: &[GoName<SupportedCipherSuite>] = &[
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

/// The curves that exporter-toolkit accepts, and X25519MLKEM768.
static CURVES: &[GoName<&'static dyn SupportedKxGroup>] = &[
    ("CurveP256", Some(kx_group::SECP256R1)),
    ("CurveP384", Some(kx_group::SECP384R1)),
    ("X25519", Some(kx_group::X25519)),
    ("CurveP521", None),
    ("X25519MLKEM768", None),
];

/// Returns the entry of `name`. An error lists the names of supported values.
fn look_up<T: Copy>(what: &str, name: &str, names: &[GoName<T>]) -> Result<GoName<T>, String> {
    let found = names.iter().find(|(known, _)| *known == name);
    found.copied().ok_or_else(|| {
        let available = names.iter().filter(|(_, value)| value.is_some());
        let available: Vec<String> = available.map(|(name, _)| format!("`{name}`")).collect();
        format!("unknown {what} `{name}`, expected one of {}", available.join(", "))
    })
}

#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct CipherSuite(pub(super) GoName<SupportedCipherSuite>);

impl TryFrom<String> for CipherSuite {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        look_up("cipher suite", &name, CIPHER_SUITES).map(Self)
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Curve(pub(super) GoName<&'static dyn SupportedKxGroup>);

impl TryFrom<String> for Curve {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        look_up("curve", &name, CURVES).map(Self)
    }
}
