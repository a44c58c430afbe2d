//! AWS's event stream encoding: messages with headers, a payload and two checksums. Pure.

/// Bytes before the headers: two lengths and their checksum.
const PRELUDE_BYTES: usize = 12;
/// Bytes after the payload: the whole message's checksum.
const CHECKSUM_BYTES: usize = 4;
/// The type of a header's value: a string.
const STRING: u8 = 7;

/// A message of string headers and a payload.
pub(super) fn message(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let headers_bytes: usize = headers.iter().map(|(name, value)| 1 + name.len() + 1 + 2 + value.len()).sum();
    let bytes = PRELUDE_BYTES + headers_bytes + payload.len() + CHECKSUM_BYTES;
    let mut message = Vec::with_capacity(bytes);
    // An event has 10,000 records of 10 MiB at most, and far less by its own limit: all lengths fit.
    message.extend_from_slice(&(bytes as u32).to_be_bytes());
    message.extend_from_slice(&(headers_bytes as u32).to_be_bytes());
    message.extend_from_slice(&crc32fast::hash(&message).to_be_bytes());
    for (name, value) in headers {
        message.push(name.len() as u8);
        message.extend_from_slice(name.as_bytes());
        message.push(STRING);
        message.extend_from_slice(&(value.len() as u16).to_be_bytes());
        message.extend_from_slice(value.as_bytes());
    }
    message.extend_from_slice(payload);
    message.extend_from_slice(&crc32fast::hash(&message).to_be_bytes());
    message
}

/// What a subscription begins with.
pub(super) fn initial_response(content_type: &str, payload: &[u8]) -> Vec<u8> {
    let headers =
        [(":message-type", "event"), (":event-type", "initial-response"), (":content-type", content_type)];
    message(&headers, payload)
}

pub(super) fn event(event_type: &str, content_type: &str, payload: &[u8]) -> Vec<u8> {
    message(
        &[(":message-type", "event"), (":event-type", event_type), (":content-type", content_type)],
        payload,
    )
}

/// An error among the events; it ends them.
pub(super) fn exception(exception_type: &str, content_type: &str, payload: &[u8]) -> Vec<u8> {
    let headers = [
        (":message-type", "exception"),
        (":exception-type", exception_type),
        (":content-type", content_type),
    ];
    message(&headers, payload)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::kinesis::store::types::reference_event_stream as reference;

    /// The library writes messages with AWS's own crate: ours have the same bytes.
    #[test]
    fn messages_are_those_that_awss_own_encoder_writes() {
        let payload = br#"{"Records":[]}"#;
        assert_eq!(
            event("SubscribeToShardEvent", "application/json", payload),
            reference::encode_subscribe_event(payload, "application/json")
        );
        assert_eq!(
            exception("ResourceInUseException", "application/json", br#"{"message":"m"}"#),
            reference::encode_exception("ResourceInUseException", "m")
        );
        assert_eq!(
            message(&[(":message-type", "event"), (":event-type", "initial-response")], b""),
            reference::encode_initial_response()
        );
    }
}
