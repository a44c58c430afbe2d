//! The messages of one queue: delivered at least once, roughly in order, and invisible while being processed.
//!
//! Time is passed in.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

pub const MESSAGES_MAX: usize = 100_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub id: String,
    pub body: String,
    pub sent: SystemTime,
    pub sender: String,
    visible: SystemTime,
    pub received: u32,
    /// When it was first received.
    pub first_received: Option<SystemTime>,
}

#[derive(Debug, Default)]
pub struct Messages {
    messages: VecDeque<Message>,
}

/// How many messages are in each state.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Ready to be received.
    pub visible: usize,
    /// Received, and neither deleted nor visible again.
    pub in_flight: usize,
    /// Sent, with a delay that has not passed.
    pub delayed: usize,
}

impl Messages {
    /// Adds a message; `false` if the queue is full.
    pub fn send(
        &mut self,
        id: String,
        body: String,
        sender: String,
        now: SystemTime,
        delay: Duration,
    ) -> bool {
        if self.messages.len() >= MESSAGES_MAX {
            return false;
        }
        let visible = now + delay;
        self.messages.push_back(Message {
            id,
            body,
            sent: now,
            sender,
            visible,
            received: 0,
            first_received: None,
        });
        true
    }

    /// Receives up to `limit` visible messages and hides them for `visibility`.
    pub fn receive(&mut self, limit: usize, now: SystemTime, visibility: Duration) -> Vec<Message> {
        let visible = self.messages.iter_mut().filter(|message| message.visible <= now).take(limit);
        visible
            .map(|message| {
                message.visible = now + visibility;
                message.received += 1;
                message.first_received.get_or_insert(now);
                message.clone()
            })
            .collect()
    }

    /// When the next hidden message becomes visible.
    pub fn next_visible(&self) -> Option<SystemTime> {
        self.messages.iter().map(|message| message.visible).min()
    }

    /// Deletes a message, if its `received`th receipt is the latest: older receipts are void.
    pub fn delete(&mut self, id: &str, received: u32) {
        self.messages.retain(|message| message.id != id || message.received != received);
    }

    /// Hides a message until `visibility` from now, by any of its receipts; `false` if it is gone.
    pub fn hide(&mut self, id: &str, received: u32, now: SystemTime, visibility: Duration) -> bool {
        let receipts = |message: &Message| message.id == id && (1..=message.received).contains(&received);
        match self.messages.iter_mut().find(|message| receipts(message)) {
            Some(message) => {
                message.visible = now + visibility;
                true
            }
            None => false,
        }
    }

    /// Drops messages that were sent longer than `retention` ago.
    pub fn expire(&mut self, now: SystemTime, retention: Duration) {
        self.messages.retain(|message| message.sent + retention > now);
    }

    pub fn purge(&mut self) {
        self.messages.clear();
    }

    pub fn counts(&self, now: SystemTime) -> Counts {
        let mut counts = Counts::default();
        for message in &self.messages {
            match (message.visible <= now, message.received) {
                (true, _) => counts.visible += 1,
                (false, 0) => counts.delayed += 1,
                (false, _) => counts.in_flight += 1,
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    const TEN: Duration = Duration::from_secs(10);

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds)
    }

    fn with_one() -> Messages {
        let mut messages = Messages::default();
        assert!(messages.send("m".into(), "body".into(), "me".into(), at(0), Duration::ZERO));
        messages
    }

    #[test]
    fn a_received_message_comes_back_unless_it_is_deleted() {
        let mut messages = with_one();
        assert_eq!(messages.receive(10, at(0), TEN).len(), 1);
        assert!(messages.receive(10, at(9), TEN).is_empty());
        assert_eq!(messages.counts(at(9)), Counts { in_flight: 1, ..Counts::default() });
        let again = messages.receive(10, at(10), TEN);
        assert_eq!((again[0].received, again[0].first_received), (2, Some(at(0))));
        messages.delete("m", 1);
        assert_eq!(messages.counts(at(11)).in_flight, 1);
        messages.delete("m", 2);
        assert_eq!(messages.counts(at(11)), Counts::default());
    }

    /// Recorded on AWS: by an older receipt as well, and when the time of the receipt is over.
    #[test]
    fn visibility_can_be_changed_by_every_receipt_until_the_message_is_gone() {
        let mut messages = with_one();
        messages.receive(1, at(0), TEN);
        assert!(messages.hide("m", 1, at(5), Duration::ZERO));
        assert_eq!(messages.receive(1, at(5), TEN).len(), 1);
        assert!(messages.hide("m", 1, at(6), Duration::ZERO));
        assert_eq!(messages.receive(1, at(6), TEN).len(), 1);
        assert!(messages.hide("m", 3, at(20), TEN));
        assert_eq!(messages.next_visible(), Some(at(30)));
        assert!(!messages.hide("m", 4, at(20), TEN) && !messages.hide("m", 0, at(20), TEN));
        messages.delete("m", 3);
        assert!(!messages.hide("m", 3, at(21), TEN));
    }

    #[test]
    fn old_messages_expire_and_delayed_ones_wait() {
        let mut messages = with_one();
        messages.send("d".into(), "later".into(), "me".into(), at(1), TEN);
        assert_eq!(messages.counts(at(1)), Counts { visible: 1, delayed: 1, in_flight: 0 });
        messages.expire(at(60), Duration::from_secs(60));
        assert_eq!(messages.receive(10, at(60), TEN)[0].id, "d");
    }
}
