//! Handles a batch: key queues concurrently, each in order, and reports what Lambda must redeliver.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::StreamExt;
use tokio::time::Instant;
use tracing::Instrument;

use crate::attempt::Delivered;
use crate::connection::Connection;
use crate::connections::Connections;
use crate::core::{Health, Memory, Plan, RecordOutcome, Window};
use crate::dead_letters::DeadLetters;
use crate::event::Event;
use crate::failure::Failure;
use crate::jitter::Jitter;
use crate::limits::Limits;
use crate::record::Record;
use crate::telemetry::{Counts, Tally};

/// The state of an execution environment, which is kept between batches.
pub(crate) struct Runner {
    pub connections: Arc<dyn Connections>,
    pub dead_letters: DeadLetters,
    pub limits: Limits,
    pub jitter: Arc<Jitter>,
    pub function_name: String,
    pub log_payloads: bool,
    pub metrics_level: &'static str,
    pub answers_probes: bool,
    /// Whether the handler takes events other than messages.
    pub handles_lifecycle: bool,
    /// Whether a panic of the handler affects only its record.
    pub isolates_panics: bool,
    pub memory: Mutex<Memory>,
    pub health: Arc<Mutex<Health>>,
}

/// One invocation from Lambda.
pub(crate) struct Arrival<'a> {
    pub request_id: &'a str,
    pub trace_id: Option<Arc<str>>,
    /// The time until Lambda's deadline.
    pub left: Duration,
}

/// The part of an invocation that all its records share.
#[derive(Clone)]
pub(crate) struct Batch<'a> {
    pub request_id: &'a str,
    pub trace_id: Option<Arc<str>>,
    pub window: Window,
    pub tally: Arc<Tally>,
}

/// The result of a batch.
#[derive(Debug)]
pub(crate) struct Handled {
    /// The sequence number from which Lambda must redeliver, if any.
    pub redeliver_from: Option<String>,
    pub counts: Counts,
}

impl Runner {
    /// Handles a batch within the time that is left at its arrival.
    pub async fn handle<H, E>(&self, records: Vec<Record>, arrival: Arrival<'_>, handler: &H) -> Handled
    where
        H: AsyncFn(Event, Connection) -> Result<(), E>,
        E: Into<Failure>,
    {
        let now = Instant::now();
        let Arrival { request_id, trace_id, left } = arrival;
        let window = Window::for_batch(now, left, &self.limits);
        let batch = Batch { request_id, trace_id, window, tally: Arc::default() };
        let records: Vec<Delivered> =
            records.into_iter().map(|record| Delivered::new(record, batch.trace_id.clone())).collect();
        let plan = Mutex::new(self.plan(&records, &batch, now));
        let heads = lock(&plan).heads().to_vec();
        let key_queues = futures_util::stream::iter(heads)
            .map(|head| self.key_queue(head, &plan, &records, &batch, handler))
            .buffer_unordered(self.limits.connections_at_once);
        let late = self.dead_letters.report_late(window, &batch.tally);
        futures_util::future::join(key_queues.for_each(async |()| {}), late).await;
        let checkpoint = lock(&plan).checkpoint();
        Handled {
            redeliver_from: checkpoint.map(|place| records[place].record.sequence_number.clone()),
            counts: batch.tally.counts(),
        }
    }

    fn plan(&self, records: &[Delivered], batch: &Batch<'_>, now: Instant) -> Plan {
        let memory = lock(&self.memory);
        Plan::new(records.iter().map(|delivered| {
            let finished = memory.is_finished(&delivered.record.event_id, now);
            if finished {
                batch.tally.skipped();
            }
            (delivered.connection_id(), finished)
        }))
    }

    /// Handles one connection's records in order, until one must be redelivered or the time is over.
    async fn key_queue<H, E>(
        &self,
        head: usize,
        plan: &Mutex<Plan>,
        records: &[Delivered],
        batch: &Batch<'_>,
        handler: &H,
    ) where
        H: AsyncFn(Event, Connection) -> Result<(), E>,
        E: Into<Failure>,
    {
        let mut next = Some(head);
        while let Some(place) = next
            && batch.window.is_open(Instant::now())
        {
            let delivered = &records[place];
            if let Some(probe) = self.probe(delivered) {
                self.answer_probe(&probe, delivered, batch).instrument(delivered.span(batch)).await;
                next = lock(plan).settle(place, RecordOutcome::Finished);
                continue;
            }
            if !self.handles_lifecycle && delivered.event().is_some_and(|event| !event.is_message()) {
                next = lock(plan).settle(place, RecordOutcome::Finished);
                continue;
            }
            batch.tally.began(age_ms(&delivered.record, SystemTime::now()));
            let outcome = self.record(delivered, batch, handler).instrument(delivered.span(batch)).await;
            match outcome {
                RecordOutcome::Finished => {
                    lock(&self.memory).finish(&delivered.record.event_id, Instant::now());
                }
                RecordOutcome::Redeliver => batch.tally.redelivered(),
            }
            next = lock(plan).settle(place, outcome);
        }
    }
}

/// The age of a record in the stream. It is never negative, even if clocks differ.
fn age_ms(record: &Record, now: SystemTime) -> u64 {
    let arrival = Duration::from_millis(u64::try_from(record.arrival_epoch_ms).unwrap_or_default());
    let age = now.duration_since(UNIX_EPOCH + arrival).unwrap_or_default();
    u64::try_from(age.as_millis()).unwrap_or(u64::MAX)
}

/// The data under these locks is consistent after each statement, so that a panic of another holder does not corrupt it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
