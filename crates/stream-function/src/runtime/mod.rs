//! The loop of a function on Lambda's Runtime API: next event, handler, answer, for as long as the environment lives.
//!
//! [`run`](crate::run) and [`Function`](crate::Function) use it; [`serve`] is for a function that reads no stream, as
//! an authorizer.
//!
//! It takes the place of AWS's crate `lambda_runtime`, whose version 1.5 writes each invocation's trace id into the
//! environment variable `_X_AMZN_TRACE_ID`. glibc never frees what `setenv` replaces, since somebody may still read
//! it: a function lost 125 bytes with each invocation, and was killed for its memory after a million of them. No
//! setting turns that off. Its concurrent mode leaves the variable alone, but begins only where Lambda sets
//! `AWS_LAMBDA_MAX_CONCURRENCY` above 1, needs handlers that are `Send`, and handles several events at once. Here the
//! trace id is a value: [`Context::trace_id`], [`Event::trace_id`](crate::Event::trace_id), and the field `traceId`
//! of every log line of a record. Whoever reads the variable instead, as AWS's X-Ray SDKs do, finds it empty.
//!
//! The protocol is four calls (`next`, `response`, `error`, `init/error`). What is left out: responses in pieces,
//! the client context of mobile SDKs, and SnapStart, which AWS does not offer for `provided.al2023`.

mod api;
mod context;
#[cfg(test)]
mod tests;
mod time_left;

use std::any::type_name;
use std::time::{Instant, SystemTime};

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use context::Context;

use self::api::{Api, ApiError, Diagnostic};
use crate::panics;
use crate::run_error::{BoxError, RunError};
use crate::telemetry;

/// Handles events one after another, for as long as the execution environment lives.
///
/// Lambda's caller receives an error's text as `errorMessage`. A panic is reported as an error.
/// ```no_run
/// use serde_json::{Value, json};
/// use stream_function::RunError;
/// use stream_function::runtime::{Context, serve};
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() -> Result<(), RunError> {
///     serve(async |event: Value, context: Context| {
///         let name = event["name"].as_str().ok_or("the event has no name")?;
///         Ok::<_, Box<dyn std::error::Error + Send + Sync>>(json!({"hello": name, "request": &*context.request_id}))
///     })
///     .await
/// }
/// ```
///
/// # Errors
/// Fails if `AWS_LAMBDA_RUNTIME_API` is not set or the Runtime API fails. The process must end then.
pub async fn serve<H, I, O, E>(handler: H) -> Result<(), RunError>
where
    H: AsyncFn(I, Context) -> Result<O, E>,
    I: DeserializeOwned,
    O: Serialize,
    E: Into<BoxError>,
{
    telemetry::init(|name| std::env::var(name).ok());
    let api = Api::from_environment().map_err(|error| RunError::new("the function cannot start", &error))?;
    if std::env::var("AWS_LAMBDA_MAX_CONCURRENCY").is_ok() {
        tracing::warn!("AWS_LAMBDA_MAX_CONCURRENCY is set, but events are handled one after another");
    }
    loop {
        let handled = turn(&api, &handler).await;
        handled.map_err(|error| RunError::new("lambda's runtime API failed", &error))?;
    }
}

/// Reports an init error to Lambda.
pub(crate) async fn report_init_error(error: &RunError) {
    let Ok(api) = Api::from_environment() else { return };
    let diagnostic = Diagnostic { error_type: "Runtime.InitError".into(), error_message: error.to_string() };
    if let Err(error) = api.init_error(&diagnostic).await {
        tracing::warn!(%error, "failed to report that the function cannot start");
    }
}

/// One event, from its arrival to its answer.
async fn turn<H, I, O, E>(api: &Api, handler: &H) -> Result<(), ApiError>
where
    H: AsyncFn(I, Context) -> Result<O, E>,
    I: DeserializeOwned,
    O: Serialize,
    E: Into<BoxError>,
{
    let Some(next) = api.next().await? else { return Ok(()) };
    let (received, now) = (Instant::now(), SystemTime::now());
    let context = Context::read(&next.headers, received, now)?;
    let echo = context.clone();
    match handle(&next.body, context, handler).await {
        Ok(answer) => api.respond(&echo, answer).await,
        Err(diagnostic) => api.fail(&echo, &diagnostic).await,
    }
}

async fn handle<H, I, O, E>(body: &[u8], context: Context, handler: &H) -> Result<Vec<u8>, Diagnostic>
where
    H: AsyncFn(I, Context) -> Result<O, E>,
    I: DeserializeOwned,
    O: Serialize,
    E: Into<BoxError>,
{
    let event = serde_json::from_slice(body).map_err(|error| Diagnostic {
        error_type: "Runtime.UnmarshalError".into(),
        error_message: format!("the event does not have the shape that the function expects: {error}"),
    })?;
    // The handler is run anew with the next event; what a panic left half done in it is the handler's own.
    let answer = match panics::catch(handler(event, context)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            let error: BoxError = error.into();
            tracing::error!(%error, "the handler failed");
            return Err(Diagnostic { error_type: type_name::<E>().into(), error_message: error.to_string() });
        }
        // The hook of `telemetry::init` has logged it.
        Err(error_message) => return Err(Diagnostic { error_type: "Runtime.Panic".into(), error_message }),
    };
    serde_json::to_vec(&answer).map_err(|error| Diagnostic {
        error_type: "Runtime.MarshalError".into(),
        error_message: format!("cannot serialise the response as JSON: {error}"),
    })
}
