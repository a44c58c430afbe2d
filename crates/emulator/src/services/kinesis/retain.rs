//! Deletes expired records.
//!
//! The library would look at every record for that while nothing is appended: half a second for a million of them. A
//! shard's oldest records come first, so here only the expired ones are looked at, and one more.

use super::Streams;
use super::read::arrived_ms;
use super::store::types::{shard_index, shard_prefix};
use crate::core::clock;
use std::collections::HashMap;
use std::time::Duration;

/// Between two searches for expired records.
const CHECK_EVERY: Duration = Duration::from_secs(30);
/// Records deleted at once, at most: an append may have to wait for them.
const AT_ONCE_MAX: usize = 256;

impl Streams {
    /// Repeats until the emulator ends.
    pub(super) async fn retain(self) {
        let mut every = tokio::time::interval(CHECK_EVERY);
        loop {
            tokio::select! {
                _ = every.tick() => self.retain_once().await,
                () = self.stop.cancelled() => return,
            }
        }
    }

    pub(super) async fn retain_once(&self) {
        let mut kept_from_ms = HashMap::new();
        for name in self.store.list_stream_names().await {
            let Ok(stream) = self.store.get_stream(&name).await else { continue };
            let kept_ms = u64::from(stream.retention_period_hours) * 3_600_000;
            let from_ms = clock::now_ms().saturating_sub(kept_ms);
            for shard in &stream.shards {
                self.expire(&name, shard_index(&shard.shard_id), from_ms).await;
            }
            kept_from_ms.insert(name, from_ms);
        }
        let Some(storage) = self.storage.clone() else { return };
        // Nothing of a missing stream is kept.
        let is_expired = move |stream: &str, newest_ms| {
            kept_from_ms.get(stream).is_none_or(|kept_from_ms| newest_ms < *kept_from_ms)
        };
        let _ = tokio::task::spawn_blocking(move || storage.reclaim(is_expired)).await;
    }

    /// Deletes the records of a shard that arrived before a time.
    pub(super) async fn expire(&self, stream: &str, shard: i64, kept_from_ms: u64) {
        let prefix = shard_prefix(shard);
        let (start, end) = (format!("{prefix}/"), format!("{prefix}0"));
        let open = self.store.open(stream);
        let mut at_once = 1;
        loop {
            let mut records = self.store.lock(&open).await;
            let oldest = records.range(&start, &end, at_once).await;
            let expired: Vec<_> = oldest
                .into_iter()
                .take_while(|(_, record)| arrived_ms(record) < kept_from_ms)
                .map(|(key, _)| key)
                .collect();
            if !expired.is_empty() {
                records.delete(&expired).await;
            }
            drop(records);
            if expired.len() < at_once {
                return;
            }
            at_once = (at_once * 2).min(AT_ONCE_MAX);
        }
    }
}
