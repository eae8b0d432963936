//! Redis servers: real ones, one that answers whatever it is told to, and one that only looks at certificates.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection};
use tempfile::TempDir;

use crate::certificate::Authority;
use crate::process::free_address;

/// A running redis-server, killed when it is dropped.
#[derive(Debug)]
pub struct Redis {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    _directory: TempDir,
}

impl Redis {
    /// Starts a server that keeps nothing, with more flags, on a free port of the loopback.
    pub fn start(flags: &[&str]) -> Self {
        Self::start_at(free_address(), flags)
    }

    /// Starts a server there, and waits until it accepts connections.
    pub fn start_at(address: SocketAddr, flags: &[&str]) -> Self {
        Self::spawn(address, &["--port", &address.port().to_string()], flags)
    }

    /// Starts a server that speaks TLS.
    pub fn start_with_tls(flags: &[&str]) -> Self {
        Self::start_with_tls_at(free_address(), flags)
    }

    /// Starts a server that speaks TLS there.
    pub fn start_with_tls_at(address: SocketAddr, flags: &[&str]) -> Self {
        Self::spawn(address, &["--port", "0", "--tls-port", &address.port().to_string()], flags)
    }

    fn spawn(address: SocketAddr, port: &[&str], flags: &[&str]) -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let child = Command::new("redis-server")
            .args(["--bind", &address.ip().to_string(), "--save", ""])
            .args(port)
            .args(flags)
            .current_dir(directory.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is installed: tests/run does it");
        let redis = Self { child, address, _directory: directory };
        let deadline = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < deadline, "redis-server listens on {address}");
            thread::sleep(Duration::from_millis(10));
        }
        redis
    }

    /// What redis-cli prints of a command.
    pub fn cli(&self, arguments: &[&str]) -> String {
        let output = Command::new("redis-cli")
            .args(["-h", &self.address.ip().to_string(), "-p", &self.address.port().to_string()])
            .args(arguments)
            .output()
            .expect("redis-cli comes with redis-server");
        String::from_utf8(output.stdout).expect("replies are UTF-8")
    }

    /// Sends a signal, such as `STOP`.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args([&format!("-{name}"), &pid]).status();
        assert!(status.expect("kill runs").success());
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server that sends every client the same, whatever it is asked, and remembers what that was.
#[derive(Debug)]
pub struct FakeRedis {
    received: Arc<Mutex<Vec<u8>>>,
    /// Where it listens.
    pub address: SocketAddr,
}

/// What a [`FakeRedis`] sends.
#[derive(Clone, Copy, Debug)]
pub enum Fake {
    /// This, and then nothing any more.
    Bytes(&'static [u8]),
    /// This, and then the end of the connection.
    Cut(&'static [u8]),
    /// The first once, and then the second again and again.
    Endless(&'static [u8], &'static [u8]),
}

impl FakeRedis {
    /// Listens on a free port of the loopback.
    pub fn start(fake: Fake) -> Self {
        Self::answering(TcpListener::bind("127.0.0.1:0").expect("a free port"), fake)
    }

    /// Listens there, until the test ends.
    pub fn start_at(address: SocketAddr, fake: Fake) -> Self {
        Self::answering(TcpListener::bind(address).expect("the address is free"), fake)
    }

    fn answering(listener: TcpListener, fake: Fake) -> Self {
        let address = listener.local_addr().expect("an address");
        let received = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&received);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let log = Arc::clone(&log);
                thread::spawn(move || serve(stream, fake, &log));
            }
        });
        Self { received, address }
    }

    /// All that clients have sent, as far as it is text.
    pub fn received(&self) -> String {
        let received = self.received.lock().expect("no client has panicked");
        String::from_utf8_lossy(&received).into_owned()
    }
}

/// Answers until the client is gone.
fn serve(mut stream: TcpStream, fake: Fake, log: &Mutex<Vec<u8>>) {
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut buffer) {
        log.lock().expect("no client has panicked").extend_from_slice(&buffer[..length]);
        match fake {
            Fake::Bytes(bytes) => _ = stream.write_all(bytes),
            Fake::Cut(bytes) => {
                _ = stream.write_all(bytes);
                return;
            }
            Fake::Endless(first, rest) => {
                let rest = rest.repeat(1 + 65536 / rest.len());
                _ = stream.write_all(first);
                while stream.write_all(&rest).is_ok() {}
                return;
            }
        }
    }
}

/// A server that asks clients for a certificate, does not insist, and remembers whether it was shown one.
#[derive(Debug)]
pub struct FakeTls {
    shown: Arc<Mutex<Vec<bool>>>,
    /// Where it listens.
    pub address: SocketAddr,
}

impl FakeTls {
    /// Listens on a free port of the loopback, with a certificate of the authority.
    pub fn start(authority: &Authority) -> Self {
        let config = Arc::new(asking_for_certificates(authority));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shown = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&shown);
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let config = Arc::clone(&config);
                let mut tls = ServerConnection::new(config).expect("a sound configuration");
                while tls.is_handshaking() && tls.complete_io(&mut stream).is_ok() {}
                if !tls.is_handshaking() {
                    let is_shown = tls.peer_certificates().is_some();
                    log.lock().expect("nobody has panicked").push(is_shown);
                }
            }
        });
        Self { shown, address }
    }

    /// Whether there was a certificate, for each client.
    pub fn shown(&self) -> Vec<bool> {
        self.shown.lock().expect("nobody has panicked").clone()
    }
}

fn asking_for_certificates(authority: &Authority) -> ServerConfig {
    let certificate =
        |pem: &str| CertificateDer::from_pem_slice(pem.as_bytes()).expect("it is PEM");
    let mut roots = RootCertStore::empty();
    roots.add(certificate(&authority.certificate)).expect("an authority");
    let provider = Arc::new(default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let server = authority.server();
    let key = PrivateKeyDer::from_pem_slice(server.key.as_bytes()).expect("it is PEM");
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions that there are")
        .with_client_cert_verifier(verifier.allow_unauthenticated().build().expect("an authority"))
        .with_single_cert(vec![certificate(&server.certificate)], key)
        .expect("the key of the certificate")
}
