//! CORS headers: they let a browser send an allowed page's request and give it the answer (the Fetch standard).

use http::header::{self, HeaderName};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method};

/// How long a browser may keep the answer to a preflight.
const PREFLIGHT_MAX_AGE_S: HeaderValue = HeaderValue::from_static("600");
/// Headers of answers that AWS's SDKs read.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "x-amzn-requestid, x-amzn-errortype, x-amz-function-error, x-amz-log-result, date",
);
const REQUEST_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-request-private-network");
const ALLOW_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-allow-private-network");

/// The headers to add to an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cors {
    /// None: the sender is not an allowed page.
    None,
    /// The page's origin.
    Allow(HeaderValue),
}

impl Cors {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        headers.get(header::ORIGIN).cloned().map_or(Self::None, Self::Allow)
    }

    pub fn apply(&self, answer: &mut HeaderMap) {
        let Self::Allow(origin) = self else { return };
        answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        answer.append(header::VARY, HeaderValue::from_static("origin"));
    }
}

/// Whether a browser asks before it sends the actual request.
pub(super) fn is_preflight(request: &Parts) -> bool {
    request.method == Method::OPTIONS && request.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to a preflight, in addition to [`Cors::apply`]: it allows everything that the page wants to send.
pub fn preflight(asked: &HeaderMap) -> HeaderMap {
    let mut answer = HeaderMap::new();
    for (from, to) in [
        (header::ACCESS_CONTROL_REQUEST_METHOD, header::ACCESS_CONTROL_ALLOW_METHODS),
        (header::ACCESS_CONTROL_REQUEST_HEADERS, header::ACCESS_CONTROL_ALLOW_HEADERS),
        (REQUEST_PRIVATE_NETWORK, ALLOW_PRIVATE_NETWORK),
    ] {
        if let Some(value) = asked.get(from) {
            answer.insert(to, value.clone());
        }
    }
    answer.insert(header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_MAX_AGE_S);
    answer
}
