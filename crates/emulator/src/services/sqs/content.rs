//! The characters that a message may have: those of XML 1.0.

use crate::protocol::ApiError;

/// Refuses a text that SQS does not accept. Fails with `InvalidMessageContents`, which names the first such character.
pub fn check(text: &str) -> Result<(), ApiError> {
    let Some(illegal) = text.chars().find(|c| !is_legal(*c)) else { return Ok(()) };
    let message = format!(
        "Invalid characters found: #x{:X}. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
        u32::from(illegal)
    );
    Err(ApiError::bad_request("InvalidMessageContents", message))
}

fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}
