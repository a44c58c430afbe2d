//! An error of DynamoDB, as it is sent.

use crate::core::identity::Denied;
use http::StatusCode;
use serde_json::json;

/// The namespace of DynamoDB's own errors.
const MODEL: &str = "com.amazonaws.dynamodb.v20120810#";
/// The namespace of errors that all services have.
const COMMON: &str = "com.amazon.coral.service#";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub status: StatusCode,
    /// The JSON document: `__type` and a message at least.
    pub body: String,
}

impl Failure {
    pub fn of_model(status: StatusCode, code: &str, message: &str) -> Self {
        Self { status, body: json!({"__type": format!("{MODEL}{code}"), "message": message}).to_string() }
    }

    fn common(code: &str, message: &str) -> Self {
        let body = json!({"__type": format!("{COMMON}{code}"), "Message": message}).to_string();
        Self { status: StatusCode::BAD_REQUEST, body }
    }

    pub fn validation(message: &str) -> Self {
        let body = json!({"__type": "com.amazon.coral.validate#ValidationException", "message": message});
        Self { status: StatusCode::BAD_REQUEST, body: body.to_string() }
    }

    pub fn serialization(message: &str) -> Self {
        Self::common("SerializationException", message)
    }

    pub fn unknown_operation() -> Self {
        Self::common("UnknownOperationException", "the request names no operation of dynamodb")
    }

    pub fn unknown_credentials() -> Self {
        Self::common("UnrecognizedClientException", "The security token included in the request is invalid.")
    }

    pub fn denied(denied: &Denied) -> Self {
        let Denied { role, action, resource } = denied;
        let message = format!(
            "User: {role} is not authorized to perform: {action} on resource: {resource} because no identity-based policy allows the {action} action"
        );
        Self::common("AccessDeniedException", &message)
    }

    pub fn no_table(name: &str) -> Self {
        let message = format!("Requested resource not found: Table: {name} not found");
        Self::of_model(StatusCode::BAD_REQUEST, "ResourceNotFoundException", &message)
    }

    /// Something that AWS has and the emulator does not.
    pub fn unsupported(what: &str) -> Self {
        Self::common("UnsupportedOperation", &format!("dynamodb {what} is not supported by the emulator"))
    }

    pub fn internal(what: &dyn std::fmt::Display) -> Self {
        tracing::error!(error = %what, "DynamoDB failed");
        Self::of_model(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", &what.to_string())
    }
}
