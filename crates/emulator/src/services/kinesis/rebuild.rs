//! Streams whose definition was lost with a damaged frame: their records are made readable again.

use super::Streams;
use super::routes::first;
use super::store::types::{Stream, sequence};
use std::collections::BTreeMap;

/// Retention of a rebuilt stream, in hours: AWS's maximum, since the original is unknown.
const RETENTION_HOURS: u32 = 8_760;

/// The last sequence number of each shard, by the shard's index.
type Tails = BTreeMap<u32, String>;

impl Streams {
    /// Makes sure that each shard with records is defined.
    pub(super) async fn rebuild(&self, tails: &BTreeMap<String, Tails>) {
        for (name, tails) in tails {
            let shards = tails.keys().max().map_or(0, |last| *last as usize + 1);
            match self.store.get_stream(name).await {
                Ok(stream) if stream.shards.len() >= shards => continue,
                Ok(_) => {
                    let close = |stream: &mut Stream| {
                        add_closed_shards(stream, tails, shards);
                        Ok(())
                    };
                    let _ = self.store.update_stream(name, close).await;
                    tracing::warn!(
                        stream = name,
                        "a change of the stream's shards is lost: the new shards can be read, and take no more records"
                    );
                }
                Err(_) => {
                    self.define(name, tails, shards).await;
                    tracing::warn!(
                        stream = name,
                        shards,
                        "the stream's definition is lost and was made anew: its records are there; its consumers, tags, \
                         retention and encryption are not, and what mapped a consumer of it begins anew"
                    );
                }
            }
            if let Err(error) = self.keep(name).await {
                tracing::warn!(stream = name, %error, "failed to persist the rebuilt definition");
            }
        }
    }

    /// A stream of so many shards, which are as old as their records.
    async fn define(&self, name: &str, tails: &Tails, shards: usize) {
        if let Err(error) = self.store.create_stream(name, shards).await {
            tracing::error!(stream = name, %error, "failed to create the stream again");
            return;
        }
        self.settled(name).await;
        let complete = |stream: &mut Stream| {
            stream.retention_period_hours = RETENTION_HOURS;
            for (index, shard) in (0..).zip(&mut stream.shards) {
                if let Some(starts) = tails.get(&index).and_then(|tail| starts(index, tail)) {
                    shard.sequence_number_range.starting_sequence_number = starts;
                }
            }
            Ok(())
        };
        let _ = self.store.update_stream(name, complete).await;
    }
}

/// Adds closed shards up to a number, each with the hash keys of the first, which do not matter because they take no
/// records.
fn add_closed_shards(stream: &mut Stream, tails: &Tails, shards: usize) {
    let Some(model) = stream.shards.first().cloned() else { return };
    for index in stream.shards.len()..shards {
        let tail = tails.get(&(index as u32));
        let known = tail.and_then(|tail| Some((starts(index as u32, tail)?, tail.clone())));
        let unknown = || {
            let starts = sequence::stringify_sequence(&first(index as i64, crate::core::clock::now_ms()));
            (starts.clone(), starts)
        };
        let (starts, ends) = known.unwrap_or_else(unknown);
        let mut shard = model.clone();
        shard.shard_id = sequence::shard_id_name(index as i64);
        shard.sequence_number_range.starting_sequence_number = starts;
        shard.sequence_number_range.ending_sequence_number = Some(ends);
        (shard.parent_shard_id, shard.adjacent_parent_shard_id) = (None, None);
        stream.shards.push(shard);
    }
}

/// The starting sequence number of a shard, from a record's.
fn starts(shard: u32, sequence_number: &str) -> Option<String> {
    let created_ms = sequence::parse_sequence(sequence_number).ok()?.shard_create_time;
    Some(sequence::stringify_sequence(&first(i64::from(shard), created_ms)))
}
