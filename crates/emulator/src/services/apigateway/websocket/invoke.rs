//! Invokes functions for the gateway: those of integrations, and authorizers.

use super::gateway::Gateway;
use crate::core::identity::{Denied, Principal};
use crate::services::lambda::invocation::{InvocationResult, InvokeError};
use bytes::Bytes;
use std::time::Duration;

/// The service that invokes.
const SERVICE: &str = "apigateway.amazonaws.com";
const ACTION: &str = "lambda:InvokeFunction";

/// A function, and in whose name it is invoked.
#[derive(Debug)]
pub struct Callee<'a> {
    /// Its ARN.
    pub function_arn: &'a str,
    /// The role that invokes it, if any.
    pub credentials_arn: Option<&'a str>,
    /// Where there is no role: what the function's own policy may name as the source.
    pub source_arn: String,
}

/// Why a function did not answer.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// Neither the role nor the function's own policy allows it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Its code was not reached.
    #[error(transparent)]
    NotReached(#[from] InvokeError),
    /// It has not ended in time.
    #[error("{0} did not answer within {limit} ms", limit = .1.as_millis())]
    TooSlow(String, Duration),
}

/// Invokes a function and waits for its answer, at most for `limit`. After that the function runs on to its own timeout, as
/// on AWS.
///
/// # Errors
/// [`Unanswered`]. A function that fails is no error here but [`InvocationResult::Error`].
pub async fn invoke(
    gateway: &Gateway,
    callee: &Callee<'_>,
    request_id: &str,
    event: Bytes,
    limit: Duration,
) -> Result<InvocationResult, Unanswered> {
    may_invoke(gateway, callee)?;
    let functions = gateway.shared.functions.clone();
    let own = gateway.shared.account.function_arn("");
    let name = callee.function_arn.strip_prefix(&own).unwrap_or(callee.function_arn).to_owned();
    let request_id = request_id.to_owned();
    let invocation = tokio::spawn(async move { functions.invoke(&name, &request_id, event).await });
    let too_slow = || Unanswered::TooSlow(callee.function_arn.to_owned(), limit);
    match tokio::time::timeout(limit, invocation).await.map_err(|_| too_slow())? {
        Ok(ended) => Ok(ended?),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime ends.
            Err(_) => Err(too_slow()),
        },
    }
}

fn may_invoke(gateway: &Gateway, callee: &Callee<'_>) -> Result<(), Denied> {
    let (permissions, function) = (&gateway.shared.permissions, callee.function_arn);
    match callee.credentials_arn {
        Some(role_arn) => permissions
            .assume(SERVICE, role_arn)
            .and_then(|()| permissions.check(&Principal::Role(role_arn.to_owned()), ACTION, function)),
        None => permissions.check_service(SERVICE, ACTION, function, &callee.source_arn),
    }
}
