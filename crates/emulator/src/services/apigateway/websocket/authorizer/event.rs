//! The event of a WebSocket API's REQUEST authorizer.
//!
//! AWS documents the event of `$connect` (docs/aws-behaviour.md#apigateway-context), and adds `type`, `methodArn` and
//! `stageVariables` for an authorizer. No recording was found, so the order of members is ours.

use crate::services::apigateway::websocket::context::MessageContext;
use crate::services::apigateway::websocket::event::{last_values, request_context};
use crate::services::apigateway::websocket::handshake_request::HandshakeRequest;
use serde_json::{Value, json};
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
    json!({
        "type": "REQUEST",
        "methodArn": method_arn,
        "headers": last_values(&headers),
        "multiValueHeaders": headers,
        "queryStringParameters": last_values(&queries),
        "multiValueQueryStringParameters": queries,
        "stageVariables": variables,
        "requestContext": request_context(context),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::apigateway::websocket::connections::{Connection, NewConnection};
    use crate::services::apigateway::websocket::context::EventType;

    #[test]
    fn the_event_is_that_of_connect_with_what_an_authorizer_needs() {
        let (connection, _queue) = Connection::new(NewConnection::sample(Some("wscat")));
        let handshake = http::Request::get("/v1?token=demo&a=1&a=2")
            .header("host", "127.0.0.1:4566")
            .header("sec-websocket-version", "13")
            .header("user-agent", "wscat")
            .body(());
        let opening = HandshakeRequest::new(&handshake.unwrap().into_parts().0);
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
