//! Redis servers: a real one, one that sends the given replies, and one that only checks
//! certificates.

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
    /// The address that it listens on.
    pub address: SocketAddr,
    _directory: TempDir,
}

impl Redis {
    /// Starts a server that stores nothing on disk, with these flags, on a free port of the
    /// loopback.
    pub fn start(flags: &[&str]) -> Self {
        Self::start_at(free_address(), flags)
    }

    /// Starts a server at this address, and waits until it accepts connections.
    pub fn start_at(address: SocketAddr, flags: &[&str]) -> Self {
        Self::spawn(address, &["--port", &address.port().to_string()], flags)
    }

    /// Starts a server that speaks TLS.
    pub fn start_with_tls(flags: &[&str]) -> Self {
        Self::start_with_tls_at(free_address(), flags)
    }

    /// Starts a server that speaks TLS at this address.
    pub fn start_with_tls_at(address: SocketAddr, flags: &[&str]) -> Self {
        Self::spawn(address, &["--port", "0", "--tls-port", &address.port().to_string()], flags)
    }

    /// Starts a Sentinel that monitors this master under the name `odd name`.
    pub fn start_sentinel(master: SocketAddr) -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let (host, port) = (master.ip(), master.port());
        let monitored = format!("sentinel monitor \"odd name\" {host} {port} 1\n");
        std::fs::write(directory.path().join("sentinel.conf"), monitored).expect("it is writable");
        let address = free_address();
        let port = address.port().to_string();
        Self::spawn_in(directory, address, &["sentinel.conf", "--sentinel", "--port", &port])
    }

    fn spawn(address: SocketAddr, port: &[&str], flags: &[&str]) -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        Self::spawn_in(directory, address, &[&["--save", ""], port, flags].concat())
    }

    fn spawn_in(directory: TempDir, address: SocketAddr, flags: &[&str]) -> Self {
        let child = Command::new("redis-server")
            .args(flags)
            .args(["--bind", &address.ip().to_string()])
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

    /// Returns what redis-cli prints for a command.
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

/// A server that treats every client alike, as a [`Fake`] says, and records the commands.
#[derive(Debug)]
pub struct FakeRedis {
    received: Arc<Mutex<Vec<u8>>>,
    /// The address that it listens on.
    pub address: SocketAddr,
}

/// The bytes that a [`FakeRedis`] sends.
#[derive(Clone, Copy, Debug)]
pub enum Fake {
    /// These bytes, each time the client has sent something.
    Bytes(&'static [u8]),
    /// These bytes once the client has sent something, then the end of the connection.
    Cut(&'static [u8]),
    /// The first bytes once, then the second again and again.
    Endless(&'static [u8], &'static [u8]),
    /// These bytes before the client's first command, then the end of the connection.
    Refusal(&'static [u8]),
    /// The replies that a function returns for each command.
    Replies(Replies),
}

/// A function that returns the reply to the words of a command, joined by spaces.
#[derive(Clone, Copy)]
pub struct Replies(&'static (dyn Fn(&str) -> Vec<u8> + Send + Sync));

impl std::fmt::Debug for Replies {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Replies").finish_non_exhaustive()
    }
}

impl Fake {
    /// Sends the reply that a function returns for the words of a command, joined by spaces.
    pub fn replies(reply: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::Replies(Replies(Box::leak(Box::new(reply))))
    }

    /// Replies to INFO with this text, whose lines end in `\n`, accepts a client name, and refuses
    /// every other command.
    pub fn info(text: &str) -> Self {
        let info = bulk(&text.replace('\n', "\r\n"));
        Self::replies(move |command| match command {
            "INFO ALL" => info.clone(),
            "CLIENT SETNAME redis_exporter" => b"+OK\r\n".to_vec(),
            _ => b"-ERR unknown command\r\n".to_vec(),
        })
    }
}

/// Packs a text as a bulk string.
pub fn bulk(text: &str) -> Vec<u8> {
    format!("${}\r\n{text}\r\n", text.len()).into_bytes()
}

impl FakeRedis {
    /// Listens on a free port of the loopback.
    pub fn start(fake: Fake) -> Self {
        Self::start_on(TcpListener::bind("127.0.0.1:0").expect("a free port"), fake)
    }

    /// Listens on this address until the process ends.
    pub fn start_at(address: SocketAddr, fake: Fake) -> Self {
        Self::start_on(TcpListener::bind(address).expect("the address is free"), fake)
    }

    fn start_on(listener: TcpListener, fake: Fake) -> Self {
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

    /// Returns everything that clients have sent, as text.
    pub fn received(&self) -> String {
        let received = self.received.lock().expect("no client has panicked");
        String::from_utf8_lossy(&received).into_owned()
    }
}

/// Sends replies until the client disconnects.
fn serve(mut stream: TcpStream, fake: Fake, log: &Mutex<Vec<u8>>) {
    if let Fake::Refusal(bytes) = fake {
        _ = stream.write_all(bytes);
        return;
    }
    let (mut buffer, mut unread) = ([0; 4096], Vec::new());
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
            Fake::Replies(reply) => {
                unread.extend_from_slice(&buffer[..length]);
                while let Some(command) = next_command(&mut unread) {
                    _ = stream.write_all(&reply.0(&command));
                }
            }
            Fake::Refusal(_) => {}
        }
    }
}

/// Removes and returns the first command that a client has sent, if it is complete.
fn next_command(sent: &mut Vec<u8>) -> Option<String> {
    let text = String::from_utf8_lossy(sent).into_owned();
    let mut lines = text.split_inclusive("\r\n");
    let mut next = || lines.next().filter(|line| line.ends_with("\r\n"));
    let head = next()?;
    let number: usize = head.strip_prefix('*')?.trim().parse().ok()?;
    let (mut length, mut words) = (head.len(), Vec::new());
    for _ in 0..number {
        let (size, word) = (next()?, next()?);
        length += size.len() + word.len();
        words.push(word.trim_end_matches("\r\n"));
    }
    sent.drain(..length);
    Some(words.join(" "))
}

/// A server that requests a certificate from clients, does not require it, and records whether it
/// has received one.
#[derive(Debug)]
pub struct FakeTls {
    shown: Arc<Mutex<Vec<bool>>>,
    /// The address that it listens on.
    pub address: SocketAddr,
}

impl FakeTls {
    /// Listens on a free port of the loopback, with a certificate of the authority.
    pub fn start(authority: &Authority) -> Self {
        let config = Arc::new(optional_client_auth(authority));
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

    /// Returns for each completed handshake whether the client sent a certificate.
    pub fn shown(&self) -> Vec<bool> {
        self.shown.lock().expect("nobody has panicked").clone()
    }
}

fn optional_client_auth(authority: &Authority) -> ServerConfig {
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
        .expect("versions of TLS")
        .with_client_cert_verifier(verifier.allow_unauthenticated().build().expect("an authority"))
        .with_single_cert(vec![certificate(&server.certificate)], key)
        .expect("the key of the certificate")
}
