//! Makes the configuration of TLS connections from `tls_server_config`.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{Error, InconsistentKeys, ServerConfig, SupportedProtocolVersion};
use x509_cert::Certificate;
use x509_cert::der::Decode;

use super::client_certificates::{Authorities, ClientPolicy};
use super::crypto::{CipherSuite, provider, restricted_provider};
use super::file::TlsServerConfig;
use super::scalar::Switch;
use super::value::{ClientAuthType, TlsVersion};
use crate::internals::system_roots;
use crate::server::files::ReadFiles;

/// Loads the configuration of TLS connections, and adds warnings for the operator.
pub(super) struct TlsLoader<'a> {
    /// The base of relative paths.
    pub(super) directory: &'a Path,
    pub(super) files: &'a mut ReadFiles,
    pub(super) warnings: &'a mut Vec<String>,
}

/// The TLS part of the settings.
pub(super) struct TlsSettings {
    /// The configuration of new connections.
    pub(super) config: Arc<ServerConfig>,
    /// When the first certificate of the server's chain expires, since the Unix epoch.
    pub(super) not_after: Option<Duration>,
}

/// PEM text of the file, or of a file that it names.
struct Pem {
    contents: Vec<u8>,
    /// Its name in messages.
    name: String,
}

impl TlsLoader<'_> {
    /// Returns the settings; `None` if the section is empty.
    pub(super) fn load(
        &mut self,
        section: &TlsServerConfig,
        is_http2: bool,
    ) -> Result<Option<TlsSettings>, String> {
        if section.is_empty() {
            return Ok(None);
        }
        let certified_key = self.certified_key(section)?;
        let not_after = first_expiry(&certified_key.cert);
        let verifier = self.client_verifier(section)?;
        let asks_for_certificate = verifier.offer_client_auth();
        let suites = section.cipher_suites.as_deref().unwrap_or_default();
        let curves = section.curve_preferences.as_deref().unwrap_or_default();
        let provider = restricted_provider(suites, curves, self.warnings)?;
        let builder = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&versions(section)?)
            .map_err(|_| NO_CIPHER_SUITE.to_owned())?;
        check_http2_suites(suites, section.min_version, is_http2)?;
        let mut config = builder
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified_key)));
        config.ignore_client_order =
            section.prefer_server_cipher_suites.is_none_or(|Switch(is_preferred)| is_preferred);
        config.alpn_protocols = alpn_protocols(is_http2);
        if asks_for_certificate {
            forget_sessions(&mut config);
        }
        Ok(Some(TlsSettings { config: Arc::new(config), not_after }))
    }

    fn certified_key(&mut self, section: &TlsServerConfig) -> Result<CertifiedKey, String> {
        let certificate = self.pem("cert", section.cert.as_ref(), section.cert_file.as_ref())?;
        let key = self.pem("key", section.key.as_ref(), section.key_file.as_ref())?;
        let (certificate, key) = match (certificate, key) {
            (Some(certificate), Some(key)) => (certificate, key),
            (None, _) => return Err(missing("cert_file", "cert")),
            (_, None) => return Err(missing("key_file", "key")),
        };
        let chain = certificate.certificates()?;
        CertifiedKey::from_der(chain, key.private_key()?, &provider()).map_err(
            |error| match error {
                Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                    format!(
                        "{} is not the key of the certificate in {}",
                        key.name, certificate.name
                    )
                }
                error => format!("{} and {}: {error}", certificate.name, key.name),
            },
        )
    }

    fn client_verifier(
        &mut self,
        section: &TlsServerConfig,
    ) -> Result<Arc<dyn ClientCertVerifier>, String> {
        let listed =
            self.pem("client_ca", section.client_ca.as_ref(), section.client_ca_file.as_ref())?;
        let auth_type = section.client_auth_type.unwrap_or(ClientAuthType::Unset);
        check_sans(section, auth_type)?;
        let is_required = match (auth_type, &listed) {
            (ClientAuthType::Unset | ClientAuthType::NoClientCert, None) => {
                return Ok(WebPkiClientVerifier::no_client_auth());
            }
            (ClientAuthType::Unset | ClientAuthType::NoClientCert, Some(_)) => {
                return Err(CA_WITHOUT_AUTH_TYPE.to_owned());
            }
            (ClientAuthType::VerifyClientCertIfGiven, _) => false,
            (ClientAuthType::RequireAndVerifyClientCert, _) => true,
        };
        let authorities = match listed {
            Some(listed) => Authorities::listed(&listed.name, listed.certificates()?)?,
            None => self.system_authorities(),
        };
        let allowed_sans = section.client_allowed_sans.clone();
        ClientPolicy { authorities, is_required, allowed_sans }.verifier()
    }

    /// Returns the authorities of the system, with which Go verifies clients if none are listed.
    fn system_authorities(&mut self) -> Authorities {
        let authorities = Authorities::of_system(system_roots());
        let reason = "`client_auth_type` without `client_ca_file` or `client_ca`";
        self.warnings.push(match authorities.count() {
            0 => format!(
                "{reason}: the system has no authorities, so that all certificates are refused"
            ),
            count => format!(
                "{reason}: client certificates of all authorities of the system ({count}) are \
                 accepted"
            ),
        });
        authorities
    }

    /// Returns the text of `key`, or of the file of `key_file`, or `None` without either.
    fn pem(
        &mut self,
        key: &str,
        text: Option<&String>,
        file: Option<&String>,
    ) -> Result<Option<Pem>, String> {
        let filled = |text: &&String| !text.is_empty();
        match (text.filter(filled), file.filter(filled)) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => Err(format!(
                "`tls_server_config` has both `{key}` and `{key}_file`, expected one of them"
            )),
            (Some(text), None) => {
                Ok(Some(Pem { contents: text.clone().into_bytes(), name: format!("`{key}`") }))
            }
            (None, Some(file)) => self.read(key, &self.directory.join(file)).map(Some),
        }
    }

    fn read(&mut self, key: &str, path: &Path) -> Result<Pem, String> {
        let name = format!("`{key}_file` {}", path.display());
        match self.files.read(path) {
            Ok(contents) => Ok(Pem { contents, name }),
            Err(error) => Err(format!("cannot read {name}: {error}")),
        }
    }
}

