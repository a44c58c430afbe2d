//! The stage that a request is for, by its host and path.
//!
//! - `/_aws/execute-api/{apiId}/{stage}/…` on any host, LocalStack's form
//! - `{apiId}.execute-api.{anything}` as host and `/{stage}/…`, AWS's form
//! - `/{stage}/…` on any host, if only one stage has that name: the short form for people

use percent_encoding::percent_decode_str;

const PATH_PREFIX: &str = "/_aws/execute-api/";
const HOST_INFIX: &str = ".execute-api.";
/// The segment after the stage in the address of a connection. No stage can be called so.
const CONNECTIONS: &str = "@connections";

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

    /// What an `@connections` address says of its connection; `None`: it is another address.
    pub fn management(&self) -> Option<Result<&str, Misplaced>> {
        if self.stage == CONNECTIONS {
            return Some(Err(Misplaced::NoStage));
        }
        let mut segments = self.rest.split('/');
        let before = segments.position(|segment| segment == CONNECTIONS)?;
        let id =
            self.rest.strip_prefix(CONNECTIONS).and_then(|rest| rest.strip_prefix('/')).unwrap_or_default();
        Some(match (before, id) {
            (1.., _) => Err(Misplaced::TooDeep),
            (0, "") => Err(Misplaced::NoId),
            (0, id) => Ok(id),
        })
    }
}

/// What is wrong with an `@connections` address. The caller is told no more than 403, the log this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Misplaced {
    /// The commonest mistake: the API's endpoint without its stage.
    #[error("the path has no stage; the endpoint of @connections ends in the stage's name")]
    NoStage,
    /// A stage twice, or a custom domain's mapping key.
    #[error("more than the stage stands before @connections")]
    TooDeep,
    /// Nothing after `@connections`.
    #[error("the path has no connection id")]
    NoId,
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

    /// docs/aws-behaviour.md#apigateway-wrong-stage: addresses that are meant for a connection and reach none.
    #[test]
    fn an_address_of_a_connection_is_known_by_its_segment() {
        let aws = "abc.execute-api.us-east-1.amazonaws.com";
        let local = "127.0.0.1:4566";
        for (host, path, expected) in [
            (aws, "/v1/@connections/Qyi07eCbtjMCJKw%3D", Some(Ok("Qyi07eCbtjMCJKw="))),
            (aws, "/v1/%40connections/x", Some(Ok("x"))),
            (local, "/_aws/execute-api/abc/v1/@connections/x", Some(Ok("x"))),
            (aws, "/@connections/x", Some(Err(Misplaced::NoStage))),
            (aws, "/%40connections/x", Some(Err(Misplaced::NoStage))),
            (aws, "/@connections", Some(Err(Misplaced::NoStage))),
            (local, "/@connections/x", Some(Err(Misplaced::NoStage))),
            (local, "/_aws/execute-api/abc/@connections/x", Some(Err(Misplaced::NoStage))),
            (aws, "/v1/v1/@connections/x", Some(Err(Misplaced::TooDeep))),
            (local, "/_aws/execute-api/abc/v1/chat/@connections/x", Some(Err(Misplaced::TooDeep))),
            (aws, "/v1/@connections/", Some(Err(Misplaced::NoId))),
            (aws, "/v1/@connections", Some(Err(Misplaced::NoId))),
            (aws, "/v1/@connectionsx", None),
            (aws, "/v1/x", None),
            (local, "/v2/apis", None),
        ] {
            let endpoint = Endpoint::parse(host, path).expect("an endpoint");
            assert_eq!(endpoint.management(), expected, "{host}{path}");
        }
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
