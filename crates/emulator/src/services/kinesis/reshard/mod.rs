//! SplitShard, MergeShards and UpdateShardCount: the library's shards, changed by our own steps.
//!
//! The library would split a shard that was already split, and its UpdateShardCount gives shards no parents.

mod steps;
#[cfg(test)]
mod tests;

pub(super) use steps::apply;
pub(crate) use steps::{Step, steps_to};

use super::request::checked;
use super::store::types::{Operation, Shard, Stream, StreamMode, is_open, sequence, shard_index};
use super::{KinesisError, SHARDS_MAX, Streams};
use crate::core::clock;
use serde_json::{Value, json};

impl Streams {
    /// Changes a stream's shards; returns `None` if the operation has no answer. The caller holds the stream's append
    /// lock.
    pub(super) async fn reshard(
        &self,
        operation: Operation,
        stream: &str,
        request: Value,
    ) -> Result<Option<Value>, KinesisError> {
        let request = checked(&self.account, operation, &request)?;
        let account_shards = self.store.sum_open_shards().await;
        let answer = self.store.update_stream(stream, |stream| {
            if stream.stream_mode_details.stream_mode == StreamMode::OnDemand {
                return Err(KinesisError::client(
                    "ValidationException",
                    &format!(
                        "{operation} is only supported for data streams with the provisioned capacity mode"
                    ),
                ));
            }
            let calling = Calling { request: &request, stream, account: &self.account.id, account_shards };
            let (steps, answer) = match operation {
                Operation::SplitShard => (vec![calling.split()?], None),
                Operation::MergeShards => (vec![calling.merge()?], None),
                _ => calling.update_count().map(|(steps, answer)| (steps, Some(answer)))?,
            };
            let now_ms = clock::now_ms();
            steps.into_iter().for_each(|step| apply(&mut stream.shards, step, now_ms));
            Ok(answer)
        });
        answer.await
    }
}

/// A request with its stream.
struct Calling<'a> {
    request: &'a Value,
    stream: &'a Stream,
    account: &'a str,
    account_shards: u32,
}

impl Calling<'_> {
    fn split(&self) -> Result<Step, KinesisError> {
        let shard = self.shard("ShardToSplit")?;
        self.room_for(1)?;
        let asked = self.text("NewStartingHashKey");
        let at = asked.parse().unwrap_or(0);
        let keys = &shard.hash_key_range;
        // The second shard must begin inside, and the first must have more than one hash key.
        if at <= keys.start_u128().saturating_add(1) || at >= keys.end_u128() {
            return Err(invalid(&format!(
                "NewStartingHashKey {asked} used in SplitShard() on shard {} in {} is not both greater than one plus \
                 the shard's StartingHashKey {} and less than the shard's EndingHashKey {}.",
                shard.shard_id,
                self.place(),
                keys.starting_hash_key,
                keys.ending_hash_key
            )));
        }
        Ok(Step::Split { shard: shard_index(&shard.shard_id), at })
    }

    fn merge(&self) -> Result<Step, KinesisError> {
        let (lower, upper) = (self.shard("ShardToMerge")?, self.shard("AdjacentShardToMerge")?);
        if lower.hash_key_range.end_u128().checked_add(1) != Some(upper.hash_key_range.start_u128()) {
            return Err(invalid(&format!(
                "Shards {} and {} in {} are not an adjacent pair of shards eligible for merging",
                lower.shard_id,
                upper.shard_id,
                self.place()
            )));
        }
        Ok(Step::Merge { lower: shard_index(&lower.shard_id), upper: shard_index(&upper.shard_id) })
    }

    /// docs/aws-behaviour.md#kinesis-limits: at most double, at least half.
    fn update_count(&self) -> Result<(Vec<Step>, Value), KinesisError> {
        let open: Vec<_> = self.stream.shards.iter().filter(|shard| is_open(shard)).collect();
        let current = open.len() as u32;
        let target = self.request["TargetShardCount"].as_u64().unwrap_or_default() as u32;
        let counts = format!("Current open shard count: {current} Target shard count: {target}");
        if target == current {
            return Err(invalid(&format!(
                "TargetShardCount {target} is the same as the current shard count {current}."
            )));
        }
        let too_far = if target > 2 * current {
            Some("up over double")
        } else if 2 * target < current {
            Some("down below half")
        } else {
            None
        };
        if let Some(too_far) = too_far {
            let message =
                format!("UpdateShardCount cannot scale {too_far} your current open shard count. {counts}");
            return Err(KinesisError::client("LimitExceededException", &message));
        }
        self.room_for(target.saturating_sub(current))?;
        let keys = |shard: &Shard| shard.hash_key_range.start_u128()..=shard.hash_key_range.end_u128();
        let open = open.into_iter().map(|shard| (shard_index(&shard.shard_id), keys(shard))).collect();
        let steps = steps_to(open, self.stream.shards.len() as i64, &steps::uniform_starts(target));
        let answer = json!({
            "StreamName": self.stream.stream_name,
            "CurrentShardCount": current,
            "TargetShardCount": target,
            "StreamARN": self.stream.stream_arn,
        });
        Ok((steps, answer))
    }

    /// An open shard of the request.
    fn shard(&self, member: &str) -> Result<&Shard, KinesisError> {
        let named = self.text(member);
        let id = sequence::resolve_shard_id(named).ok().map(|(id, _)| id);
        let found = self.stream.shards.iter().find(|shard| Some(&shard.shard_id) == id.as_ref());
        let place = self.place();
        let shard = found.ok_or_else(|| {
            KinesisError::client(
                "ResourceNotFoundException",
                &format!("Could not find shard {named} in {place}."),
            )
        })?;
        if !is_open(shard) {
            return Err(invalid(&format!(
                "Shard {} in {place} has already been merged or split, and thus is not eligible for merging or splitting.",
                shard.shard_id
            )));
        }
        Ok(shard)
    }

    fn room_for(&self, more: u32) -> Result<(), KinesisError> {
        if self.account_shards + more <= SHARDS_MAX {
            return Ok(());
        }
        let message = format!(
            "This request would exceed the shard limit for the account {}. Current shard count for the account: {}. \
             Limit: {SHARDS_MAX}. Number of additional shards that would have resulted from this request: {more}.",
            self.account, self.account_shards
        );
        Err(KinesisError::client("LimitExceededException", &message))
    }

    fn text(&self, member: &str) -> &str {
        self.request[member].as_str().unwrap_or_default()
    }

    fn place(&self) -> String {
        format!("stream {} under account {}", self.stream.stream_name, self.account)
    }
}

fn invalid(message: &str) -> KinesisError {
    KinesisError::client("InvalidArgumentException", message)
}