impl TlsServerConfig {
    /// Returns whether every key is missing or an empty text.
    fn is_empty(&self) -> bool {
        let Self {
            cert,
            key,
            client_ca,
            cert_file,
            key_file,
            client_ca_file,
            client_auth_type,
            client_allowed_sans,
            min_version,
            max_version,
            cipher_suites,
            prefer_server_cipher_suites,
            curve_preferences,
        } = self;
        let texts = [cert, key, client_ca, cert_file, key_file, client_ca_file];
        texts.iter().all(|text| text.as_ref().is_none_or(String::is_empty))
            && client_auth_type.is_none_or(|auth_type| auth_type == ClientAuthType::Unset)
            && client_allowed_sans.is_none()
            && min_version.is_none()
            && max_version.is_none()
            && cipher_suites.is_none()
            && prefer_server_cipher_suites.is_none()
            && curve_preferences.is_none()
    }
}

impl Pem {
    /// Returns the certificates, at least one.
    fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, String> {
        // The errors of the PEM parser quote the text.
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(&self.contents)
            .collect::<Result<_, _>>()
            .unwrap_or_default();
        if certificates.is_empty() {
            return Err(format!("{} contains no PEM certificate", self.name));
        }
        Ok(certificates)
    }

    fn private_key(&self) -> Result<PrivateKeyDer<'static>, String> {
        PrivateKeyDer::from_pem_slice(&self.contents)
            .map_err(|_| format!("{} contains no PEM private key without a passphrase", self.name))
    }
}

