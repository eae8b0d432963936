//! From `tls_server_config` to what rustls serves with.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::{ALL_CIPHER_SUITES, default_provider};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    Error, InconsistentKeys, ServerConfig, SupportedCipherSuite, SupportedProtocolVersion,
};

use super::client::{Authorities, ClientPolicy};
use super::file::TlsServerConfig;
use super::scalar::Switch;
use super::value::{CipherSuite, ClientAuthType, Curve, TlsVersion};
use crate::server::files::ReadFiles;
use crate::server::system_roots::system_roots;

/// The cryptography that all of it uses.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(default_provider())
}

/// Makes the configuration of TLS connections, and notes what the operator should know of it.
pub(super) struct Loader<'a> {
    /// Where relative paths begin.
    pub(super) directory: &'a Path,
    pub(super) files: &'a mut ReadFiles,
    pub(super) warnings: &'a mut Vec<String>,
}

/// A text of the file, or of a file that it names.
struct Pem {
    contents: Vec<u8>,
    /// How messages call it.
    name: String,
}

impl Loader<'_> {
    /// Nothing where the section asks for nothing.
    pub(super) fn load(
        &mut self,
        section: &TlsServerConfig,
        is_http2: bool,
    ) -> Result<Option<Arc<ServerConfig>>, String> {
        if section.is_empty() {
            return Ok(None);
        }
        let certified_key = self.certified_key(section)?;
        let verifier = self.client_verifier(section)?;
        let is_client_known = verifier.offer_client_auth();
        let provider = Arc::new(self.crypto(section)?);
        let builder = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&versions(section)?)
            .map_err(|_| NO_CIPHER_SUITE.to_owned())?;
        check_http2_suites(section, is_http2)?;
        let mut config = builder
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified_key)));
        config.ignore_client_order =
            section.prefer_server_cipher_suites.is_none_or(|Switch(is_preferred)| is_preferred);
        config.alpn_protocols = alpn_protocols(is_http2);
        if is_client_known {
            forget_sessions(&mut config);
        }
        Ok(Some(Arc::new(config)))
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
        CertifiedKey::from_der(chain, key.private_key()?, &default_provider()).map_err(|error| {
            match error {
                Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                    format!(
                        "{} is not the key of the certificate in {}",
                        key.name, certificate.name
                    )
                }
                error => format!("{} and {}: {error}", certificate.name, key.name),
            }
        })
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
            None => self.authorities_of_system(),
        };
        let allowed_sans = section.client_allowed_sans.clone();
        ClientPolicy { authorities, is_required, allowed_sans }.verifier()
    }

    /// Returns the authorities that Go verifies clients with where no others are listed.
    fn authorities_of_system(&mut self) -> Authorities {
        let authorities = Authorities::of_system(system_roots());
        let reason = "`client_auth_type` without `client_ca_file` or `client_ca`";
        self.warnings.push(match authorities.count() {
            0 => format!(
                "{reason}: the system has no authorities, so that all certificates are refused"
            ),
            count => format!(
                "{reason}: certificates are verified against the authorities of the system, \
                 {count} in number, each of which can let clients in"
            ),
        });
        authorities
    }

    /// A text that is there, or in a file, or neither.
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

    /// rustls' cryptography, less what the section does not list.
    fn crypto(&mut self, section: &TlsServerConfig) -> Result<CryptoProvider, String> {
        let mut provider = default_provider();
        if let Some(listed) = section.cipher_suites.as_deref().filter(|listed| !listed.is_empty()) {
            provider.cipher_suites = self.cipher_suites(listed)?;
        }
        if let Some(listed) = section.curve_preferences.as_deref().filter(|list| !list.is_empty()) {
            let listed = listed.iter().map(|Curve(named)| *named);
            provider.kx_groups = self.available("curve_preferences", listed)?;
        }
        Ok(provider)
    }

    /// As in Go the list is for TLS 1.2 alone; the suites of TLS 1.3 are always there.
    fn cipher_suites(
        &mut self,
        listed: &[CipherSuite],
    ) -> Result<Vec<SupportedCipherSuite>, String> {
        let listed = listed.iter().map(|CipherSuite(named)| *named);
        let listed = self.available("cipher_suites", listed)?;
        let of_tls13 = ALL_CIPHER_SUITES.iter().filter(|suite| suite.tls13().is_some()).copied();
        let of_tls12 = listed.into_iter().filter(|suite| suite.tls13().is_none());
        Ok(of_tls13.chain(of_tls12).collect())
    }

    /// What rustls has of a list. What it lacks is left out, as long as something remains.
    fn available<T>(
        &mut self,
        key: &str,
        listed: impl Iterator<Item = (&'static str, Option<T>)>,
    ) -> Result<Vec<T>, String> {
        let (mut available, mut lacking) = (Vec::new(), Vec::new());
        for (name, value) in listed {
            match value {
                Some(value) => available.push(value),
                None => lacking.push(format!("`{name}`")),
            }
        }
        let lacking = lacking.join(", ");
        if available.is_empty() {
            return Err(format!("`{key}` lists nothing that is supported, only {lacking}"));
        }
        if !lacking.is_empty() {
            self.warnings.push(format!("`{key}`: {lacking} not supported, and left out"));
        }
        Ok(available)
    }
}

