//! A client to reply to.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;

use crate::connections::{BoxFuture, ConnectionInfo, Connections, Delivery, SendError};
use crate::limits::POST_BYTES_MAX;
use crate::retry_policy::RetryPolicy;
use crate::telemetry::Tally;

/// A client to reply to, by its connection id. Cheap to clone.
///
/// Each call that fails for a passing reason (throttled, no answer, 5xx) is tried again with back-off as long as
/// the record has time: 2 s by default. Posts awaited one after another arrive in that order.
#[derive(Clone)]
pub struct Connection {
    id: Arc<str>,
    scope: Arc<Scope>,
}

/// What all connections that one attempt at a record touches have in common.
pub(crate) struct Scope {
    pub connections: Arc<dyn Connections>,
    pub retry_policy: Arc<RetryPolicy>,
    pub tally: Arc<Tally>,
    /// Messages that were delivered since the record's handling began.
    pub sent: Arc<std::sync::atomic::AtomicU64>,
}

impl Connection {
    pub(crate) fn new(id: &str, scope: Arc<Scope>) -> Self {
        Self { id: id.into(), scope }
    }

    /// The connection's id, as API Gateway gave it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Another client, by its connection id. Nothing is sent, and the id is not checked.
    ///
    /// Messages to one client from events of *different* clients have no order.
    #[must_use]
    pub fn to(&self, id: &str) -> Self {
        Self::new(id, Arc::clone(&self.scope))
    }

    /// Sends a text, which the client receives as one text message.
    ///
    /// # Errors
    /// [`SendError`]; [`TooLarge`](SendError::TooLarge) beyond [`POST_BYTES_MAX`] bytes.
    pub async fn send_text(&self, text: impl Into<String>) -> Result<Delivery, SendError> {
        self.send_bytes(text.into()).await
    }

    /// Sends a value as JSON.
    ///
    /// # Errors
    /// [`SendError`]; [`NoJson`](SendError::NoJson) if the value cannot be written so, as a map with keys that are
    /// no strings.
    pub async fn send_json(&self, value: &impl Serialize) -> Result<Delivery, SendError> {
        let json = serde_json::to_vec(value).map_err(|error| SendError::NoJson(error.to_string()))?;
        self.send_bytes(json).await
    }

    /// Sends bytes. API Gateway delivers them as a text message; what it makes of bytes that are no UTF-8 is not
    /// documented, so encode those.
    ///
    /// # Errors
    /// [`SendError`]; [`TooLarge`](SendError::TooLarge) beyond [`POST_BYTES_MAX`] bytes.
    pub async fn send_bytes(&self, message: impl Into<Bytes>) -> Result<Delivery, SendError> {
        let message = message.into();
        if message.len() > POST_BYTES_MAX {
            return Err(SendError::TooLarge { bytes: message.len() });
        }
        let delivery = self.persist(|| self.scope.connections.post(&self.id, message.clone())).await?;
        self.scope.tally.delivered(delivery);
        if delivery == Delivery::Delivered {
            self.scope.sent.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        Ok(delivery)
    }

    /// Disconnects the client. It is not an error if the client has left already.
    ///
    /// # Errors
    /// [`SendError`]; [`Forbidden`](SendError::Forbidden) unless the function's `connection_actions` name `DELETE`.
    pub async fn close(&self) -> Result<(), SendError> {
        self.persist(|| self.scope.connections.delete(&self.id)).await
    }

    /// Returns what API Gateway knows about the client, or `None` if it has left.
    ///
    /// # Errors
    /// [`SendError`]; [`Forbidden`](SendError::Forbidden) unless the function's `connection_actions` name `GET`.
    pub async fn info(&self) -> Result<Option<ConnectionInfo>, SendError> {
        self.persist(|| self.scope.connections.get(&self.id)).await
    }

    /// Tries a call until it succeeds, fails for good, or the record's time is up.
    async fn persist<'a, T>(
        &'a self,
        call: impl Fn() -> BoxFuture<'a, Result<T, SendError>>,
    ) -> Result<T, SendError> {
        let mut attempts = 0;
        loop {
            let error = match call().await {
                Err(error) if error.is_transient() => error,
                done => return done,
            };
            attempts += 1;
            let Some(wait) = self.scope.retry_policy.wait(attempts) else {
                return Err(error);
            };
            tracing::debug!(%error, attempts, to = &*self.id, "retrying the call");
            self.scope.tally.retried();
            tokio::time::sleep(wait).await;
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connection").field(&self.id).finish()
    }
}
