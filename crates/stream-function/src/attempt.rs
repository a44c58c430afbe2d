//! Handles one record: attempts within its time limit, then the dead-letter queue or redelivery.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::time::{Instant, sleep, timeout_at};
use tracing::Span;

use crate::batch::{Batch, Runner, lock};
use crate::connection::{Connection, Scope};
use crate::core::{RecordOutcome, Window};
use crate::dead_letter::{DeadLetter, DeadLetterReason, cut};
use crate::dead_letters::Report;
use crate::event::Event;
use crate::failure::{Course, Failure};
use crate::panics;
use crate::record::Record;
use crate::rejection;
use crate::retry_policy::RetryPolicy;

/// A record of the batch and the event in it, if it holds one.
pub(crate) struct Delivered {
    pub record: Record,
    event: Result<Event, String>,
}

/// The reason why the attempts at a record have failed.
struct AttemptError {
    reason: DeadLetterReason,
    error: String,
    /// Whether another delivery can succeed.
    may_pass: bool,
}

impl Delivered {
    /// A record that came with an invocation of this trace.
    pub fn new(record: Record, trace_id: Option<Arc<str>>) -> Self {
        let event = Event::decode(&record, trace_id).map_err(|error| error.to_string());
        Self { record, event }
    }

    /// The key that the record's order is kept by: its connection, which the template uses as partition key.
    pub fn connection_id(&self) -> &str {
        self.event.as_ref().map_or(&self.record.partition_key, Event::connection_id)
    }

    pub fn event(&self) -> Option<&Event> {
        self.event.as_ref().ok()
    }

    pub fn span(&self, batch: &Batch<'_>) -> Span {
        tracing::info_span!(
            "record",
            requestId = batch.request_id,
            traceId = batch.trace_id.as_deref(),
            connectionId = self.connection_id(),
            eventRequestId = self.event().and_then(Event::request_id),
            sequenceNumber = self.record.sequence_number,
        )
    }
}

impl Runner {
    /// Handles one record completely for this delivery.
    pub(crate) async fn record<H, E>(
        &self,
        delivered: &Delivered,
        batch: &Batch<'_>,
        handler: &H,
    ) -> RecordOutcome
    where
        H: AsyncFn(Event, Connection) -> Result<(), E>,
        E: Into<Failure>,
    {
        let window = batch.window.for_record(Instant::now(), &self.limits);
        let retry_policy =
            Arc::new(RetryPolicy::new(delivered.connection_id(), window, &self.jitter, &self.health));
        let ended = match &delivered.event {
            Ok(event) => match self.attempts(event, window, &retry_policy, batch, handler).await {
                Ok(()) => {
                    retry_policy.record_success();
                    return RecordOutcome::Finished;
                }
                Err(ended) => ended,
            },
            Err(error) => {
                let error = format!("the record is not an event: {error}");
                AttemptError { reason: DeadLetterReason::Undecodable, error, may_pass: false }
            }
        };
        let deliveries = lock(&self.memory).fail(&delivered.record.event_id);
        if ended.may_pass && !retry_policy.is_in_vain() && deliveries < self.limits.deliveries {
            tracing::warn!(error = cut(&ended.error), deliveries, "the record will be delivered again");
            return RecordOutcome::Redeliver;
        }
        self.publish(&delivered.record, &ended, deliveries, batch).await
    }

    /// Runs the handler until it succeeds or its time is up.
    async fn attempts<H, E>(
        &self,
        event: &Event,
        window: Window,
        retry_policy: &Arc<RetryPolicy>,
        batch: &Batch<'_>,
        handler: &H,
    ) -> Result<(), AttemptError>
    where
        H: AsyncFn(Event, Connection) -> Result<(), E>,
        E: Into<Failure>,
    {
        if self.log_payloads {
            tracing::info!(payload = event.payload(), "event");
        }
        let sent = Arc::new(AtomicU64::new(0));
        let connection = self.connection(event, retry_policy, batch, &sent);
        let mut attempts = 0;
        loop {
            let run = handler(event.clone(), connection.clone());
            let run = async { if self.isolates_panics { panics::catch(run).await } else { Ok(run.await) } };
            let failure: Failure = match timeout_at(window.handle_until, run).await {
                Ok(Ok(Ok(()))) => return Ok(()),
                Ok(Ok(Err(error))) => error.into(),
                Ok(Err(error)) => {
                    return Err(AttemptError { reason: DeadLetterReason::Panicked, error, may_pass: false });
                }
                Err(_) => return Err(AttemptError::late()),
            };
            if failure.course == Course::Reject {
                return self.reject(&failure, event, &connection, window, batch).await;
            }
            attempts += 1;
            let wait = match failure.course {
                Course::Retry => retry_policy.wait(attempts),
                // Run again after it has sent something, it would send that twice.
                Course::Unknown if sent.load(Ordering::Relaxed) == 0 => retry_policy.wait(attempts),
                Course::Unknown | Course::Redeliver | Course::GiveUp | Course::Reject => None,
            };
            let Some(wait) = wait else {
                return Err(AttemptError::from(&failure));
            };
            tracing::debug!(error = %failure, attempts, "retrying the handler");
            batch.tally.retried();
            sleep(wait).await;
        }
    }

