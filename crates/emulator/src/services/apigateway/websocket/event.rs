//! The events that functions of `AWS_PROXY` integrations are invoked with (docs/aws-behaviour.md#apigateway-connect-event,
//! #apigateway-proxy-events).

use super::context::{EventType, MessageContext};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The event as JSON; `body` is a message's.
pub fn proxy(context: &MessageContext<'_>, variables: &BTreeMap<String, String>, body: &str) -> Value {
    let mut event = Map::new();
    if let Some(opening) = context.opening {
        let (headers, queries) = (opening.headers(), opening.queries());
        event.insert("headers".into(), last_values(&headers));
        event.insert("multiValueHeaders".into(), json!(headers));
        if !queries.is_empty() {
            event.insert("queryStringParameters".into(), last_values(&queries));
            event.insert("multiValueQueryStringParameters".into(), json!(queries));
        }
    }
    if context.event_type == EventType::Disconnect {
        let headers = headers_of_disconnect(&context.connection.domain_name);
        event.insert("headers".into(), last_values(&headers));
        event.insert("multiValueHeaders".into(), json!(headers));
    }
    if !variables.is_empty() {
        event.insert("stageVariables".into(), json!(variables));
    }
    event.insert("requestContext".into(), request_context(context));
    if context.event_type == EventType::Message {
        event.insert("body".into(), body.into());
    }
    event.insert("isBase64Encoded".into(), false.into());
    Value::Object(event)
}

/// All that `$disconnect` is sent of headers, in every event that was recorded.
fn headers_of_disconnect(host: &str) -> BTreeMap<&str, Vec<&str>> {
    let empty = || vec![""];
    BTreeMap::from([
        ("Host", vec![host]),
        ("x-api-key", empty()),
        ("X-Forwarded-For", empty()),
        ("x-restapi", empty()),
    ])
}

/// Each name with its last value.
pub fn last_values(all: &BTreeMap<&str, Vec<&str>>) -> Value {
    all.iter().map(|(name, values)| ((*name).to_owned(), json!(values.last()))).collect::<Map<_, _>>().into()
}

