//! Connections with what is measured, for protocols that have no client of their own for them: where a server is, as whom to
//! ask it, how to connect, and how much it may say.
//!
//! A password that an exporter holds, and the certificate that it has for servers, are for those that it is configured for.
//! [`CredentialStore`] are these servers, and a [`Connector`] keeps the certificate from all others, whatever
//! [a request names](crate::probe).

mod address;
mod bounded;
mod credentials;
mod renewal;
mod tls;

pub use address::{Address, Scheme};
pub use bounded::Bounded;
pub use credentials::{CredentialStore, Credentials, CredentialsError};
pub use tls::{ClientTls, ClientTlsError, Connector, Stream};
