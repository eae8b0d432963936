//! The page at `/`.

use std::sync::Arc;

use actix_web::dev::{AppService, HttpServiceFactory};
use actix_web::{HttpResponse, web};

use super::resource;

/// A page with the exporter's name, version and links.
#[derive(Clone)]
pub(crate) struct Landing {
    page: Arc<str>,
}

impl Landing {
    pub(crate) fn new(name: &str, version: &str, description: &str, metrics_path: &str) -> Self {
        let [name, version, description, metrics_path] =
            [name, version, description, metrics_path].map(escaped);
        let page = format!(
            "<!DOCTYPE html>\n\
             <html lang=\"en\">\n\
             <head>\n\
             <meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{name}</title>\n\
             <style>body {{ font-family: system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem }}</style>\n\
             </head>\n\
             <body>\n\
             <h1>{name}</h1>\n\
             <p>{description}</p>\n\
             <p>Version: {version}</p>\n\
             <ul>\n\
             <li><a href=\"{metrics_path}\">Metrics</a></li>\n\
             <li><a href=\"/-/healthy\">Health</a></li>\n\
             <li><a href=\"/-/ready\">Readiness</a></li>\n\
             </ul>\n\
             </body>\n\
             </html>\n"
        );
        Self { page: page.into() }
    }
}

impl HttpServiceFactory for Landing {
    fn register(self, config: &mut AppService) {
        let page = web::Bytes::from(self.page.as_bytes().to_vec());
        let answer = move || {
            let page = page.clone();
            async { HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page) }
        };
        resource("/", answer).register(config);
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}
