//! Which shards ListShards is asked for: the KCL begins with those that are open at its starting position. Pure.

use super::error::KinesisError;
use super::store::types::{Shard, Stream, is_open, sequence};
use serde_json::Value;
use std::collections::HashMap;

/// A filter, read.
#[derive(Debug, PartialEq)]
pub(super) enum ShardFilter {
    /// Every shard that is there.
    All,
    /// Those behind a shard's id.
    After(String),
    /// Those that were open at some time, in milliseconds since the epoch; `None`: at the oldest record's that is kept.
    At(Option<u64>),
    /// Those that were open then or later.
    From(Option<u64>),
    /// Those that are open.
    Open,
}

impl ShardFilter {
    pub(super) fn read(filter: &Value) -> Result<Self, KinesisError> {
        let invalid = |message: String| KinesisError::client("InvalidArgumentException", &message);
        let kind = match filter {
            Value::Null => return Ok(Self::All),
            filter => filter["Type"].as_str().unwrap_or_default(),
        };
        let time = || {
            let seconds = filter["Timestamp"].as_f64().filter(|seconds| *seconds >= 0.0);
            let seconds = seconds.ok_or_else(|| invalid(format!("ShardFilter {kind} needs a Timestamp.")))?;
            Ok::<_, KinesisError>(Some((seconds * 1_000.0).round() as u64))
        };
        Ok(match kind {
            "AFTER_SHARD_ID" => {
                let shard = filter["ShardId"].as_str();
                Self::After(
                    shard.ok_or_else(|| invalid(format!("ShardFilter {kind} needs a ShardId.")))?.into(),
                )
            }
            "AT_TRIM_HORIZON" => Self::At(None),
            "FROM_TRIM_HORIZON" => Self::From(None),
            "AT_LATEST" => Self::Open,
            "AT_TIMESTAMP" => Self::At(time()?),
            "FROM_TIMESTAMP" => Self::From(time()?),
            other => {
                let message = format!(
                    "1 validation error detected: Value '{other}' at 'shardFilter.type' failed to satisfy constraint: \
                     Member must satisfy enum value set: [AFTER_SHARD_ID, AT_TRIM_HORIZON, FROM_TRIM_HORIZON, \
                     AT_LATEST, AT_TIMESTAMP, FROM_TIMESTAMP]"
                );
                return Err(KinesisError::client("ValidationException", &message));
            }
        })
    }

    /// Whether it lets a shard through.
    pub(super) fn has(&self, spans: &Spans<'_>, shard: &Shard) -> bool {
        let at = |asked: &Option<u64>| asked.map_or(spans.horizon_ms, |asked| asked.max(spans.horizon_ms));
        match self {
            Self::All => true,
            Self::After(id) => shard.shard_id > *id,
            Self::Open => is_open(shard),
            Self::From(time) => spans.ends_ms(shard).is_none_or(|ends_ms| ends_ms >= at(time)),
            Self::At(time) => {
                let is_begun = spans.begins_ms(shard) <= at(time);
                is_begun && spans.ends_ms(shard).is_none_or(|ends_ms| ends_ms > at(time))
            }
        }
    }
}

/// When a stream's shards were open. Sequence numbers count seconds, and a child's are put behind its parents': so that
/// at each time exactly one shard takes a key, a child begins where its parents end.
pub(super) struct Spans<'a> {
    shards: HashMap<&'a str, &'a Shard>,
    /// When the oldest record that is kept may have arrived; not before the stream was made.
    horizon_ms: u64,
}

impl<'a> Spans<'a> {
    pub(super) fn of(stream: &'a Stream, now_ms: u64) -> Self {
        let kept_ms = u64::from(stream.retention_period_hours) * 3_600_000;
        let shards: HashMap<_, _> =
            stream.shards.iter().map(|shard| (shard.shard_id.as_str(), shard)).collect();
        let created_ms = stream.shards.iter().map(created_ms).min().unwrap_or_default();
        Self { shards, horizon_ms: now_ms.saturating_sub(kept_ms).max(created_ms) }
    }

