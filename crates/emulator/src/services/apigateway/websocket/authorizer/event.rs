//! The event of a WebSocket API's REQUEST authorizer.
//!
//! AWS documents the event of `$connect` (docs/aws-behaviour.md#apigateway-context), and adds `type`, `methodArn` and
//! `stageVariables` for an authorizer. No recording was found, so the order of members is ours.

use crate::services::apigateway::websocket::context::MessageContext;
use crate::services::apigateway::websocket::handshake_request::HandshakeRequest;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The event as JSON.
pub fn request(
    context: &MessageContext<'_>,
    method_arn: &str,
    variables: &BTreeMap<String, String>,
) -> Value {
    let none = HandshakeRequest::default();
    let opening = context.opening.unwrap_or(&none);
    let (headers, queries) = (opening.headers(), opening.queries());
    let last = |all: &BTreeMap<&str, Vec<&str>>| -> Map<String, Value> {
        all.iter().map(|(name, values)| ((*name).to_owned(), json!(values.last()))).collect()
    };
    json!({
        "type": "REQUEST",
        "methodArn": method_arn,
        "headers": last(&headers),
        "multiValueHeaders": headers,
        "queryStringParameters": last(&queries),
        "multiValueQueryStringParameters": queries,
        "stageVariables": variables,
        "requestContext": {
            "routeKey": context.route_key,
            "eventType": context.event_type.as_str(),
            "extendedRequestId": context.request_id,
            "requestTime": context.get("requestTime"),
            "messageDirection": "IN",
            "stage": context.connection.stage,
            "connectedAt": context.connection.connected_at_ms,
            "requestTimeEpoch": context.request_time_ms,
            "identity": {
                "userAgent": context.connection.user_agent,
                "sourceIp": context.connection.source_ip.to_string(),
            },
            "requestId": context.request_id,
            "domainName": context.connection.domain_name,
            "connectionId": context.connection.id,
            "apiId": context.connection.api_id,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::apigateway::websocket::connections::{Connection, NewConnection};
    use crate::services::apigateway::websocket::context::EventType;

    #[test]
    fn the_event_is_that_of_connect_with_what_an_authorizer_needs() {
        let new = NewConnection {
            id: "Qyi07eCbtjMCJKw=".into(),
            api_id: "abcdef1234".into(),
            stage: "v1".into(),
            domain_name: "127.0.0.1:4566".into(),
            connected_at_ms: 1_708_326_702_789,
            source_ip: std::net::Ipv4Addr::LOCALHOST.into(),
            user_agent: Some("wscat".into()),
        };
        let (connection, _queue) = Connection::new(new);
        let mut headers = http::HeaderMap::new();
        headers.insert("host", "127.0.0.1:4566".parse().unwrap());
        headers.insert("sec-websocket-version", "13".parse().unwrap());
        headers.insert("user-agent", "wscat".parse().unwrap());
        let opening = HandshakeRequest::new(&headers, &"/v1?token=demo&a=1&a=2".parse().unwrap());
        let mut context = MessageContext::new(
            &connection,
            EventType::Connect,
            "$connect",
            "000000000000",
            "XDmGEE2RoE0FRdQ=".into(),
            1_708_326_702_790,
        );
        context.opening = Some(&opening);
        let arn = "arn:aws:execute-api:us-east-1:000000000000:abcdef1234/v1/$connect";
        let event = request(&context, arn, &BTreeMap::from([("tier".into(), "free".into())]));
        let fixture: Value = serde_json::from_str(include_str!("event.json")).unwrap();
        assert_eq!(event, fixture);
    }
}
