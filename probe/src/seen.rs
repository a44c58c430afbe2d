//! What an emulator sent: bytes, or nothing.

use crate::frame::{BINARY, CLOSE, Frame};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// A text message to the client.
    Text(String),
    /// A binary message to the client, or a text that is not UTF-8, in base64.
    Base64(String),
    /// A frame of a message, if frames are wanted.
    Frame {
        /// Four bits.
        opcode: u8,
        /// Whether it ends its message.
        fin: bool,
        /// Bytes of its payload.
        bytes: usize,
    },
    Close {
        /// Its code, where it has one.
        code: Option<u16>,
        reason: String,
    },
    /// The socket's end without a close frame.
    Ended,
    /// Nothing, within the time limit.
    Nothing,
    Status(u16),
    Body(String),
    /// One of its headers, or that there is none with the name.
    Header(String),
    /// The data of a record in the stream.
    Record(String),
    /// The control plane's error.
    Refused(String),
    /// A conclusion from several observations.
    Concluded(String),
}

impl Seen {
    pub fn record(data: &[u8]) -> Self {
        std::str::from_utf8(data)
            .map_or_else(|_| Self::Base64(STANDARD.encode(data)), |text| Self::Record(text.to_owned()))
    }

    /// A frame that is a whole message, or a close.
    pub fn frame(frame: &Frame) -> Self {
        match frame.opcode {
            CLOSE => {
                let (code, reason) = match frame.payload.split_first_chunk() {
                    Some((code, reason)) => (Some(u16::from_be_bytes(*code)), reason),
                    None => (None, &[][..]),
                };
                Self::Close { code, reason: String::from_utf8_lossy(reason).into_owned() }
            }
            BINARY => Self::Base64(STANDARD.encode(&frame.payload)),
            _ => Self::text(&frame.payload),
        }
    }

    /// A text message's bytes.
    pub fn text(bytes: &[u8]) -> Self {
        std::str::from_utf8(bytes)
            .map_or_else(|_| Self::Base64(STANDARD.encode(bytes)), |text| Self::Text(text.to_owned()))
    }

    /// The same with changed text.
    #[must_use]
    pub fn map(self, change: impl Fn(&str) -> String) -> Self {
        match self {
            Self::Text(text) => Self::Text(change(&text)),
            Self::Close { code, reason } => Self::Close { code, reason: change(&reason) },
            Self::Body(text) => Self::Body(change(&text)),
            Self::Header(text) => Self::Header(change(&text)),
            Self::Record(text) => Self::Record(change(&text)),
            Self::Refused(text) => Self::Refused(change(&text)),
            Self::Concluded(text) => Self::Concluded(change(&text)),
            other => other,
        }
    }
}
