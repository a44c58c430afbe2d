//! The seam to `@connections`: what the library asks of an emulator's callback endpoint.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use serde::Deserialize;

use crate::limits::POST_BYTES_MAX;

/// A boxed future, as the methods of [`Connections`] return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The clients of one stage, by their connection ids: one method for each call of the API Gateway Management API.
///
/// The library's own implementation speaks to the callback endpoint; the test kit has one in memory. One call is
/// one attempt: the caller retries, within the record's time.
pub trait Connections: Send + Sync {
    /// Posts a message to a client: `POST /@connections/{id}`. At most [`POST_BYTES_MAX`] bytes.
    fn post<'a>(&'a self, id: &'a str, message: Bytes) -> BoxFuture<'a, Result<Delivery, SendError>>;

    /// Asks about a client: `GET /@connections/{id}`. Nothing, when it has left.
    fn get<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<ConnectionInfo>, SendError>>;

    /// Disconnects a client: `DELETE /@connections/{id}`. One that has left already is disconnected.
    fn delete<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), SendError>>;

    /// Opens a connection to the endpoint ahead of the first call. Failing is no error: the first call opens one.
    fn warm_up(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

/// What became of a message.
///
/// Either is a success; a handler that answers the client who asked may ignore the difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// The gateway took the message for the client. Delivery from there on is at most once.
    Delivered,
    /// The client has left (410), or has never been there.
    Gone,
}

/// What the gateway knows of a connected client.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ConnectionInfo {
    /// When it connected, as ISO 8601.
    pub connected_at: Option<String>,
    /// When a frame last went either way, as ISO 8601.
    pub last_active_at: Option<String>,
    /// Who it is.
    pub identity: Option<Identity>,
}

/// Where a client comes from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Identity {
    /// Its address.
    pub source_ip: Option<String>,
    /// The `User-Agent` header that it connected with.
    pub user_agent: Option<String>,
}

/// Why a call to `@connections` failed. A client that has left is no error: see [`Delivery::Gone`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The message is larger than the API takes; nothing was sent.
    #[error(
        "the message has {bytes} bytes, more than the {POST_BYTES_MAX} that API Gateway delivers: split it"
    )]
    TooLarge {
        /// The message's length.
        bytes: usize,
    },
    /// The value could not be written as JSON; nothing was sent.
    #[error("the value cannot be written as JSON: {0}")]
    NoJson(String),
    /// The function's role does not allow the call, or the endpoint's stage is wrong.
    #[error(
        "the connections endpoint refuses the call: {0}: name the method in the function's connection_actions"
    )]
    Forbidden(String),
    /// The id has not the shape of a connection id.
    #[error("the connection id {0:?} is malformed")]
    InvalidConnectionId(String),
    /// Too many calls, or the client reads too slowly (429).
    #[error("the connections endpoint throttles: {0}")]
    Throttled(String),
    /// No answer, or one that says the fault is the endpoint's own (5xx).
    #[error("the connections endpoint cannot be used: {0}")]
    Unavailable(String),
    /// An answer with any other status.
    #[error("the connections endpoint answers {status}: {message}")]
    Rejected {
        /// The HTTP status.
        status: u16,
        /// What the endpoint said.
        message: String,
    },
}

impl SendError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Throttled(_) | Self::Unavailable(_))
    }
}
