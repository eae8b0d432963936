//! The signature checks of certificate verifiers, of servers and of clients.

/// Implements the methods of a rustls verifier that check whether the peer holds the key of its
/// certificate. `$algorithms` is a field with the [`WebPkiSupportedAlgorithms`] that are accepted.
///
/// A macro, since [`ServerCertVerifier`] and [`ClientCertVerifier`] have the same methods but no
/// trait in common.
///
/// [`WebPkiSupportedAlgorithms`]: rustls::crypto::WebPkiSupportedAlgorithms
/// [`ServerCertVerifier`]: rustls::client::danger::ServerCertVerifier
/// [`ClientCertVerifier`]: rustls::server::danger::ClientCertVerifier
macro_rules! verify_signatures {
    ($algorithms:ident) => {
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            certificate: &rustls::pki_types::CertificateDer<'_>,
            signature: &rustls::DigitallySignedStruct,
        ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            let algorithms = &self.$algorithms;
            rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            certificate: &rustls::pki_types::CertificateDer<'_>,
            signature: &rustls::DigitallySignedStruct,
        ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            let algorithms = &self.$algorithms;
            rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
        }

        fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
            self.$algorithms.supported_schemes()
        }
    };
}

pub(crate) use verify_signatures;
