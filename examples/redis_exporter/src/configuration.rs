//! The configuration file: servers that may be scraped, and their passwords.

use hello_exporter::client::{Address, CredentialStore, Credentials};
use hello_exporter::config::ConfigFile;
use serde::Deserialize;

use crate::error::Error;
use crate::servers::{SCHEMES, lacks_password};

/// The contents of the file.
#[derive(Default, Deserialize)]
pub(crate) struct Configuration {
    /// The servers that requests for /scrape may name; all servers, if there is no list.
    servers: Option<Vec<Server>>,
}

#[derive(Deserialize)]
struct Server {
    /// `redis://host:port`, for example.
    address: String,
    user: Option<String>,
    password: Option<String>,
}

impl ConfigFile for Configuration {}

impl Configuration {
    /// Inserts the credentials of the servers, and returns their addresses. Returns `None` if there
    /// is no list.
    pub(crate) fn servers(
        &self,
        store: &mut CredentialStore,
    ) -> Result<Option<Vec<Address>>, Error> {
        let Some(servers) = &self.servers else { return Ok(None) };
        let numbered = servers.iter().enumerate();
        numbered
            .map(|(index, server)| server.insert(index + 1, store))
            .collect::<Result<_, _>>()
            .map(Some)
    }
}

impl Server {
    /// Inserts the credentials of the server, and returns its address.
    fn insert(&self, number: usize, store: &mut CredentialStore) -> Result<Address, Error> {
        let invalid = |error| Error::ConfiguredServer { number, error };
        let (address, of_url) = Address::parse(&self.address, &SCHEMES).map_err(invalid)?;
        let credentials = Credentials::new(self.user.as_deref(), self.password.as_deref());
        let credentials = of_url.merge(credentials).map_err(invalid)?;
        if lacks_password(&credentials) {
            return Err(Error::NoPassword(format!("server {number} of the configuration file")));
        }
        store.insert(address.clone(), credentials).map_err(invalid)?;
        Ok(address)
    }
}
