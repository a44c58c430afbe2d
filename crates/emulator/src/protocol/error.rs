//! An error with AWS's code and words.
//!
//! An error for something that this emulator does not support names the operation or argument. All others carry AWS's
//! own code, and AWS's message where that is known.

use crate::core::identity::Denied;
use http::StatusCode;

/// An error that every protocol can carry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    pub status: StatusCode,
    /// The error's shape name, such as `NotFoundException`.
    pub code: &'static str,
    /// The code in the older Query protocol, where that differs.
    pub query_code: Option<&'static str>,
    pub message: String,
}

impl ApiError {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, query_code: None, message: message.into() }
    }

    /// A 400, as most errors are.
    pub fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// A 404.
    pub fn not_found(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    /// A 409.
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    /// For an operation that this emulator does not have. A 400, because clients retry what looks like an outage.
    pub fn unsupported_operation(service: &str, operation: &str) -> Self {
        let message = format!("{service} {operation} is not supported by the emulator");
        Self::bad_request("UnsupportedOperation", message)
    }

    /// For credentials in this emulator's form that it does not know.
    pub fn unknown_credentials() -> Self {
        let message = "The security token included in the request is invalid.";
        Self::new(StatusCode::FORBIDDEN, "UnrecognizedClientException", message)
    }

    /// For what a role's policies do not allow.
    pub fn access_denied(denied: &Denied) -> Self {
        let Denied { role, action, resource } = denied;
        let message = format!(
            "User: {role} is not authorized to perform: {action} on resource: {resource} because no identity-based policy allows the {action} action"
        );
        Self::new(StatusCode::FORBIDDEN, "AccessDeniedException", message).with_query_code("AccessDenied")
    }

    /// A failure of the emulator itself.
    pub fn internal(what: impl std::fmt::Display) -> Self {
        tracing::error!(error = %what, "control plane failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure", what.to_string())
    }

    /// The same error with the code of the Query protocol.
    pub fn with_query_code(mut self, code: &'static str) -> Self {
        self.query_code = Some(code);
        self
    }

    /// The code of the Query protocol.
    pub fn code_in_query(&self) -> &'static str {
        self.query_code.unwrap_or(self.code)
    }

    /// Whose mistake it is, in the Query protocol's words.
    pub fn fault(&self) -> &'static str {
        if self.status.is_server_error() { "Receiver" } else { "Sender" }
    }
}
