//! The one HTTP client of a function, with what its environment holds.

pub(crate) use signed_http::{Answer, SignedHttp as Transport, causes};

use signed_http::{BoxError, Keys, Limits};

use crate::environment::Environment;
use crate::limits::{CONNECT_TIMEOUT, REQUEST_TIMEOUT, RESPONSE_BYTES_MAX};

/// A client with the environment's credentials, which Lambda keeps for an environment's life.
pub(crate) fn transport(environment: &Environment) -> Result<Transport, BoxError> {
    let is_https = |endpoint: &str| endpoint.starts_with("https:");
    let needs_tls = is_https(&environment.connections_endpoint) || is_https(&environment.sqs_endpoint);
    let keys = Keys {
        region: environment.region.clone(),
        access_key_id: environment.access_key_id.clone(),
        secret_access_key: environment.secret_access_key.clone(),
        session_token: environment.session_token.clone(),
    };
    let limits =
        Limits { connect: CONNECT_TIMEOUT, request: REQUEST_TIMEOUT, response_bytes_max: RESPONSE_BYTES_MAX };
    Transport::new(&keys, needs_tls, limits)
}
