//! Serves probes at a path.

use std::sync::Arc;

use actix_web::dev::{AppService, HttpServiceFactory};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use tokio::time::Instant;

use super::exposition::{Expositions, Thread, bad_request, query};
use super::limit::Requester;
use super::{Deadline, Limit, plain, resource, set_plain};
use crate::internals::Exposition;
use crate::server::log::RunLog;
use crate::server::probe::{ServedProbe, TargetError};

/// Probes the targets that requests to one path name.
#[derive(Clone)]
pub(crate) struct ProbeService {
    probe: Arc<ServedProbe>,
    deadline: Deadline,
    limit: Arc<Limit>,
    expositions: Expositions,
}

impl ProbeService {
    /// Creates the service at the path of `probe`, with up to `most` concurrent probes.
    pub(crate) fn new(probe: Arc<ServedProbe>, deadline: Deadline, most: usize) -> Self {
        let limit = Arc::new(Limit::new(most));
        Self { probe, deadline, limit, expositions: Expositions::default() }
    }

    /// Sets whether OpenMetrics has samples `_created`.
    pub(crate) fn created_samples(mut self, created_samples: bool) -> Self {
        self.expositions = self.expositions.created_samples(created_samples);
        self
    }

    /// Sets whether this library compresses gzip for clients that scrape again and again.
    pub(crate) fn fast_gzip(mut self, fast_gzip: bool) -> Self {
        self.expositions = self.expositions.fast_gzip(fast_gzip);
        self
    }

    async fn respond(self, request: HttpRequest) -> HttpResponse {
        // The check of the target and the run use the same version of the configuration.
        let snapshot = self.probe.snapshot();
        snapshot.scope(self.probe(request)).await.unwrap_or_else(|refusal| refusal)
    }

    async fn probe(self, request: HttpRequest) -> Result<HttpResponse, HttpResponse> {
        let deadline = self.deadline.of(&request);
        let permit = self.limit.enter(Requester::of(&request), deadline).await?;
        let query = query(&request);
        refuse_selection(&query)?;
        let wants_log = self.wants_log(&query)?;
        let target = self.target(&query)?;
        let module = query.iter().find(|(key, _)| key == "module").map(|(_, value)| &**value);
        let module = self.probe.module(module).map_err(bad_request)?;
        let at_most = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        // A log rebuilds tracing's cache of interests, which refused requests must not do.
        let log = wants_log.then(RunLog::new);
        let result = permit.run(self.probe.probe(target, module, at_most, log)).await?;
        let encode =
            move |encoding, exposition: &mut Exposition| result.encode(encoding, exposition);
        let respond = self.expositions.respond(&request, permit, Thread::Blocking, encode);
        let mut response = respond.await;
        if wants_log {
            set_plain(response.headers_mut());
        }
        Ok(response)
    }

    /// Returns whether a query requests the log of the run, or the response that refuses it.
    fn wants_log(&self, query: &[(String, String)]) -> Result<bool, HttpResponse> {
        let mut values = query.iter().filter(|(key, _)| key == "debug").map(|(_, value)| &**value);
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(bad_request("Debug parameter is given more than once")),
            (None | Some("false"), None) => Ok(false),
            (Some("true"), None) if self.probe.has_debug() => Ok(true),
            (Some("true"), None) => {
                let reason = "logs of probes are disabled, expected the flag --probe.debug";
                Err(plain(StatusCode::FORBIDDEN, reason))
            }
            (Some(value), None) => {
                let reason = format_args!("Invalid debug {value:?}, expected `true` or `false`");
                Err(bad_request(reason))
            }
        }
    }

    /// Returns the target of a query, or the response that refuses it.
    fn target(&self, query: &[(String, String)]) -> Result<String, HttpResponse> {
        let mut targets = query.iter().filter(|(key, _)| key == "target").map(|(_, value)| value);
        let target = match (targets.next(), targets.next()) {
            (Some(target), None) if !target.is_empty() => target,
            (_, Some(_)) => return Err(bad_request("Target parameter is given more than once")),
            _ => return Err(bad_request("Target parameter is missing")),
        };
        self.probe.check_target(target).map_err(refusal)?;
        if !self.probe.allows(target) {
            let reason = "target is not allowed: no --probe.allow-target matches it";
            return Err(plain(StatusCode::FORBIDDEN, reason));
        }
        Ok(target.clone())
    }
}

/// Returns the response to a request with a refused target.
fn refusal(error: TargetError) -> HttpResponse {
    match error {
        TargetError::NotAllowed(_) => plain(StatusCode::FORBIDDEN, error),
        _ => bad_request(error),
    }
}

/// Refuses a query that selects collectors or families, which a probe would ignore.
fn refuse_selection(query: &[(String, String)]) -> Result<(), HttpResponse> {
    let mut names = query.iter().map(|(name, _)| &**name);
    match names.find(|name| matches!(*name, "collect[]" | "exclude[]" | "name[]")) {
        Some(name) => Err(bad_request(format_args!("{name} cannot be used with a probe"))),
        None => Ok(()),
    }
}

impl HttpServiceFactory for ProbeService {
    fn register(self, config: &mut AppService) {
        let path = self.probe.path().to_owned();
        resource(&path, move |request| self.clone().respond(request)).register(config);
    }
}
