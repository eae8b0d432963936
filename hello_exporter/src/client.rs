//! Connections with what is measured, for protocols that have no client of their own for them.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// How an exporter that connects to a server over TLS knows it, and is known by it: what Go exporters take as
/// `ca_file`, `cert_file`, `key_file` and `insecure_skip_verify`.
///
/// ```no_run
/// use hello_exporter::client::ClientTls;
///
/// let tls = ClientTls { ca_file: Some("/etc/redis/ca.crt".into()), ..ClientTls::default() };
/// let config = tls.config()?;
/// # let _ = config;
/// # Ok::<(), hello_exporter::client::ClientTlsError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ClientTls {
    /// PEM file with the authorities whose servers are trusted, in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// PEM file with the certificate that is shown to a server, and those that lead to its authority.
    pub cert_file: Option<PathBuf>,
    /// PEM file with the key of that certificate.
    pub key_file: Option<PathBuf>,
    /// Whether any certificate will do: whoever is in between can then read and change everything.
    pub insecure_skip_verify: bool,
}

/// A configuration of [`ClientTls`] that is not sound.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientTlsError {
    /// A file that is not there, or is not PEM.
    #[error("cannot read {}", .path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: pem::Error,
    },
    /// A certificate or a key that is none, or that do not belong together.
    #[error("cannot use {}", .path.display())]
    Use {
        /// The file with the certificate.
        path: PathBuf,
        /// Why.
        source: Error,
    },
    /// A file with authorities that has none.
    #[error("{} has no certificate in it", .0.display())]
    Empty(PathBuf),
    /// A certificate without its key, or a key without its certificate.
    #[error("a client's certificate and its key are needed both, or neither")]
    Half,
}

impl ClientTls {
    /// Reads the files. What is configured is used for every connection: make it once.
    ///
    /// # Errors
    ///
    /// What is wrong with the files.
    pub fn config(&self) -> Result<Arc<ClientConfig>, ClientTlsError> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|source| ClientTlsError::Use { path: PathBuf::new(), source })?
            .with_root_certificates(self.roots()?);
        let mut config = match (&self.cert_file, &self.key_file) {
            (None, None) => builder.with_no_client_auth(),
            (Some(path), Some(key)) => builder
                .with_client_auth_cert(certificates(path)?, private_key(key)?)
                .map_err(|source| ClientTlsError::Use { path: path.clone(), source })?,
            _ => return Err(ClientTlsError::Half),
        };
        if self.insecure_skip_verify {
            config.dangerous().set_certificate_verifier(Arc::new(AnyServer(provider)));
        }
        Ok(Arc::new(config))
    }

    fn roots(&self) -> Result<RootCertStore, ClientTlsError> {
        let mut roots = RootCertStore::empty();
        let Some(path) = &self.ca_file else {
            // What cannot be read of the system's is missed when a server needs it.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            return Ok(roots);
        };
        for certificate in certificates(path)? {
            let added = roots.add(certificate);
            added.map_err(|source| ClientTlsError::Use { path: path.clone(), source })?;
        }
        match roots.is_empty() {
            true => Err(ClientTlsError::Empty(path.clone())),
            false => Ok(roots),
        }
    }
}

/// A connection with a server, whatever it goes over.
pub trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for S {}

/// Connects with a server over TCP, and over TLS where there is a [configuration](ClientTls::config) for it. The name
/// or address is then that which the server's certificate is for.
///
/// # Errors
///
/// What the system or the server says.
pub async fn connect(
    host: &str,
    port: u16,
    tls: Option<&Arc<ClientConfig>>,
) -> io::Result<Box<dyn Stream>> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    let Some(tls) = tls else { return Ok(Box::new(stream)) };
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let stream = TlsConnector::from(Arc::clone(tls)).connect(name, stream).await?;
    Ok(Box::new(stream))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ClientTlsError> {
    let certificates = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    certificates.map_err(|source| ClientTlsError::Read { path: path.to_owned(), source })
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, ClientTlsError> {
    let key = PrivateKeyDer::from_pem_file(path);
    key.map_err(|source| ClientTlsError::Read { path: path.to_owned(), source })
}

/// Takes every server for the right one; that it has the key of its certificate is checked all the same.
#[derive(Debug)]
struct AnyServer(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyServer {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::ClientTls;

    fn refused(tls: &ClientTls) -> String {
        tls.config().unwrap_err().to_string()
    }

    #[test]
    fn files_that_are_of_no_use_are_named() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("empty.crt");
        std::fs::write(&file, "").unwrap();
        let of_ca = |file| ClientTls { ca_file: Some(file), ..ClientTls::default() };
        let name = file.display();
        assert_eq!(refused(&of_ca(file.clone())), format!("{name} has no certificate in it"));
        assert_eq!(refused(&of_ca("/nonexistent".into())), "cannot read /nonexistent");
        let half = ClientTls { key_file: Some(file.clone()), ..ClientTls::default() };
        assert_eq!(
            refused(&half),
            "a client's certificate and its key are needed both, or neither"
        );
        let certificate = ClientTls { cert_file: Some(file.clone()), ..half };
        assert_eq!(refused(&certificate), format!("cannot read {name}"));
        assert!(ClientTls::default().config().is_ok());
    }
}
