//! `$context` of one message: looked up by name as a template, a selection or a log line asks for it.

use super::connections::Connection;
use super::selection::ContextLookup;
use crate::clock;
use mapping_template::{Context, Node};
use std::borrow::Cow;

/// `$context.eventType`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventType {
    /// A handshake.
    Connect,
    /// A frame.
    Message,
    /// The end of a connection.
    Disconnect,
}

impl EventType {
    /// The name that templates see.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "CONNECT",
            Self::Message => "MESSAGE",
            Self::Disconnect => "DISCONNECT",
        }
    }
}

/// What is known of one message on its way through the gateway.
#[derive(Debug)]
pub struct MessageContext<'a> {
    /// The connection that it came by.
    pub connection: &'a Connection,
    /// What kind of event it is.
    pub event_type: EventType,
    /// The route that was selected.
    pub route_key: &'a str,
    /// The account that is played.
    pub account_id: &'a str,
    /// Also `$context.extendedRequestId`: on a WebSocket API they are the same (facts A10).
    pub request_id: String,
    /// `$context.messageId`, for messages alone.
    pub message_id: Option<String>,
    /// Milliseconds since the epoch.
    pub request_time_ms: u64,
    /// The status of a handshake or an integration, once there is one.
    pub status: Option<u16>,
}

/// Every variable, in the order in which `$context` alone renders them.
const NAMES: [&str; 16] = [
    "routeKey",
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

impl MessageContext<'_> {
    /// A variable's value, by its dotted path; `None` where it has none.
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
            "routeKey" => Cow::Borrowed(self.route_key),
            "stage" => Cow::Borrowed(connection.stage.as_str()),
            "status" => self.status?.to_string().into(),
            _ => return None,
        })
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
            ["connectedAt"] => i64::try_from(self.connection.connected_at_ms).ok().map(Node::Number),
            ["requestTimeEpoch"] => i64::try_from(self.request_time_ms).ok().map(Node::Number),
            ["identity", "userAgent"] => self.get("identity.userAgent").map(Node::Text),
            ["identity", "sourceIp"] => self.get("identity.sourceIp").map(Node::Text),
            [name] => self.get(name).map(Node::Text),
            _ => None,
        }
    }
}
