//! What a function of an `AWS_PROXY` integration answered: a status, a body and the subprotocol
//! (docs/aws-behaviour.md#apigateway-proxy-answer). Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Without a status of its own, an answer has this one.
const STATUS_DEFAULT: u16 = 200;
const SUBPROTOCOL: &str = "Sec-WebSocket-Protocol";

/// A function's answer.
#[derive(Debug, PartialEq, Eq)]
pub struct ProxyAnswer {
    /// `statusCode`
    pub status: u16,
    /// `body`, decoded where it says that it is base64.
    pub body: Bytes,
    /// The header that chooses a subprotocol, whatever the case of its name.
    pub subprotocol: Option<String>,
}

/// The members that an answer may have, and no others.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Members {
    status_code: Option<Value>,
    body: Option<String>,
    headers: Option<BTreeMap<String, Value>>,
    multi_value_headers: Option<BTreeMap<String, Vec<Value>>>,
    is_base64_encoded: Option<bool>,
}

/// Reads an answer.
///
/// # Errors
/// Why it is malformed.
pub fn read(answer: &[u8]) -> Result<ProxyAnswer, String> {
    // An array would be read as the members in their order.
    if !answer.trim_ascii_start().starts_with(b"{") {
        return Err("it is not a JSON object".into());
    }
    let members: Members = serde_json::from_slice(answer).map_err(|error| error.to_string())?;
    let status = match &members.status_code {
        None => STATUS_DEFAULT,
        Some(status) => {
            read_status(status).ok_or_else(|| format!("statusCode {status} is not an HTTP status"))?
        }
    };
    let body = members.body.unwrap_or_default();
    let body = if members.is_base64_encoded == Some(true) {
        STANDARD.decode(body).map_err(|error| format!("body is not base64: {error}"))?.into()
    } else {
        body.into()
    };
    let many = members.multi_value_headers.into_iter().flatten();
    let many = many.filter_map(|(name, values)| Some((name, values.into_iter().next_back()?)));
    let one = members.headers.into_iter().flatten();
    let mut found = many.chain(one).filter(|(name, _)| name.eq_ignore_ascii_case(SUBPROTOCOL));
    let subprotocol = found.next().map(|(_, value)| text(value));
    Ok(ProxyAnswer { status, body, subprotocol })
}

/// A number, or one as text.
fn read_status(status: &Value) -> Option<u16> {
    let status = match status {
        Value::Number(number) => number.as_u64()?.try_into().ok()?,
        Value::String(digits) => digits.parse().ok()?,
        _ => return None,
    };
    (100..=599).contains(&status).then_some(status)
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str, subprotocol: Option<&str>) -> Result<ProxyAnswer, String> {
        Ok(ProxyAnswer {
            status,
            body: Bytes::copy_from_slice(body.as_bytes()),
            subprotocol: subprotocol.map(Into::into),
        })
    }

    /// As recorded of REST APIs.
    #[test]
    fn an_answer_has_a_status_and_a_body() {
        for (text, expected) in [
            (r#"{"statusCode": 200}"#, answer(200, "", None)),
            (r#"{"statusCode": 403, "body": "no"}"#, answer(403, "no", None)),
            (r#"{"statusCode": "201"}"#, answer(201, "", None)),
            ("{}", answer(200, "", None)),
            (r#" {"body": null, "headers": null, "isBase64Encoded": null}"#, answer(200, "", None)),
            (r#"{"headers": {"test": "value", "flag": true}}"#, answer(200, "", None)),
            (r#"{"statusCode": 200, "body": "{\"a\":\"é\"}"}"#, answer(200, "{\"a\":\"é\"}", None)),
            (r#"{"body": "dGVzdA==", "isBase64Encoded": true}"#, answer(200, "test", None)),
            (r#"{"body": "dGVzdA==", "isBase64Encoded": false}"#, answer(200, "dGVzdA==", None)),
            (r#"{"headers": {"sec-websocket-protocol": "chat"}}"#, answer(200, "", Some("chat"))),
            (r#"{"headers": {"Sec-WebSocket-Protocol": "chat"}}"#, answer(200, "", Some("chat"))),
            (
                r#"{"headers": {"Sec-WebSocket-Protocol": "a"}, "multiValueHeaders": {"SEC-WEBSOCKET-PROTOCOL": ["b", "c"]}}"#,
                answer(200, "", Some("c")),
            ),
        ] {
            assert_eq!(read(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn a_malformed_answer_says_why() {
        for (text, why) in [
            ("", "not a JSON object"),
            ("null", "not a JSON object"),
            ("\"just a string\"", "not a JSON object"),
            ("[200]", "not a JSON object"),
            ("{", "EOF"),
            (r#"{"statusCode": 200, "wrongValue": "value"}"#, "wrongValue"),
            (r#"{"statusCode": "test"}"#, "test"),
            (r#"{"statusCode": 99}"#, "99"),
            (r#"{"statusCode": 600}"#, "600"),
            (r#"{"statusCode": 200.5}"#, "200.5"),
            (r#"{"statusCode": true}"#, "true"),
            (r#"{"body": {"a": 1}}"#, "invalid type: map"),
            (r#"{"headers": "x"}"#, "invalid type: string"),
            (r#"{"multiValueHeaders": {"x": "value1"}}"#, "invalid type: string"),
            (r#"{"isBase64Encoded": "yes"}"#, "invalid type: string"),
            (r#"{"isBase64Encoded": true, "body": "%"}"#, "base64"),
        ] {
            let error = read(text.as_bytes()).unwrap_err();
            assert!(error.contains(why), "{text}: {error} does not say {why}");
        }
    }
}
