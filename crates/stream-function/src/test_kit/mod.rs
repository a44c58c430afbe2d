//! Tests a function in process: generated and recorded events in, and what its clients got out.
//!
//! Enable it for tests alone:
//! ```toml
//! [dev-dependencies]
//! stream-function = { workspace = true, features = ["test-kit"] }
//! ```
//! The handler runs under the library's own rules: order, retries, deliveries, the dead-letter queue. Time passes without
//! waiting: a test that goes through minutes of back-off ends at once. So tests are plain functions, not
//! `#[tokio::test]`, and handlers under test should not wait for real sockets.
//! ```
//! use stream_function::test_kit::{TestEvent, TestKit};
//! use stream_function::{Connection, Event, SendError};
//!
//! async fn shout(event: Event, connection: Connection) -> Result<(), SendError> {
//!     let text = event.text().unwrap_or_default().to_uppercase();
//!     connection.send_json(&text).await.map(drop)
//! }
//!
//! let kit = TestKit::new(shout);
//! kit.throttled("a", 2);
//! let batch = kit.deliver([TestEvent::message("a", "one"), TestEvent::message("a", "two")]);
//! assert_eq!(batch.redeliver_from, None);
//! assert_eq!(kit.sent_to("a"), [r#""ONE""#, r#""TWO""#]);
//! ```

mod clients;
mod dead_letters;
mod event;

use std::sync::{Arc, Mutex};
use std::time::Duration;

pub use dead_letters::TestDeadLetter;
pub use event::TestEvent;

use self::clients::{Behaviour, FakeConnections};
use self::dead_letters::{FakeDeadLetterQueue, Refusal};
use crate::batch::{Arrival, Runner, lock};
use crate::connection::Connection;
use crate::dead_letters::DeadLetters;
use crate::event::Event;
use crate::failure::Failure;
use crate::function::Function;
use crate::jitter::Jitter;
use crate::record::Record;

/// A function in its own execution environment, with clients and a dead-letter queue in memory.
///
/// Every connection id is connected until a test changes that.
pub struct TestKit<H> {
    handler: H,
    runner: Runner,
    clients: Arc<FakeConnections>,
    dead_letters: Arc<FakeDeadLetterQueue>,
    runtime: tokio::runtime::Runtime,
    started: tokio::time::Instant,
    stream: Mutex<Stream>,
}

/// The value of [`Event::trace_id`] in every test.
const TRACE_ID: &str = "Root=1-5e1b4151-5ac6c58f5ac6c58f5ac6c58f;Parent=5ac6c58f5ac6c58f;Sampled=0";

/// The shard: the number of its records, and those that must be redelivered.
struct Stream {
    records: u64,
    pending: Vec<Record>,
    time_left: Duration,
}

/// The result of one delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TestBatch {
    /// The index in this delivery of the record from which Lambda would redeliver.
    pub redeliver_from: Option<usize>,
    /// Records whose handling began.
    pub records: u64,
    /// Retries of records and of calls.
    pub retried: u64,
    /// Records that were skipped, because an earlier delivery had handled them completely.
    pub skipped: u64,
}

impl<H> TestKit<H> {
    /// A function with the default limits.
    pub fn new(handler: H) -> Self {
        Self::of(Function::new(handler))
    }

    /// A function with its own limits.
    ///
    /// # Panics
    /// Panics if the system cannot start a runtime for the test.
    #[expect(clippy::expect_used, reason = "a test cannot go on without its runtime")]
    pub fn of(function: Function<H>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let (handler, handles_lifecycle, limits) = function.into_parts();
        let (clients, dead_letters) = <(Arc<FakeConnections>, Arc<FakeDeadLetterQueue>)>::default();
        let runner = Runner {
            connections: Arc::clone(&clients) as _,
            dead_letters: DeadLetters::new(Arc::clone(&dead_letters) as _),
            limits,
            jitter: Arc::new(Jitter::seeded(1)),
            function_name: "function-under-test".into(),
            log_payloads: false,
            metrics_level: "INFO",
            answers_probes: true,
            handles_lifecycle,
            isolates_panics: false,
            memory: Mutex::default(),
            health: Arc::default(),
        };
        let stream =
            Mutex::new(Stream { records: 0, pending: Vec::new(), time_left: Duration::from_secs(30) });
        let runtime = runtime.expect("a runtime");
        let started = runtime.block_on(async { tokio::time::Instant::now() });
        Self { handler, runner, clients, dead_letters, runtime, started, stream }
    }

    /// Delivers the events as one batch of one shard, as Lambda does after the previous batch.
    ///
    /// # Panics
    /// Panics if it is called within a runtime, as from `#[tokio::test]`.
    pub fn deliver<E>(&self, events: impl IntoIterator<Item = TestEvent>) -> TestBatch
    where
        H: AsyncFn(Event, Connection) -> Result<(), E>,
        E: Into<Failure>,
    {
        let records = {
            let mut stream = lock(&self.stream);
            let records = events.into_iter().map(|event| {
                stream.records += 1;
                event.into_record(stream.records)
            });
            records.collect()
        };
        self.handle(records)
    }

    /// Delivers the record that the last delivery reported, and all after it, again, as Lambda does.
    ///
    /// # Panics
    /// Panics if it is called within a runtime, as from `#[tokio::test]`.
    pub fn redeliver<E>(&self) -> TestBatch
    where
        H: AsyncFn(Event, Connection) -> Result<(), E>,
        E: Into<Failure>,
    {
        let records = std::mem::take(&mut lock(&self.stream).pending);
        self.handle(records)
    }

