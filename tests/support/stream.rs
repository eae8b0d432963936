//! Connections of misbehaving clients, plain or over TLS.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::Authority;

/// A connection. It waits for at most two seconds in each call.
#[allow(clippy::large_enum_variant, reason = "there are few")]
#[derive(Debug)]
pub enum Stream {
    /// TCP alone.
    Plain(TcpStream),
    /// TLS over TCP.
    Tls(StreamOwned<ClientConnection, TcpStream>),
}

/// How to connect to an exporter.
#[derive(Clone, Debug)]
pub struct Dial {
    address: SocketAddr,
    tls: Option<Arc<ClientConfig>>,
}

const TIMEOUT: Duration = Duration::from_secs(2);

impl Dial {
    /// Returns a way to connect without TLS.
    pub fn plain(address: SocketAddr) -> Self {
        Self { address, tls: None }
    }

    /// Returns a way to connect over TLS, with this ALPN protocol, to a server whose certificate
    /// this authority has issued.
    pub fn tls(address: SocketAddr, authority: &Authority, protocol: &str) -> Self {
        let certificate = CertificateDer::from_pem_slice(authority.certificate.as_bytes());
        let mut roots = RootCertStore::empty();
        roots.add(certificate.expect("a certificate")).expect("an authority");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_root_certificates(roots);
        let mut config = config.with_no_client_auth();
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        Self { address, tls: Some(Arc::new(config)) }
    }

    /// Connects over TCP, without a handshake.
    pub fn tcp(&self) -> TcpStream {
        let stream = TcpStream::connect_timeout(&self.address, TIMEOUT).expect("it listens");
        stream.set_read_timeout(Some(TIMEOUT)).expect("a timeout");
        stream.set_write_timeout(Some(TIMEOUT)).expect("a timeout");
        stream
    }

    /// Connects and completes the handshake, if any, without sending anything.
    pub fn connect(&self) -> io::Result<Stream> {
        let mut tcp = self.tcp();
        if self.tls.is_none() {
            return Ok(Stream::Plain(tcp));
        }
        let mut tls = self.handshake();
        while tls.is_handshaking() {
            tls.complete_io(&mut tcp)?;
        }
        Ok(Stream::Tls(StreamOwned::new(tls, tcp)))
    }

    /// Returns a handshake that has not sent anything yet.
    pub fn handshake(&self) -> ClientConnection {
        let config = self.tls.clone().expect("connections over TLS");
        let name = ServerName::from(self.address.ip());
        ClientConnection::new(config, name).expect("a configuration for TLS")
    }
}

impl Stream {
    /// Returns the TCP connection.
    pub fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => &stream.sock,
        }
    }

    /// Reads until the connection ends in any way, or no more bytes arrive for two seconds.
    pub fn rest(&mut self) -> Rest {
        let mut bytes = Vec::new();
        let is_over = match self.read_to_end(&mut bytes) {
            Ok(_) => true,
            Err(error) => {
                !matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
            }
        };
        Rest { bytes, is_over }
    }
}

/// Reads from a stream until the bytes end with `end`.
pub fn read_until(stream: &mut impl Read, end: &[u8]) -> Vec<u8> {
    let mut received = Vec::new();
    while !received.ends_with(end) {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("the stream sends more");
        received.extend(byte);
    }
    received
}

/// The bytes received from a connection.
#[derive(Debug)]
pub struct Rest {
    /// The bytes as they were received.
    pub bytes: Vec<u8>,
    /// Whether the connection has ended.
    pub is_over: bool,
}

impl Rest {
    /// Returns the status of the first response, if there is one.
    pub fn status(&self) -> Option<u16> {
        let line = self.bytes.split(|byte| *byte == b'\r').next()?;
        str::from_utf8(line).ok()?.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
