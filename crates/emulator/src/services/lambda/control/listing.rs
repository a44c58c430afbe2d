//! Pages of lists.

use super::invalid;
use crate::protocol::ApiError;
use crate::protocol::page::page;
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

/// The page that a request asks for by `Marker`, and the marker of the next one.
pub(super) fn marked<'a, T>(
    call: &RestCall,
    items: impl Iterator<Item = (&'a String, T)>,
    limit: usize,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    page(items, call.query_value("Marker"), limit).map_err(|_| invalid("Marker is invalid."))
}
