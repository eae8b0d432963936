//! Connects over TCP, TLS and Unix sockets, and presents a client certificate to configured
//! servers.

use std::fmt;
use std::io::{self, ErrorKind::InvalidData};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, ring};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, Error, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::reload::ReloadedConfigs;
use super::{Address, CredentialStore, Credentials};
use crate::internals::system_roots;
use crate::server::files::ReadFiles;
use crate::server::tls_verifier::verify_signatures;

/// The TLS settings of an exporter as a client: the certificate authorities that it trusts, and the
/// certificate that it presents. Exporters in Go name them `ca_file`, `cert_file`, `key_file` and
/// `insecure_skip_verify`.
///
/// Each file is a path, or an `Option` of one, such as the value of a flag.
///
/// A [`Connector`] checks before each TLS connection whether the files have changed, and reloads
/// them, so that renewed certificates need no restart. If the changed files are invalid, this is
/// logged once, and the previous ones stay in use. The system's authorities are not reloaded.
///
/// ```no_run
/// use std::path::PathBuf;
///
/// use hello_exporter::client::{Address, ClientTls, CredentialStore, Scheme};
///
/// #[derive(clap::Args)]
/// struct Flags {
///     /// File with the certificate to present to the server.
///     #[arg(long)]
///     cert_file: Option<PathBuf>,
///
///     /// File with the key of that certificate.
///     #[arg(long)]
///     key_file: Option<PathBuf>,
/// }
///
/// # async fn connect(flags: Flags) -> Result<(), Box<dyn std::error::Error>> {
/// let (address, credentials) = Address::parse("rediss://first", &[Scheme::tls("rediss", 6379)])?;
/// let mut store = CredentialStore::new();
/// store.insert(address.clone(), credentials)?;
/// let connector = ClientTls::new()
///     .ca_file(PathBuf::from("/etc/redis/ca.crt"))
///     .certificate(flags.cert_file, flags.key_file)
///     .connector(store)?;
/// let stream = connector.connect(&address).await?;
/// # let _ = stream;
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

/// [`ClientTls`] cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientTlsError {
    /// A file cannot be read, its PEM is malformed, or the key file contains no key.
    #[error("cannot read {}", .path.display())]
    #[non_exhaustive]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the system, or of the PEM parser.
        source: io::Error,
    },
    /// A certificate or the key is invalid, the certificate file contains no certificate, or the
    /// key is not that of the client certificate.
    #[error("cannot use {}", .path.display())]
    #[non_exhaustive]
    Use {
        /// The file with the client certificate, or with the authorities.
        path: PathBuf,
        /// The error of the TLS library.
        source: io::Error,
    },
    /// The file with the authorities contains no certificate.
    #[error("{} contains no certificate", .0.display())]
    Empty(PathBuf),
    /// A certificate was given without its key, or a key without its certificate.
    #[error("expected both a client certificate and its key, or neither")]
    Half,
}

impl ClientTls {
    /// Creates settings that trust the system's authorities, and present no certificate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts the authorities of a PEM file instead of the system's.
    pub fn ca_file(self, ca_file: impl Into<Option<PathBuf>>) -> Self {
        Self { ca_file: ca_file.into(), ..self }
    }

    /// Presents the certificate of a PEM file to servers. The file may contain intermediate
    /// certificates. The key is in a PEM file as well. If only one of the two files is given,
    /// [`Self::connector`] returns an error.
    pub fn certificate(
        self,
        cert_file: impl Into<Option<PathBuf>>,
        key_file: impl Into<Option<PathBuf>>,
    ) -> Self {
        Self { cert_file: cert_file.into(), key_file: key_file.into(), ..self }
    }

    /// Accepts any server certificate if `insecure_skip_verify` is true. Anyone on the network path
    /// can then read and change everything that is sent.
    pub fn insecure_skip_verify(self, insecure_skip_verify: bool) -> Self {
        Self { insecure_skip_verify, ..self }
    }

    /// Reads the files, and creates a connector. It presents the certificate to the servers of
    /// `store`, with or without credentials, and to no other server that a request may name.
    ///
    /// # Errors
    ///
    /// Returns an error that names the missing or invalid file, or [`ClientTlsError::Half`].
    pub fn connector(&self, store: CredentialStore) -> Result<Connector, ClientTlsError> {
        Ok(Connector { store, configs: ReloadedConfigs::new(self.clone())? })
    }

    /// Reads the files, records them in `files`, and returns the configurations.
    pub(super) fn configs(&self, files: &mut ReadFiles) -> Result<Configs, ClientTlsError> {
        let roots = self.roots(files)?;
        // Separate session caches: a session with the certificate is never resumed without it.
        let without_certificate = Arc::new(self.config(roots.clone(), None)?);
        let with_certificate = match (&self.cert_file, &self.key_file) {
            (None, None) => Arc::clone(&without_certificate),
            (Some(path), Some(key)) => {
                let certificate = OwnCertificate::read(path, key, files)?;
                Arc::new(self.config(roots, Some(certificate))?)
            }
            _ => return Err(ClientTlsError::Half),
        };
        Ok(Configs { with_certificate, without_certificate })
    }

