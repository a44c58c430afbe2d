//! The meaning of a client's bytes after its handshake, by RFC 6455 alone, to compare the gateway's answers with.

use emulator::services::apigateway::websocket::limits::{FRAME_BYTES_MAX, MESSAGE_BYTES_MAX};

#[derive(Debug, Default)]
pub struct Said {
    /// Its whole text messages, until its end.
    pub texts: Vec<String>,
    /// The payloads of its pings, until its end.
    pub pings: Vec<Vec<u8>>,
    /// How it ended.
    pub end: End,
}

/// How a client's bytes end.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum End {
    /// In a frame or message, or after one.
    #[default]
    Open,
    /// With a close frame and its code, if it has one.
    Closed(Option<u16>),
    /// With a mistake that one of these codes reports.
    Broken(&'static [u16]),
}

const PROTOCOL: End = End::Broken(&[1002]);
const BINARY: End = End::Broken(&[1003]);
const TEXT: End = End::Broken(&[1007]);
/// If two things are wrong at once, either may be reported.
const SIZE: End = End::Broken(&[1009, 1002]);

struct Frame<'a> {
    fin: bool,
    reserved: u8,
    opcode: u8,
    is_masked: bool,
    length: usize,
    /// Still masked, and shorter than its length if the rest has not come.
    payload: &'a [u8],
    mask: [u8; 4],
}

impl<'a> Frame<'a> {
    /// The frame at the beginning of bytes, and the rest; `None` if its head is not whole.
    fn first(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (&[first, second], rest) = bytes.split_first_chunk()?;
        let (length, rest) = match second & 0x7f {
            126 => {
                rest.split_first_chunk().map(|(length, rest)| (u16::from_be_bytes(*length).into(), rest))?
            }
            127 => rest.split_first_chunk().map(|(length, rest)| (u64::from_be_bytes(*length), rest))?,
            length => (length.into(), rest),
        };
        let is_masked = second & 0x80 != 0;
        let (mask, rest) = if is_masked {
            rest.split_first_chunk().map(|(mask, rest)| (*mask, rest))?
        } else {
            ([0; 4], rest)
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let (payload, rest) = rest.split_at(length.min(rest.len()));
        let (fin, reserved, opcode) = (first & 0x80 != 0, first & 0x70, first & 0xf);
        Some((Self { fin, reserved, opcode, is_masked, length, payload, mask }, rest))
    }

    fn unmasked(&self) -> Vec<u8> {
        self.payload.iter().zip(self.mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect()
    }
}

pub fn said(mut bytes: &[u8]) -> Said {
    let mut said = Said::default();
    // The message in progress, and whether it is text.
    let mut message: Option<(Vec<u8>, bool)> = None;
    while let Some((frame, rest)) = Frame::first(bytes) {
        bytes = rest;
        if let Some(end) = hear(&frame, &mut message, &mut said) {
            said.end = end;
            break;
        }
    }
    said
}

fn hear(frame: &Frame<'_>, message: &mut Option<(Vec<u8>, bool)>, said: &mut Said) -> Option<End> {
    let is_control = frame.opcode >= 8;
    // May be reported from the head alone, or when the whole has come.
    if frame.payload.len() < frame.length {
        return Some(End::Open);
    }
    if frame.length > FRAME_BYTES_MAX {
        return Some(SIZE);
    }
    let is_known = matches!(frame.opcode, 0..=2 | 8..=10);
    if frame.reserved != 0
        || !is_known
        || !frame.is_masked
        || is_control && (!frame.fin || frame.length > 125)
    {
        return Some(PROTOCOL);
    }
    let payload = frame.unmasked();
    match frame.opcode {
        8 => return Some(close(&payload)),
        9 => said.pings.push(payload),
        10 => {}
        opcode => {
            let is_first = opcode != 0;
            if is_first == message.is_some() {
                return Some(PROTOCOL);
            }
            let (whole, is_text) = message.get_or_insert_with(|| (Vec::new(), opcode == 1));
            whole.extend(payload);
            if whole.len() > MESSAGE_BYTES_MAX {
                // The text may be wrong too.
                return Some(if *is_text { End::Broken(&[1009, 1007]) } else { SIZE });
            }
            if *is_text
                && std::str::from_utf8(whole).is_err_and(|error| frame.fin || error.error_len().is_some())
            {
                return Some(TEXT);
            }
            if frame.fin {
                let (whole, is_text) = message.take()?;
                if !is_text {
                    return Some(BINARY);
                }
                said.texts.push(String::from_utf8(whole).ok()?);
            }
        }
    }
    None
}

fn close(payload: &[u8]) -> End {
    match payload {
        [] => End::Closed(None),
        [_] => PROTOCOL,
        [high, low, reason @ ..] if std::str::from_utf8(reason).is_ok() => {
            End::Closed(Some(u16::from_be_bytes([*high, *low])))
        }
        _ => End::Broken(&[1007, 1002]),
    }
}
