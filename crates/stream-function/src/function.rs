//! A function: its handler, its limits, and the loop that feeds it batches from Lambda.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crate::batch::{Arrival, Runner};
#[cfg(feature = "aws-sdk")]
use crate::client::SdkConnections;
use crate::client::{EndpointConnections, Queue, Transport, transport};
use crate::connection::Connection;
use crate::connections::Connections;
use crate::dead_letters::DeadLetters;
use crate::environment::Environment;
use crate::event::{Event, EventType};
use crate::failure::Failure;
use crate::jitter::Jitter;
use crate::limits::{Limits, WARM_UP_TIMEOUT};
use crate::record::{BatchResponse, KinesisEvent};
use crate::run_error::RunError;
use crate::runtime::{self, Context};
use crate::telemetry;

/// A handler with its own limits; [`run`](crate::run) uses the defaults.
///
/// ```no_run
/// # use stream_function::{Connection, Event, Failure, Function, RunError};
/// # async fn handler(_: Event, _: Connection) -> Result<(), Failure> { Ok(()) }
/// # async fn main_() -> Result<(), RunError> {
/// Function::new(handler).connections_at_once(8).run().await
/// # }
/// ```
pub struct Function<H> {
    handler: H,
    handles_lifecycle: bool,
    limits: Limits,
    client: Client,
}

/// What reaches clients.
enum Client {
    /// The library's own.
    Own,
    #[cfg(feature = "aws-sdk")]
    AwsSdk,
    Given(Arc<dyn Connections>),
}

impl<H> Function<H> {
    /// A function for messages, with the default limits. Other events are skipped: see [`lifecycle`](Self::lifecycle).
    pub fn new(handler: H) -> Self {
        Self { handler, handles_lifecycle: false, limits: Limits::default(), client: Client::Own }
    }

    /// Sets the handler of events other than messages: clients that connect and disconnect.
    ///
    /// They are in the stream if a function's `lifecycle_events` request them; functions without `routes` then get them
    /// too. Without this handler they are skipped.
    /// ```no_run
    /// # use stream_function::{Connection, Event, EventType, Failure, Function, RunError, SendError};
    /// # async fn main_() -> Result<(), RunError> {
    /// let chat = async |event: Event, connection: Connection| {
    ///     connection.send_text(event.payload()).await.map(drop)
    /// };
    /// let presence = async |event: Event, _: Connection| {
    ///     tracing::info!(left = event.event_type() == EventType::Disconnect, "presence");
    ///     Ok::<_, SendError>(())
    /// };
    /// Function::new(chat).lifecycle(presence).run().await
    /// # }
    /// ```
    #[must_use]
    pub fn lifecycle<L, E, F>(
        self,
        handler: L,
    ) -> Function<impl AsyncFn(Event, Connection) -> Result<(), Failure>>
    where
        H: AsyncFn(Event, Connection) -> Result<(), E>,
        E: Into<Failure>,
        L: AsyncFn(Event, Connection) -> Result<(), F>,
        F: Into<Failure>,
    {
        let Self { handler: messages, limits, client, .. } = self;
        let handler = async move |event: Event, connection: Connection| match event.event_type() {
            EventType::Message => messages(event, connection).await.map_err(Into::into),
            _ => handler(event, connection).await.map_err(Into::into),
        };
        Function { handler, handles_lifecycle: true, limits, client }
    }

    /// How many connections' records are handled side by side: 64 by default, at least 1. Each uses one socket to
    /// the callback endpoint; an execution environment has 1,024.
    #[must_use]
    pub fn connections_at_once(mut self, connections: usize) -> Self {
        self.limits.connections_at_once = connections.max(1);
        self
    }

    /// How long one record may be retried within one invocation: 2 s by default. Nothing turns retries off.
    #[must_use]
    pub fn record_retry(mut self, time: Duration) -> Self {
        self.limits.record_retry = time;
        self
    }

    /// How long after the start of a batch its records may still be retried: 10 s by default, and in any case not
    /// past Lambda's deadline.
    #[must_use]
    pub fn batch_retry(mut self, time: Duration) -> Self {
        self.limits.batch_retry = time;
        self
    }

    /// How many deliveries of a record that keeps failing a warm environment sees before the record goes to the
    /// dead-letter queue: 5 by default, at least 1. Keep it below the mapping's `maximum_retry_attempts` (10), so that
    /// the function publishes the whole record before the mapping gives it up.
    #[must_use]
    pub fn deliveries_max(mut self, deliveries: u32) -> Self {
        self.limits.deliveries = deliveries.max(1);
        self
    }

