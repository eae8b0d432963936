//! TCP, TLS and Unix socket connections to monitored servers whose client crates lack them: parsed
//! addresses, credentials, certificates, and limits on what a server may send.
//!
//! Passwords and the client certificate are only for the servers that the exporter is configured
//! for. [`CredentialStore`] holds these servers. A [`Connector`] presents the certificate to no
//! other server, even if [a request names](crate::probe) one.

mod address;
mod credentials;
mod limited_reader;
mod reload;
mod tls;

pub use address::{Address, Scheme};
pub use credentials::{CredentialStore, Credentials, CredentialsError};
pub use limited_reader::LimitedReader;
pub use tls::{ClientTls, ClientTlsError, Connector, Stream};
