//! Declares the configuration file of an exporter.

use clap::Args;

use crate::server::config::{ConfigOptions, Current, DeclaredConfig};
use crate::server::exporter::{Exporter, SharedState};

impl<F: Args + Send + Sync + 'static> Exporter<F> {
    /// Adds a configuration file, and the flag `--config.file`. `options` is the default of this
    /// flag, or [`ConfigOptions`]. [`config`](crate::config) says when the file is reloaded.
    ///
    /// The configuration is the [state](Self::state) of the exporter: the functions of
    /// [`source_fn_with`](Self::source_fn_with), [`source_with`](Self::source_with),
    /// [`probe_with`](Self::probe_with) and [`register_with`](Self::register_with) that are
    /// declared after it receive it as a [`Current`].
    ///
    /// ```no_run
    /// use hello_exporter::config::{ConfigFile, Current};
    /// use hello_exporter::{Collector, Exporter};
    /// use std::{collections::BTreeMap, convert::Infallible, process::ExitCode, sync::Arc};
    /// use tokio::net::TcpStream;
    ///
    /// /// `servers: {alpha: "alpha.example.com:5432"}`
    /// #[derive(serde::Deserialize)]
    /// struct Servers {
    ///     servers: BTreeMap<String, String>,
    /// }
    ///
    /// impl ConfigFile for Servers {}
    ///
    /// #[derive(Collector)]
    /// struct Ports {
    ///     /// Whether the server accepts connections.
    ///     #[metric(labels = ["server"])]
    ///     server_up: BTreeMap<String, bool>,
    /// }
    ///
    /// async fn ports(config: Arc<Current<Servers>>) -> Result<Ports, Infallible> {
    ///     let config = config.get();
    ///     let mut server_up = BTreeMap::new();
    ///     for (name, address) in &config.servers {
    ///         server_up.insert(name.clone(), TcpStream::connect(address).await.is_ok());
    ///     }
    ///     Ok(Ports { server_up })
    /// }
    ///
    /// fn main() -> ExitCode {
    ///     Exporter::new("port_exporter")
    ///         .with_config::<Servers>("port_exporter.yml")
    ///         .source_fn_with("ports", ports)
    ///         .run()
    /// }
    /// ```
    pub fn with_config<T: Send + Sync + 'static>(
        self,
        options: impl Into<ConfigOptions<F, T>>,
    ) -> Exporter<F, Current<T>> {
        self.with_state(SharedState::Config(DeclaredConfig::new(options.into())))
    }
}
