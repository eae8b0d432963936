//! Connections over TCP and TLS, and to whom a client's certificate is shown.

use std::fmt;
use std::io::{self, ErrorKind::InvalidData};
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

use super::{Address, Login, Logins};

/// How an exporter that connects to a server over TLS knows it, and is known by it: what Go exporters take as
/// `ca_file`, `cert_file`, `key_file` and `insecure_skip_verify`.
///
/// ```no_run
/// use hello_exporter::client::{Address, ClientTls, Login, Logins, Scheme};
///
/// # async fn connect() -> Result<(), Box<dyn std::error::Error>> {
/// let (address, login) = Address::parse("rediss://first", &[Scheme::tls("rediss", 6379)])?;
/// let mut logins = Logins::new();
/// logins.add(address.clone(), login)?;
/// let connector = ClientTls::new()
///     .ca_file(Some("/etc/redis/ca.crt".into()))
///     .certificate(Some("/etc/redis/me.crt".into()), Some("/etc/redis/me.key".into()))
///     .connector(logins)?;
/// let connection = connector.connect(&address).await?;
/// # let _ = connection;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct ClientTls {
    ca_file: Option<PathBuf>,
    cert_file: Option<PathBuf>,
    key_file: Option<PathBuf>,
    insecure_skip_verify: bool,
}

/// A configuration of [`ClientTls`] that is not sound.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientTlsError {
    /// A file that is not there, or is not PEM.
    #[error("cannot read {}", .path.display())]
    #[non_exhaustive]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A certificate or a key that is none, or that do not belong together.
    #[error("cannot use {}", .path.display())]
    #[non_exhaustive]
    Use {
        /// The file with the certificate.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file with authorities that has none.
    #[error("{} has no certificate in it", .0.display())]
    Empty(PathBuf),
    /// A certificate without its key, or a key without its certificate.
    #[error("a client's certificate and its key are needed both, or neither")]
    Half,
}

impl ClientTls {
    /// The authorities of the system are trusted, and no certificate is shown.
    pub fn new() -> Self {
        Self::default()
    }

    /// PEM file with the authorities whose servers are trusted, in place of the system's.
    pub fn ca_file(self, ca_file: Option<PathBuf>) -> Self {
        Self { ca_file, ..self }
    }

    /// PEM files with the certificate that is shown to servers, and those that lead to its authority, and with its key.
    pub fn certificate(self, cert_file: Option<PathBuf>, key_file: Option<PathBuf>) -> Self {
        Self { cert_file, key_file, ..self }
    }

    /// Whether any certificate of a server will do: whoever is in between can then read and change everything.
    pub fn insecure_skip_verify(self, insecure_skip_verify: bool) -> Self {
        Self { insecure_skip_verify, ..self }
    }

    /// Reads the files. The certificate is shown to [those servers](Logins::has), and to no other that a request may name.
    ///
    /// # Errors
    ///
    /// What is wrong with the files.
    pub fn connector(&self, known: Logins) -> Result<Connector, ClientTlsError> {
        // Each has sessions of its own: none of those with the certificate is taken up without.
        let without_certificate = Arc::new(self.config(None)?);
        let with_certificate = match (&self.cert_file, &self.key_file) {
            (None, None) => Arc::clone(&without_certificate),
            (Some(path), Some(key)) => Arc::new(self.config(Some((path, key)))?),
            _ => return Err(ClientTlsError::Half),
        };
        Ok(Connector { known, with_certificate, without_certificate })
    }

