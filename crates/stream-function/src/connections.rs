//! What `@connections` is to the library: a trait, implemented by the HTTP client and by the test kit.

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

/// The outcome of a post.
///
/// Both are successes; a handler that replies to the sender can ignore the difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// API Gateway accepted the message. Delivery from there on is at most once.
    Delivered,
    /// The client has left (410), or never existed.
    Gone,
}

/// What API Gateway knows about a connected client.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ConnectionInfo {
    /// When it connected, in ISO 8601.
    pub connected_at: Option<String>,
    /// When a frame was last sent or received, in ISO 8601.
    pub last_active_at: Option<String>,
    /// Where it comes from.
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

/// Why a call to `@connections` failed. A client that has left is not an error: see [`Delivery::Gone`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The message is larger than the API takes; nothing was sent.
    #[error("the message has {bytes} bytes, but API Gateway delivers at most {POST_BYTES_MAX}: split it")]
    TooLarge {
        /// The message's length.
        bytes: usize,
    },
    /// The value could not be written as JSON; nothing was sent.
    #[error("the value cannot be written as JSON: {0}")]
    NoJson(String),
    /// The function's role does not allow the call, or the endpoint's stage is wrong.
    #[error(
        "the connections endpoint rejects the call: {0}: add the method to the function's connection_actions"
    )]
    Forbidden(String),
    /// The id does not have the shape of a connection id.
    #[error("the connection id {0:?} is malformed")]
    InvalidConnectionId(String),
    /// Too many calls, or the client reads too slowly (429).
    #[error("the connections endpoint throttles: {0}")]
    Throttled(String),
    /// No response, or a server error (5xx).
    #[error("the connections endpoint cannot be used: {0}")]
    Unavailable(String),
    /// A response with any other status.
    #[error("the connections endpoint answers {status}: {message}")]
    Rejected {
        /// The HTTP status.
        status: u16,
        /// The endpoint's message.
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
