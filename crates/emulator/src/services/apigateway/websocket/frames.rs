//! The error frames for clients, byte for byte as recorded (docs/aws-behaviour.md#apigateway-error-frames).

use bytes::Bytes;

/// A refusal that leaves the connection open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorFrame {
    /// No route matches, and there is no `$default`.
    Forbidden,
    /// The integration could not be called.
    InternalServerError,
    /// Over the rate of the stage or the route.
    TooManyRequests,
    /// The integration did not answer in time.
    EndpointRequestTimedOut,
    /// The request model refuses the message.
    BadRequestBody,
}

impl ErrorFrame {
    /// The message for the client.
    pub fn message(self) -> &'static str {
        match self {
            Self::Forbidden => "Forbidden",
            Self::InternalServerError => "Internal server error",
            Self::TooManyRequests => "Too Many Requests",
            Self::EndpointRequestTimedOut => "Endpoint request timed out",
            Self::BadRequestBody => "Bad request body",
        }
    }

    /// The corresponding HTTP status.
    pub fn status(self) -> u16 {
        match self {
            Self::Forbidden => 403,
            Self::InternalServerError => 500,
            Self::TooManyRequests => 429,
            Self::EndpointRequestTimedOut => 504,
            Self::BadRequestBody => 400,
        }
    }

    /// `$context.error.responseType`, by the names of REST APIs.
    pub fn response_type(self) -> &'static str {
        match self {
            Self::Forbidden => "ACCESS_DENIED",
            Self::InternalServerError => "INTEGRATION_FAILURE",
            Self::TooManyRequests => "THROTTLED",
            Self::EndpointRequestTimedOut => "INTEGRATION_TIMEOUT",
            Self::BadRequestBody => "BAD_REQUEST_BODY",
        }
    }

    /// Whether the client is at fault and no integration was called.
    pub fn is_of_client(self) -> bool {
        self.status() < 500
    }

    /// The frame's text. `id` is the request's id, or the message's for [`ErrorFrame::BadRequestBody`].
    pub fn render(self, connection_id: &str, id: &str) -> Bytes {
        let message = self.message();
        if self == Self::BadRequestBody {
            return format!(
                r#"{{"message" : "{message}", "connectionId": "{connection_id}", "messageId": "{id}"}}"#
            )
            .into();
        }
        format!(r#"{{"message": "{message}", "connectionId":"{connection_id}", "requestId":"{id}"}}"#).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_spaced_as_recorded() {
        let (connection, id) = ("XDmENcnwIE0CFEQ=", "XDmGEE2RoE0FRdQ=");
        assert_eq!(
            ErrorFrame::Forbidden.render(connection, id),
            r#"{"message": "Forbidden", "connectionId":"XDmENcnwIE0CFEQ=", "requestId":"XDmGEE2RoE0FRdQ="}"#,
        );
        assert_eq!(
            ErrorFrame::BadRequestBody.render(connection, id),
            r#"{"message" : "Bad request body", "connectionId": "XDmENcnwIE0CFEQ=", "messageId": "XDmGEE2RoE0FRdQ="}"#,
        );
    }
}