impl TlsServerConfig {
    /// Whether nothing is set, or only to what is nothing.
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
    /// All certificates, of which there is at least one.
    fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, String> {
        let certificates = CertificateDer::pem_slice_iter(&self.contents);
        // What the PEM parser says of an error are bytes of the text.
        let certificates = certificates.collect::<Result<Vec<_>, _>>().unwrap_or_default();
        if certificates.is_empty() {
            return Err(format!("{} has no certificate in PEM", self.name));
        }
        Ok(certificates)
    }

    fn private_key(&self) -> Result<PrivateKeyDer<'static>, String> {
        PrivateKeyDer::from_pem_slice(&self.contents)
            .map_err(|_| format!("{} has no private key in PEM, without a passphrase", self.name))
    }
}

/// The versions between the least and the most recent one.
fn versions(section: &TlsServerConfig) -> Result<Vec<&'static SupportedProtocolVersion>, String> {
    let lowest = section.min_version.unwrap_or(TlsVersion::Tls12);
    let highest = section.max_version.unwrap_or(TlsVersion::Tls13);
    let versions = [TlsVersion::Tls13, TlsVersion::Tls12];
    let versions = versions.iter().filter(|version| (lowest..=highest).contains(version));
    let versions: Vec<_> = versions.map(|version| version.supported()).collect();
    if versions.is_empty() {
        return Err("`min_version` is TLS13 and `max_version` TLS12, which leaves none".to_owned());
    }
    Ok(versions)
}

/// Checks what Go's net/http checks of the suites for TLS 1.2 before it serves HTTP/2 (RFC 9113,
/// section 9.2.2).
fn check_http2_suites(section: &TlsServerConfig, is_http2: bool) -> Result<(), String> {
    let listed = section.cipher_suites.as_deref().unwrap_or_default();
    let is_for_tls13_alone = section.min_version == Some(TlsVersion::Tls13);
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

/// The suite that HTTP/2 requires, and the one that Go takes in its place for ECDSA certificates.
const HTTP2_SUITES: [&str; 2] =
    ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"];

/// A client that may come without a certificate comes without names as well.
fn check_sans(section: &TlsServerConfig, auth_type: ClientAuthType) -> Result<(), String> {
    match &section.client_allowed_sans {
        None => Ok(()),
        Some(_) if auth_type != ClientAuthType::RequireAndVerifyClientCert => {
            Err("`client_allowed_sans` needs `client_auth_type: RequireAndVerifyClientCert`"
                .to_owned())
        }
        Some(allowed) if allowed.is_empty() => {
            Err("`client_allowed_sans` is an empty list, which keeps everybody out".to_owned())
        }
        Some(_) => Ok(()),
    }
}

fn alpn_protocols(is_http2: bool) -> Vec<Vec<u8>> {
    let protocols: &[&[u8]] = if is_http2 { &[b"h2", b"http/1.1"] } else { &[b"http/1.1"] };
    protocols.iter().map(|protocol| protocol.to_vec()).collect()
}

/// A resumed session does not show the certificate again, which may have expired since.
fn forget_sessions(config: &mut ServerConfig) {
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
}

fn missing(file: &str, text: &str) -> String {
    format!("`tls_server_config` needs `{file}` or `{text}`")
}

const CA_WITHOUT_AUTH_TYPE: &str = "there is a client CA and no `client_auth_type`, expected `RequireAndVerifyClientCert`, or \
     `VerifyClientCertIfGiven`, with which a certificate is not required";

const NO_CIPHER_SUITE: &str =
    "`cipher_suites` lists none for TLS 1.2, and `max_version` allows no other version";
