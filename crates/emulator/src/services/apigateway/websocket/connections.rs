//! The connections of the emulator by id, and how to send to each.

use super::identity::Identity;
use super::limits::{CALLS_MAX, QUEUED_BYTES_MAX};
use super::queue::{CloseReason, Outbox, Queue, SendError, queue};
use crate::core::clock;
use bytes::Bytes;
use dashmap::DashMap;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A client's connection, as all but its own tasks see it.
#[derive(Debug)]
pub struct Connection {
    pub id: String,
    pub api_id: String,
    pub stage: String,
    /// The host that the client used.
    pub domain_name: String,
    /// Milliseconds since the epoch.
    pub connected_at_ms: u64,
    pub source_ip: IpAddr,
    /// The handshake's `User-Agent`.
    pub user_agent: Option<String>,
    /// When data was last received or sent, in milliseconds since the epoch.
    last_active_ms: AtomicU64,
    /// Set once, by an authorizer, before the connection is established. Boxed, because most connections have none.
    identity: OnceLock<Box<Identity>>,
    /// Places for functions that its messages run; made for the first of them.
    calls: OnceLock<Arc<Semaphore>>,
    queued_bytes: AtomicUsize,
    outgoing: Queue,
}

/// The parts of a [`Connection`].
#[derive(Debug)]
pub struct NewConnection {
    pub id: String,
    pub api_id: String,
    pub stage: String,
    pub domain_name: String,
    pub connected_at_ms: u64,
    pub source_ip: IpAddr,
    pub user_agent: Option<String>,
}

#[cfg(test)]
impl NewConnection {
    /// One of the ids and times that AWS's documents show.
    pub fn sample(user_agent: Option<&str>) -> Self {
        Self {
            id: "Qyi07eCbtjMCJKw=".into(),
            api_id: "abcdef1234".into(),
            stage: "v1".into(),
            domain_name: "127.0.0.1:4566".into(),
            connected_at_ms: 1_708_326_702_789,
            source_ip: std::net::Ipv4Addr::LOCALHOST.into(),
            user_agent: user_agent.map(Into::into),
        }
    }
}

impl Connection {
    /// A connection, and the queue for its writer.
    pub fn new(new: NewConnection) -> (Arc<Self>, Outbox) {
        let (outgoing, outbox) = queue();
        let NewConnection { id, api_id, stage, domain_name, connected_at_ms, source_ip, user_agent } = new;
        let connection = Self {
            id,
            api_id,
            stage,
            domain_name,
            connected_at_ms,
            source_ip,
            user_agent,
            last_active_ms: AtomicU64::new(connected_at_ms),
            identity: OnceLock::new(),
            calls: OnceLock::new(),
            queued_bytes: AtomicUsize::new(0),
            outgoing,
        };
        (Arc::new(connection), outbox)
    }

    /// Stores the client's identity from the authorizer.
    pub fn identify(&self, identity: Identity) {
        // A connection is authorised once.
        let _ = self.identity.set(Box::new(identity));
    }

    /// The client's identity, if an authorizer gave one.
    pub fn identity(&self) -> Option<&Identity> {
        self.identity.get().map(AsRef::as_ref)
    }

    /// Queues a message for the client. Fails with [`SendError::BufferFull`] if the client reads too slowly,
    /// [`SendError::Gone`] if it has left.
    pub fn send(&self, message: Bytes) -> Result<(), SendError> {
        let bytes = message.len();
        let queued = self.queued_bytes.fetch_add(bytes, Ordering::AcqRel);
        // A single message always fits, so that the limit does not refuse it forever.
        let result = if queued > 0 && queued + bytes > QUEUED_BYTES_MAX {
            Err(SendError::BufferFull)
        } else {
            self.outgoing.push(message)
        };
        if result.is_err() {
            self.queued_bytes.fetch_sub(bytes, Ordering::AcqRel);
        }
        result
    }

    /// Queues the answer to a message of the client's, which may have left or read too slowly meanwhile.
    pub fn reply(&self, message: Bytes) {
        if let Err(error) = self.send(message) {
            tracing::warn!(connection_id = self.id, %error, "failed to queue a reply");
        }
    }

    /// Waits until one more of its messages may run a function; the permit is given back by dropping it.
    pub async fn may_call(&self) -> Option<OwnedSemaphorePermit> {
        let calls = self.calls.get_or_init(|| Arc::new(Semaphore::new(CALLS_MAX)));
        // Nobody closes it.
        calls.clone().acquire_owned().await.ok()
    }

    /// The writer took a message of this size out of the queue.
    pub fn written(&self, bytes: usize) {
        self.queued_bytes.fetch_sub(bytes, Ordering::AcqRel);
        self.touch();
    }

    /// Queues the pong that is due.
    pub fn pong(&self) {
        self.outgoing.pong();
    }

    pub fn close(&self, reason: CloseReason) {
        self.outgoing.close(reason);
    }

    /// Data was received or sent.
    pub fn touch(&self) {
        self.last_active_ms.store(clock::now_ms(), Ordering::Relaxed);
    }

    /// Milliseconds since the epoch.
    pub fn last_active_ms(&self) -> u64 {
        self.last_active_ms.load(Ordering::Relaxed)
    }
}

/// How a connection ended, for `$disconnect`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseInfo {
    pub status_code: u16,
    pub reason: String,
}

impl CloseInfo {
    /// The socket closed without a close frame.
    pub fn lost() -> Self {
        Self { status_code: 1006, reason: String::new() }
    }
}

impl From<CloseReason> for CloseInfo {
    fn from(reason: CloseReason) -> Self {
        Self { status_code: reason.code, reason: reason.text.into() }
    }
}

#[derive(Debug, Clone, Default)]
pub struct Connections {
    by_id: Arc<DashMap<String, Arc<Connection>>>,
}

impl Connections {
    pub fn get(&self, api_id: &str, stage: &str, id: &str) -> Option<Arc<Connection>> {
        let connection = self.by_id.get(id)?;
        (connection.api_id == api_id && connection.stage == stage).then(|| connection.clone())
    }

    /// From now on the connection can be posted to.
    pub fn insert(&self, connection: Arc<Connection>) {
        self.by_id.insert(connection.id.clone(), connection);
    }

    /// From now on the connection is gone. Returns whether it was there.
    pub fn remove(&self, id: &str) -> bool {
        self.by_id.remove(id).is_some()
    }

    /// Adds each stage's number of connections to its count.
    pub fn count_by_stage(&self, open: &mut BTreeMap<(String, String), u64>) {
        for connection in self.by_id.iter() {
            *open.entry((connection.api_id.clone(), connection.stage.clone())).or_default() += 1;
        }
    }

    pub fn of_stage(&self, api_id: &str, stage: &str) -> Vec<Arc<Connection>> {
        let of_stage = |connection: &Connection| connection.api_id == api_id && connection.stage == stage;
        self.by_id
            .iter()
            .filter(|connection| of_stage(connection))
            .map(|connection| connection.clone())
            .collect()
    }
}
