//! `$context` of one message, which templates, selections and log lines look up by name.

use super::connections::{CloseInfo, Connection};
use super::handshake_request::HandshakeRequest;
use super::selection::ContextLookup;
use super::trace::Trace;
use crate::core::clock;
use mapping_template::{Context, Node};
use std::borrow::Cow;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventType {
    Connect,
    Message,
    /// The end of a connection.
    Disconnect,
}

impl EventType {
    /// Its name in templates.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "CONNECT",
            Self::Message => "MESSAGE",
            Self::Disconnect => "DISCONNECT",
        }
    }
}

/// What is known about a message on its way through the gateway.
#[derive(Debug)]
pub struct MessageContext<'a> {
    pub connection: &'a Connection,
    pub event_type: EventType,
    /// The selected route; empty if there is none.
    pub route_key: &'a str,
    pub account_id: &'a str,
    /// Also `$context.extendedRequestId`: on a WebSocket API they are the same
    /// (docs/aws-behaviour.md#apigateway-context).
    pub request_id: String,
    /// `$context.messageId`, only of messages.
    pub message_id: Option<String>,
    /// Milliseconds since the epoch.
    pub request_time_ms: u64,
    /// The handshake, while `$connect` runs.
    pub opening: Option<&'a HandshakeRequest>,
    /// How the connection ended, while `$disconnect` runs.
    pub ended: Option<&'a CloseInfo>,
    /// What became of it so far.
    pub trace: Trace,
}

/// Every variable, in the order in which a bare `$context` renders them.
const NAMES: [&str; 17] = [
    "routeKey",
    "authorizer",
    "messageId",
    "eventType",
    "extendedRequestId",
    "requestTime",
    "messageDirection",
    "stage",
    "connectedAt",
    "requestTimeEpoch",
    "identity",
    "requestId",
    "domainName",
    "connectionId",
    "apiId",
    "accountId",
    "status",
];
const IDENTITY_NAMES: [&str; 2] = ["userAgent", "sourceIp"];

impl<'a> MessageContext<'a> {
    pub fn new(
        connection: &'a Connection,
        event_type: EventType,
        route_key: &'a str,
        account_id: &'a str,
        request_id: String,
        request_time_ms: u64,
    ) -> Self {
        Self {
            connection,
            event_type,
            route_key,
            account_id,
            request_id,
            message_id: None,
            request_time_ms,
            opening: None,
            ended: None,
            trace: Trace::default(),
        }
    }

    /// A variable's value, by its dotted path.
    pub fn get(&self, path: &str) -> Option<Cow<'_, str>> {
        let connection = self.connection;
        Some(match path {
            "accountId" => Cow::Borrowed(self.account_id),
            "apiId" => Cow::Borrowed(connection.api_id.as_str()),
            "connectedAt" => connection.connected_at_ms.to_string().into(),
            "connectionId" => Cow::Borrowed(connection.id.as_str()),
            "domainName" => Cow::Borrowed(connection.domain_name.as_str()),
            "eventType" => self.event_type.as_str().into(),
            "extendedRequestId" | "requestId" => Cow::Borrowed(self.request_id.as_str()),
            "identity.sourceIp" => connection.source_ip.to_string().into(),
            "identity.userAgent" => Cow::Borrowed(connection.user_agent.as_deref()?),
            "messageDirection" => "IN".into(),
            "messageId" => Cow::Borrowed(self.message_id.as_deref()?),
            "requestTime" => clock::clf(self.request_time_ms).into(),
            "requestTimeEpoch" => self.request_time_ms.to_string().into(),
            "routeKey" => Cow::Borrowed(Some(self.route_key).filter(|key| !key.is_empty())?),
            "stage" => Cow::Borrowed(connection.stage.as_str()),
            _ => {
                let of_client = path.strip_prefix("authorizer.").and_then(|name| self.client(name));
                return of_client.map(Cow::Borrowed).or_else(|| self.trace.get(path));
            }
        })
    }

    /// The client's identity from the authorizer.
    fn client(&self, name: &str) -> Option<&str> {
        let identity = self.connection.identity()?;
        match name {
            "principalId" => Some(&identity.principal_id),
            name => identity.context.get(name).map(String::as_str),
        }
    }
}

impl ContextLookup for MessageContext<'_> {
    fn lookup(&self, path: &str) -> Option<Cow<'_, str>> {
        self.get(path)
    }
}

impl Context for MessageContext<'_> {
    fn get(&self, path: &[&str]) -> Option<Node<'_>> {
        let members = |names: &'static [&'static str], above: &[&str]| {
            let member = |name: &&'static str| {
                Some(((*name).into(), Context::get(self, &[above, &[*name]].concat())?))
            };
            Node::Object(names.iter().filter_map(member).collect())
        };
        match path {
            [] => Some(members(&NAMES, &[])),
            ["identity"] => Some(members(&IDENTITY_NAMES, path)),
            ["authorizer"] => {
                let identity = self.connection.identity()?;
                let principal = std::iter::once(("principalId", &identity.principal_id));
                let all =
                    principal.chain(identity.context.iter().map(|(name, value)| (name.as_str(), value)));
                Some(Node::Object(all.map(|(name, value)| (name.into(), Node::text(value))).collect()))
            }
            ["authorizer", name] => self.client(name).map(Node::text),
            ["connectedAt"] => i64::try_from(self.connection.connected_at_ms).ok().map(Node::Number),
            ["requestTimeEpoch"] => i64::try_from(self.request_time_ms).ok().map(Node::Number),
            ["identity", "userAgent"] => self.get("identity.userAgent").map(Node::Text),
            ["identity", "sourceIp"] => self.get("identity.sourceIp").map(Node::Text),
            ["error", "messageString"] => self.trace.get("error.messageString").map(Node::Text),
            ["error", "validationErrorString"] => {
                self.trace.get("error.validationErrorString").map(Node::Text)
            }
            [name] => self.get(name).map(Node::Text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::apigateway::websocket::connections::NewConnection;

    /// See docs/aws-behaviour.md#apigateway-context.
    #[test]
    fn variables_are_known_by_their_names() {
        let new = NewConnection {
            id: "c".into(),
            api_id: "api".into(),
            stage: "v1".into(),
            domain_name: "host".into(),
            connected_at_ms: 1_000,
            source_ip: std::net::Ipv4Addr::LOCALHOST.into(),
            user_agent: None,
        };
        let (connection, _queue) = Connection::new(new);
        let mut context =
            MessageContext::new(&connection, EventType::Message, "$default", "0", "r".into(), 1_001);
        assert_eq!(
            (context.get("requestId"), context.get("extendedRequestId")),
            (Some("r".into()), Some("r".into()))
        );
        assert_eq!(context.get("messageDirection").as_deref(), Some("IN"));
        assert_eq!(context.get("messageId"), None);
        context.message_id = Some("m".into());
        assert_eq!(context.get("messageId").as_deref(), Some("m"));
        for unknown in
            ["disconnectStatusCode", "disconnectReason", "identity.caller", "authorizer.principalId"]
        {
            assert_eq!(context.get(unknown), None, "{unknown}");
        }
        let template = mapping_template::Template::parse("$context").unwrap();
        let whole = template.render(&mapping_template::Scope::new("", &context)).unwrap().text;
        assert!(whole.starts_with("{routeKey=$default, messageId=m, eventType=MESSAGE, "), "{whole}");
        assert!(whole.ends_with(", connectionId=c, apiId=api, accountId=0}"), "{whole}");
    }
}
