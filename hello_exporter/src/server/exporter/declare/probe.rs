//! Declares the probes of an exporter.

use std::sync::Arc;

use clap::Args;

use crate::collect::Declared;
use crate::internals::Declarations;
use crate::server::causes::BoxError;
use crate::server::exporter::{Exporter, Maker};
use crate::server::probe::{
    self, MadeProbe, Probe, ProbeOptions, ProbeRequest, Probed, ReadyProbe,
};

impl<F: Args + 'static, S: Send + Sync + 'static> Exporter<F, S> {
    /// At each request to a path, probes the target that the request names, see [`probe`].
    /// `options` is the path, or [`ProbeOptions`].
    pub fn probe(self, options: impl Into<ProbeOptions<F>>, probe: impl Probe) -> Self {
        self.add_ready_probe(options.into(), probe)
    }

    /// Calls an `async` function for every request, as a [probe](Self::probe).
    ///
    /// ```
    /// use hello_exporter::probe::{ProbeRequest, Probed};
    /// use hello_exporter::{Collector, Exporter};
    /// use std::io;
    /// use tokio::net::TcpStream;
    ///
    /// #[derive(Collector)]
    /// struct Connected {
    ///     /// IP protocol of the connection, 4 or 6.
    ///     probe_ip_protocol: u8,
    /// }
    ///
    /// async fn connect(request: ProbeRequest) -> io::Result<Probed<Connected>> {
    ///     let address = TcpStream::connect(request.target()).await?.peer_addr()?;
    ///     let probe_ip_protocol = if address.is_ipv4() { 4 } else { 6 };
    ///     Ok(Probed::success(Connected { probe_ip_protocol }))
    /// }
    ///
    /// let exporter = Exporter::new("tcp_exporter").probe_fn("/probe", connect);
    /// # let _ = exporter;
    /// ```
    pub fn probe_fn<T, M, E>(
        self,
        options: impl Into<ProbeOptions<F>>,
        function: impl Fn(ProbeRequest) -> T + Send + Sync + 'static,
    ) -> Self
    where
        T: Future<Output = Result<Probed<M>, E>> + Send + 'static,
        M: Declared + Send + Sync + 'static,
        E: Into<BoxError> + Send + 'static,
    {
        self.probe(options, probe::async_fn(function))
    }

    /// Makes a [probe](Self::probe) from the flags and the [state](Self::state): `make` returns a
    /// [`Probe`], or an `Option` or a `Result` of one. If it returns `None`, the path is not
    /// served. Errors are reported like those of [`source_with`](Self::source_with).
    pub fn probe_with<M: MadeProbe>(
        self,
        options: impl Into<ProbeOptions<F>>,
        make: impl FnOnce(&F, Arc<S>) -> M + Send + 'static,
    ) -> Self {
        let options = options.into();
        let path = options.path().clone();
        let make = move |flags: &F, state| {
            let probe = make(flags, state).into_probe()?;
            Ok(probe.map(|probe| ReadyProbe::new(&path, probe)))
        };
        self.add_probe(options, Maker::with(of_probe::<M::Probe>, make))
    }

    fn add_ready_probe<P: Probe>(self, options: ProbeOptions<F>, probe: P) -> Self {
        let path = options.path().clone();
        let make = move || ReadyProbe::new(&path, probe);
        self.add_probe(options, Maker::ready(of_probe::<P>, make))
    }

    fn add_probe(mut self, options: ProbeOptions<F>, probe: Maker<F, S, ReadyProbe>) -> Self {
        self.probes.push((options, probe));
        self
    }
}

/// Returns the families of a probe.
fn of_probe<P: Probe>() -> Declarations {
    Declarations::of::<P::Metrics>(Vec::new())
}
