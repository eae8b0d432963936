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

use super::renewal::Renewal;
use super::{Address, CredentialStore, Credentials};
use crate::files::ReadFiles;
use crate::system_roots::system_roots;

/// How an exporter that connects to a server over TLS knows it, and is known by it: what Go exporters take as
/// `ca_file`, `cert_file`, `key_file` and `insecure_skip_verify`.
///
/// A [`Connector`] reads the files again when they have changed, before its next connection over
/// TLS, so that certificates can be renewed without a restart. Files that cannot be used are logged
/// once, and what was read before stays in force. The system's authorities are not followed.
///
/// ```no_run
/// use hello_exporter::client::{Address, ClientTls, Credentials, CredentialStore, Scheme};
///
/// # async fn connect() -> Result<(), Box<dyn std::error::Error>> {
/// let (address, login) = Address::parse("rediss://first", &[Scheme::tls("rediss", 6379)])?;
/// let mut logins = CredentialStore::new();
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

    /// Reads the files. The certificate is shown to [those servers](CredentialStore::has), and to no other that a request may name.
    ///
    /// # Errors
    ///
    /// What is wrong with the files.
    pub fn connector(&self, known: CredentialStore) -> Result<Connector, ClientTlsError> {
        Ok(Connector { known, tls: Renewal::new(self.clone())? })
    }

    /// Returns the configurations that the files make now, and notes what was read.
    pub(super) fn configs(&self, files: &mut ReadFiles) -> Result<Configs, ClientTlsError> {
        let roots = self.roots(files)?;
        // Each has sessions of its own: none of those with the certificate is resumed without.
        let without_certificate = Arc::new(self.config(roots.clone(), None)?);
        let with_certificate = match (&self.cert_file, &self.key_file) {
            (None, None) => Arc::clone(&without_certificate),
            (Some(path), Some(key)) => {
                let shown = Shown::read(path, key, files)?;
                Arc::new(self.config(roots, Some(shown))?)
            }
            _ => return Err(ClientTlsError::Half),
        };
        Ok(Configs { with_certificate, without_certificate })
    }

    fn config(
        &self,
        roots: Arc<RootCertStore>,
        certificate: Option<Shown>,
    ) -> Result<ClientConfig, ClientTlsError> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(Path::new(""), error))?
            .with_root_certificates(roots);
        let mut config = match certificate {
            None => builder.with_no_client_auth(),
            Some(Shown { path, chain, key }) => {
                builder.with_client_auth_cert(chain, key).map_err(|error| unusable(&path, error))?
            }
        };
        if self.insecure_skip_verify {
            config.dangerous().set_certificate_verifier(Arc::new(AnyServer(provider)));
        }
        Ok(config)
    }

    fn roots(&self, files: &mut ReadFiles) -> Result<Arc<RootCertStore>, ClientTlsError> {
        let mut roots = RootCertStore::empty();
        let Some(path) = &self.ca_file else {
            roots.add_parsable_certificates(system_roots());
            return Ok(Arc::new(roots));
        };
        for certificate in certificates(path, files)? {
            let added = roots.add(certificate);
            added.map_err(|error| unusable(path, error))?;
        }
        match roots.is_empty() {
            true => Err(ClientTlsError::Empty(path.clone())),
            false => Ok(Arc::new(roots)),
        }
    }
}

/// The TLS configurations that are in force.
#[derive(Clone)]
pub(super) struct Configs {
    pub(super) with_certificate: Arc<ClientConfig>,
    pub(super) without_certificate: Arc<ClientConfig>,
}

/// A certificate that is shown to servers.
struct Shown {
    path: PathBuf,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Shown {
    fn read(path: &Path, key: &Path, files: &mut ReadFiles) -> Result<Self, ClientTlsError> {
        Ok(Self {
            path: path.to_owned(),
            chain: certificates(path, files)?,
            key: private_key(key, files)?,
        })
    }
}

/// A connection with a server, whatever it goes over.
pub trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for S {}

/// Connects with servers: each over TCP, TLS or a Unix socket, as its address says.
#[derive(Clone)]
pub struct Connector {
    /// Those that are shown the certificate.
    known: CredentialStore,
    tls: Renewal,
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
        if let Some(path) = address.path() {
            return Ok(Box::new(connect_unix(path).await?));
        }
        let stream = TcpStream::connect((address.host(), address.port())).await?;
        stream.set_nodelay(true)?;
        if !address.is_tls() {
            return Ok(Box::new(stream));
        }
        let configs = self.tls.current().await?;
        let config = match self.known.has(address) {
            true => configs.with_certificate,
            false => configs.without_certificate,
        };
        let name = ServerName::try_from(address.name().to_owned()).map_err(io::Error::other)?;
        let stream = TlsConnector::from(config).connect(name, stream).await?;
        Ok(Box::new(stream))
    }

    /// The login for a server, if there is one.
    pub fn login(&self, address: &Address) -> Option<&Credentials> {
        self.known.of(address)
    }
}

#[cfg(unix)]
async fn connect_unix(path: &Path) -> io::Result<tokio::net::UnixStream> {
    tokio::net::UnixStream::connect(path).await
}

#[cfg(not(unix))]
async fn connect_unix(_: &Path) -> io::Result<TcpStream> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no Unix sockets"))
}

/// Without what is in it.
impl fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Connector").finish_non_exhaustive()
    }
}

fn certificates(
    path: &Path,
    files: &mut ReadFiles,
) -> Result<Vec<CertificateDer<'static>>, ClientTlsError> {
    let contents = read(path, files)?;
    let certificates = CertificateDer::pem_slice_iter(&contents).collect::<Result<_, _>>();
    certificates.map_err(|error| unreadable(path, error))
}

fn private_key(
    path: &Path,
    files: &mut ReadFiles,
) -> Result<PrivateKeyDer<'static>, ClientTlsError> {
    let contents = read(path, files)?;
    PrivateKeyDer::from_pem_slice(&contents).map_err(|error| unreadable(path, error))
}

fn read(path: &Path, files: &mut ReadFiles) -> Result<Vec<u8>, ClientTlsError> {
    let contents = files.read(path);
    contents.map_err(|source| ClientTlsError::Read { path: path.to_owned(), source })
}

fn unreadable(path: &Path, error: pem::Error) -> ClientTlsError {
    let source = io::Error::new(InvalidData, error);
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
    use super::{ClientTls, CredentialStore};

    fn refused(tls: &ClientTls) -> String {
        tls.connector(CredentialStore::new()).unwrap_err().to_string()
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
        assert!(ClientTls::new().connector(CredentialStore::new()).is_ok());
    }
}
