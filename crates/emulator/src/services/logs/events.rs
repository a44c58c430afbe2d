//! The events of one log group: a bounded log in the order of arrival, which can be read by stream or searched.

use std::collections::{BTreeMap, VecDeque};

/// Events of a group, at most; the oldest are dropped first.
pub const EVENTS_MAX: usize = 10_000;
/// Bytes of a group's messages, at most.
pub const GROUP_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Bytes of one message, at most (CloudWatch's own limit); the rest is dropped.
pub const MESSAGE_BYTES_MAX: usize = 256 * 1024;
/// Streams whose dates a group remembers, at most.
pub const STREAMS_MAX: usize = 1_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Counts the group's events from 0; marks the pages' limits.
    pub number: u64,
    pub stream: String,
    /// When it happened.
    pub timestamp_ms: u64,
    /// When it arrived.
    pub ingested_ms: u64,
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    /// When it was first written to.
    pub created_ms: u64,
    /// Timestamp of its first event.
    pub first_event_ms: u64,
    /// Timestamp of its latest event.
    pub last_event_ms: u64,
    /// When that arrived.
    pub last_ingestion_ms: u64,
}

#[derive(Debug, Default)]
pub struct Events {
    events: VecDeque<Event>,
    streams: BTreeMap<String, Stream>,
    next_number: u64,
    bytes: usize,
}

impl Events {
    /// Appends an event, and drops those over the limits or older than `oldest_ms`.
    pub fn append(&mut self, stream: &str, timestamp_ms: u64, message: &str, now_ms: u64, oldest_ms: u64) {
        let mut end = message.len().min(MESSAGE_BYTES_MAX);
        while !message.is_char_boundary(end) {
            end -= 1;
        }
        let message = message[..end].to_owned();
        self.bytes += message.len();
        let fresh = Stream {
            created_ms: now_ms,
            first_event_ms: timestamp_ms,
            last_event_ms: timestamp_ms,
            last_ingestion_ms: now_ms,
        };
        let known = self.streams.entry(stream.to_owned()).or_insert(fresh);
        known.last_event_ms = known.last_event_ms.max(timestamp_ms);
        known.last_ingestion_ms = now_ms;
        let number = self.next_number;
        self.next_number += 1;
        self.events.push_back(Event {
            number,
            stream: stream.to_owned(),
            timestamp_ms,
            ingested_ms: now_ms,
            message,
        });
        while let Some(first) = self.events.front()
            && (self.events.len() > EVENTS_MAX
                || self.bytes > GROUP_BYTES_MAX
                || first.timestamp_ms < oldest_ms)
        {
            self.bytes -= first.message.len();
            self.events.pop_front();
        }
        if self.streams.len() > STREAMS_MAX {
            let stale = self.streams.iter().min_by_key(|(_, stream)| stream.last_ingestion_ms);
            let stale = stale.map(|(name, _)| name.clone());
            stale.and_then(|name| self.streams.remove(&name));
        }
    }

    /// Every stored event, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Event> {
        self.events.iter()
    }

    pub fn streams(&self) -> &BTreeMap<String, Stream> {
        &self.streams
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn next_number(&self) -> u64 {
        self.next_number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_events_go_first() {
        let mut events = Events::default();
        for number in 0..EVENTS_MAX as u64 + 5 {
            events.append("s", number, "x", number, 0);
        }
        assert_eq!(events.iter().count(), EVENTS_MAX);
        assert_eq!(events.iter().next().unwrap().number, 5);
        assert_eq!(events.bytes(), EVENTS_MAX);
        events.append("s", 20_000, "x", 20_000, 20_000);
        assert_eq!(events.iter().count(), 1);
    }

    #[test]
    fn bytes_are_bounded_and_long_messages_are_cut_between_characters() {
        let mut events = Events::default();
        let long = "é".repeat(MESSAGE_BYTES_MAX);
        for number in 0..100 {
            events.append("s", number, &long, number, 0);
        }
        assert!(events.bytes() <= GROUP_BYTES_MAX);
        assert_eq!(events.iter().next().unwrap().message.len(), MESSAGE_BYTES_MAX);
    }
}
