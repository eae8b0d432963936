//! The page at `/`.

mod page;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::dev::{AppService, HttpServiceFactory};
use actix_web::http::header;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};

use super::resource;
use crate::server::exporter::BuildInfo;
use crate::server::probe::ServedProbe;
use crate::server::reload_metrics::ReloadMetrics;
use crate::server::source::Sources;
use page::{ConfigFacts, Page, PageFacts, ProbeFacts, STYLE};

/// A page with the exporter's name, version and links, and the states of its configuration and
/// collectors. It runs no collector.
#[derive(Clone)]
pub(crate) struct Landing {
    facts: Arc<PageFacts>,
    sources: Arc<Sources>,
    config: Option<ShownConfig>,
    policy: Arc<str>,
}

/// The configuration section of the page. It reveals neither the contents of the file nor its path.
#[derive(Clone)]
pub(crate) struct ShownConfig {
    pub(crate) metrics: Arc<ReloadMetrics>,
    /// Whether requests can reload it.
    pub(crate) is_lifecycle_enabled: bool,
}

impl Landing {
    pub(crate) fn new(
        name: &str,
        description: &str,
        build_info: &BuildInfo,
        metrics_path: &str,
        sources: Arc<Sources>,
        probes: &[Arc<ServedProbe>],
    ) -> Self {
        let probes = probes.iter().map(|probe| ProbeFacts {
            path: probe.path().to_owned(),
            modules: probe.modules().to_vec(),
            is_restricted: probe.is_restricted(),
        });
        let facts = PageFacts {
            name: name.to_owned(),
            description: description.to_owned(),
            version: build_info.version().to_owned(),
            revision: build_info.revision().to_owned(),
            platform: BuildInfo::platform(),
            metrics_path: metrics_path.to_owned(),
            absent: sources.absent().to_vec(),
            deprecated: sources.deprecated(),
            probes: probes.collect(),
        };
        let policy = policy(!facts.probes.is_empty()).into();
        Self { facts: Arc::new(facts), sources, config: None, policy }
    }

    /// Shows the state of the exporter's configuration, if it has one.
    pub(crate) fn config(self, config: Option<ShownConfig>) -> Self {
        Self { config, ..self }
    }

    fn response(&self) -> HttpResponse {
        let config = self.config.as_ref().map(|config| ConfigFacts {
            last_load: config.metrics.last_load(),
            is_lifecycle_enabled: config.is_lifecycle_enabled,
        });
        let page = Page { facts: &self.facts, collectors: &self.sources.statuses(), config };
        HttpResponse::Ok()
            .content_type("text/html; charset=utf-8")
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::CONTENT_SECURITY_POLICY, &*self.policy))
            .insert_header((header::REFERRER_POLICY, "no-referrer"))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .body(page.to_string())
    }
}

/// Returns the content security policy: it allows the page's own style, its own forms if there are
/// any, and the empty icon, which keeps browsers from requesting one.
fn policy(has_forms: bool) -> String {
    let style = STANDARD.encode(digest(&SHA256, STYLE.as_bytes()));
    let forms = if has_forms { "'self'" } else { "'none'" };
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; img-src data:; base-uri 'none'; \
         form-action {forms}; frame-ancestors 'none'"
    )
}

impl HttpServiceFactory for Landing {
    fn register(self, config: &mut AppService) {
        let respond = move || {
            let response = self.response();
            async { response }
        };
        resource("/", respond).register(config);
    }
}
