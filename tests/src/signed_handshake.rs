//! Handshakes that are signed, for stacks with AWS_IAM authorization.

use bytes::Bytes;
use http::Request;
use signed_http::{Keys, Limits, SignedHttp, connections};
use std::time::{Duration, SystemTime};

/// What signing has that a signer alone does not need.
const LIMITS: Limits =
    Limits { connect: Duration::from_secs(1), request: Duration::from_secs(1), response_bytes_max: 1 };

/// A developer's own keys.
pub fn developer() -> Keys {
    Keys {
        region: "us-east-1".into(),
        access_key_id: "developer".into(),
        secret_access_key: "secret".into(),
        session_token: None,
    }
}

/// Those of a session, as an environment has them.
pub fn of_session(variables: &[(&'static str, String)]) -> Keys {
    let value =
        |name: &str| variables.iter().find(|(found, _)| *found == name).map(|(_, value)| value.clone());
    Keys {
        region: "us-east-1".into(),
        access_key_id: value("AWS_ACCESS_KEY_ID").expect("a key"),
        secret_access_key: value("AWS_SECRET_ACCESS_KEY").expect("its secret"),
        session_token: value("AWS_SESSION_TOKEN"),
    }
}

/// The headers that sign a handshake.
pub fn headers(uri: &str, keys: &Keys) -> Vec<(&'static str, String)> {
    let signer = SignedHttp::new(keys, false, LIMITS).expect("a signer without TLS");
    let mut request = Request::get(uri).body(Bytes::new()).expect("a sound URI");
    signer.sign(connections::SERVICE, &mut request, SystemTime::now()).expect("a signature");
    let header =
        |name: &'static str| Some((name, request.headers().get(name)?.to_str().expect("text").to_owned()));
    ["authorization", "x-amz-date", "x-amz-security-token"].into_iter().filter_map(header).collect()
}