/// Returns the versions from `min_version` to `max_version`.
fn versions(section: &TlsServerConfig) -> Result<Vec<&'static SupportedProtocolVersion>, String> {
    let lowest = section.min_version.unwrap_or(TlsVersion::Tls12);
    let highest = section.max_version.unwrap_or(TlsVersion::Tls13);
    let versions: Vec<_> = [TlsVersion::Tls13, TlsVersion::Tls12]
        .iter()
        .filter(|version| (lowest..=highest).contains(version))
        .map(|version| version.supported())
        .collect();
    if versions.is_empty() {
        return Err("`min_version` TLS13 is higher than `max_version` TLS12".to_owned());
    }
    Ok(versions)
}

/// Checks the suites for TLS 1.2 as Go's net/http does before it serves HTTP/2 (RFC 9113, section
/// 9.2.2).
fn check_http2_suites(
    listed: &[CipherSuite],
    min_version: Option<TlsVersion>,
    is_http2: bool,
) -> Result<(), String> {
    let is_for_tls13_alone = min_version == Some(TlsVersion::Tls13);
    let is_required = |CipherSuite((name, _)): &CipherSuite| HTTP2_SUITES.contains(name);
    if !is_http2 || is_for_tls13_alone || listed.is_empty() || listed.iter().any(is_required) {
        return Ok(());
    }
    let [rsa, ecdsa] = HTTP2_SUITES;
    Err(format!(
        "`cipher_suites` is missing an HTTP/2-required AES_128_GCM_SHA256 cipher (need at least one of \
         {rsa} or {ecdsa}), expected one of them, or `http2: false`"
    ))
}

/// The suite that HTTP/2 requires, and the one that Go accepts instead for ECDSA certificates.
const HTTP2_SUITES: [&str; 2] =
    ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"];

/// Checks that allowed names are listed only if every client has to present a certificate, and that
/// the list is not empty.
fn check_sans(section: &TlsServerConfig, auth_type: ClientAuthType) -> Result<(), String> {
    match &section.client_allowed_sans {
        None => Ok(()),
        Some(_) if auth_type != ClientAuthType::RequireAndVerifyClientCert => {
            Err("`client_allowed_sans` needs `client_auth_type: RequireAndVerifyClientCert`"
                .to_owned())
        }
        Some(allowed) if allowed.is_empty() => {
            Err("`client_allowed_sans` is empty and would refuse every client, expected names"
                .to_owned())
        }
        Some(_) => Ok(()),
    }
}

fn alpn_protocols(is_http2: bool) -> Vec<Vec<u8>> {
    let protocols: &[&[u8]] = if is_http2 { &[b"h2", b"http/1.1"] } else { &[b"http/1.1"] };
    protocols.iter().map(|protocol| protocol.to_vec()).collect()
}

/// Disables resumption: in a resumed session, the client would not present its certificate again,
/// which may have expired since.
fn forget_sessions(config: &mut ServerConfig) {
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
}

/// Returns when the first certificate of a chain expires, since the Unix epoch.
fn first_expiry(chain: &[CertificateDer<'_>]) -> Option<Duration> {
    let parsed = chain.iter().filter_map(|certificate| Certificate::from_der(certificate).ok());
    let expiries = parsed
        .map(|certificate| certificate.tbs_certificate().validity().not_after.to_unix_duration());
    expiries.min()
}

fn missing(file: &str, text: &str) -> String {
    format!("`tls_server_config` needs `{file}` or `{text}`")
}

const CA_WITHOUT_AUTH_TYPE: &str = "a client CA needs a `client_auth_type`, expected `RequireAndVerifyClientCert`, or \
     `VerifyClientCertIfGiven`, which makes the certificate optional";

const NO_CIPHER_SUITE: &str =
    "`cipher_suites` lists no suite for TLS 1.2, and `max_version` allows no other version";
