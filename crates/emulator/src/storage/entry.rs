//! The log's entries, and the state that results from them in order. Pure.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One change. A frame holds one or several, which are stored or lost together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry<'a> {
    /// A record was appended to a shard.
    #[serde(borrow)]
    Record(NewRecord<'a>),
    /// A shard's last sequence number, at the head of a segment: the record itself may have expired.
    Tail {
        stream: &'a str,
        shard: u32,
        /// Of the last record that the shard took.
        sequence_number: &'a str,
    },
    /// A document was stored under a key and replaces any other.
    Set {
        /// Such as `stream/{name}`.
        key: &'a str,
        /// Text in a form that its writer knows.
        value: &'a str,
    },
    /// The document under a key was deleted.
    Unset {
        /// As in [`Entry::Set`].
        key: &'a str,
    },
    /// A stream's records and the positions of its shards were deleted.
    Forget { stream: &'a str },
}

/// A record to be written to the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewRecord<'a> {
    pub stream: &'a str,
    pub shard: u32,
    /// Decimal digits.
    pub sequence_number: &'a str,
    pub partition_key: &'a str,
    /// Base64.
    pub data: &'a str,
    /// Milliseconds since the epoch.
    pub arrived_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRecord {
    pub stream: String,
    pub shard: u32,
    /// Decimal digits.
    pub sequence_number: String,
    pub partition_key: String,
    /// Base64.
    pub data: String,
    /// Milliseconds since the epoch.
    pub arrived_ms: u64,
}

impl From<&NewRecord<'_>> for KeptRecord {
    fn from(record: &NewRecord<'_>) -> Self {
        Self {
            stream: record.stream.into(),
            shard: record.shard,
            sequence_number: record.sequence_number.into(),
            partition_key: record.partition_key.into(),
            data: record.data.into(),
            arrived_ms: record.arrived_ms,
        }
    }
}

pub fn encode(entries: &[Entry<'_>], buffer: &mut Vec<u8>) -> Result<(), postcard::Error> {
    for entry in entries {
        *buffer = postcard::to_extend(entry, std::mem::take(buffer))?;
    }
    Ok(())
}

/// Reads a frame's entries; `None` if it holds anything else.
pub fn decode(mut payload: &[u8]) -> Option<Vec<Entry<'_>>> {
    let mut entries = Vec::new();
    while !payload.is_empty() {
        let (entry, rest) = postcard::take_from_bytes(payload).ok()?;
        entries.push(entry);
        payload = rest;
    }
    Some(entries)
}

/// The readable entries at the beginning of some bytes, `max` at most.
pub fn decode_some(mut bytes: &[u8], max: usize) -> Vec<Entry<'_>> {
    let mut entries = Vec::new();
    while entries.len() < max
        && let Ok((entry, rest)) = postcard::take_from_bytes(bytes)
    {
        entries.push(entry);
        bytes = rest;
    }
    entries
}

/// The state of the log without the records: each segment begins with it, so that earlier ones can be dropped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// Documents by key.
    pub documents: BTreeMap<String, String>,
    /// Each shard's last sequence number, by stream and index.
    pub tails: BTreeMap<String, BTreeMap<u32, String>>,
}

impl Head {
    /// Applies one change.
    pub fn apply(&mut self, entry: &Entry<'_>) {
        match *entry {
            Entry::Record(NewRecord { stream, shard, sequence_number, .. })
            | Entry::Tail { stream, shard, sequence_number } => {
                self.move_tail(stream, shard, sequence_number);
            }
            Entry::Set { key, value } => {
                self.documents.insert(key.into(), value.into());
            }
            Entry::Unset { key } => {
                self.documents.remove(key);
            }
            Entry::Forget { stream } => {
                self.tails.remove(stream);
            }
        }
    }

    fn move_tail(&mut self, stream: &str, shard: u32, sequence_number: &str) {
        let Some(shards) = self.tails.get_mut(stream) else {
            self.tails.insert(stream.into(), BTreeMap::from([(shard, sequence_number.into())]));
            return;
        };
        let tail = shards.entry(shard).or_default();
        tail.clear();
        tail.push_str(sequence_number);
    }

    /// The entries that turn an empty head into this one.
    pub fn entries(&self) -> Vec<Entry<'_>> {
        let documents = self.documents.iter().map(|(key, value)| Entry::Set { key, value });
        let tails = self.tails.iter().flat_map(|(stream, shards)| {
            shards.iter().map(move |(shard, sequence_number)| Entry::Tail {
                stream,
                shard: *shard,
                sequence_number,
            })
        });
        documents.chain(tails).collect()
    }
}
