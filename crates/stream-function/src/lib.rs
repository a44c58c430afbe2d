#![doc = include_str!("../README.md")]

pub mod limits;
pub mod runtime;

mod attempt;
mod batch;
mod client;
mod connection;
mod connections;
mod core;
mod dead_letter;
mod dead_letters;
mod environment;
mod event;
mod failure;
mod function;
mod jitter;
mod panics;
mod probe;
mod record;
mod rejection;
mod retry_policy;
mod run_error;
mod telemetry;
#[cfg(feature = "test-kit")]
pub mod test_kit;

pub use connection::Connection;
pub use connections::{BoxFuture, ConnectionInfo, Connections, Delivery, Identity, SendError};
pub use dead_letter::DeadLetterReason;
pub use event::{Event, EventType};
pub use failure::{Failure, give_up, reject, retry};
pub use function::Function;
pub use run_error::RunError;

/// Runs a function with the default [limits]: builds the clients once, then handles batches for as long as the
/// execution environment lives.
///
/// ```no_run
/// use stream_function::{Connection, Event, RunError, SendError, run};
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() -> Result<(), RunError> {
///     let greeting = String::from("hello");
///     run(async |_: Event, connection: Connection| {
///         connection.send_text(greeting.as_str()).await?;
///         Ok::<_, SendError>(())
///     })
///     .await
/// }
/// ```
///
/// # Errors
/// As [`Function::run`].
pub async fn run<H, E>(handler: H) -> Result<(), RunError>
where
    H: AsyncFn(Event, Connection) -> Result<(), E>,
    E: Into<Failure>,
{
    Function::new(handler).run().await
}
