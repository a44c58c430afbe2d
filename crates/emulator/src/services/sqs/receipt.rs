//! Receipt handles: opaque to clients, the message and which of its receipts it is to us.

use crate::protocol::ApiError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The handle of a message's receipt, by how often it was received.
pub fn write(id: &str, received: u32) -> String {
    STANDARD.encode(format!("{id}#{received}"))
}

/// What a handle stands for.
///
/// # Errors
/// `ReceiptHandleIsInvalid`: it is none.
pub fn read(handle: &str) -> Result<(String, u32), ApiError> {
    let text = STANDARD.decode(handle).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let parsed = text.as_deref().and_then(|text| {
        let (id, received) = text.rsplit_once('#')?;
        Some((id.to_owned(), received.parse().ok()?))
    });
    parsed.ok_or_else(|| {
        let message = format!("The input receipt handle \"{handle}\" is not a valid receipt handle.");
        ApiError::new(http::StatusCode::NOT_FOUND, "ReceiptHandleIsInvalid", message)
    })
}
