//! ferrokinesis, which no other folder names.
//!
//! This folder hides two of its habits. First, its reads wait for a shard's records while holding a map's lock, and
//! writers to that map block their thread. If an append woke such a reader on its own thread and went on to the next
//! append, the reader would never run, nor would anything else. So records can only be appended, read and deleted
//! through [`Records`], which holds the stream's append lock. Second, its appends wake nobody, so it polls for a
//! subscription's records every 200 ms. So it gets no calls that append or subscribe, and [`Records::append`] wakes the
//! readers at the shard's tail.

mod open;
mod records;
mod streams;
#[cfg(test)]
mod tests;
pub(super) mod types;

pub(super) use open::Open;
pub(super) use records::Records;

use super::error::KinesisError;
use super::request::{iterated_stream, stream_of};
use crate::core::account::Account;
use dashmap::DashMap;
use ferrokinesis::actions;
use ferrokinesis::store::{Store as Library, StoreOptions};
use serde_json::Value;
use std::sync::{Arc, OnceLock};
use tokio::sync::RwLock;
use types::{Operation, check};

/// Streams and their records, in memory.
#[derive(Clone)]
pub(super) struct Store {
    library: Library,
    account: Account,
    /// The same library, once the account's region is known: it writes the region into ARNs.
    in_region: Arc<OnceLock<Library>>,
    /// Never removed from, so that a stream has one lock.
    open: Arc<DashMap<String, Arc<Open>>>,
    /// Held for writing while a stream is created, and for reading by calls that rely on its absence.
    creation: Arc<RwLock<()>>,
}

impl Store {
    /// An empty store for so many shards.
    pub(super) fn new(account: &Account, shards_max: u32, enforce_limits: bool) -> Self {
        let library = Library::new(StoreOptions {
            create_stream_ms: 0,
            delete_stream_ms: 0,
            update_stream_ms: 0,
            shard_limit: shards_max,
            enforce_limits,
            aws_account_id: account.id.clone(),
            ..StoreOptions::default()
        });
        let account = account.clone();
        Self { library, account, in_region: Arc::default(), open: Arc::default(), creation: Arc::default() }
    }

    /// The library as it answers calls. Until the region is known there are none.
    fn library(&self) -> &Library {
        let Some(region) = self.account.region.known() else { return &self.library };
        self.in_region.get_or_init(|| {
            let mut library = self.library.clone();
            library.aws_region = region.to_string();
            library
        })
    }

    /// Has the library answer an operation, of a request that is normalised. None that appends or subscribes: those are
    /// answered by [`Records`]' users.
    pub(super) async fn dispatch(
        &self,
        operation: Operation,
        request: &Value,
    ) -> Result<Option<Value>, KinesisError> {
        let request = check(operation, request)?;
        let stream = match operation {
            Operation::PutRecord | Operation::PutRecords | Operation::SubscribeToShard => {
                return Err(KinesisError::internal(&format!("{operation} is not the library's to answer")));
            }
            Operation::GetRecords => iterated_stream(&request),
            // AT_TIMESTAMP looks for the record.
            Operation::GetShardIterator => stream_of(&request),
            _ => None,
        };
        let dispatched = actions::dispatch(self.library(), operation, request);
        let Some(stream) = stream else {
            let _creation = match operation {
                Operation::CreateStream => Some(self.creation.write().await),
                _ => None,
            };
            return Ok(dispatched.await?);
        };
        loop {
            if let Ok(open) = self.open_existing(&stream).await {
                let _records = self.lock(&open).await;
                return Ok(tokio::task::unconstrained(dispatched).await?);
            }
            // Without a stream there are no records to read, as long as none is created.
            let _creation = self.creation.read().await;
            if !self.contains_stream(&stream).await {
                return Ok(dispatched.await?);
            }
        }
    }

    /// The shared state of a stream's writers and readers, whether the stream exists or not.
    pub(super) fn open(&self, stream: &str) -> Arc<Open> {
        if let Some(open) = self.opened(stream) {
            return open;
        }
        self.open.entry(stream.into()).or_insert_with(|| Arc::new(Open::new(stream))).clone()
    }

    /// The same, unless nobody needed it yet.
    pub(super) fn opened(&self, stream: &str) -> Option<Arc<Open>> {
        self.open.get(stream).map(|open| open.clone())
    }

    /// The same, if the stream exists.
    pub(super) async fn open_existing(&self, stream: &str) -> Result<Arc<Open>, KinesisError> {
        if let Some(open) = self.opened(stream) {
            return Ok(open);
        }
        self.library.get_stream(stream).await?;
        Ok(self.open(stream))
    }

    /// All that were needed so far, by the streams' names.
    pub(super) fn all_opened(&self) -> Vec<Arc<Open>> {
        let mut open: Vec<_> = self.open.iter().map(|open| open.value().clone()).collect();
        open.sort_by(|a, b| a.stream().cmp(b.stream()));
        open
    }
}
