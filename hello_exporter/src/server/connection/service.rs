//! The service of a listener, which admits, supervises and serves its connections.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use actix_http::error::DispatchError;
use actix_http::{HttpService, KeepAlive, Protocol};
use actix_service::boxed::{self, BoxFuture, BoxServiceFactory};
use actix_service::{Service, ServiceFactory, ServiceFactoryExt, apply_fn_factory};
use actix_web::dev::fn_service;
use tracing::debug;

use super::ConnectionLimits;
use super::activity::DISCONNECT;
use super::admission::Admission;
use super::application::Application;
use super::handshake::tls_handshake;
use super::state::Connection;
use super::stream::{RecordingSocket, Transport};
use super::supervise::supervise;
use crate::server::web_config::WebConfig;

/// A connection as it was accepted.
pub(super) type Accepted<T> = (T, Rc<Connection>);

/// A connection after the handshake.
pub(super) type Established<T> = (RecordingSocket<T>, Protocol, Option<SocketAddr>);

/// Makes services for connections of type `C`.
type ConnectionService<C> = BoxServiceFactory<(), C, (), DispatchError, ()>;

/// Makes the services of a listener, one for each worker. All clones share the slots for
/// connections.
#[derive(Clone)]
pub(super) struct ListenerService {
    pub(super) application: Arc<dyn Fn() -> Application + Send + Sync>,
    pub(super) limits: ConnectionLimits,
    pub(super) admission: Arc<Admission>,
    /// Makes a future that waits until the exporter begins to drain.
    pub(super) draining: Arc<dyn Fn() -> BoxFuture<()> + Send + Sync>,
}

impl ListenerService {
    /// Serves connections without TLS.
    pub(super) fn plain<T: Transport>(&self) -> ConnectionService<T> {
        self.supervised(fn_service(without_handshake).and_then(self.http()))
    }

    /// Serves connections over TLS, each with the configuration in force when it begins.
    pub(super) fn tls<T: Transport>(&self, config: &Arc<WebConfig>) -> ConnectionService<T> {
        let (config, limit) = (Arc::clone(config), self.limits.head);
        let handshake = fn_service(move |accepted| tls_handshake(config.tls(), accepted, limit));
        self.supervised(handshake.and_then(self.http()))
    }

    /// Waits for a slot for each connection, and supervises it while `service` serves it.
    fn supervised<T, S>(&self, service: S) -> ConnectionService<T>
    where
        T: Transport,
        S: ServiceFactory<
                Accepted<T>,
                Config = (),
                Response = (),
                Error = DispatchError,
                InitError = (),
                Service: Service<Accepted<T>, Future: 'static>,
            > + 'static,
    {
        let Self { admission, limits, draining, .. } = self.clone();
        boxed::factory(apply_fn_factory(service, move |stream: T, service: &S::Service| {
            let connection = Rc::new(Connection::new(stream.peer(), limits));
            let serving = service.call((stream, Rc::clone(&connection)));
            let (admission, draining) = (Arc::clone(&admission), draining());
            async move {
                let Some(slot) = admission.admit(&connection.handle).await else {
                    let client = connection.client.map(|address| address.to_string());
                    debug!(client, "Refusing a connection: all others have requests under way");
                    return Ok(());
                };
                connection.set_slot(slot);
                supervise(serving, &connection, draining).await
            }
        }))
    }

    /// Serves the requests of established connections.
    fn http<T: Transport>(&self) -> ConnectionService<Established<T>> {
        let draining = Arc::clone(&self.draining);
        let http = HttpService::build()
            // Makes actix-http respond with 408 if the first head of a connection is slow.
            // `activity` has the limits for all requests and both protocols.
            .client_request_timeout(self.limits.head)
            .client_disconnect_timeout(DISCONNECT)
            .keep_alive(KeepAlive::Os)
            .graceful_shutdown_signal(move || draining())
            .on_connect_ext(|stream: &RecordingSocket<T>, data| {
                data.insert(Rc::clone(&stream.connection));
                data.insert(stream.connection.handle.clone());
            })
            .finish((self.application)());
        boxed::factory(http)
    }
}

/// Establishes a connection without TLS.
async fn without_handshake<T: Transport>(
    (stream, connection): Accepted<T>,
) -> Result<Established<T>, DispatchError> {
    let client = connection.client;
    Ok((RecordingSocket::new(stream, connection), Protocol::Http1, client))
}
