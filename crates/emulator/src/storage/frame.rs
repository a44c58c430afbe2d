//! Frames: entries in a file with their length and checksum, so that a torn end is noticed. Pure.

use crc32fast::Hasher;

/// Bytes before a frame's payload: its length and checksum, both little-endian.
pub const HEAD_BYTES: usize = 8;

/// Leaves room for a frame's head; the payload follows it.
pub fn begin(buffer: &mut Vec<u8>) {
    buffer.clear();
    buffer.resize(HEAD_BYTES, 0);
}

/// Fills in the head of the frame in `buffer`. `false`: its payload is empty or too long for a frame.
pub fn finish(buffer: &mut [u8]) -> bool {
    let (head, payload) = buffer.split_at_mut(HEAD_BYTES);
    let Ok(length) = u32::try_from(payload.len()) else { return false };
    head[..4].copy_from_slice(&length.to_le_bytes());
    head[4..].copy_from_slice(&checksum(length, payload).to_le_bytes());
    length > 0
}

/// Covers the length too: a damaged length must not lead to another frame's checksum.
fn checksum(length: u32, payload: &[u8]) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(&length.to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}

/// The head at the beginning of some bytes: the frame's length and checksum.
pub fn head(bytes: &[u8]) -> Option<(usize, u32)> {
    let word = |at: usize| bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
    Some((usize::try_from(word(0)?).ok()?, word(4)?))
}

/// Whether a payload has this checksum.
pub fn matches(payload: &[u8], expected: u32) -> bool {
    u32::try_from(payload.len()).is_ok_and(|length| checksum(length, payload) == expected)
}

/// The payload of the whole frame at a position.
pub fn at(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let rest = bytes.get(at..)?;
    let (length, expected) = head(rest)?;
    // After a power cut, the unwritten end of a file reads as zeros: that is not a frame.
    let payload = rest[HEAD_BYTES..].get(..length).filter(|payload| !payload.is_empty())?;
    matches(payload, expected).then_some(payload)
}

/// The payloads of the whole frames at the beginning of some bytes.
pub struct Frames<'a> {
    bytes: &'a [u8],
    whole: usize,
}

impl<'a> Frames<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, whole: 0 }
    }

    /// The end of the whole frames read so far.
    pub fn whole(&self) -> usize {
        self.whole
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let payload = at(self.bytes, self.whole)?;
        self.whole += HEAD_BYTES + payload.len();
        Some(payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file(payloads: &[Vec<u8>]) -> Vec<u8> {
        let mut file = Vec::new();
        let mut buffer = Vec::new();
        for payload in payloads {
            begin(&mut buffer);
            buffer.extend_from_slice(payload);
            assert!(finish(&mut buffer));
            file.extend_from_slice(&buffer);
        }
        file
    }

    fn payloads() -> impl Strategy<Value = Vec<Vec<u8>>> {
        prop::collection::vec(prop::collection::vec(any::<u8>(), 1..200), 0..20)
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(payloads in payloads()) {
            let file = file(&payloads);
            let mut frames = Frames::new(&file);
            let read: Vec<_> = frames.by_ref().map(<[u8]>::to_vec).collect();
            prop_assert_eq!(read, payloads);
            prop_assert_eq!(frames.whole(), file.len());
        }

        #[test]
        fn a_torn_end_costs_the_torn_frame_and_no_other(payloads in payloads(), cut in any::<prop::sample::Index>()) {
            let file = file(&payloads);
            let cut = cut.index(file.len() + 1);
            let mut frames = Frames::new(&file[..cut]);
            let read: Vec<_> = frames.by_ref().map(<[u8]>::to_vec).collect();
            let mut whole = 0;
            let expected: Vec<_> = payloads
                .into_iter()
                .take_while(|payload| {
                    whole += HEAD_BYTES + payload.len();
                    whole <= cut
                })
                .collect();
            prop_assert_eq!(read, expected);
            prop_assert!(frames.whole() <= cut);
        }

        #[test]
        fn a_damaged_byte_invents_nothing(
            payloads in payloads(), at in any::<prop::sample::Index>(), flip in 1..=u8::MAX,
        ) {
            let mut file = file(&payloads);
            prop_assume!(!file.is_empty());
            let at = at.index(file.len());
            file[at] ^= flip;
            let read: Vec<_> = Frames::new(&file).map(<[u8]>::to_vec).collect();
            prop_assert!(read.len() < payloads.len());
            prop_assert_eq!(&read[..], &payloads[..read.len()]);
        }

        #[test]
        fn noise_is_no_frame(noise in prop::collection::vec(any::<u8>(), 0..400)) {
            prop_assert_eq!(Frames::new(&noise).count(), 0);
        }
    }

    #[test]
    fn zeros_are_no_frame() {
        assert_eq!(Frames::new(&[0; 64]).count(), 0);
    }
}
