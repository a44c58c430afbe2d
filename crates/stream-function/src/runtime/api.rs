//! The four calls of the Runtime API over one kept connection, and which of its responses end the process.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Serialize;

use super::context::{Context, INVOCATION_ID};
use crate::client::causes;

/// The environment variable with the host and port of the Runtime API.
const ADDRESS: &str = "AWS_LAMBDA_RUNTIME_API";
const AGENT: &str = concat!("stream-function/", env!("CARGO_PKG_VERSION"));
const ERROR_TYPE: &str = "lambda-runtime-function-error-type";
const NEXT: &str = "next";
/// Time to open a connection: the Runtime API is on the same machine.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// Time limit of calls that Lambda answers at once.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// A client of the Runtime API.
///
/// Only the wait for the head of `next`'s response has no limit: it arrives when the function is invoked, and the process
/// can be frozen for hours until then. If the Runtime API ends, the connection is closed, which ends the wait. All other
/// responses, which are the body of an event and those to posts, must arrive within `answer_max`, or the process ends with
/// an error. Lambda limits them too, but it kills the process without saying what it was waiting for.
pub(super) struct Api {
    http: Client<HttpConnector, Full<Bytes>>,
    base: String,
    pub(super) answer_max: Duration,
}

/// An event from Lambda.
pub(super) struct Next {
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// The error of an invocation or init, in Lambda's form.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Diagnostic {
    pub error_type: String,
    pub error_message: String,
}

/// The Runtime API cannot be used. AWS requires a runtime to end its process then.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    #[error(
        "the environment variable {ADDRESS} is not set: Lambda sets it, or the emulator that runs the function"
    )]
    NoAddress,
    #[error("{call} is not answered: {error}")]
    Unanswered { call: &'static str, error: String },
    #[error("{call} is not answered within {} s", limit.as_secs_f32())]
    TooLate { call: &'static str, limit: Duration },
    #[error("{call} is answered with {status}: {text}")]
    Status { call: &'static str, status: StatusCode, text: String },
    #[error("the next event has no usable header {0}")]
    Header(&'static str),
}

impl Api {
    pub fn from_environment() -> Result<Self, ApiError> {
        let address = std::env::var(ADDRESS).ok().filter(|address| !address.is_empty());
        Ok(Self::new(&address.ok_or(ApiError::NoAddress)?))
    }

    pub fn new(address: &str) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT_MAX));
        Self {
            // A frozen process must not find its one connection too old: the other side never closes it.
            http: Client::builder(TokioExecutor::new()).pool_idle_timeout(None).build(connector),
            base: format!("http://{address}/2018-06-01/runtime"),
            answer_max: ANSWER_MAX,
        }
    }

    /// The next event; `None` if the response is empty, as from `cargo lambda watch` when there is none yet.
    pub async fn next(&self) -> Result<Option<Next>, ApiError> {
        let request = Request::get(format!("{}/invocation/next", self.base)).header(USER_AGENT, AGENT);
        let (parts, body) = self.exchange(NEXT, request.body(Full::default())).await?;
        match parts.status {
            StatusCode::OK => Ok(Some(Next { headers: parts.headers, body })),
            StatusCode::NO_CONTENT => Ok(None),
            status => Err(ApiError::Status { call: NEXT, status, text: text(&body) }),
        }
    }

    /// The invocation's result.
    pub async fn respond(&self, invocation: &Context, answer: Vec<u8>) -> Result<(), ApiError> {
        let path = format!("invocation/{}/response", invocation.request_id);
        self.post("response", &path, Some(invocation), answer.into(), false).await
    }

    /// The invocation has failed; the next one may succeed.
    pub async fn fail(&self, invocation: &Context, diagnostic: &Diagnostic) -> Result<(), ApiError> {
        let path = format!("invocation/{}/error", invocation.request_id);
        self.post("error", &path, Some(invocation), body(diagnostic), true).await
    }

    /// The function cannot start.
    pub async fn init_error(&self, diagnostic: &Diagnostic) -> Result<(), ApiError> {
        self.post("init/error", "init/error", None, body(diagnostic), true).await
    }

    async fn post(
        &self,
        call: &'static str,
        path: &str,
        invocation: Option<&Context>,
        body: Bytes,
        is_error: bool,
    ) -> Result<(), ApiError> {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(format!("{}/{path}", self.base))
            .header(USER_AGENT, AGENT)
            .header(CONTENT_TYPE, "application/json");
        if is_error {
            request = request.header(ERROR_TYPE, "Unhandled");
        }
        // Echoed, so that Lambda can refuse the late answer to an invocation that timed out.
        if let Some(id) = invocation.and_then(|invocation| invocation.invocation_id.as_ref()) {
            request = request.header(INVOCATION_ID, id);
        }
        let (parts, body) = self.exchange(call, request.body(Full::new(body))).await?;
        let status = parts.status;
        if status.is_server_error() {
            return Err(ApiError::Status { call, status, text: text(&body) });
        }
        if !status.is_success() {
            // The invocation has ended otherwise: it timed out, or its answer is too large. The next one may succeed.
            tracing::error!(
                call,
                status = status.as_u16(),
                answer = text(&body),
                "lambda rejected a response"
            );
        }
        Ok(())
    }

    async fn exchange(
        &self,
        call: &'static str,
        request: http::Result<Request<Full<Bytes>>>,
    ) -> Result<(http::response::Parts, Bytes), ApiError> {
        let unanswered =
            |error: &(dyn std::error::Error + 'static)| ApiError::Unanswered { call, error: causes(error) };
        let response = self.http.request(request.map_err(|error| unanswered(&error))?);
        let response = if call == NEXT { response.await } else { self.at_once(call, response).await? };
        let (parts, body) = response.map_err(|error| unanswered(&error))?.into_parts();
        let body = self.at_once(call, body.collect()).await?.map_err(|error| unanswered(&error))?.to_bytes();
        Ok((parts, body))
    }

    async fn at_once<T>(&self, call: &'static str, answer: impl Future<Output = T>) -> Result<T, ApiError> {
        let mut answer = pin!(answer);
        // Two waits of half the time: a process that was frozen in between finds only the first one over.
        for _ in 0..2 {
            if let Ok(answer) = tokio::time::timeout(self.answer_max / 2, answer.as_mut()).await {
                return Ok(answer);
            }
        }
        Err(ApiError::TooLate { call, limit: self.answer_max })
    }
}

fn body(diagnostic: &Diagnostic) -> Bytes {
    serde_json::to_vec(diagnostic).unwrap_or_default().into()
}

fn text(body: &[u8]) -> String {
    String::from_utf8_lossy(body).into_owned()
}
