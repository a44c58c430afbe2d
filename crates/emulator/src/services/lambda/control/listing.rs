//! Page sizes of lists.

use super::invalid;
use crate::protocol::ApiError;
use crate::protocol::rest::RestCall;

/// Items in one answer, at most.
const LISTED_MAX: usize = 50;
/// `MaxItems`, at most.
pub(super) const MAX_ITEMS_MAX: usize = 10_000;

/// `MaxItems` of a list of functions, versions or aliases.
pub(super) fn limit(call: &RestCall) -> Result<usize, ApiError> {
    limit_below(call, LISTED_MAX)
}

/// `MaxItems`, limited to `listed_max`.
pub(super) fn limit_below(call: &RestCall, listed_max: usize) -> Result<usize, ApiError> {
    match call.query_value("MaxItems").map(str::parse) {
        None => Ok(listed_max),
        Some(Ok(asked @ 1..=MAX_ITEMS_MAX)) => Ok(listed_max.min(asked)),
        Some(_) => Err(invalid(format!("MaxItems must be a number from 1 to {MAX_ITEMS_MAX}"))),
    }
}
