//! Splits a long message into frames that API Gateway accepts.

use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{Frame, Utf8Bytes};
use tokio_tungstenite::tungstenite::{Bytes, Message};

/// Bytes of the largest frame that API Gateway accepts; longer messages are sent in several.
const FRAME_BYTES_MAX: usize = 32 * 1024;

/// The frames of `text` as one message.
pub fn frames(text: String) -> impl Iterator<Item = Message> {
    let is_whole = text.len() <= FRAME_BYTES_MAX;
    let mut rest = Bytes::from(text);
    let mut opcode = Data::Text;
    let mut is_over = false;
    std::iter::from_fn(move || {
        if is_over {
            return None;
        }
        if is_whole {
            is_over = true;
            let text = Utf8Bytes::try_from(std::mem::take(&mut rest)).ok()?;
            return Some(Message::Text(text));
        }
        let frame = rest.split_to(rest.len().min(FRAME_BYTES_MAX));
        is_over = rest.is_empty();
        let message = Message::Frame(Frame::message(frame, OpCode::Data(opcode), is_over));
        opcode = Data::Continue;
        Some(message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload_bytes(message: Message) -> usize {
        match message {
            Message::Frame(frame) => frame.payload().len(),
            message => message.len(),
        }
    }

    #[test]
    fn long_messages_go_out_in_frames_of_32_kb() {
        let lengths = |bytes: usize| frames("x".repeat(bytes)).map(payload_bytes).collect::<Vec<_>>();
        assert_eq!(lengths(FRAME_BYTES_MAX), [FRAME_BYTES_MAX]);
        assert_eq!(lengths(FRAME_BYTES_MAX + 1), [FRAME_BYTES_MAX, 1]);
        assert_eq!(lengths(4 * FRAME_BYTES_MAX), [FRAME_BYTES_MAX; 4]);
    }
}
