//! A stream's records, for the holder of its append lock.

use super::{Open, Store};
use crate::services::kinesis::error::KinesisError;
use crate::services::kinesis::routes::Routes;
use crate::services::kinesis::store::types::{StoredRecord, StoredRecordRef, shard_prefix};
use ferrokinesis::store::Store as Library;
use tokio::sync::MutexGuard;
use tokio::task::unconstrained;

/// The held append lock. Its reads never wait: no other reader or writer is active, and they are exempt from tokio's
/// budget, because the library would wait with its map locked.
pub(crate) struct Records<'a> {
    library: &'a Library,
    open: &'a Open,
    routes: MutexGuard<'a, Option<Routes>>,
}

impl Store {
    /// Waits for a stream's append lock.
    pub(crate) async fn lock<'a>(&'a self, open: &'a Open) -> Records<'a> {
        Records { library: &self.library, open, routes: open.append.lock().await }
    }
}

impl Records<'_> {
    /// Where the stream's next records go.
    pub(crate) async fn routes(&mut self) -> Result<&mut Routes, KinesisError> {
        if self.routes.is_none() {
            let stream = self.library.get_stream(self.open.stream()).await?;
            *self.routes = Some(Routes::of(&stream, &self.open.tails()));
        }
        Ok(self.routes.get_or_insert_default())
    }

    /// The stream has changed: the next append looks the routes up.
    pub(crate) fn forget_routes(&mut self) {
        *self.routes = None;
    }

    /// Stores a record, and wakes the readers at the shard's tail.
    pub(crate) async fn append(
        &mut self,
        shard: i64,
        sequence_number: &str,
        record: &StoredRecordRef<'_>,
    ) -> Result<(), KinesisError> {
        self.put_back(shard, sequence_number, record).await?;
        self.open.advance(shard, sequence_number);
        Ok(())
    }

    /// Stores a record without waking anybody.
    pub(crate) async fn put_back(
        &mut self,
        shard: i64,
        sequence_number: &str,
        record: &StoredRecordRef<'_>,
    ) -> Result<(), KinesisError> {
        let key = format!("{}/{sequence_number}", shard_prefix(shard));
        Ok(self.library.put_record(self.open.stream(), &key, record).await?)
    }

    /// Records from one key until before another, up to a limit. A key is "{shard}/{sequence number}".
    pub(crate) async fn range(&mut self, from: &str, to: &str, limit: usize) -> Vec<(String, StoredRecord)> {
        unconstrained(self.library.get_records_range_limited(self.open.stream(), from, to, limit)).await
    }

    /// The first record between two keys that arrived at a time or later.
    pub(crate) async fn first_since(
        &mut self,
        from: &str,
        to: &str,
        seconds: f64,
    ) -> Option<(String, StoredRecord)> {
        unconstrained(self.library.find_first_record_at_timestamp(self.open.stream(), from, to, seconds))
            .await
    }

    pub(crate) async fn delete(&mut self, keys: &[String]) {
        unconstrained(self.library.delete_record_keys(self.open.stream(), keys)).await;
    }
}
