//! WebSocket frames as bytes, valid and invalid: what a client without a library sends and gets (RFC 6455, 5.2).

/// Opcode of a continuation frame.
pub const CONTINUATION: u8 = 0x0;
/// Opcode of a text message's first frame.
pub const TEXT: u8 = 0x1;
/// Opcode of a binary message's first frame.
pub const BINARY: u8 = 0x2;
pub const CLOSE: u8 = 0x8;
pub const PING: u8 = 0x9;
pub const PONG: u8 = 0xA;

/// One frame, which may be invalid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Whether it ends its message.
    pub fin: bool,
    /// The three reserved bits, as a number.
    pub reserved: u8,
    /// Four bits.
    pub opcode: u8,
    /// Whether its payload is masked, as a client's must be.
    pub masked: bool,
    /// The payload, unmasked.
    pub payload: Vec<u8>,
}

/// The mask of every frame in a test: fixed, so that a failure can be repeated.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

impl Frame {
    /// A client's frame that is a whole message or control frame.
    pub fn new(opcode: u8, payload: impl Into<Vec<u8>>) -> Self {
        Self { fin: true, reserved: 0, opcode, masked: true, payload: payload.into() }
    }

    /// The same frame with more of its message to follow.
    #[must_use]
    pub fn unfinished(self) -> Self {
        Self { fin: false, ..self }
    }

    /// The frame's bytes, with the shortest form of its length.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![u8::from(self.fin) << 7 | self.reserved << 4 | self.opcode];
        let mask_bit = u8::from(self.masked) << 7;
        match self.payload.len() {
            length @ ..126 => bytes.push(mask_bit | length as u8),
            length @ ..0x1_0000 => {
                bytes.push(mask_bit | 126);
                bytes.extend((length as u16).to_be_bytes());
            }
            length => {
                bytes.push(mask_bit | 127);
                bytes.extend((length as u64).to_be_bytes());
            }
        }
        if self.masked {
            bytes.extend(MASK);
            bytes.extend(self.payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        } else {
            bytes.extend(&self.payload);
        }
        bytes
    }

    /// The frame at the beginning of bytes, and its length; `None` if it is incomplete.
    pub fn decode(bytes: &[u8]) -> Option<(Self, usize)> {
        let (&[first, second], mut rest) = bytes.split_first_chunk()?;
        let mut take = |count: usize| {
            let (taken, left) = rest.split_at_checked(count)?;
            rest = left;
            Some(taken)
        };
        let number = |bytes: &[u8]| bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte));
        let length = match second & 0x7f {
            126 => number(take(2)?),
            127 => number(take(8)?),
            length => usize::from(length),
        };
        let masked = second & 0x80 != 0;
        let mask = if masked { take(4)?.to_vec() } else { vec![0] };
        let payload = take(length)?.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
        let frame =
            Self { fin: first & 0x80 != 0, reserved: first >> 4 & 0x7, opcode: first & 0xf, masked, payload };
        Some((frame, bytes.len() - rest.len()))
    }
}
