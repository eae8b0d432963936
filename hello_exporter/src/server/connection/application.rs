//! The application that a connection serves, and the requests under way in it.

use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use actix_http::body::{BoxBody, MessageBody};
use actix_http::{Request, Response};
use actix_service::boxed::{self, BoxServiceFactory};
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, apply_fn_factory, map_config,
};
use actix_web::HttpResponse;
use actix_web::dev::{AppConfig, ServiceResponse};

use super::guarded_body::GuardedBody;
use super::state::Connection;

/// An application of actix-web: it makes a service for each worker.
pub(crate) type Application = BoxServiceFactory<(), Request, Response<BoxBody>, HttpResponse, ()>;

/// Returns `app` as an application that records its requests in the state of their connections.
pub(crate) fn application<A, S, B>(app: A) -> Application
where
    A: IntoServiceFactory<S, Request>,
    S: ServiceFactory<
            Request,
            Config = AppConfig,
            Response = ServiceResponse<B>,
            Error = actix_web::Error,
            InitError = (),
            Service: Service<Request, Future: 'static>,
        > + 'static,
    B: MessageBody + 'static,
{
    let app = app.into_factory().map_err(|error| error.error_response());
    let app = map_config(app, |()| AppConfig::default());
    boxed::factory(apply_fn_factory(app, |request: Request, app| {
        let active = request.conn_data::<Rc<Connection>>().map(ActiveRequest::begin);
        let responding = app.call(request);
        async move {
            let response = match &active {
                Some(active) => active.run(responding).await.ok_or_else(connection_is_over)??,
                None => responding.await?,
            };
            let response: Response<B> = response.into();
            let active = active.map(ActiveRequest::begin_response);
            let guard = |_: &mut _, body| GuardedBody::new(body, active);
            Ok::<_, HttpResponse>(response.map_body(guard).map_into_boxed_body())
        }
    }))
}

/// Returns the response to a request whose connection is over. Nobody receives it.
fn connection_is_over() -> HttpResponse {
    HttpResponse::ServiceUnavailable().finish()
}

/// A request under way. It ends when this is dropped.
pub(super) struct ActiveRequest {
    connection: Rc<Connection>,
    response: Option<u64>,
}

impl ActiveRequest {
    fn begin(connection: &Rc<Connection>) -> Self {
        connection.begin_request();
        Self { connection: Rc::clone(connection), response: None }
    }

    /// Runs the handler of the request. Returns `None` once the connection has ended: with HTTP/2,
    /// a handler has a task of its own, which would go on.
    async fn run<T>(&self, handler: impl Future<Output = T>) -> Option<T> {
        let (mut handler, mut over) = (pin!(handler), pin!(self.connection.over()));
        poll_fn(|context| {
            if over.as_mut().poll(context).is_ready() || self.connection.is_over() {
                return Poll::Ready(None);
            }
            handler.as_mut().poll(context).map(Some)
        })
        .await
    }

    /// Begins to send the response, at the client's pace.
    fn begin_response(mut self) -> Self {
        self.response = Some(self.connection.begin_response());
        self
    }
}

impl Drop for ActiveRequest {
    fn drop(&mut self) {
        self.connection.end_request(self.response);
    }
}
