//! Certificates of clients: which are asked for, and which are let in.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, RootCertStore,
    SignatureScheme,
};
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{ExtendedKeyUsage, SubjectAltName};

use super::tls::provider;
use super::value::San;

/// Who may connect.
pub(super) struct ClientPolicy {
    pub(super) authorities: Authorities,
    /// Whether a client without a certificate is refused.
    pub(super) is_required: bool,
    /// The names one of which the certificate has to have, where it matters.
    pub(super) allowed_sans: Option<Vec<San>>,
}

/// Whose certificates are accepted.
pub(super) struct Authorities {
    certificates: Vec<CertificateDer<'static>>,
    roots: RootCertStore,
    /// Whether clients are told the names. Of the system's there are a hundred, and Go keeps quiet
    /// about them.
    are_named: bool,
}

impl Authorities {
    /// Takes what the configuration lists under `name`.
    pub(super) fn listed(
        name: &str,
        certificates: Vec<CertificateDer<'static>>,
    ) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        for certificate in &certificates {
            roots
                .add(certificate.clone())
                .map_err(|error| format!("{name} has a certificate that is not sound: {error}"))?;
        }
        Ok(Self { certificates, roots, are_named: true })
    }

    /// Takes what the system trusts, less what cannot be an authority.
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
        Ok(Arc::new(ClientVerifier {
            issued: issued(&self.authorities)?,
            listed: self.authorities.certificates,
            is_required: self.is_required,
            allowed: self.allowed_sans,
        }))
    }
}

/// Returns what verifies certificates of these authorities; `None` if there are no authorities.
fn issued(authorities: &Authorities) -> Result<Option<Arc<dyn ClientCertVerifier>>, String> {
    if authorities.roots.is_empty() {
        return Ok(None);
    }
    let roots = Arc::new(authorities.roots.clone());
    let builder = WebPkiClientVerifier::builder_with_provider(roots, provider());
    let builder = match authorities.are_named {
        true => builder,
        false => builder.clear_root_hint_subjects(),
    };
    builder.build().map(Some).map_err(|error| error.to_string())
}

/// Verifies a certificate, and then its names.
#[derive(Debug)]
struct ClientVerifier {
    /// Verifies certificates that one of the authorities has issued. `None` refuses all.
    issued: Option<Arc<dyn ClientCertVerifier>>,
    /// The authorities. As in Go, one of them may come itself: what `openssl req -x509` makes is signed by
    /// itself, and the certificate of a CA, which webpki takes from no client.
    listed: Vec<CertificateDer<'static>>,
    is_required: bool,
    allowed: Option<Vec<San>>,
}

/// What the log says of a certificate that is sound and yet refused.
#[derive(Debug, thiserror::Error)]
#[error("none of the certificate's subject alternative names is in `client_allowed_sans`")]
struct NoAllowedSan;

impl ClientVerifier {
    fn issued(&self) -> Result<&dyn ClientCertVerifier, Error> {
        self.issued.as_deref().ok_or_else(|| CertificateError::UnknownIssuer.into())
    }

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
        if self.listed.contains(end_entity) {
            check_listed(&parsed(end_entity)?, now)?;
        } else {
            self.issued()?.verify_client_cert(end_entity, intermediates, now)?;
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

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.issued()?.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.issued()?.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

fn parsed(certificate: &CertificateDer<'_>) -> Result<Certificate, CertificateError> {
    Certificate::from_der(certificate).map_err(|_| CertificateError::BadEncoding)
}

/// What is left to check of a certificate that is trusted as it is: that it is one of this time, and of a
/// client (RFC 5280, 4.2.1.12).
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

/// The subject alternative names of a certificate.
fn names(certificate: &Certificate) -> Result<Vec<San>, CertificateError> {
    let extension = certificate.tbs_certificate().get_extension::<SubjectAltName>();
    let extension = extension.map_err(|_| CertificateError::BadEncoding)?;
    let names = extension.map(|(_, names)| names.0).unwrap_or_default();
    Ok(names.iter().filter_map(name).collect())
}

/// A name of one of the kinds that a configuration can allow.
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