    fn handle<E>(&self, records: Vec<Record>) -> TestBatch
    where
        H: AsyncFn(Event, Connection) -> Result<(), E>,
        E: Into<Failure>,
    {
        let left = lock(&self.stream).time_left;
        let mut pending = records.clone();
        let arrival = Arrival { request_id: "test-request", trace_id: Some(TRACE_ID.into()), left };
        let handled = self.runtime.block_on(self.runner.handle(records, arrival, &self.handler));
        let is_first = |record: &Record| Some(&record.sequence_number) == handled.redeliver_from.as_ref();
        let redeliver_from = pending.iter().position(is_first);
        pending.drain(..redeliver_from.unwrap_or(pending.len()));
        lock(&self.stream).pending = pending;
        let counts = handled.counts;
        TestBatch {
            redeliver_from,
            records: counts.records,
            retried: counts.retried,
            skipped: counts.skipped,
        }
    }

    /// Replaces the execution environment by a new one without state.
    pub fn restart(&self) {
        *lock(&self.runner.memory) = Default::default();
        *lock(&self.runner.health) = Default::default();
        self.runner.dead_letters.restart();
    }

    /// From now on, a panic of the handler sends its record to the dead-letter queue, as in production. By default, the
    /// panic fails the test, so that assertions in a handler work.
    pub fn isolate_panics(&mut self) {
        self.runner.isolates_panics = true;
    }

    /// Sets the time until Lambda's deadline at the arrival of a batch; the default is 30 s.
    pub fn time_left(&self, time: Duration) {
        lock(&self.stream).time_left = time;
    }

    /// The client has left.
    pub fn gone(&self, connection_id: &str) {
        self.clients.set(connection_id, Behaviour::Gone);
    }

    /// The client is connected and accepts messages at once.
    pub fn connected(&self, connection_id: &str) {
        self.clients.set(connection_id, Behaviour::Connected);
    }

    /// Each call for the client takes this long; after [`REQUEST_TIMEOUT`](crate::limits::REQUEST_TIMEOUT) it fails.
    pub fn slow(&self, connection_id: &str, time: Duration) {
        self.clients.set(connection_id, Behaviour::Slow(time));
    }

    /// The next calls for the client are throttled.
    pub fn throttled(&self, connection_id: &str, calls: usize) {
        self.clients.set(connection_id, Behaviour::Throttled(calls));
    }

    /// The next calls for the client fail with a server error.
    pub fn unavailable(&self, connection_id: &str, calls: usize) {
        self.clients.set(connection_id, Behaviour::Unavailable(calls));
    }

    /// Of the calls for clients whose behaviour the test has not set, this share is throttled at random, with the same
    /// result in each run of the test.
    pub fn throttled_by_chance(&self, share: f64) {
        self.clients.fail_by_chance(share, Behaviour::Throttled(0));
    }

    /// Like [`throttled_by_chance`](Self::throttled_by_chance), with server errors.
    pub fn unavailable_by_chance(&self, share: f64) {
        self.clients.fail_by_chance(share, Behaviour::Unavailable(0));
    }

    /// The function's role does not allow calls for the client.
    pub fn forbidden(&self, connection_id: &str) {
        self.clients.set(connection_id, Behaviour::Forbidden);
    }

    /// The messages that a client has received, in order. Invalid UTF-8 is replaced by `�`.
    #[must_use]
    pub fn sent_to(&self, connection_id: &str) -> Vec<String> {
        self.sent().into_iter().filter(|(id, _)| id == connection_id).map(|(_, message)| message).collect()
    }

    /// The messages that all clients have received, in order, each with its connection id.
    #[must_use]
    pub fn sent(&self) -> Vec<(String, String)> {
        self.clients.sent()
    }

    /// The connections that the function has closed, in order.
    #[must_use]
    pub fn closed(&self) -> Vec<String> {
        self.clients.closed()
    }

    /// The records that went to the dead-letter queue, in order.
    #[must_use]
    pub fn dead_letters(&self) -> Vec<TestDeadLetter> {
        self.dead_letters.published()
    }

    /// The given-up records that the dead-letter queue has not accepted, in order. They are reported with a later batch.
    #[must_use]
    pub fn set_aside(&self) -> Vec<TestDeadLetter> {
        self.runner
            .dead_letters
            .kept()
            .iter()
            .filter_map(|message| TestDeadLetter::read(message).ok())
            .collect()
    }

    /// Time passes without a batch.
    pub fn pass(&self, time: Duration) {
        self.runtime.block_on(async { tokio::time::sleep(time).await });
    }

    /// The time that has passed for the function since the kit was created.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.runtime.block_on(async { self.started.elapsed() })
    }

    /// Makes the dead-letter queue reject messages from now on, or accept them again.
    pub fn dead_letter_queue_refuses(&self, refuses: bool) {
        self.dead_letters.refuse(refuses.then_some(Refusal::Always));
    }

    /// Makes the dead-letter queue reject messages for a time.
    pub fn dead_letter_queue_refuses_for(&self, time: Duration) {
        let now = self.runtime.block_on(async { tokio::time::Instant::now() });
        self.dead_letters.refuse(Some(Refusal::Until(now + time)));
    }
}