    fn config(
        &self,
        roots: Arc<RootCertStore>,
        certificate: Option<OwnCertificate>,
    ) -> Result<ClientConfig, ClientTlsError> {
        let provider = ring::default_provider();
        let algorithms = provider.signature_verification_algorithms;
        let builder = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(Path::new(""), error))?
            .with_root_certificates(roots);
        let mut config = match certificate {
            None => builder.with_no_client_auth(),
            Some(OwnCertificate { path, chain, key }) => {
                builder.with_client_auth_cert(chain, key).map_err(|error| unusable(&path, error))?
            }
        };
        if self.insecure_skip_verify {
            config.dangerous().set_certificate_verifier(Arc::new(AcceptAnyServer { algorithms }));
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
        if roots.is_empty() {
            return Err(ClientTlsError::Empty(path.clone()));
        }
        Ok(Arc::new(roots))
    }
}

/// The TLS configurations for configured servers and for all others.
#[derive(Clone)]
pub(super) struct Configs {
    pub(super) with_certificate: Arc<ClientConfig>,
    pub(super) without_certificate: Arc<ClientConfig>,
}

/// The certificate that is presented to servers.
struct OwnCertificate {
    path: PathBuf,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl OwnCertificate {
    fn read(path: &Path, key: &Path, files: &mut ReadFiles) -> Result<Self, ClientTlsError> {
        Ok(Self {
            path: path.to_owned(),
            chain: certificates(path, files)?,
            key: private_key(key, files)?,
        })
    }
}

/// A connection to a server over TCP, TLS or a Unix socket.
pub trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for S {}

/// Connects to servers over TCP, TLS or a Unix socket, depending on their addresses.
#[derive(Clone)]
pub struct Connector {
    /// The servers to which the certificate is presented.
    store: CredentialStore,
    configs: ReloadedConfigs,
}

impl Connector {
    /// Connects to a server. Over TLS, the server's certificate has to be for the host of the
    /// address, unless [`ClientTls::insecure_skip_verify`] is set.
    ///
    /// There is no timeout here: set one for connecting and all queries together.
    ///
    /// # Errors
    ///
    /// Returns the error of the system or of the TLS library, prefixed with the address.
    pub async fn connect(&self, address: &Address) -> io::Result<Box<dyn Stream>> {
        let with_address =
            |error: io::Error| io::Error::new(error.kind(), format!("{address}: {error}"));
        self.connect_stream(address).await.map_err(with_address)
    }

    async fn connect_stream(&self, address: &Address) -> io::Result<Box<dyn Stream>> {
        if let Some(path) = address.path() {
            return Ok(Box::new(connect_unix(path).await?));
        }
        let stream = TcpStream::connect((address.host(), address.port())).await?;
        stream.set_nodelay(true)?;
        if !address.is_tls() {
            return Ok(Box::new(stream));
        }
        let configs = self.configs.current().await?;
        let config = if self.store.contains(address) {
            configs.with_certificate
        } else {
            configs.without_certificate
        };
        let name = ServerName::try_from(address.name().to_owned()).map_err(io::Error::other)?;
        let stream = TlsConnector::from(config).connect(name, stream).await?;
        Ok(Box::new(stream))
    }

    /// Returns the credentials for a server, if there are any.
    pub fn credentials(&self, address: &Address) -> Option<&Credentials> {
        self.store.get(address)
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

/// Hides the passwords.
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

/// Accepts every server certificate. The server still has to prove that it holds the key.
#[derive(Debug)]
struct AcceptAnyServer {
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for AcceptAnyServer {
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

    verify_signatures!(algorithms);
}

#[cfg(test)]
mod tests {
    use super::{ClientTls, CredentialStore, PathBuf};

    fn refused(tls: &ClientTls) -> String {
        tls.connector(CredentialStore::new()).unwrap_err().to_string()
    }

    #[test]
    fn unusable_file_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("empty.crt");
        std::fs::write(&file, "").unwrap();
        let with_ca = |file: PathBuf| ClientTls::new().ca_file(file);
        let name = file.display();
        assert_eq!(refused(&with_ca(file.clone())), format!("{name} contains no certificate"));
        assert_eq!(refused(&with_ca("/nonexistent".into())), "cannot read /nonexistent");
        let both = ClientTls::new().certificate(file.clone(), file.clone());
        assert_eq!(refused(&both), format!("cannot read {name}"));
        assert!(ClientTls::new().ca_file(None).connector(CredentialStore::new()).is_ok());
    }

    #[test]
    fn certificate_without_its_key_is_an_error() {
        let half = "expected both a client certificate and its key, or neither";
        let file = || PathBuf::from("/nonexistent");
        assert_eq!(refused(&ClientTls::new().certificate(file(), None)), half);
        assert_eq!(refused(&ClientTls::new().certificate(None, file())), half);
        let neither = ClientTls::new().certificate(None, None);
        assert!(neither.connector(CredentialStore::new()).is_ok());
    }
}
