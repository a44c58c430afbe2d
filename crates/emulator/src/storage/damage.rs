//! If a segment's whole frames end before its file does: whether a write was not finished, or data has changed since it
//! was written. Pure.
//!
//! An unfinished write may be cut off, because it was never acknowledged. Anything else may have been, and is only cut
//! on request. In doubt it counts as damage.

use super::entry;
use super::frame::{self, HEAD_BYTES};
use std::fmt;

/// Bytes of candidates that are checksummed in search of a whole frame, at most: a fraction of a second. Bytes that
/// were not searched count as damaged.
const SEARCH_BYTES_MAX: usize = 1_024 * 1_024 * 1_024;
/// Zeros at the end of a frame that show that the rest was never written, at least: a frame of this program ends in one
/// at most.
const UNWRITTEN_BYTES_MIN: usize = 8;

/// The problem at a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// The file ends within a write, or in zeros from the file system.
    Torn,
    /// Bytes have changed since they were written, or another program wrote them.
    Damaged(Evidence),
}

/// Why it is not an unfinished write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// Whole frames follow; the first begins here.
    FollowedAt(usize),
    /// The frame is complete, and its checksum does not fit.
    Altered,
    /// The frame is whole, and its content is unknown.
    Unknown,
    /// A segment that another one follows was complete when that one was begun.
    Sealed,
    /// The search for whole frames took too long.
    Unsearched,
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FollowedAt(at) => write!(f, "whole data follows from byte {at} on"),
            Self::Altered => f.write_str("what was written there is complete and has changed since"),
            Self::Unknown => f.write_str("this version cannot read what was written there"),
            Self::Sealed => f.write_str("the file was complete when the next one was begun"),
            Self::Unsearched => f.write_str("the search for whole data after it took too long"),
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Torn => f.write_str("the write was not finished, and so never acknowledged"),
            Self::Damaged(evidence) => evidence.fmt(f),
        }
    }
}

/// The problem at `at`, where the whole frames of a segment end. `is_last`: no segment follows.
pub fn judge(bytes: &[u8], at: usize, is_last: bool) -> Flaw {
    if frame::at(bytes, at).is_some() {
        return Flaw::Damaged(Evidence::Unknown);
    }
    match find(bytes, at + 1, SEARCH_BYTES_MAX) {
        Search::Found(at) => Flaw::Damaged(Evidence::FollowedAt(at)),
        Search::GivenUp => Flaw::Damaged(Evidence::Unsearched),
        Search::Nothing if !is_last => Flaw::Damaged(Evidence::Sealed),
        Search::Nothing if is_unfinished(&bytes[at..]) => Flaw::Torn,
        Search::Nothing => Flaw::Damaged(Evidence::Altered),
    }
}

/// Where the next whole frame begins, from `from` on.
pub fn next_whole(bytes: &[u8], from: usize) -> Option<usize> {
    match find(bytes, from, usize::MAX) {
        Search::Found(at) => Some(at),
        Search::Nothing | Search::GivenUp => None,
    }
}

enum Search {
    Found(usize),
    Nothing,
    GivenUp,
}

/// Tries every position. What cannot be read as entries is not a frame; reading fails within a few bytes nearly always,
/// which a checksum would not.
fn find(bytes: &[u8], from: usize, mut bytes_left: usize) -> Search {
    for at in from..bytes.len().saturating_sub(HEAD_BYTES) {
        let Some((length @ 1.., _)) = frame::head(&bytes[at..]) else { continue };
        let Some(payload) = bytes[at + HEAD_BYTES..].get(..length) else { continue };
        if entry::decode(payload).is_none() {
            continue;
        }
        let Some(left) = bytes_left.checked_sub(length) else { return Search::GivenUp };
        bytes_left = left;
        if frame::at(bytes, at).is_some() {
            return Search::Found(at);
        }
    }
    Search::Nothing
}

