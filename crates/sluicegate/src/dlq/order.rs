//! Which records must wait because an earlier one of their partition key could not be redriven. Pure.

use super::message::{DeadLetter, Record};
use std::collections::BTreeSet;

/// The keys and streams that wait. Messages must be passed in stream order.
#[derive(Debug, Default)]
pub struct Held {
    /// Streams and partition keys.
    keys: BTreeSet<(String, String)>,
    /// Streams whose records all wait, since the keys of the failed ones are unknown.
    streams: BTreeSet<String>,
}

impl Held {
    /// A message stays in its queue: later records with one of its keys wait. `records`: its records, if known.
    pub fn hold(&mut self, letter: &DeadLetter, records: Option<&[Record]>) {
        if let Some(records) = records {
            let keys = records.iter().map(|record| (record.stream_arn.clone(), record.partition_key.clone()));
            return self.keys.extend(keys);
        }
        match letter {
            DeadLetter::Record(letter) => {
                let stream_arn = letter.record.stream_arn.clone().unwrap_or_default();
                self.keys.insert((stream_arn, letter.record.partition_key.clone()));
            }
            DeadLetter::Range(letter) => {
                self.streams.insert(letter.batch.stream_arn.clone());
            }
            DeadLetter::Foreign => {}
        }
    }

    /// Why the records of a message must wait, if they must.
    pub fn waits(&self, records: &[Record]) -> Option<String> {
        records.iter().find_map(|record| {
            if self.streams.contains(&record.stream_arn) {
                return Some("waiting for earlier records of its stream, which could not be read".into());
            }
            let key = (record.stream_arn.clone(), record.partition_key.clone());
            self.keys.contains(&key).then(|| {
                format!(
                    "waiting for an earlier record with partition key {}, which stays in its queue",
                    record.partition_key
                )
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = "arn:aws:kinesis:us-east-1:1:stream/s";

    fn record(stream: &str, key: &str) -> Record {
        Record {
            stream_arn: stream.into(),
            partition_key: key.into(),
            data: String::new(),
            sequence_number: "1".into(),
        }
    }

    fn range() -> DeadLetter {
        DeadLetter::read(&format!(
            r#"{{"requestContext":{{"functionArn":"arn:aws:lambda:us-east-1:1:function:echo","condition":"c"}},
            "KinesisBatchInfo":{{"shardId":"shardId-000000000000","startSequenceNumber":"1","endSequenceNumber":"2",
            "approximateArrivalOfFirstRecord":"t","batchSize":2,"streamArn":"{STREAM}"}}}}"#
        ))
    }

    #[test]
    fn what_comes_later_waits_where_it_has_a_key_that_stays_and_nowhere_else() {
        let mut held = Held::default();
        assert_eq!(held.waits(&[record(STREAM, "a")]), None);
        held.hold(&range(), Some(&[record(STREAM, "a"), record(STREAM, "b")]));
        let why = held.waits(&[record(STREAM, "c"), record(STREAM, "b")]);
        assert!(why.is_some_and(|why| why.contains("key b")));
        assert_eq!(held.waits(&[record(STREAM, "c")]), None);
        assert_eq!(held.waits(&[record("another", "a")]), None);
    }

    #[test]
    fn where_the_keys_are_unknown_the_whole_stream_waits() {
        let mut held = Held::default();
        held.hold(&range(), None);
        assert!(held.waits(&[record(STREAM, "any")]).is_some());
        assert_eq!(held.waits(&[record("another", "any")]), None);
    }
}