    /// Sends the client an error frame about its message.
    async fn reject(
        &self,
        failure: &Failure,
        event: &Event,
        connection: &Connection,
        window: Window,
        batch: &Batch<'_>,
    ) -> Result<(), AttemptError> {
        let reason = failure.text();
        tracing::debug!(reason = cut(&reason), "rejected the message");
        let post = connection.send_text(rejection::frame(&reason, event));
        match timeout_at(window.handle_until, post).await {
            Ok(Ok(_)) => {
                batch.tally.rejected();
                Ok(())
            }
            Ok(Err(error)) => Err(AttemptError::from(&Failure::from(error))),
            Err(_) => Err(AttemptError::late()),
        }
    }

    fn connection(
        &self,
        event: &Event,
        retry_policy: &Arc<RetryPolicy>,
        batch: &Batch<'_>,
        sent: &Arc<AtomicU64>,
    ) -> Connection {
        let scope = Scope {
            connections: Arc::clone(&self.connections),
            retry_policy: Arc::clone(retry_policy),
            tally: Arc::clone(&batch.tally),
            sent: Arc::clone(sent),
        };
        Connection::new(event.connection_id(), Arc::new(scope))
    }

    /// Sends the record to the dead-letter queue. If that fails, Lambda redelivers it, or it is set aside.
    async fn publish(
        &self,
        record: &Record,
        ended: &AttemptError,
        deliveries: u32,
        batch: &Batch<'_>,
    ) -> RecordOutcome {
        let dead_letter = DeadLetter::new(
            ended.reason,
            &ended.error,
            deliveries,
            record,
            &self.function_name,
            batch.request_id,
        );
        let (reason, error) = (dead_letter.reason.name(), cut(&ended.error));
        let window = batch.window.for_record(Instant::now(), &self.limits);
        let (number, tally) = (&record.sequence_number, &batch.tally);
        let report = match dead_letter.into_message() {
            Ok(message) => {
                self.dead_letters.report(message, number, window, &self.limits, &self.jitter, tally).await
            }
            Err(error) => Report::Refused(error.to_string()),
        };
        match report {
            Report::Taken => {
                tracing::error!(error, reason, deliveries, "sent the record to the dead-letter queue");
                tally.dead_lettered();
                RecordOutcome::Finished
            }
            Report::Refused(refusal) => {
                let refusal = cut(&refusal);
                tracing::error!(
                    error,
                    reason,
                    deliveries,
                    refusal,
                    "cannot send the record to the dead-letter queue: it will be delivered again"
                );
                RecordOutcome::Redeliver
            }
            Report::SetAside(refusal) => {
                tracing::error!(
                    error,
                    reason,
                    deliveries,
                    refusal = cut(&refusal),
                    shardId = record.shard_id(),
                    "cannot send the record to the dead-letter queue: it is set aside in memory, and if this environment ends \
                 only the stream still has it"
                );
                tally.set_aside();
                RecordOutcome::Finished
            }
        }
    }
}

impl AttemptError {
    fn late() -> Self {
        let error = "the handler did not finish before Lambda's deadline".into();
        Self { reason: DeadLetterReason::TimedOut, error, may_pass: true }
    }
}

impl From<&Failure> for AttemptError {
    fn from(failure: &Failure) -> Self {
        let (reason, may_pass) = match failure.course {
            Course::Retry | Course::Redeliver => (DeadLetterReason::RetriesExhausted, true),
            Course::GiveUp | Course::Reject => (DeadLetterReason::GaveUp, false),
            Course::Unknown => (DeadLetterReason::Failed, false),
        };
        Self { reason, error: failure.text(), may_pass }
    }
}
