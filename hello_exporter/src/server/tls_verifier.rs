//! The signature checks that the verifiers of server and of client certificates share.

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
        verify_signatures!($algorithms, verify_tls12_signature verify_tls13_signature);

        fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
            self.$algorithms.supported_schemes()
        }
    };
    ($algorithms:ident, $($verify:ident)*) => {$(
        fn $verify(
            &self,
            message: &[u8],
            certificate: &rustls::pki_types::CertificateDer<'_>,
            signature: &rustls::DigitallySignedStruct,
        ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            rustls::crypto::$verify(message, certificate, signature, &self.$algorithms)
        }
    )*};
}

pub(crate) use verify_signatures;
