//! A successful answer: a status and, unless it is empty, a JSON document.

use http::StatusCode;
use serde_json::Value;

#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The HTTP status; protocols other than REST always send 200.
    pub status: StatusCode,
    /// The document, without null members.
    pub body: Option<Value>,
}

impl Reply {
    /// 200 with a document.
    pub fn ok(body: Value) -> Self {
        Self::with(StatusCode::OK, body)
    }

    /// 201 with a document.
    pub fn created(body: Value) -> Self {
        Self::with(StatusCode::CREATED, body)
    }

    /// 202 with a document.
    pub fn accepted(body: Value) -> Self {
        Self::with(StatusCode::ACCEPTED, body)
    }

    /// 204.
    pub fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: None }
    }

    /// 200 with an empty document, for operations without a result.
    pub fn empty() -> Self {
        Self::ok(Value::Object(serde_json::Map::new()))
    }

    fn with(status: StatusCode, mut body: Value) -> Self {
        strip_nulls(&mut body);
        Self { status, body: Some(body) }
    }
}

/// Removes null members: AWS leaves absent members out.
pub fn strip_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(strip_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_nulls),
        _ => {}
    }
}