/// `requestContext`. What a message does not have is left out.
pub fn request_context(context: &MessageContext<'_>) -> Value {
    let connection = context.connection;
    let mut members = json!({
        "routeKey": context.route_key,
        "eventType": context.event_type.as_str(),
        "extendedRequestId": context.request_id,
        "requestTime": context.get("requestTime"),
        "messageDirection": "IN",
        "stage": connection.stage,
        "connectedAt": connection.connected_at_ms,
        "requestTimeEpoch": context.request_time_ms,
        "identity": {"sourceIp": connection.source_ip.to_string()},
        "requestId": context.request_id,
        "domainName": connection.domain_name,
        "connectionId": connection.id,
        "apiId": connection.api_id,
    });
    if let Some(agent) = &connection.user_agent {
        members["identity"]["userAgent"] = agent.as_str().into();
    }
    if let Some(id) = &context.message_id {
        members["messageId"] = id.as_str().into();
    }
    if let Some(ended) = context.ended {
        members["disconnectStatusCode"] = ended.status_code.into();
        members["disconnectReason"] = ended.reason.as_str().into();
    }
    if let Some(identity) = connection.identity() {
        let mut client: Map<_, _> =
            identity.context.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        client.insert("principalId".into(), identity.principal_id.as_str().into());
        client.insert("integrationLatency".into(), identity.latency_ms.into());
        members["authorizer"] = client.into();
    }
    members
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::apigateway::websocket::connections::{CloseInfo, Connection, NewConnection};
    use crate::services::apigateway::websocket::handshake_request::HandshakeRequest;
    use crate::services::apigateway::websocket::identity::Identity;
    use std::sync::Arc;

    fn connection(user_agent: Option<&str>) -> Arc<Connection> {
        Connection::new(NewConnection::sample(user_agent)).0
    }

    fn context<'a>(
        connection: &'a Connection,
        event_type: EventType,
        route_key: &'a str,
    ) -> MessageContext<'a> {
        let id = "XDmGEE2RoE0FRdQ=".to_owned();
        MessageContext::new(connection, event_type, route_key, "000000000000", id, 1_708_326_702_790)
    }

    fn none() -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    fn expected(more: Value) -> Value {
        let mut members = json!({
            "extendedRequestId": "XDmGEE2RoE0FRdQ=", "requestTime": "19/Feb/2024:07:11:42 +0000",
            "messageDirection": "IN", "stage": "v1", "connectedAt": 1_708_326_702_789_u64,
            "requestTimeEpoch": 1_708_326_702_790_u64, "identity": {"sourceIp": "127.0.0.1"},
            "requestId": "XDmGEE2RoE0FRdQ=", "domainName": "127.0.0.1:4566",
            "connectionId": "Qyi07eCbtjMCJKw=", "apiId": "abcdef1234",
        });
        if let (Value::Object(members), Value::Object(more)) = (&mut members, more) {
            members.extend(more);
        }
        members
    }

    #[test]
    fn connect_has_the_handshake_and_no_body() {
        let connection = connection(Some("wscat"));
        let mut context = context(&connection, EventType::Connect, "$connect");
        let handshake = http::Request::get("/v1?a=1&a=2").header("x-a", "1").header("x-a", "2").body(());
        let opening = HandshakeRequest::new(&handshake.unwrap().into_parts().0);
        context.opening = Some(&opening);
        let of_connect = json!({
            "routeKey": "$connect", "eventType": "CONNECT",
            "identity": {"sourceIp": "127.0.0.1", "userAgent": "wscat"},
        });
        assert_eq!(
            proxy(&context, &none(), ""),
            json!({
                "headers": {"x-a": "2"}, "multiValueHeaders": {"x-a": ["1", "2"]},
                "queryStringParameters": {"a": "2"}, "multiValueQueryStringParameters": {"a": ["1", "2"]},
                "requestContext": expected(of_connect), "isBase64Encoded": false,
            })
        );
        let without_query = HandshakeRequest::default();
        context.opening = Some(&without_query);
        let event = proxy(&context, &none(), "");
        assert!(event.get("queryStringParameters").is_none(), "absent, not null: {event}");
        assert!(event.get("multiValueQueryStringParameters").is_none(), "{event}");
    }

    #[test]
    fn a_message_has_its_body_and_nothing_of_the_handshake() {
        let connection = connection(None);
        let mut context = context(&connection, EventType::Message, "send");
        context.message_id = Some("m".into());
        let variables = BTreeMap::from([("tier".into(), "free".into())]);
        let of_message = json!({"routeKey": "send", "eventType": "MESSAGE", "messageId": "m"});
        assert_eq!(
            proxy(&context, &variables, "{\"a\": \"é\"}"),
            json!({
                "stageVariables": {"tier": "free"}, "requestContext": expected(of_message),
                "body": "{\"a\": \"é\"}", "isBase64Encoded": false,
            })
        );
    }

    #[test]
    fn disconnect_has_four_headers_and_how_it_ended() {
        let connection = connection(None);
        let mut context = context(&connection, EventType::Disconnect, "$disconnect");
        let ended = CloseInfo { status_code: 1005, reason: "Client-side close frame status not set".into() };
        context.ended = Some(&ended);
        let of_disconnect = json!({
            "routeKey": "$disconnect", "eventType": "DISCONNECT", "disconnectStatusCode": 1005,
            "disconnectReason": "Client-side close frame status not set",
        });
        assert_eq!(
            proxy(&context, &none(), ""),
            json!({
                "headers": {"Host": "127.0.0.1:4566", "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""},
                "multiValueHeaders": {
                    "Host": ["127.0.0.1:4566"], "x-api-key": [""], "X-Forwarded-For": [""], "x-restapi": [""],
                },
                "requestContext": expected(of_disconnect), "isBase64Encoded": false,
            })
        );
    }

    /// docs/aws-behaviour.md#apigateway-authorizer-values
    #[test]
    fn what_an_authorizer_said_is_in_every_later_event() {
        let connection = connection(None);
        let context_of_client = BTreeMap::from([("tier".into(), "7".into())]);
        connection.identify(Identity {
            principal_id: "me".into(),
            context: context_of_client,
            latency_ms: 12,
        });
        let event = proxy(&context(&connection, EventType::Message, "$default"), &none(), "x");
        assert_eq!(
            event["requestContext"]["authorizer"],
            json!({"principalId": "me", "tier": "7", "integrationLatency": 12})
        );
    }
}
