//! Invoke: runs a function for any caller and returns its answer.

use super::reference::{NameForm, Reference};
use super::{Lambda, invalid, status};
use crate::core::identity::{Permissions as _, Principal};
use crate::protocol::exchange::{self, Protocol};
use crate::protocol::rest::RestCall;
use crate::protocol::{ApiError, Service};
use crate::services::lambda::invocation::config::LATEST;
use crate::services::lambda::invocation::{InvocationResult, InvokeError, Invoked};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, header};
use http_body_util::Full;
use serde_json::{Value, json};

/// Bytes of an event, at most (6 MB).
pub const PAYLOAD_BYTES_MAX: usize = 6 * 1_048_576;
/// The event if the caller sends none.
const EMPTY_PAYLOAD: &[u8] = b"{}";

struct InvocationRequest {
    is_dry_run: bool,
    wants_log: bool,
}

/// The function that a request invokes, by name or ARN; `None`: the request is not an Invoke.
pub(crate) fn invoked(parts: &Parts) -> Option<String> {
    if parts.method != Method::POST || parts.headers.contains_key("x-amz-target") {
        return None;
    }
    match RestCall::new(parts, String::new(), Value::Null).path().as_slice() {
        ["2015-03-31", "functions", name, "invocations"] => Some((*name).to_owned()),
        _ => None,
    }
}

/// A refusal in Lambda's form.
pub(crate) fn refuse(error: ApiError) -> Response<Full<Bytes>> {
    exchange::write(Service::Lambda, Protocol::RestJson, "", Err(error))
}

impl Lambda {
    pub(crate) async fn invoke(
        &self,
        principal: &Principal,
        parts: &Parts,
        function: &str,
        payload: Bytes,
    ) -> Response<Full<Bytes>> {
        let (target, asked) = match self.may_invoke(principal, parts, function, &payload) {
            Ok(asked) => asked,
            Err(error) => return refuse(error),
        };
        if asked.is_dry_run {
            return respond(StatusCode::NO_CONTENT, Bytes::new());
        }
        let payload = if payload.is_empty() { Bytes::from_static(EMPTY_PAYLOAD) } else { payload };
        let request_id = uuid::Uuid::new_v4().to_string();
        let invoked = self.functions.invoke_with_log(&target, &request_id, payload, asked.wants_log).await;
        let mut response = match invoked {
            Ok(invoked) => answer(invoked),
            Err(InvokeError::NotFound(name)) => return refuse(super::no_function(&self.account, &name)),
            Err(InvokeError::Throttled { is_reserved, .. }) => return throttled(is_reserved),
            Err(error @ InvokeError::Exhausted { .. }) => {
                tracing::warn!(%error, "an Invoke is answered with 429");
                return throttled(false);
            }
        };
        if let Ok(id) = HeaderValue::from_str(&request_id) {
            response.headers_mut().insert("x-amzn-requestid", id);
        }
        response
    }

    fn may_invoke(
        &self,
        principal: &Principal,
        parts: &Parts,
        name: &str,
        payload: &Bytes,
    ) -> Result<(String, InvocationRequest), ApiError> {
        let call = RestCall::new(parts, String::new(), Value::Null);
        let reference = self.qualified(NameForm::Read, &call, name)?;
        let target = reference.target();
        let arn = self.account.function_arn(&target);
        self.iam
            .check(principal, "lambda:InvokeFunction", &arn)
            .map_err(|denied| ApiError::access_denied(&denied))?;
        self.check_invocable(&reference)?;
        let header = |name: &str| parts.headers.get(name).map(|value| value.to_str().unwrap_or_default());
        let unsupported = |argument: &str, value: &str| {
            invalid(format!("Invoke: {argument} {value} is not supported by the emulator"))
        };
        for (name, argument) in [
            ("x-amz-client-context", "ClientContext"),
            ("x-amz-durable-execution-name", "DurableExecutionName"),
            ("x-amz-tenant-id", "TenantId"),
        ] {
            if let Some(value) = header(name) {
                return Err(unsupported(argument, value));
            }
        }
        let is_dry_run = match header("x-amz-invocation-type") {
            None | Some("RequestResponse") => false,
            Some("DryRun") => true,
            Some(other) => return Err(unsupported("InvocationType", other)),
        };
        let wants_log = match header("x-amz-log-type") {
            None | Some("None") => false,
            Some("Tail") => true,
            Some(other) => return Err(invalid(format!("Invoke: LogType {other} is neither None nor Tail"))),
        };
        if payload.len() > PAYLOAD_BYTES_MAX {
            let message = format!(
                "Request must be smaller than {PAYLOAD_BYTES_MAX} bytes for the InvokeFunction operation"
            );
            return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException", message));
        }
        if !payload.is_empty()
            && let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(payload)
        {
            let message = format!("Could not parse request body into json: {error}");
            return Err(ApiError::bad_request("InvalidRequestContentException", message));
        }
        Ok((target, InvocationRequest { is_dry_run, wants_log }))
    }

    /// The error for a missing function names `$LATEST` if the caller named no qualifier.
    fn check_invocable(&self, reference: &Reference) -> Result<(), ApiError> {
        let qualifier = reference.qualifier.clone().unwrap_or_else(|| LATEST.to_owned());
        let meant = Reference { name: reference.name.clone(), qualifier: Some(qualifier) };
        let mut store = self.store.lock();
        store.settle(tokio::time::Instant::now());
        let (_, view) = store.find(&meant, &self.account)?;
        if view.configuration.status.is_pending() { Err(status::pending()) } else { Ok(()) }
    }
}

/// The function's answer, or its failure.
fn answer(invoked: Invoked) -> Response<Full<Bytes>> {
    let version = HeaderValue::from_str(&invoked.version);
    let (body, is_failure) = match invoked.ended {
        InvocationResult::Response(body) => (body, false),
        InvocationResult::Error(body) => (body, true),
    };
    let mut response = respond(StatusCode::OK, body);
    let headers = response.headers_mut();
    if let Ok(version) = version {
        headers.insert("x-amz-executed-version", version);
    }
    if is_failure {
        headers.insert("x-amz-function-error", HeaderValue::from_static("Unhandled"));
    }
    let log = invoked.log_tail.map(|tail| HeaderValue::from_str(&STANDARD.encode(tail)));
    if let Some(Ok(log)) = log {
        headers.insert("x-amz-log-result", log);
    }
    response
}

/// Too many invocations run at once; clients distinguish the two limits by the members beside the message.
fn throttled(is_reserved: bool) -> Response<Full<Bytes>> {
    let reason = if is_reserved {
        "ReservedFunctionConcurrentInvocationLimitExceeded"
    } else {
        "ConcurrentInvocationLimitExceeded"
    };
    let body = json!({"Reason": reason, "Type": "User", "message": "Rate Exceeded."});
    let mut response = respond(StatusCode::TOO_MANY_REQUESTS, body.to_string().into());
    response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static("TooManyRequestsException"));
    response
}

fn respond(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
