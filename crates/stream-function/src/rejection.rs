//! The frame that tells a client that its message was rejected: the shape of API Gateway's own error frames, so that a
//! client has one place for all of them.

use serde::Serialize;

use crate::dead_letter::cut;
use crate::event::Event;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Frame<'a> {
    message: &'a str,
    connection_id: &'a str,
    request_id: Option<&'a str>,
}

/// The frame for an event's sender. A reason of more than
/// [`ERROR_TEXT_BYTES_MAX`](crate::limits::ERROR_TEXT_BYTES_MAX) is cut.
pub(crate) fn frame(reason: &str, event: &Event) -> String {
    let frame =
        Frame { message: cut(reason), connection_id: event.connection_id(), request_id: event.request_id() };
    // Text and nothing else, so that this cannot fail.
    serde_json::to_string(&frame).unwrap_or_default()
}