    fn config(&self, certificate: Option<(&Path, &Path)>) -> Result<ClientConfig, ClientTlsError> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(Path::new(""), error))?
            .with_root_certificates(self.roots()?);
        let mut config = match certificate {
            None => builder.with_no_client_auth(),
            Some((path, key)) => builder
                .with_client_auth_cert(certificates(path)?, private_key(key)?)
                .map_err(|error| unusable(path, error))?,
        };
        if self.insecure_skip_verify {
            config.dangerous().set_certificate_verifier(Arc::new(AnyServer(provider)));
        }
        Ok(config)
    }

    fn roots(&self) -> Result<RootCertStore, ClientTlsError> {
        let mut roots = RootCertStore::empty();
        let Some(path) = &self.ca_file else {
            let found = rustls_native_certs::load_native_certs();
            for error in found.errors {
                // It is missed when a server needs it.
                tracing::debug!(%error, "An authority of the system cannot be read");
            }
            roots.add_parsable_certificates(found.certs);
            return Ok(roots);
        };
        for certificate in certificates(path)? {
            let added = roots.add(certificate);
            added.map_err(|error| unusable(path, error))?;
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

/// Connects with servers: each over TCP or TLS, as its address says.
#[derive(Clone)]
pub struct Connector {
    /// Those that are shown the certificate.
    known: Logins,
    with_certificate: Arc<ClientConfig>,
    without_certificate: Arc<ClientConfig>,
}

impl Connector {
    /// Connects with a server. Over TLS, the name or address of its host is that which its certificate has to be for.
    ///
    /// A server may take as long as it likes: the caller bounds the time, with that of all that is asked then.
    ///
    /// # Errors
    ///
    /// What the system or the server says, behind the address.
    pub async fn connect(&self, address: &Address) -> io::Result<Box<dyn Stream>> {
        let told = |error: io::Error| io::Error::new(error.kind(), format!("{address}: {error}"));
        self.connected(address).await.map_err(told)
    }

    async fn connected(&self, address: &Address) -> io::Result<Box<dyn Stream>> {
        let stream = TcpStream::connect((address.host(), address.port())).await?;
        stream.set_nodelay(true)?;
        if !address.is_tls() {
            return Ok(Box::new(stream));
        }
        let config = match self.known.has(address) {
            true => &self.with_certificate,
            false => &self.without_certificate,
        };
        let name = ServerName::try_from(address.name().to_owned()).map_err(io::Error::other)?;
        let stream = TlsConnector::from(Arc::clone(config)).connect(name, stream).await?;
        Ok(Box::new(stream))
    }

    /// The login for a server, if there is one.
    pub fn login(&self, address: &Address) -> Option<&Login> {
        self.known.of(address)
    }
}

/// Without what is in it.
impl fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Connector").finish_non_exhaustive()
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ClientTlsError> {
    let certificates = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    certificates.map_err(|error| unreadable(path, error))
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, ClientTlsError> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| unreadable(path, error))
}

fn unreadable(path: &Path, error: pem::Error) -> ClientTlsError {
    let source = match error {
        pem::Error::Io(error) => error,
        error => io::Error::new(InvalidData, error),
    };
    ClientTlsError::Read { path: path.to_owned(), source }
}

fn unusable(path: &Path, error: Error) -> ClientTlsError {
    ClientTlsError::Use { path: path.to_owned(), source: io::Error::new(InvalidData, error) }
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
    use super::{ClientTls, Logins};

    fn refused(tls: &ClientTls) -> String {
        tls.connector(Logins::new()).unwrap_err().to_string()
    }

    #[test]
    fn files_that_are_of_no_use_are_named() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("empty.crt");
        std::fs::write(&file, "").unwrap();
        let of_ca = |file| ClientTls::new().ca_file(Some(file));
        let name = file.display();
        assert_eq!(refused(&of_ca(file.clone())), format!("{name} has no certificate in it"));
        assert_eq!(refused(&of_ca("/nonexistent".into())), "cannot read /nonexistent");
        let of = |certificate, key| ClientTls::new().certificate(certificate, key);
        let half = "a client's certificate and its key are needed both, or neither";
        assert_eq!(refused(&of(None, Some(file.clone()))), half);
        assert_eq!(refused(&of(Some(file.clone()), None)), half);
        let both = of(Some(file.clone()), Some(file.clone()));
        assert_eq!(refused(&both), format!("cannot read {name}"));
        assert!(ClientTls::new().connector(Logins::new()).is_ok());
    }
}