/// Whether a file that ends with these bytes ends in a write that was interrupted. There is no whole frame in them.
fn is_unfinished(rest: &[u8]) -> bool {
    let written = rest.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let Some((length, expected)) = frame::head(rest).filter(|_| written > 0) else { return true };
    let end = HEAD_BYTES.saturating_add(length);
    if end > rest.len() {
        // The file ends before the frame does, unless the length has changed.
        let is_whole =
            |end| rest.get(HEAD_BYTES..end).is_some_and(|payload| frame::matches(payload, expected));
        return !is_whole(rest.len()) && !is_whole(written);
    }
    end.saturating_sub(written) >= UNWRITTEN_BYTES_MIN
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::entry::{Entry, NewRecord};
    use proptest::prelude::*;

    /// A segment with one frame for each count of records, and the end of each frame.
    fn segment(frames: &[usize]) -> (Vec<u8>, Vec<usize>) {
        let (mut bytes, mut buffer, mut ends) = (Vec::new(), Vec::new(), vec![0]);
        for (index, records) in frames.iter().enumerate() {
            let sequence_number = format!("{index:056}");
            let record = Entry::Record(NewRecord {
                stream: "events",
                shard: 0,
                sequence_number: &sequence_number,
                partition_key: "key",
                data: "eyJ4IjoxfQ==",
                arrived_ms: 1_700_000_000_000,
            });
            frame::begin(&mut buffer);
            entry::encode(&vec![record; *records], &mut buffer).unwrap();
            assert!(frame::finish(&mut buffer));
            bytes.extend_from_slice(&buffer);
            ends.push(bytes.len());
        }
        (bytes, ends)
    }

    fn counts() -> impl Strategy<Value = Vec<usize>> {
        prop::collection::vec(1..4_usize, 1..8)
    }

    proptest! {
        /// Issue 16, C2: no changed byte makes an acknowledged frame be cut off.
        #[test]
        fn a_changed_byte_is_never_taken_for_a_torn_write(
            counts in counts(), at in any::<prop::sample::Index>(), flip in 1..=u8::MAX, is_last in any::<bool>(),
        ) {
            let (mut bytes, ends) = segment(&counts);
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            let frame = ends.iter().rposition(|end| *end <= at).unwrap();
            let flaw = judge(&bytes, ends[frame], is_last);
            let expected = match ends.get(frame + 2) {
                Some(_) => Evidence::FollowedAt(ends[frame + 1]),
                None if is_last => Evidence::Altered,
                None => Evidence::Sealed,
            };
            prop_assert_eq!(flaw, Flaw::Damaged(expected));
        }

        #[test]
        fn a_file_that_ends_within_a_frame_is_torn(counts in counts(), cut in any::<prop::sample::Index>(), zeros in 0..2_usize) {
            let (mut bytes, ends) = segment(&counts);
            let last = ends[ends.len() - 2];
            let cut = last + 1 + cut.index(bytes.len() - last - 1);
            bytes.truncate(cut);
            // As file systems leave it that had already extended the file.
            bytes.resize(cut + zeros * 4_096, 0);
            let flaw = judge(&bytes, last, true);
            if zeros == 0 || ends[ends.len() - 1] - cut >= UNWRITTEN_BYTES_MIN {
                prop_assert_eq!(flaw, Flaw::Torn);
            }
        }
    }

    #[test]
    fn zeros_are_an_unfinished_write_and_nothing_else_is() {
        let (bytes, _) = segment(&[1]);
        assert_eq!(judge(&[0; 4_096], 0, true), Flaw::Torn);
        assert_eq!(judge(&[bytes.as_slice(), &[0; 64]].concat(), bytes.len(), true), Flaw::Torn);
        let mut lengthless = bytes.clone();
        lengthless[..4].fill(0);
        assert_eq!(judge(&lengthless, 0, true), Flaw::Damaged(Evidence::Altered));
        // A changed length, with zeros after the frame.
        let mut longer = [bytes.as_slice(), &[0; 64]].concat();
        longer[1] ^= 0x40;
        assert_eq!(judge(&longer, 0, true), Flaw::Damaged(Evidence::Altered));
    }

    #[test]
    fn a_frame_of_another_version_is_not_cut_off() {
        let mut buffer = Vec::new();
        frame::begin(&mut buffer);
        buffer.extend_from_slice(&[250, 1, 2, 3]);
        assert!(frame::finish(&mut buffer));
        assert_eq!(judge(&buffer, 0, true), Flaw::Damaged(Evidence::Unknown));
    }

    #[test]
    fn a_search_ends_in_bounded_time() {
        let (bytes, _) = segment(&[1, 1]);
        assert!(matches!(find(&bytes, 1, 10), Search::GivenUp));
    }
}
