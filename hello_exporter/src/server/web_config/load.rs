//! Turns the file into settings.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{self, HeaderName, HeaderValue};

use super::WebSettings;
use super::auth::Users;
use super::error::WebConfigError;
use super::file::{File, Headers, HttpServerConfig, RateLimit};
use super::header::{FrameOptions, HeaderText, NoSniff};
use super::password::{PasswordHash, UserName};
use super::rate_limit::{Rate, RateLimiter};
use super::scalar::Switch;
use super::tls::TlsLoader;
use crate::server::files::ReadFiles;

/// Reads the file and the files that it names.
pub(super) fn settings(path: &Path, files: &mut ReadFiles) -> Result<WebSettings, WebConfigError> {
    let read = |error| WebConfigError::Read { path: path.to_owned(), error };
    let contents = files.read(path).map_err(read)?;
    settings_of(path, contents, files)
}

/// Reads the contents of the file, and the files that it names.
pub(super) fn settings_of(
    path: &Path,
    contents: Vec<u8>,
    files: &mut ReadFiles,
) -> Result<WebSettings, WebConfigError> {
    let invalid = |message| WebConfigError::Invalid { path: path.to_owned(), message };
    let text = String::from_utf8(contents).map_err(|_| invalid("not UTF-8".to_owned()))?;
    let file = File::parse(&text).map_err(|error| WebConfigError::Syntax {
        path: path.to_owned(),
        line: error.line,
        column: error.column,
        message: error.message,
    })?;
    checked(file, path, files).map_err(invalid)
}

fn checked(file: Option<File>, path: &Path, files: &mut ReadFiles) -> Result<WebSettings, String> {
    let is_blank = file.is_none();
    let file = file.unwrap_or_default();
    let mut warnings = Vec::new();
    let HttpServerConfig { http2, headers } = file.http_server_config.unwrap_or_default();
    let is_http2 = http2.is_none_or(|Switch(http2)| http2);
    let directory = path.parent().unwrap_or(Path::new(""));
    let mut loader = TlsLoader { directory, files, warnings: &mut warnings };
    let tls = loader.load(&file.tls_server_config.unwrap_or_default(), is_http2)?;
    Ok(WebSettings {
        is_blank,
        tls,
        is_http2,
        headers: header_values(headers.unwrap_or_default()),
        users: users(file.basic_auth_users.unwrap_or_default(), &mut warnings)?,
        rate_limiter: rate_limiter(&file.rate_limit.unwrap_or_default(), &mut warnings)?,
        warnings,
    })
}

fn header_values(headers: Headers) -> Vec<(HeaderName, HeaderValue)> {
    let no_sniff = headers.x_content_type_options.map(|NoSniff(text)| text);
    let frame_options = headers.x_frame_options.map(|FrameOptions(text)| text);
    let values = [
        (header::CONTENT_SECURITY_POLICY, headers.content_security_policy),
        (header::STRICT_TRANSPORT_SECURITY, headers.strict_transport_security),
        (header::X_CONTENT_TYPE_OPTIONS, no_sniff),
        (header::X_FRAME_OPTIONS, frame_options),
        (header::X_XSS_PROTECTION, headers.x_xss_protection),
    ];
    values
        .into_iter()
        .filter_map(|(name, text)| text.map(|HeaderText(value)| (name, value)))
        .collect()
}

/// The highest cost without a warning. At this cost, a comparison takes some seconds, and twice as
/// long with each step.
const HIGHEST_COST: u32 = 16;

fn users(
    hashes: BTreeMap<UserName, PasswordHash>,
    warnings: &mut Vec<String>,
) -> Result<Arc<Users>, String> {
    let costs = || hashes.values().map(PasswordHash::cost);
    if let (Some(lowest), Some(highest)) = (costs().min(), costs().max()) {
        warnings.extend(cost_warnings(lowest, highest));
    }
    let by_name = hashes.into_iter().map(|(UserName(name), hash)| (name, hash)).collect();
    Users::new(by_name).map(Arc::new)
}

fn cost_warnings(lowest: u32, highest: u32) -> impl Iterator<Item = String> {
    let differ = (lowest != highest).then(|| {
        format!(
            "`basic_auth_users`: the hashes have costs from {lowest} to {highest}, so that \
             response times reveal which users exist, expected the same cost for all"
        )
    });
    let slow = (highest > HIGHEST_COST).then(|| {
        format!(
            "`basic_auth_users`: a hash has cost {highest}: while a password is compared with \
             it, all other passwords wait very long, expected a cost of at most {HIGHEST_COST}"
        )
    });
    differ.into_iter().chain(slow)
}

fn rate_limiter(
    limit: &RateLimit,
    warnings: &mut Vec<String>,
) -> Result<Option<RateLimiter>, String> {
    let interval = limit.interval.map_or(Duration::ZERO, |interval| interval.0);
    // A burst beyond `u32` is the same as an unlimited burst.
    let burst = limit.burst.map_or(0, |burst| u32::try_from(burst.0).unwrap_or(u32::MAX));
    match (interval, burst) {
        (Duration::ZERO, 0) => Ok(None),
        (Duration::ZERO, _) => {
            warnings.push("`rate_limit`: `burst` has no effect without `interval`".to_owned());
            Ok(None)
        }
        (_, 0) => {
            Err("`rate_limit` would refuse every request, expected a `burst` of at least 1"
                .to_owned())
        }
        (interval, burst) => Ok(Some(RateLimiter::new(Rate { interval, burst }))),
    }
}
