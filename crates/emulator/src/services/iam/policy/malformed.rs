//! Why a document is refused.

/// A document that IAM refuses, or that this emulator cannot evaluate: why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(String);

impl Malformed {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }

    pub(super) fn principal(kind: &str, name: &str) -> Self {
        Self(format!("Invalid principal in policy: \"{kind}\":\"{name}\""))
    }
}
