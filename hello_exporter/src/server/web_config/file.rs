//! The keys of the file, and the types of their values.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::crypto::{CipherSuite, Curve};
use super::header::{FrameOptions, HeaderText, NoSniff, value_if_present};
use super::password::{PasswordHash, UserName};
use super::scalar::{GoDuration, Switch, WholeNumber};
use super::value::{ClientAuthType, San, TlsVersion};
use crate::server::yaml::{self, YamlError};

/// The whole file. A key without a value is the same as no key, except in `headers` and
/// `basic_auth_users`, where it is an error.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct File {
    pub(super) tls_server_config: Option<TlsServerConfig>,
    pub(super) http_server_config: Option<HttpServerConfig>,
    pub(super) basic_auth_users: Option<BTreeMap<UserName, PasswordHash>>,
    pub(super) rate_limit: Option<RateLimit>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct TlsServerConfig {
    pub(super) cert: Option<String>,
    pub(super) key: Option<String>,
    pub(super) client_ca: Option<String>,
    pub(super) cert_file: Option<String>,
    pub(super) key_file: Option<String>,
    pub(super) client_ca_file: Option<String>,
    pub(super) client_auth_type: Option<ClientAuthType>,
    pub(super) client_allowed_sans: Option<Vec<San>>,
    pub(super) min_version: Option<TlsVersion>,
    pub(super) max_version: Option<TlsVersion>,
    pub(super) cipher_suites: Option<Vec<CipherSuite>>,
    pub(super) prefer_server_cipher_suites: Option<Switch>,
    pub(super) curve_preferences: Option<Vec<Curve>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct HttpServerConfig {
    pub(super) http2: Option<Switch>,
    pub(super) headers: Option<Headers>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Headers {
    #[serde(rename = "Content-Security-Policy", deserialize_with = "value_if_present")]
    pub(super) content_security_policy: Option<HeaderText>,
    #[serde(rename = "Strict-Transport-Security", deserialize_with = "value_if_present")]
    pub(super) strict_transport_security: Option<HeaderText>,
    #[serde(rename = "X-Content-Type-Options", deserialize_with = "value_if_present")]
    pub(super) x_content_type_options: Option<NoSniff>,
    #[serde(rename = "X-Frame-Options", deserialize_with = "value_if_present")]
    pub(super) x_frame_options: Option<FrameOptions>,
    #[serde(rename = "X-XSS-Protection", deserialize_with = "value_if_present")]
    pub(super) x_xss_protection: Option<HeaderText>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RateLimit {
    pub(super) interval: Option<GoDuration>,
    pub(super) burst: Option<WholeNumber>,
}

impl File {
    /// Parses the text; returns `None` if it contains only white space and comments.
    pub(super) fn parse(text: &str) -> Result<Option<Self>, YamlError> {
        yaml::parse(text)
    }
}
