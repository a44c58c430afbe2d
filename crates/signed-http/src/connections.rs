//! The URLs of `@connections`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// SigV4's name of the service.
pub const SERVICE: &str = "execute-api";

/// What a path segment keeps as it is; ids end with `=`, which must be encoded.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The address of the client with this id; `endpoint` ends before `/@connections`.
#[must_use]
pub fn uri(endpoint: &str, id: &str) -> String {
    format!("{endpoint}/@connections/{}", utf8_percent_encode(id, SEGMENT))
}
