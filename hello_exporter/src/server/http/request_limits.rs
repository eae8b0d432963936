//! Limits the size of a request's head. Over HTTP/1.1, actix-http itself refuses heads of more than
//! 128 KiB or 96 headers.

use actix_web::HttpResponse;
use actix_web::dev::RequestHead;
use actix_web::http::{StatusCode, Uri};

use super::plain;

/// Most bytes of a URL.
const URL: usize = 8 << 10;

/// Most parameters of a query.
const PARAMETERS: usize = 1000;

/// Most bytes of the headers, as HTTP/1.1 would write them.
const HEADERS: usize = 32 << 10;

/// Returns the response to a request that is too large.
pub(crate) fn refusal(head: &RequestHead) -> Option<HttpResponse> {
    let (status, reason) = if length(&head.uri) > URL {
        (StatusCode::URI_TOO_LONG, format!("URL is longer than {URL} bytes"))
    } else if parameters(head.uri.query().unwrap_or_default()) > PARAMETERS {
        (StatusCode::BAD_REQUEST, format!("query has more than {PARAMETERS} parameters"))
    } else if headers(head) > HEADERS {
        let reason = format!("header section is longer than {HEADERS} bytes");
        (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, reason)
    } else {
        return None;
    };
    Some(plain(status, reason))
}

fn length(uri: &Uri) -> usize {
    let scheme = uri.scheme_str().map_or(0, |scheme| scheme.len() + "://".len());
    let authority = uri.authority().map_or(0, |authority| authority.as_str().len());
    scheme + authority + uri.path_and_query().map_or(0, |path| path.as_str().len())
}

fn parameters(query: &str) -> usize {
    if query.is_empty() { 0 } else { query.split('&').count() }
}

fn headers(head: &RequestHead) -> usize {
    let lines = head.headers.iter();
    lines.map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len()).sum()
}
