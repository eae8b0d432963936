//! What serves the connections of a listener.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use actix_http::body::MessageBody;
use actix_http::error::DispatchError;
use actix_http::{HttpService, KeepAlive, Protocol, Request, Response};
use actix_service::{Service, ServiceFactory, ServiceFactoryExt, apply_fn_factory};
use actix_web::HttpResponse;
use actix_web::dev::fn_service;
use tracing::debug;

use super::ConnectionLimits;
use super::activity::DISCONNECT;
use super::client::Client;
use super::handshake::agree;
use super::stream::{Socket, Transport, Watched};
use super::supervise::supervise;
use super::table::Table;
use crate::server::web_config::WebConfig;

/// What the connections of a listener are served with.
#[derive(Clone)]
pub(super) struct Serving<F, G> {
    /// Makes what answers requests, once for each worker.
    pub(super) app: F,
    pub(super) limits: ConnectionLimits,
    pub(super) table: Arc<Table>,
    /// Waits for the end of the exporter.
    pub(super) draining: G,
}

/// A connection as it was accepted.
pub(super) type Accepted<T> = (T, Rc<Client>);

/// A connection that can be used.
pub(super) type Agreed<T> = (Watched<T>, Protocol, Option<SocketAddr>);

impl<F, G, A, B, D> Serving<F, G>
where
    F: Fn() -> A + 'static,
    A: ServiceFactory<
            Request,
            Config = (),
            Response = Response<B>,
            Error = HttpResponse,
            InitError = (),
        > + 'static,
    <A::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
    G: Fn() -> D + Clone + 'static,
    D: Future<Output = ()> + 'static,
{
    /// Serves connections without TLS.
    pub(super) fn plain<T: Transport>(
        &self,
    ) -> impl ServiceFactory<T, Config = (), Response = (), Error = DispatchError, InitError = ()>
    + use<T, F, G, A, B, D> {
        self.supervised(fn_service(plain).and_then(self.http()))
    }

    /// Serves connections over TLS, each with what the configuration says when it begins.
    pub(super) fn tls<T: Transport>(
        &self,
        config: &Arc<WebConfig>,
    ) -> impl ServiceFactory<T, Config = (), Response = (), Error = DispatchError, InitError = ()>
    + use<T, F, G, A, B, D> {
        let (config, limit) = (Arc::clone(config), self.limits.head);
        let agree = fn_service(move |accepted| agree(config.tls(), accepted, limit));
        self.supervised(agree.and_then(self.http()))
    }

    /// Gives every connection that is accepted a place, and supervises it.
    fn supervised<T, S>(
        &self,
        serve: S,
    ) -> impl ServiceFactory<T, Config = (), Response = (), Error = DispatchError, InitError = ()>
    + use<T, S, F, G, A, B, D>
    where
        T: Transport,
        S: ServiceFactory<
                Accepted<T>,
                Config = (),
                Response = (),
                Error = DispatchError,
                InitError = (),
            > + 'static,
        <S::Service as Service<Accepted<T>>>::Future: 'static,
    {
        let (table, limits, draining) =
            (Arc::clone(&self.table), self.limits, self.draining.clone());
        apply_fn_factory(serve, move |stream: T, serve: &S::Service| {
            let address = stream.peer();
            let client = Rc::new(Client::new(address, limits));
            let serving = serve.call((stream, Rc::clone(&client)));
            let (table, draining) = (Arc::clone(&table), draining());
            async move {
                match table.admitted(client.closer()).await {
                    Some(place) => {
                        client.take(place);
                        supervise(serving, &client, draining).await
                    }
                    None => {
                        let client = address.map(|address| address.to_string());
                        debug!(client, "Refusing a connection: all others have requests under way");
                        Ok(())
                    }
                }
            }
        })
    }

    /// Answers the requests of a connection.
    fn http<T: Socket>(
        &self,
    ) -> impl ServiceFactory<
        Agreed<T>,
        Config = (),
        Response = (),
        Error = DispatchError,
        InitError = (),
        Service: Service<Agreed<T>, Future: 'static> + 'static,
    > + use<T, F, G, A, B, D> {
        HttpService::build()
            // The rest is done for all requests and both protocols alike; this one knows how to say
            // 408.
            .client_request_timeout(self.limits.head)
            .client_disconnect_timeout(DISCONNECT)
            .keep_alive(KeepAlive::Os)
            .graceful_shutdown_signal(self.draining.clone())
            .on_connect_ext(|stream: &Watched<T>, data| {
                data.insert(Rc::clone(stream.client()));
                data.insert(stream.client().closer().clone());
            })
            .finish((self.app)())
    }
}

/// A connection as it is.
async fn plain<T: Transport>((stream, client): Accepted<T>) -> Result<Agreed<T>, DispatchError> {
    let address = client.address();
    Ok((Watched::new(stream, client), Protocol::Http1, address))
}
