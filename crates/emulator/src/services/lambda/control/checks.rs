//! What several operations on functions check alike.

use super::invalid;
use crate::protocol::ApiError;
use crate::protocol::tags::Tags;

/// Only the machine's own architecture runs; x86_64 is AWS's default.
pub(super) fn architecture(requested: Option<Vec<String>>) -> Result<String, ApiError> {
    let requested = requested.and_then(|list| list.into_iter().next()).unwrap_or_else(|| "x86_64".into());
    let own = if std::env::consts::ARCH == "aarch64" { "arm64" } else { std::env::consts::ARCH };
    if requested == own {
        return Ok(requested);
    }
    Err(invalid(format!(
        "Architectures: this machine runs {own} code, not {requested}; set architecture = \"{own}\" and build the functions for it"
    )))
}

/// Tags of a function or a mapping, at most.
const TAGS_MAX: usize = 50;
/// The prefix of keys that AWS reserves.
const RESERVED_TAG_PREFIX: &str = "aws:";

/// Checks all tags that a resource would have. Fails with `InvalidParameterValueException`.
pub(super) fn check_tags(tags: &Tags) -> Result<(), ApiError> {
    if tags.len() > TAGS_MAX {
        return Err(invalid("Number of tags exceeds resource tag limit."));
    }
    match tags.keys().find(|key| key.to_ascii_lowercase().starts_with(RESERVED_TAG_PREFIX)) {
        Some(key) => Err(invalid(format!(
            "Tag keys cannot begin with {RESERVED_TAG_PREFIX}, which AWS reserves: {key}"
        ))),
        None => Ok(()),
    }
}

/// `RevisionId` of a function, a version or an alias. Fails with `PreconditionFailedException`.
pub(super) fn check_revision(given: Option<&str>, current: &str) -> Result<(), ApiError> {
    if given.is_none_or(|given| given == current) {
        return Ok(());
    }
    Err(stale("GetFunction/GetAlias"))
}

/// The refusal of an outdated RevisionId.
pub(super) fn stale(operation: &str) -> ApiError {
    let message = format!(
        "The Revision Id provided does not match the latest Revision Id. Call the {operation} API to retrieve the latest Revision Id"
    );
    ApiError::new(http::StatusCode::PRECONDITION_FAILED, "PreconditionFailedException", message)
}
