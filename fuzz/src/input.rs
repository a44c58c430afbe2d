//! A client's behaviour, from a fuzzer's bytes.
//!
//! The first byte decides how it behaves. Then come its own bytes unchanged, or pieces that become valid frames, so
//! that the fuzzer need not find out how frames are masked.

/// Between two pieces.
const SEPARATOR: &[u8] = b"\n--\n";
/// Bytes of one piece's payload for most clients, at most: more takes longer and finds no more.
const PAYLOAD_BYTES_MAX: usize = 1_024;
/// The same for the few that try the gateway's limits: more than a message may have.
const LARGE_PAYLOAD_BYTES_MAX: usize = 136 * 1_024;
/// The bits in the first byte of such a client.
const LARGE: u8 = 0xe0;
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

#[derive(Debug)]
pub struct Input {
    /// What it sends.
    pub bytes: Vec<u8>,
    /// How many bytes come at once, at first.
    pub chunk: usize,
    /// Whether it ends its side of the connection, or stays silent.
    pub is_ended: bool,
    /// Whether it reads.
    pub is_reading: bool,
}

impl Input {
    /// Parses a fuzzer's bytes.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let (&behaviour, rest) = bytes.split_first()?;
        let is_made = behaviour & 1 != 0;
        let is_large = behaviour & LARGE == LARGE;
        let payload_max = if is_large { LARGE_PAYLOAD_BYTES_MAX } else { PAYLOAD_BYTES_MAX };
        Some(Self {
            bytes: if is_made { frames(rest, payload_max) } else { rest.to_vec() },
            chunk: [usize::MAX, 1, 7, 600][usize::from(behaviour >> 1 & 3)],
            is_ended: behaviour & 8 == 0,
            is_reading: behaviour & 16 == 0,
        })
    }
}

/// A frame for each piece: its first byte is the frame's, its second decides how often the payload is repeated (the
/// lower half, as a power of two) and whether the mask is left out.
fn frames(mut rest: &[u8], payload_max: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some((&[first, shape], piece)) = rest.split_first_chunk() {
        let end = piece.windows(SEPARATOR.len()).position(|window| window == SEPARATOR);
        let payload = &piece[..end.unwrap_or(piece.len())];
        rest = end.map_or(&[], |end| &piece[end + SEPARATOR.len()..]);
        let times = (payload_max / payload.len().max(1)).min(1 << (shape & 0xf));
        frame(&mut bytes, first, shape & 0x80 == 0, &payload.repeat(times));
        if bytes.len() > payload_max + payload_max / 2 {
            break;
        }
    }
    bytes
}

fn frame(bytes: &mut Vec<u8>, first: u8, is_masked: bool, payload: &[u8]) {
    let mask_bit = u8::from(is_masked) << 7;
    bytes.push(first);
    match payload.len() {
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
    if is_masked {
        bytes.extend(MASK);
        bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    } else {
        bytes.extend(payload);
    }
}
