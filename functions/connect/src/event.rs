//! The event of a handshake, and the record that becomes of it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const HEADER: &str = "Sec-WebSocket-Protocol";

/// The members of an `AWS_PROXY` event of `$connect` that are needed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// By their names as the client wrote them.
    #[serde(default)]
    headers: Option<BTreeMap<String, String>>,
    #[serde(rename = "requestContext")]
    pub context: Context,
}

/// `requestContext`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Context {
    pub connection_id: String,
    route_key: String,
    event_type: String,
    request_id: String,
    request_time_epoch: u64,
    connected_at: u64,
    identity: Identity,
    api_id: String,
    stage: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    source_ip: String,
}

/// What `connect.vtl` makes of an event, member by member; times are text, as there.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    payload: (),
    connection_id: &'a str,
    route_key: &'a str,
    event_type: &'a str,
    request_id: &'a str,
    request_time_epoch: String,
    connected_at: String,
    source_ip: &'a str,
    api_id: &'a str,
    stage: &'a str,
}

impl Event {
    /// Whether the client offers a subprotocol.
    pub fn offers(&self, subprotocol: &str) -> bool {
        let headers = self.headers.iter().flatten().filter(|(name, _)| name.eq_ignore_ascii_case(HEADER));
        headers.flat_map(|(_, list)| list.split(',')).any(|offered| offered.trim() == subprotocol)
    }
}

impl Context {
    /// The event as its record's data.
    ///
    /// # Errors
    /// None that can happen: every member is text.
    pub fn record(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(&Record {
            payload: (),
            connection_id: &self.connection_id,
            route_key: &self.route_key,
            event_type: &self.event_type,
            request_id: &self.request_id,
            request_time_epoch: self.request_time_epoch.to_string(),
            connected_at: self.connected_at.to_string(),
            source_ip: &self.identity.source_ip,
            api_id: &self.api_id,
            stage: &self.stage,
        })
    }
}

#[cfg(test)]
pub fn sample() -> serde_json::Value {
    serde_json::json!({
        "routeKey": "$connect", "eventType": "CONNECT", "extendedRequestId": "r=", "requestId": "r=",
        "requestTime": "19/Feb/2024:07:11:42 +0000", "messageDirection": "IN", "stage": "v1",
        "connectedAt": 1_708_326_702_789_u64, "requestTimeEpoch": 1_708_326_702_790_u64,
        "identity": {"sourceIp": "127.0.0.1", "userAgent": "wscat"}, "domainName": "localhost",
        "connectionId": "c=", "apiId": "abcdef1234", "authorizer": {"principalId": "alice"},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = include_str!("../../../terraform/modules/gateway/templates/connect.vtl");

    /// A stream has one shape of CONNECT events, whoever put them there.
    #[test]
    fn a_record_is_what_the_mapping_template_renders() {
        let mut rendered =
            TEMPLATE.split_once("= \"").unwrap().1.split_once("\")\n").unwrap().0.replace("\"\"", "\"");
        for (variable, value) in [
            ("connectionId", "c="),
            ("routeKey", "$connect"),
            ("eventType", "CONNECT"),
            ("requestId", "r="),
            ("requestTimeEpoch", "1708326702790"),
            ("connectedAt", "1708326702789"),
            ("identity.sourceIp", "127.0.0.1"),
            ("apiId", "abcdef1234"),
            ("stage", "v1"),
        ] {
            rendered = rendered.replace(&format!("\"$context.{variable}\""), &format!("\"{value}\""));
        }
        let context: Context = serde_json::from_value(sample()).unwrap();
        assert_eq!(String::from_utf8(context.record().unwrap()).unwrap(), rendered);
    }
}
