//! Connects to monitored servers over TCP, TLS and Unix sockets, for client crates that do not do
//! this themselves. Parses addresses, stores credentials, presents certificates, and limits how
//! much a server may send.
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
