//! The queue of one client's outgoing frames. Unlike a channel, it takes no memory while empty: most connections are
//! idle, and a channel's first block would be a fifth of what one takes.

use super::limits::QUEUED_MESSAGES_MAX;
use bytes::Bytes;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::Notify;

/// Capacity that an emptied queue keeps; the rest is released after a burst.
const PLACES_KEPT: usize = 16;

#[derive(Debug)]
pub enum Outgoing {
    /// A message: text if it is UTF-8, else binary.
    Message(Bytes),
    /// The pong that the library holds ready.
    Pong,
    /// A close frame; it follows everything queued before it.
    Close(CloseReason),
}

/// Why the gateway closes a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CloseReason {
    pub code: u16,
    pub text: &'static str,
}

impl CloseReason {
    /// Idle, or too old.
    pub const GOING_AWAY: Self = Self { code: 1001, text: "Going away" };
    /// `DELETE @connections`
    pub const NORMAL: Self = Self { code: 1000, text: "Connection Closed Normally" };
    /// A binary message.
    pub const UNSUPPORTED: Self = Self { code: 1003, text: "Binary messages are not supported" };
}

/// Why a message could not be queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The client has left, or is not connected yet: 410.
    #[error("the connection is gone")]
    Gone,
    /// The client reads too slowly: 429.
    #[error("too much is waiting for the client to read")]
    BufferFull,
}

/// The sender's end.
#[derive(Debug, Clone)]
pub struct Queue(Arc<Shared>);

/// The writer's end. When it is dropped, the queue takes no more.
#[derive(Debug)]
pub struct Outbox(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    outgoing: VecDeque<Outgoing>,
    /// Whether a close frame is queued, or the writer is gone.
    is_closed: bool,
}

/// Both ends of an empty queue.
pub fn queue() -> (Queue, Outbox) {
    let shared = Arc::<Shared>::default();
    (Queue(shared.clone()), Outbox(shared))
}

impl Queue {
    /// Adds a message. Fails with [`SendError::Gone`] after a close frame, [`SendError::BufferFull`] if
    /// [`QUEUED_MESSAGES_MAX`] are waiting.
    pub fn push(&self, message: Bytes) -> Result<(), SendError> {
        let mut waiting = self.0.waiting.lock();
        if waiting.is_closed {
            return Err(SendError::Gone);
        }
        if waiting.outgoing.len() >= QUEUED_MESSAGES_MAX {
            return Err(SendError::BufferFull);
        }
        waiting.outgoing.push_back(Outgoing::Message(message));
        drop(waiting);
        self.0.changed.notify_one();
        Ok(())
    }

    /// Adds a pong. There is always room, because the next ping is only read when this one is out. None follows a close
    /// frame.
    pub fn pong(&self) {
        let mut waiting = self.0.waiting.lock();
        if !waiting.is_closed {
            waiting.outgoing.push_back(Outgoing::Pong);
        }
        drop(waiting);
        self.0.changed.notify_one();
    }

    /// Adds a close frame, unless there is one. There is always room.
    pub fn close(&self, reason: CloseReason) {
        let mut waiting = self.0.waiting.lock();
        if !std::mem::replace(&mut waiting.is_closed, true) {
            waiting.outgoing.push_back(Outgoing::Close(reason));
        }
        drop(waiting);
        self.0.changed.notify_one();
    }
}

impl Outbox {
    /// Takes the oldest frame, and waits if there is none.
    pub async fn next(&mut self) -> Outgoing {
        loop {
            if let Some(outgoing) = self.try_next() {
                return outgoing;
            }
            self.0.changed.notified().await;
        }
    }

    /// Takes the oldest frame, if there is one.
    pub fn try_next(&mut self) -> Option<Outgoing> {
        let mut waiting = self.0.waiting.lock();
        let next = waiting.outgoing.pop_front();
        if waiting.outgoing.is_empty() && waiting.outgoing.capacity() > PLACES_KEPT {
            waiting.outgoing = VecDeque::new();
        }
        next
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        let mut waiting = self.0.waiting.lock();
        waiting.is_closed = true;
        waiting.outgoing = VecDeque::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn messages_come_out_in_their_order_and_the_close_frame_last() {
        let (queue, mut outbox) = queue();
        for message in ["a", "b"] {
            queue.push(message.into()).unwrap();
        }
        queue.pong();
        queue.close(CloseReason::NORMAL);
        assert_eq!(queue.push("c".into()), Err(SendError::Gone));
        queue.pong();
        queue.close(CloseReason::GOING_AWAY);
        for expected in ["a", "b"] {
            assert!(matches!(outbox.next().await, Outgoing::Message(message) if message == expected));
        }
        assert!(matches!(outbox.next().await, Outgoing::Pong));
        assert!(matches!(outbox.next().await, Outgoing::Close(CloseReason::NORMAL)));
        assert!(outbox.try_next().is_none(), "one close frame is enough, and no pong follows it");
    }

    #[tokio::test]
    async fn a_waiting_writer_is_woken() {
        let (queue, mut outbox) = queue();
        let written = tokio::spawn(async move { outbox.next().await });
        tokio::task::yield_now().await;
        queue.push("a".into()).unwrap();
        assert!(matches!(written.await.unwrap(), Outgoing::Message(message) if message == "a"));
    }

    #[test]
    fn a_full_queue_refuses_messages_and_takes_the_close_frame() {
        let (queue, mut outbox) = queue();
        for _ in 0..QUEUED_MESSAGES_MAX {
            queue.push(Bytes::new()).unwrap();
        }
        assert_eq!(queue.push(Bytes::new()), Err(SendError::BufferFull));
        queue.close(CloseReason::NORMAL);
        let taken = std::iter::from_fn(|| outbox.try_next()).count();
        assert_eq!(taken, QUEUED_MESSAGES_MAX + 1);
        assert_eq!(outbox.0.waiting.lock().outgoing.capacity(), 0, "a burst's room is given back");
    }

    #[test]
    fn without_its_writer_a_queue_is_gone() {
        let (queue, outbox) = queue();
        drop(outbox);
        assert_eq!(queue.push(Bytes::new()), Err(SendError::Gone));
    }
}
