//! The stage that a request is for, by its host and path.
//!
//! - `/_aws/execute-api/{apiId}/{stage}/…` on any host, LocalStack's form
//! - `{apiId}.execute-api.{anything}` as host and `/{stage}/…`, AWS's form
//! - `/{stage}/…` on any host, if only one stage has that name: the short form for people

use percent_encoding::percent_decode_str;

const PATH_PREFIX: &str = "/_aws/execute-api/";
const HOST_INFIX: &str = ".execute-api.";

/// The parts of a request's address. Segments are percent-decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub api_id: Option<String>,
    pub stage: String,
    /// What follows the stage, without the slash.
    pub rest: String,
}

impl Endpoint {
    /// Parses a request's address; `None` if it does not name a stage.
    pub fn parse(host: &str, path: &str) -> Option<Self> {
        if let Some(rest) = path.strip_prefix(PATH_PREFIX) {
            let (api_id, rest) = rest.split_once('/')?;
            return Self::of_stage(Some(api_id), rest);
        }
        let api_id = host.split_once(HOST_INFIX).map(|(api_id, _)| api_id);
        Self::of_stage(api_id, path.strip_prefix('/')?)
    }

    fn of_stage(api_id: Option<&str>, rest: &str) -> Option<Self> {
        let (stage, rest) = rest.split_once('/').unwrap_or((rest, ""));
        if stage.is_empty() || api_id.is_some_and(str::is_empty) {
            return None;
        }
        let decode = |text: &str| percent_decode_str(text).decode_utf8().ok().map(String::from);
        Some(Self { api_id: api_id.map(String::from), stage: decode(stage)?, rest: decode(rest)? })
    }

    /// The connection's id, if this is an `@connections` address.
    pub fn connection_id(&self) -> Option<&str> {
        self.rest.strip_prefix("@connections/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(api_id: Option<&str>, stage: &str, rest: &str) -> Option<Endpoint> {
        Some(Endpoint { api_id: api_id.map(Into::into), stage: stage.into(), rest: rest.into() })
    }

    #[test]
    fn every_form_of_address_names_its_stage() {
        let local = "127.0.0.1:4566";
        assert_eq!(Endpoint::parse(local, "/_aws/execute-api/abc/v1"), endpoint(Some("abc"), "v1", ""));
        assert_eq!(
            Endpoint::parse(local, "/_aws/execute-api/abc/v1/@connections/Qyi07eCbtjMCJKw%3D"),
            endpoint(Some("abc"), "v1", "@connections/Qyi07eCbtjMCJKw="),
        );
        let host = "abc.execute-api.localhost.localstack.cloud:4566";
        assert_eq!(
            Endpoint::parse(host, "/v1/%40connections/x"),
            endpoint(Some("abc"), "v1", "@connections/x")
        );
        assert_eq!(Endpoint::parse(local, "/v1"), endpoint(None, "v1", ""));
        assert_eq!(Endpoint::parse(local, "/v1/"), endpoint(None, "v1", ""));
    }

    #[test]
    fn what_names_no_stage_is_none() {
        for (host, path) in
            [("h", "/"), ("h", "/_aws/execute-api/abc"), (".execute-api.x", "/v1"), ("h", "/%ff")]
        {
            assert_eq!(Endpoint::parse(host, path), None, "{host} {path}");
        }
    }
}