    fn begins_ms(&self, shard: &Shard) -> u64 {
        let parents = [&shard.parent_shard_id, &shard.adjacent_parent_shard_id];
        let parents = parents.into_iter().flatten().filter_map(|id| self.shards.get(id.as_str()));
        parents.filter_map(|parent| self.ends_ms(parent)).max().unwrap_or_else(|| created_ms(shard))
    }

    fn ends_ms(&self, shard: &Shard) -> Option<u64> {
        let ends = shard.sequence_number_range.ending_sequence_number.as_ref()?;
        sequence::parse_sequence(ends).ok()?.seq_time
    }
}

fn created_ms(shard: &Shard) -> u64 {
    let starts = &shard.sequence_number_range.starting_sequence_number;
    sequence::parse_sequence(starts).map_or(0, |starts| starts.shard_create_time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::kinesis::reshard::{Step, apply};
    use crate::services::kinesis::sample::{self, CREATED_MS};
    use serde_json::json;

    const SPLIT_MS: u64 = CREATED_MS + 60_000;

    /// One shard, split in two after a minute.
    fn stream() -> Stream {
        let mut shards = vec![sample::shard(0, 0, u128::MAX)];
        apply(&mut shards, Step::Split { shard: 0, at: u128::MAX / 2 }, SPLIT_MS);
        sample::stream(shards)
    }

    #[test]
    fn a_filter_lets_the_shards_of_its_time_through() {
        let stream = stream();
        let indices = |filter: Value, now_ms: u64| {
            let filter = ShardFilter::read(&filter).unwrap();
            let spans = Spans::of(&stream, now_ms);
            let found = stream.shards.iter().enumerate().filter(|(_, shard)| filter.has(&spans, shard));
            found.map(|(index, _)| index).collect::<Vec<_>>()
        };
        let (soon, late) = (SPLIT_MS + 1_000, SPLIT_MS + 48 * 3_600_000);
        let at = |kind: &str, ms: u64| json!({"Type": kind, "Timestamp": ms as f64 / 1_000.0});
        assert_eq!(indices(Value::Null, late), [0, 1, 2]);
        assert_eq!(indices(json!({"Type": "AT_LATEST"}), soon), [1, 2]);
        assert_eq!(indices(json!({"Type": "AT_TRIM_HORIZON"}), soon), [0]);
        assert_eq!(indices(json!({"Type": "AT_TRIM_HORIZON"}), late), [1, 2]);
        assert_eq!(indices(json!({"Type": "FROM_TRIM_HORIZON"}), soon), [0, 1, 2]);
        assert_eq!(indices(json!({"Type": "FROM_TRIM_HORIZON"}), late), [1, 2]);
        assert_eq!(indices(at("AT_TIMESTAMP", SPLIT_MS - 1), soon), [0]);
        assert_eq!(indices(at("AT_TIMESTAMP", SPLIT_MS), soon), [1, 2]);
        assert_eq!(indices(at("AT_TIMESTAMP", 0), soon), [0], "before the stream was made is its beginning");
        assert_eq!(indices(at("FROM_TIMESTAMP", SPLIT_MS - 1), soon), [0, 1, 2]);
        assert_eq!(indices(at("FROM_TIMESTAMP", SPLIT_MS + 1), soon), [1, 2]);
        let after = json!({"Type": "AFTER_SHARD_ID", "ShardId": "shardId-000000000001"});
        assert_eq!(indices(after, soon), [2]);
    }

    #[test]
    fn a_filter_that_lacks_its_member_or_is_none_is_refused() {
        for (filter, code) in [
            (json!({"Type": "AT_TIMESTAMP"}), "InvalidArgumentException"),
            (json!({"Type": "FROM_TIMESTAMP", "Timestamp": -1}), "InvalidArgumentException"),
            (json!({"Type": "AFTER_SHARD_ID"}), "InvalidArgumentException"),
            (json!({"Type": "LATEST"}), "ValidationException"),
            (json!({}), "ValidationException"),
        ] {
            assert_eq!(ShardFilter::read(&filter).unwrap_err().code, code, "{filter}");
        }
    }
}
