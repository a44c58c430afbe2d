//! ferrokinesis, and the only place that names it.
//!
//! Two of its habits end here. It waits for a shard's records with a map locked whose writers block their thread: a
//! reader that an append woke, on the thread that goes on to the next append, would never run, nor would anything
//! else. So records can be appended, read and deleted through [`Records`] alone, which holds the stream's append lock.
//! And it looks for a subscription's records every 200 ms, since its appends wake nobody: so it is given no call that
//! appends or subscribes, and [`Records::append`] wakes who waits at the shard's tail.

mod open;
mod records;
mod streams;
#[cfg(test)]
mod tests;
pub(super) mod types;

pub(super) use open::Open;
pub(super) use records::Records;

use super::error::KinesisError;
use super::request::{is_signed, iterated_stream, stream_of};
use crate::core::account::Account;
use axum::body::Body;
use bytes::Bytes;
use dashmap::DashMap;
use ferrokinesis::actions;
use ferrokinesis::store::{Store as Library, StoreOptions};
use http::request::Parts;
use http::{Response, Uri, header};
use serde_json::Value;
use std::sync::Arc;
use tower_service::Service as _;
use types::{Operation, check};

/// Streams and their records, in memory.
#[derive(Clone)]
pub(super) struct Store {
    library: Library,
    /// The library's wire API.
    router: axum::Router,
    /// Never removed from: two locks of one stream would be none.
    open: Arc<DashMap<String, Arc<Open>>>,
}

impl Store {
    /// No streams, but for so many shards.
    pub(super) fn new(account: &Account, shards_max: u32, enforce_limits: bool) -> Self {
        let (router, library) = ferrokinesis::create_app(StoreOptions {
            create_stream_ms: 0,
            delete_stream_ms: 0,
            update_stream_ms: 0,
            shard_limit: shards_max,
            enforce_limits,
            aws_account_id: account.id.clone(),
            aws_region: account.region.clone(),
            ..StoreOptions::default()
        });
        Self { library, router, open: Arc::default() }
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
        let read = match stream {
            Some(stream) => self.open_existing(&stream).await.ok(),
            None => None,
        };
        let dispatched = actions::dispatch(&self.library, operation, request);
        Ok(match read {
            Some(open) => {
                let _records = self.lock(&open).await;
                tokio::task::unconstrained(dispatched).await
            }
            // Without a stream there are no records to read.
            None => dispatched.await,
        }?)
    }

    /// Has the library refuse a call of the wire API that is not served: no POST, of an unknown content type or
    /// operation, no document, or unsigned. What only looks signed to the library is refused as unsigned.
    pub(super) async fn refuse(&self, mut parts: Parts, body: Bytes) -> Response<Body> {
        if !is_signed(&parts) {
            parts.headers.remove(header::AUTHORIZATION);
            parts.uri = Uri::from_static("/");
        }
        let call = http::Request::from_parts(parts, Body::from(body));
        self.router.clone().call(call).await.unwrap_or_else(|never| match never {})
    }

    /// What a stream's writers and readers share, whether the stream is there or not.
    pub(super) fn open(&self, stream: &str) -> Arc<Open> {
        if let Some(open) = self.opened(stream) {
            return open;
        }
        self.open.entry(stream.into()).or_insert_with(|| Arc::new(Open::new(stream))).clone()
    }

    /// The same, unless nobody asked for it yet.
    pub(super) fn opened(&self, stream: &str) -> Option<Arc<Open>> {
        self.open.get(stream).map(|open| open.clone())
    }

    /// The same, where the stream is there.
    pub(super) async fn open_existing(&self, stream: &str) -> Result<Arc<Open>, KinesisError> {
        if let Some(open) = self.opened(stream) {
            return Ok(open);
        }
        self.library.get_stream(stream).await?;
        Ok(self.open(stream))
    }

    /// All that were asked for, by the streams' names.
    pub(super) fn all_opened(&self) -> Vec<Arc<Open>> {
        let mut open: Vec<_> = self.open.iter().map(|open| open.value().clone()).collect();
        open.sort_by(|a, b| a.stream().cmp(b.stream()));
        open
    }
}
