//! The service of a listener, which admits, supervises and serves its connections.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use actix_http::error::DispatchError;
use actix_http::{HttpService, KeepAlive, Protocol};
use actix_service::{Service, ServiceFactory, ServiceFactoryExt, apply_fn_factory};
use actix_web::dev::fn_service;
use tracing::debug;

use super::ConnectionLimits;
use super::activity::DISCONNECT;
use super::admission::Admission;
use super::application::{Application, recorded};
use super::handshake::tls_handshake;
use super::state::Connection;
use super::stream::{RecordingSocket, Socket, Transport};
use super::supervise::supervise;
use crate::server::web_config::WebConfig;

/// Makes the services of a listener, one for each worker.
#[derive(Clone)]
pub(super) struct ListenerService<F, G> {
    application: F,
    limits: ConnectionLimits,
    admission: Arc<Admission>,
    draining: G,
}

/// A connection as it was accepted.
pub(super) type Accepted<T> = (T, Rc<Connection>);

/// A connection after the handshake.
pub(super) type Established<T> = (RecordingSocket<T>, Protocol, Option<SocketAddr>);

/// Makes services for connections of type `C`. This is an alias of its bounds.
pub(super) trait ConnectionService<C>:
    ServiceFactory<
        C,
        Config = (),
        Response = (),
        Error = DispatchError,
        InitError = (),
        Service: Service<C, Future: 'static> + 'static,
    > + 'static
{
}

impl<C, S> ConnectionService<C> for S where
    S: ServiceFactory<
            C,
            Config = (),
            Response = (),
            Error = DispatchError,
            InitError = (),
            Service: Service<C, Future: 'static> + 'static,
        > + 'static
{
}

impl<F, A, G, D> ListenerService<F, G>
where
    F: Fn() -> A + Clone + 'static,
    A: Application,
    G: Fn() -> D + Clone + 'static,
    D: Future<Output = ()> + 'static,
{
    /// Serves the application that `application` makes. `draining` makes a future that waits for
    /// the end of the exporter. All clones share the slots for connections.
    pub(super) fn new(application: F, limits: ConnectionLimits, draining: G) -> Self {
        Self { application, limits, admission: Admission::new(limits.connections), draining }
    }

    /// Serves connections without TLS.
    pub(super) fn plain<T>(&self) -> impl ConnectionService<T> + use<T, F, A, G, D>
    where
        T: Transport,
    {
        self.supervised(fn_service(without_handshake).and_then(self.http()))
    }

    /// Serves connections over TLS, each with the configuration in force when it begins.
    pub(super) fn tls<T>(
        &self,
        config: &Arc<WebConfig>,
    ) -> impl ConnectionService<T> + use<T, F, A, G, D>
    where
        T: Transport,
    {
        let (config, limit) = (Arc::clone(config), self.limits.head);
        let handshake = fn_service(move |accepted| tls_handshake(config.tls(), accepted, limit));
        self.supervised(handshake.and_then(self.http()))
    }

    /// Waits for a slot for each connection, and supervises it while `service` serves it.
    fn supervised<T, S>(&self, service: S) -> impl ConnectionService<T> + use<T, S, F, A, G, D>
    where
        T: Transport,
        S: ConnectionService<Accepted<T>>,
    {
        let Self { admission, limits, draining, .. } = self.clone();
        apply_fn_factory(service, move |stream: T, service: &S::Service| {
            let connection = Rc::new(Connection::new(stream.peer(), limits));
            let serving = service.call((stream, Rc::clone(&connection)));
            let (admission, draining) = (Arc::clone(&admission), draining());
            async move {
                let Some(slot) = admission.admit(connection.handle()).await else {
                    let client = connection.client().map(|address| address.to_string());
                    debug!(client, "Refusing a connection: all others have requests under way");
                    return Ok(());
                };
                connection.set_slot(slot);
                supervise(serving, &connection, draining).await
            }
        })
    }

    /// Serves the requests of established connections.
    fn http<T: Socket>(&self) -> impl ConnectionService<Established<T>> + use<T, F, A, G, D> {
        HttpService::build()
            // `activity` has the other limits, for all requests and both protocols. This one makes
            // actix-http answer with 408.
            .client_request_timeout(self.limits.head)
            .client_disconnect_timeout(DISCONNECT)
            .keep_alive(KeepAlive::Os)
            .graceful_shutdown_signal(self.draining.clone())
            .on_connect_ext(|stream: &RecordingSocket<T>, data| {
                data.insert(Rc::clone(stream.connection()));
                data.insert(stream.connection().handle().clone());
            })
            .finish(recorded((self.application)()))
    }
}

/// Establishes a connection without TLS.
async fn without_handshake<T: Transport>(
    (stream, connection): Accepted<T>,
) -> Result<Established<T>, DispatchError> {
    let client = connection.client();
    Ok((RecordingSocket::new(stream, connection), Protocol::Http1, client))
}
