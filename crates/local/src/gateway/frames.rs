//! The error frames that a client gets, to the letter of those recorded (facts A3).

use bytes::Bytes;

/// A refusal that the connection survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorFrame {
    /// No route matches and there is no `$default`.
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
    /// The frame's text. `id` is the request's id, or the message's for [`ErrorFrame::BadRequestBody`].
    pub fn render(self, connection_id: &str, id: &str) -> Bytes {
        let message = match self {
            Self::Forbidden => "Forbidden",
            Self::InternalServerError => "Internal server error",
            Self::TooManyRequests => "Too Many Requests",
            Self::EndpointRequestTimedOut => "Endpoint request timed out",
            Self::BadRequestBody => {
                return format!(
                    r#"{{"message" : "Bad request body", "connectionId": "{connection_id}", "messageId": "{id}"}}"#
                )
                .into();
            }
        };
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
