//! Verifies the certificates of clients.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DistinguishedName, Error, OtherError, RootCertStore};
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{ExtendedKeyUsage, SubjectAltName};

use super::crypto::provider;
use super::value::San;
use crate::server::tls_verifier::verify_signatures;

/// Which clients may connect.
pub(super) struct ClientPolicy {
    pub(super) authorities: Authorities,
    /// Whether a client without a certificate is refused.
    pub(super) is_required: bool,
    /// If set, a certificate needs one of these names.
    pub(super) allowed_sans: Option<Vec<San>>,
}

/// The authorities whose certificates are accepted.
pub(super) struct Authorities {
    certificates: Vec<CertificateDer<'static>>,
    roots: RootCertStore,
    /// Whether the handshake sends their names. As in Go, it does not send the names of the
    /// system's authorities, of which there are a hundred.
    are_named: bool,
}

impl Authorities {
    /// Takes the certificates that the configuration lists under `name`.
    pub(super) fn listed(
        name: &str,
        certificates: Vec<CertificateDer<'static>>,
    ) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        for certificate in &certificates {
            roots
                .add(certificate.clone())
                .map_err(|error| format!("{name} contains an invalid certificate: {error}"))?;
        }
        Ok(Self { certificates, roots, are_named: true })
    }

    /// Takes the certificates that the system trusts. Those that cannot be authorities issue
    /// nothing, but a client may present them as listed.
    pub(super) fn of_system(certificates: Vec<CertificateDer<'static>>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(certificates.iter().cloned());
        Self { certificates, roots, are_named: false }
    }

    pub(super) fn count(&self) -> usize {
        self.roots.len()
    }
}

impl ClientPolicy {
    pub(super) fn verifier(self) -> Result<Arc<dyn ClientCertVerifier>, String> {
        let provider = provider();
        Ok(Arc::new(ClientVerifier {
            algorithms: provider.signature_verification_algorithms,
            issued: issued(&self.authorities, provider)?,
            listed: self.authorities.certificates,
            is_required: self.is_required,
            allowed: self.allowed_sans,
        }))
    }
}

/// Returns the verifier of certificates that these authorities issue; `None` without authorities.
fn issued(
    authorities: &Authorities,
    provider: Arc<CryptoProvider>,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, String> {
    if authorities.roots.is_empty() {
        return Ok(None);
    }
    let roots = Arc::new(authorities.roots.clone());
    let mut builder = WebPkiClientVerifier::builder_with_provider(roots, provider);
    if !authorities.are_named {
        builder = builder.clear_root_hint_subjects();
    }
    builder.build().map(Some).map_err(|error| error.to_string())
}

/// Verifies a certificate, and then its names.
#[derive(Debug)]
struct ClientVerifier {
    algorithms: WebPkiSupportedAlgorithms,
    /// Verifies certificates that one of the authorities has issued. `None` refuses all.
    issued: Option<Arc<dyn ClientCertVerifier>>,
    /// The authorities. As in Go, a client may present the certificate of an authority itself. That
    /// is common, because `openssl req -x509` makes a self-signed CA certificate. webpki refuses
    /// any CA certificate from a client, so these are checked separately.
    listed: Vec<CertificateDer<'static>>,
    is_required: bool,
    allowed: Option<Vec<San>>,
}

/// Why a valid certificate is refused, for the log.
#[derive(Debug, thiserror::Error)]
#[error("none of the certificate's subject alternative names is in `client_allowed_sans`")]
struct NoAllowedSan;

impl ClientVerifier {
    fn check_name(&self, certificate: &CertificateDer<'_>) -> Result<(), Error> {
        let Some(allowed) = &self.allowed else { return Ok(()) };
        let names = names(&parsed(certificate)?)?;
        if names.iter().any(|name| allowed.contains(name)) {
            return Ok(());
        }
        Err(CertificateError::Other(OtherError(Arc::new(NoAllowedSan))).into())
    }
}

impl ClientCertVerifier for ClientVerifier {
    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let issued = self.issued.as_ref().ok_or(CertificateError::UnknownIssuer)?;
        if self.listed.contains(end_entity) {
            check_listed(&parsed(end_entity)?, now)?;
        } else {
            issued.verify_client_cert(end_entity, intermediates, now)?;
        }
        self.check_name(end_entity)?;
        Ok(ClientCertVerified::assertion())
    }

    fn client_auth_mandatory(&self) -> bool {
        self.is_required
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.issued.as_deref().map_or(&[], |issued| issued.root_hint_subjects())
    }

    verify_signatures!(algorithms);
}

fn parsed(certificate: &CertificateDer<'_>) -> Result<Certificate, CertificateError> {
    Certificate::from_der(certificate).map_err(|_| CertificateError::BadEncoding)
}

/// Checks that a listed certificate is valid now, and for clients (RFC 5280, 4.2.1.12).
fn check_listed(certificate: &Certificate, now: UnixTime) -> Result<(), CertificateError> {
    let validity = certificate.tbs_certificate().validity();
    let now = Duration::from_secs(now.as_secs());
    if now < validity.not_before.to_unix_duration() {
        return Err(CertificateError::NotValidYet);
    }
    if now > validity.not_after.to_unix_duration() {
        return Err(CertificateError::Expired);
    }
    let usage = certificate.tbs_certificate().get_extension::<ExtendedKeyUsage>();
    match usage.map_err(|_| CertificateError::BadEncoding)? {
        Some((_, usage)) if !usage.0.iter().any(|usage| FOR_CLIENTS.contains(usage)) => {
            Err(CertificateError::InvalidPurpose)
        }
        _ => Ok(()),
    }
}

/// `id-kp-clientAuth`, and `anyExtendedKeyUsage`.
const FOR_CLIENTS: [ObjectIdentifier; 2] = [
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2"),
    ObjectIdentifier::new_unwrap("2.5.29.37.0"),
];

/// Returns the subject alternative names of a certificate.
fn names(certificate: &Certificate) -> Result<Vec<San>, CertificateError> {
    let names = certificate
        .tbs_certificate()
        .get_extension::<SubjectAltName>()
        .map_err(|_| CertificateError::BadEncoding)?
        .map(|(_, names)| names.0)
        .unwrap_or_default();
    Ok(names.iter().filter_map(name).collect())
}

/// Returns the name if the configuration can allow names of its kind, otherwise `None`.
fn name(name: &GeneralName) -> Option<San> {
    match name {
        GeneralName::DnsName(text)
        | GeneralName::Rfc822Name(text)
        | GeneralName::UniformResourceIdentifier(text) => Some(San::Text(text.to_string())),
        GeneralName::IpAddress(octets) => ip_address(octets.as_bytes()).map(San::Ip),
        _ => None,
    }
}

fn ip_address(octets: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(octets).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from)).ok()
}
