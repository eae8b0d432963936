//! The certificate authorities that the system trusts.

use rustls::pki_types::CertificateDer;
use tracing::debug;

/// Returns the certificates of the system's authorities, or of `SSL_CERT_FILE` and `SSL_CERT_DIR`
/// if these are set. Logs and skips those that cannot be read.
pub(crate) fn system_roots() -> Vec<CertificateDer<'static>> {
    let found = rustls_native_certs::load_native_certs();
    for error in found.errors {
        // At level `debug`, since few connections need this authority.
        debug!(%error, "Cannot read a certificate authority of the system");
    }
    found.certs
}
