//! The values of `tls_server_config`, except those of [`crypto`](super::crypto). They are checked
//! while the file is parsed, so that an error names the line.

use std::net::IpAddr;

use rustls::SupportedProtocolVersion;
use rustls::version::{TLS12, TLS13};
use serde::Deserialize;

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

/// Which certificate a client has to present.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) enum ClientAuthType {
    /// An empty text, which is the same as no key, as in exporter-toolkit.
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
                "client auth type `{name}` is not supported, because it accepts any certificate \
                 without verification, expected {accepted}"
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
