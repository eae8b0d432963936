//! A configuration as an exporter declares it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{ConfigError, ConfigFile, parse};
use crate::server::exporter::MadeState;
use crate::server::files::ReadFiles;

/// The configuration file of an exporter: the default of its flag, and what is made of it.
///
/// `F` is the type of the exporter's own flags, `T` that of the value that sources and probes
/// receive: the contents of the file, or what [`state`](Self::state) makes of them.
pub struct ConfigOptions<F, T> {
    pub(super) default_file: Option<PathBuf>,
    pub(super) load: Load<F, T>,
}

/// Loads a version of the configuration from a file, or from none.
pub(super) type Load<F, T> =
    Box<dyn Fn(Option<&Path>, &F, &mut ReadFiles) -> Result<Arc<T>, ConfigError> + Send>;

impl<F: 'static, C: ConfigFile> ConfigOptions<F, C> {
    /// Requires a file: the exporter does not start without it. `default_file` is the default of
    /// `--config.file`; if it is relative, it is looked up in the working directory.
    pub fn required(default_file: impl Into<PathBuf>) -> Self {
        Self {
            default_file: Some(default_file.into()),
            load: Box::new(|path, _, files| {
                parse::read(path.ok_or(ConfigError::NoFile)?, files).map(Arc::new)
            }),
        }
    }

    /// Permits to start without a file: without `--config.file`, the contents are `C::default()`.
    pub fn optional() -> Self
    where
        C: Default,
    {
        let load = |path: Option<&Path>, _: &F, files: &mut ReadFiles| match path {
            Some(path) => parse::read(path, files).map(Arc::new),
            None => {
                let config = C::default();
                parse::validate(&config).map_err(|message| ConfigError::Default { message })?;
                Ok(Arc::new(config))
            }
        };
        Self { default_file: None, load: Box::new(load) }
    }
}

impl<F: 'static, T: Send + Sync + 'static> ConfigOptions<F, T> {
    /// Makes the value that sources and probes receive from the flags and the contents of the file:
    /// connections to the servers that it lists, for example. `make` returns a `Result` of the
    /// value, or an `Arc` of it if it cannot fail.
    ///
    /// `make` is called at startup, and for each version of the file. If it fails or panics, the
    /// file cannot be used, as if its contents were invalid. It may block.
    ///
    /// ```no_run
    /// use hello_exporter::client::{Address, ClientTls, Connector, CredentialStore, Scheme};
    /// use hello_exporter::config::{ConfigFile, ConfigOptions, Current};
    /// use hello_exporter::{Collector, Exporter};
    /// use std::{error::Error, io, process::ExitCode, sync::Arc};
    ///
    /// #[derive(Default, serde::Deserialize)]
    /// struct Config {
    ///     address: String,
    /// }
    ///
    /// impl ConfigFile for Config {}
    ///
    /// /// The server that the file names.
    /// struct Server {
    ///     address: Address,
    ///     connector: Connector,
    /// }
    ///
    /// impl Server {
    ///     fn new(config: &Config) -> Result<Self, Box<dyn Error + Send + Sync>> {
    ///         let (address, _) = Address::parse(&config.address, &[Scheme::plain("tcp", 8000)])?;
    ///         let connector = ClientTls::new().connector(CredentialStore::new())?;
    ///         Ok(Self { address, connector })
    ///     }
    /// }
    ///
    /// #[derive(Collector)]
    /// struct ServerMetrics {
    ///     /// Whether the server accepts connections.
    ///     server_up: bool,
    /// }
    ///
    /// async fn server(server: Arc<Current<Server>>) -> io::Result<ServerMetrics> {
    ///     let server = server.get();
    ///     let connected = server.connector.connect(&server.address).await;
    ///     Ok(ServerMetrics { server_up: connected.is_ok() })
    /// }
    ///
    /// fn main() -> ExitCode {
    ///     let config = ConfigOptions::required("server_exporter.yml");
    ///     Exporter::new("server_exporter")
    ///         .with_config(config.state(|_, config: Arc<Config>| Server::new(&config)))
    ///         .source_fn_with("server", server)
    ///         .run()
    /// }
    /// ```
    pub fn state<M: MadeState>(
        self,
        make: impl Fn(&F, Arc<T>) -> M + Send + 'static,
    ) -> ConfigOptions<F, M::State> {
        let Self { default_file, load } = self;
        let load = move |path: Option<&Path>, flags: &F, files: &mut ReadFiles| {
            let contents = load(path, flags, files)?;
            let made = parse::call(|| make(flags, contents).into_state());
            made.map_err(|message| ConfigError::invalid(path, message))
        };
        ConfigOptions { default_file, load: Box::new(load) }
    }
}

/// [Requires](ConfigOptions::required) the file of this name.
impl<F: 'static, C: ConfigFile> From<&str> for ConfigOptions<F, C> {
    fn from(default_file: &str) -> Self {
        Self::required(default_file)
    }
}

impl<F, T> fmt::Debug for ConfigOptions<F, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ConfigOptions")
            .field("default_file", &self.default_file)
            .finish_non_exhaustive()
    }
}
