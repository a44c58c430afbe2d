//! Errors of AWS calls, for people to read.

use anyhow::anyhow;
use aws_sdk_kinesis::error::{ProvideErrorMetadata, SdkError};
use std::error::Error;

/// An error response.
#[derive(Debug, thiserror::Error)]
#[error("{operation} is refused: {code}: {message}")]
pub struct Refused {
    operation: &'static str,
    /// Such as `ProvisionedThroughputExceededException`; the HTTP status if the response names none.
    pub code: String,
    pub status: u16,
    message: String,
}

impl Refused {
    /// The refusal that an error is, if it is one.
    pub fn of(error: &anyhow::Error) -> Option<&Self> {
        error.downcast_ref()
    }

    /// Whether the caller lacks a permission. Kinesis has its own code, and another one for the KMS key of the stream.
    pub fn is_denied(&self) -> bool {
        self.status == 403 || self.code.ends_with("AccessDeniedException")
    }
}

/// Names the operation in its error; the SDK's own text is "service error".
pub fn refused<E>(operation: &'static str) -> impl FnOnce(SdkError<E>) -> anyhow::Error
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    move |error| match &error {
        SdkError::ServiceError(response) => {
            let status = response.raw().status().as_u16();
            let said = response.err();
            let code = said.code().map_or_else(|| status.to_string(), Into::into);
            let message = said.message().unwrap_or("no message").trim_end().to_owned();
            anyhow!(Refused { operation, code, status, message })
        }
        _ => anyhow!("{operation} got no response: {}", chain(&error)),
    }
}

/// An error with its causes, each once: some repeat the text of the next.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.ends_with(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_permission_is_told_from_other_refusals() {
        let refused = |status, code: &str| Refused {
            operation: "GetRecords",
            code: code.into(),
            status,
            message: "no".into(),
        };
        assert!(refused(400, "AccessDeniedException").is_denied());
        assert!(refused(400, "KMSAccessDeniedException").is_denied());
        assert!(refused(403, "ForbiddenException").is_denied());
        assert!(!refused(400, "ResourceNotFoundException").is_denied());
    }

    #[test]
    fn causes_are_named_once() {
        let inner = std::io::Error::other("refused");
        let outer = std::io::Error::other(inner);
        assert_eq!(chain(&outer), "refused");
    }
}
