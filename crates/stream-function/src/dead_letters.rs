//! Sends failed records to the dead-letter queue, and keeps those that it rejects.
//!
//! A queue may reject messages because it was deleted, its policy changed or SQS is down. That must not stop the shard for
//! everybody because of one client's bad records. So records wait for an outage of the queue to end only for
//! [`DEAD_LETTER_PATIENCE`](crate::limits::DEAD_LETTER_PATIENCE), counted from its first rejection. After that they are
//! *set aside*: logged with their position in the stream, counted in a metric that has an alarm, kept in memory, and sent
//! with a later batch once the queue accepts messages again. To stop the shard instead, set a longer time with
//! [`Function::dead_letter_patience`](crate::Function::dead_letter_patience).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::time::{Instant, sleep, timeout_at};

use crate::batch::lock;
use crate::connections::BoxFuture;
use crate::core::{Outage, Window};
use crate::jitter::Jitter;
use crate::limits::{Limits, REPORT_LATE_TIME, SET_ASIDE_BYTES_MAX, SET_ASIDE_MAX};
use crate::telemetry::Tally;

/// The destination of records that no attempt can handle.
pub(crate) trait DeadLetterQueue: Send + Sync {
    /// Publishes one message. One call is one attempt; the error says why it failed.
    fn publish<'a>(&'a self, message: &'a str) -> BoxFuture<'a, Result<(), String>>;
}

/// The result of a report.
pub(crate) enum Report {
    Taken,
    /// The queue rejects it; the record may be redelivered.
    Refused(String),
    /// The queue has failed for too long: the message is set aside without waiting.
    SetAside(String),
}

/// A message and the record's sequence number.
struct Kept {
    message: String,
    sequence_number: String,
}

/// The queue, and the messages that it has not accepted yet.
pub(crate) struct DeadLetters {
    queue: Arc<dyn DeadLetterQueue>,
    outage: Mutex<Outage>,
    set_aside: Mutex<VecDeque<Kept>>,
}

impl DeadLetters {
    pub fn new(queue: Arc<dyn DeadLetterQueue>) -> Self {
        Self { queue, outage: Mutex::default(), set_aside: Mutex::default() }
    }

    /// Sends a record, with retries for as long as the limit for an outage of the queue and the window allow.
    pub async fn report(
        &self,
        message: String,
        sequence_number: &str,
        window: Window,
        limits: &Limits,
        jitter: &Jitter,
        tally: &Tally,
    ) -> Report {
        let mut attempts = 0;
        let mut refusal = String::from("it rejects messages");
        loop {
            let now = Instant::now();
            let patience_ends = lock(&self.outage).patience_ends(limits.dead_letter_patience, now);
            if patience_ends.is_some_and(|ends| now >= ends) {
                self.set_aside(Kept { message, sequence_number: sequence_number.into() });
                return Report::SetAside(refusal);
            }
            let until = patience_ends.map_or(window.publish_until, |ends| ends.min(window.publish_until));
            match self.publish(&message, until).await {
                Ok(()) => return Report::Taken,
                Err(error) => refusal = error,
            }
            attempts += 1;
            let now = Instant::now();
            let wait = match patience_ends {
                Some(ends) => {
                    Some(window.step(attempts, jitter.next()).min(ends.saturating_duration_since(now)))
                }
                None => window.wait(now, attempts, jitter.next()),
            };
            let Some(wait) = wait.filter(|wait| now + *wait < window.publish_until) else {
                return Report::Refused(refusal);
            };
            tally.retried();
            sleep(wait).await;
        }
    }

    /// Sends the messages that were set aside, until the queue rejects one or [`REPORT_LATE_TIME`] is over.
    pub async fn report_late(&self, window: Window, tally: &Tally) {
        let until = window.publish_until.min(Instant::now() + REPORT_LATE_TIME);
        while lock(&self.outage).may_report(Instant::now()) && Instant::now() < until {
            let Some(kept) = lock(&self.set_aside).pop_front() else { return };
            if let Err(refusal) = self.publish(&kept.message, until).await {
                tracing::warn!(refusal, "the dead-letter queue still rejects messages");
                lock(&self.set_aside).push_front(kept);
                return;
            }
            tally.dead_lettered();
            let sequence_number = kept.sequence_number;
            tracing::warn!(
                sequenceNumber = sequence_number,
                "sent a record that was set aside to the dead-letter queue"
            );
        }
    }

    async fn publish(&self, message: &str, until: Instant) -> Result<(), String> {
        let begun = Instant::now();
        let published = match timeout_at(until, self.queue.publish(message)).await {
            Ok(published) => published,
            Err(_) => Err("no response in time".into()),
        };
        let mut outage = lock(&self.outage);
        match published {
            Ok(()) => outage.accepted(),
            Err(_) => outage.refused(begun, Instant::now()),
        }
        published
    }

    fn set_aside(&self, kept: Kept) {
        let mut set_aside = lock(&self.set_aside);
        set_aside.push_back(kept);
        let bytes = |kept: &VecDeque<Kept>| kept.iter().map(|kept| kept.message.len()).sum::<usize>();
        while set_aside.len() > SET_ASIDE_MAX || bytes(&set_aside) > SET_ASIDE_BYTES_MAX {
            let Some(lost) = set_aside.pop_front() else { return };
            tracing::error!(
                lostSequenceNumber = lost.sequence_number,
                "too many records are set aside: dropped the oldest, only the stream still has it"
            );
        }
    }

    /// The messages that are set aside.
    #[cfg(feature = "test-kit")]
    pub fn kept(&self) -> Vec<String> {
        lock(&self.set_aside).iter().map(|kept| kept.message.clone()).collect()
    }

    /// Drops everything, as a cold start does.
    #[cfg(feature = "test-kit")]
    pub fn restart(&self) {
        *lock(&self.outage) = Outage::default();
        lock(&self.set_aside).clear();
    }
}
