//! Identity sources: what a handshake must have before an authorizer is called
//! (docs/aws-behaviour.md#apigateway-authorization).

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentitySource {
    /// `route.request.header.{name}`
    Header(String),
    /// `route.request.querystring.{name}`
    Query(String),
    /// `stageVariables.{name}`
    StageVariable(String),
    /// `context.{path}`
    Context(String),
}

/// A text that is not an identity source of a WebSocket API, such as an HTTP API's `$request.header.{name}`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "Invalid mapping expression specified: {0}. An identity source of a WEBSOCKET API is route.request.header.name, route.request.querystring.name, stageVariables.name or context.name"
)]
pub struct NoIdentitySource(String);

impl IdentitySource {
    /// Fails with [`NoIdentitySource`].
    pub fn parse(text: &str) -> Result<Self, NoIdentitySource> {
        let after =
            |prefix| text.strip_prefix(prefix).filter(|name: &&str| !name.is_empty()).map(String::from);
        let found = after("route.request.header.").map(Self::Header);
        let found = found.or_else(|| after("route.request.querystring.").map(Self::Query));
        let found = found.or_else(|| after("stageVariables.").map(Self::StageVariable));
        let found = found.or_else(|| after("context.").map(Self::Context));
        found.ok_or_else(|| NoIdentitySource(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_sources_have_the_form_of_websocket_apis() {
        let parse = |text| IdentitySource::parse(text).ok();
        assert_eq!(parse("route.request.header.Auth"), Some(IdentitySource::Header("Auth".into())));
        assert_eq!(parse("route.request.querystring.token"), Some(IdentitySource::Query("token".into())));
        assert_eq!(parse("stageVariables.x"), Some(IdentitySource::StageVariable("x".into())));
        assert_eq!(
            parse("context.identity.sourceIp"),
            Some(IdentitySource::Context("identity.sourceIp".into()))
        );
        for of_http in
            ["$request.header.Auth", "method.request.header.Auth", "route.request.header.", "token"]
        {
            assert_eq!(parse(of_http), None, "{of_http}");
        }
    }
}