    /// How long failed records wait for a dead-letter queue that rejects them, from its first rejection on: 3 s
    /// by default. After that they are set aside: logged, counted in the metric `DeadLetterFailures`, kept in memory,
    /// and sent once the queue accepts messages again.
    ///
    /// With [`Duration::MAX`] they are never set aside: Lambda redelivers them for as long as the mapping allows, and the
    /// whole shard waits; if the mapping's `maximum_retry_attempts` is -1, until they expire from the stream.
    #[must_use]
    pub fn dead_letter_patience(mut self, time: Duration) -> Self {
        self.limits.dead_letter_patience = time;
        self
    }

    /// Reaches clients by an implementation of your own instead of the library's.
    #[must_use]
    pub fn connections(mut self, connections: impl Connections + 'static) -> Self {
        self.client = Client::Given(Arc::new(connections));
        self
    }

    /// Reaches clients by AWS's own `aws-sdk-apigatewaymanagement` instead of the library's client. It behaves the same
    /// and passes the same tests; it adds 1.2 MB to the function and takes three times the CPU of a post.
    #[cfg(feature = "aws-sdk")]
    #[must_use]
    pub fn aws_sdk(mut self) -> Self {
        self.client = Client::AwsSdk;
        self
    }

    #[cfg(feature = "test-kit")]
    pub(crate) fn into_parts(self) -> (H, bool, Limits) {
        (self.handler, self.handles_lifecycle, self.limits)
    }

    /// Reads the environment and builds the clients.
    fn prepare(&self) -> Result<Runner, RunError> {
        let environment = Environment::read(&|name| std::env::var(name).ok())
            .map_err(|error| RunError::new("the function cannot start", &error))?;
        let transport = transport(&environment)
            .map_err(|error| RunError::new("cannot create the HTTP client", error.as_ref()))?;
        let given: Option<Arc<dyn Connections>> = match &self.client {
            Client::Own => None,
            #[cfg(feature = "aws-sdk")]
            Client::AwsSdk => Some(Arc::new(SdkConnections::new(&environment))),
            Client::Given(connections) => Some(Arc::clone(connections)),
        };
        let runner = runner(environment, transport, self.limits, given);
        Ok(Runner { handles_lifecycle: self.handles_lifecycle, ..runner })
    }

    /// Builds the clients once, then handles batches for as long as the execution environment lives.
    ///
    /// # Errors
    /// When the environment lacks a variable or holds one that cannot be used, and when Lambda's Runtime API fails.
    pub async fn run<E>(self) -> Result<(), RunError>
    where
        H: AsyncFn(Event, Connection) -> Result<(), E>,
        E: Into<Failure>,
    {
        telemetry::init(|name| std::env::var(name).ok());
        let runner = match self.prepare() {
            Ok(runner) => runner,
            Err(error) => {
                runtime::report_init_error(&error).await;
                return Err(error);
            }
        };
        // The sandbox may freeze as soon as it polls, and a handshake would not survive that.
        let _ = tokio::time::timeout(WARM_UP_TIMEOUT, runner.connections.warm_up()).await;
        runtime::serve(async |batch, context| invoke(&runner, batch, &context, &self.handler).await).await
    }
}

fn runner(
    environment: Environment,
    transport: Transport,
    limits: Limits,
    connections: Option<Arc<dyn Connections>>,
) -> Runner {
    let Environment { function_name, connections_endpoint, sqs_endpoint, dead_letter_queue_url, .. } =
        environment;
    Runner {
        connections: connections
            .unwrap_or_else(|| Arc::new(EndpointConnections::new(transport.clone(), connections_endpoint))),
        dead_letters: DeadLetters::new(Arc::new(Queue::new(transport, sqs_endpoint, dead_letter_queue_url))),
        limits,
        jitter: Arc::new(Jitter::from_system()),
        function_name,
        log_payloads: environment.log_payloads,
        metrics_level: environment.metrics_level,
        answers_probes: environment.answers_probes,
        handles_lifecycle: false,
        isolates_panics: true,
        memory: std::sync::Mutex::default(),
        health: Arc::default(),
    }
}

/// One invocation: its records handled, its metrics printed, its checkpoint reported.
async fn invoke<H, E>(
    runner: &Runner,
    batch: KinesisEvent,
    context: &Context,
    handler: &H,
) -> Result<BatchResponse, Infallible>
where
    H: AsyncFn(Event, Connection) -> Result<(), E>,
    E: Into<Failure>,
{
    let (begun, now) = (Instant::now(), SystemTime::now());
    let arrival = Arrival {
        request_id: &context.request_id,
        trace_id: context.trace_id.clone(),
        left: context.deadline.saturating_duration_since(begun),
    };
    let records = batch.records.into_iter().map(Into::into).collect();
    let handled = runner.handle(records, arrival, handler).await;
    let about = telemetry::Line {
        level: runner.metrics_level,
        function_name: &runner.function_name,
        request_id: &context.request_id,
        now,
        duration_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
    };
    println!("{}", telemetry::metrics_line(&handled.counts, about));
    Ok(BatchResponse::new(handled.redeliver_from))
}
