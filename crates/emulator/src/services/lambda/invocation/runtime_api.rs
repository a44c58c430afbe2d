//! The Lambda Runtime API, served to one execution environment on a port of its own.
//!
//! `AWS_LAMBDA_RUNTIME_API` is only a host and a port, so the listener identifies the environment.

use crate::core::browser;
use crate::core::open_files;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, mpsc, oneshot, watch};

/// Bytes of a synchronous response, at most (6 MB as Lambda counts them).
pub const RESPONSE_BYTES_MAX: usize = 6 * 1_048_576 + 100;
const VERSION: &str = "/2018-06-01/runtime/";
const OK: &str = r#"{"status":"OK"}"#;

/// One invocation for an environment.
#[derive(Debug)]
pub struct Job {
    pub request_id: String,
    /// The ARN that was invoked, where it has a qualifier.
    pub function_arn: Option<String>,
    /// The event.
    pub payload: Bytes,
    /// The function's deadline, in milliseconds since the epoch.
    pub deadline_ms: u64,
    /// Where the result goes.
    pub outcome: oneshot::Sender<Reply>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    Response(Bytes),
    /// The function's error: `{errorMessage, errorType, stackTrace}`.
    Error(Bytes),
    /// The result exceeded [`RESPONSE_BYTES_MAX`]: so many bytes.
    TooLarge(usize),
}

/// The state of an environment's runtime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// Started, without asking for an event yet.
    Init,
    /// Has asked for its first event.
    Ready,
    /// Reported that it cannot start.
    InitError(Bytes),
}

/// The server side of one environment's runtime.
pub struct RuntimeApi {
    jobs: Mutex<mpsc::Receiver<Job>>,
    in_flight: parking_lot::Mutex<Option<(String, oneshot::Sender<Reply>)>>,
    phase: watch::Sender<Phase>,
    function_arn: HeaderValue,
}

impl RuntimeApi {
    /// A server for the invocations in `jobs`.
    pub fn new(jobs: mpsc::Receiver<Job>, function_arn: &str) -> Arc<Self> {
        Arc::new(Self {
            jobs: Mutex::new(jobs),
            in_flight: parking_lot::Mutex::new(None),
            phase: watch::Sender::new(Phase::Init),
            function_arn: HeaderValue::from_str(function_arn).unwrap_or(HeaderValue::from_static("")),
        })
    }

    /// Watches the runtime's state.
    pub fn phase(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// Serves until it is dropped or aborted.
    pub async fn serve(self: Arc<Self>, listener: TcpListener) {
        let mut connections = tokio::task::JoinSet::new();
        loop {
            tokio::select! {
                (socket, _) = open_files::accept(&listener) => {
                    connections.spawn(self.clone().serve_connection(socket));
                }
                Some(_) = connections.join_next() => {}
            }
        }
    }

    async fn serve_connection(self: Arc<Self>, socket: TcpStream) {
        let _ = socket.set_nodelay(true);
        let service = service_fn(move |request| {
            let api = self.clone();
            async move { Ok::<_, Infallible>(api.handle(request).await) }
        });
        // If a runtime goes away during a call, the environment handles that, not the connection.
        let _ =
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
    }

    async fn handle(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        // This port is on the user's machine too: a page that guesses it must not end or starve the function.
        if browser::is_of_a_page(request.headers()) {
            return answer(StatusCode::FORBIDDEN, "");
        }
        let path = request.uri().path().to_owned();
        let Some(call) = path.strip_prefix(VERSION) else {
            return answer(StatusCode::NOT_FOUND, "");
        };
        match (request.method(), call) {
            (&Method::GET, "invocation/next") => self.next().await,
            (&Method::POST, "init/error") => {
                let body = match collect(request).await {
                    Some(Posted::Whole(body)) => body,
                    _ => Bytes::new(),
                };
                self.phase.send_replace(Phase::InitError(body));
                answer(StatusCode::ACCEPTED, OK)
            }
            (&Method::POST, call) => {
                let mut segments = call.split('/');
                match (segments.next(), segments.next(), segments.next(), segments.next()) {
                    (Some("invocation"), Some(id), Some(kind @ ("response" | "error")), None) => {
                        let is_error = kind == "error";
                        self.settle(id, is_error, request).await
                    }
                    _ => answer(StatusCode::NOT_FOUND, ""),
                }
            }
            _ => answer(StatusCode::METHOD_NOT_ALLOWED, ""),
        }
    }

    async fn next(&self) -> Response<Full<Bytes>> {
        self.phase.send_if_modified(|phase| {
            let first = *phase == Phase::Init;
            if first {
                *phase = Phase::Ready;
            }
            first
        });
        let Some(job) = self.jobs.lock().await.recv().await else {
            return answer(StatusCode::INTERNAL_SERVER_ERROR, r#"{"errorMessage":"shutting down"}"#);
        };
        let mut response = Response::new(Full::new(job.payload));
        let headers = response.headers_mut();
        let trace = format!(
            "Root=1-{:08x}-{};Sampled=0",
            job.deadline_ms / 1_000,
            &job.request_id.replace('-', "")[..24]
        );
        for (name, value) in [
            ("lambda-runtime-aws-request-id", job.request_id.as_str()),
            ("lambda-runtime-deadline-ms", job.deadline_ms.to_string().as_str()),
            ("lambda-runtime-trace-id", trace.as_str()),
            ("content-type", "application/json"),
        ] {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
        let qualified = job.function_arn.and_then(|arn| HeaderValue::from_str(&arn).ok());
        let function_arn = qualified.unwrap_or_else(|| self.function_arn.clone());
        headers.insert("lambda-runtime-invoked-function-arn", function_arn);
        *self.current() = Some((job.request_id, job.outcome));
        response
    }

    async fn settle(&self, id: &str, is_error: bool, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let Some(posted) = collect(request).await else {
            return answer(StatusCode::BAD_REQUEST, r#"{"errorMessage":"the body ended early"}"#);
        };
        let outcome = {
            let mut current = self.current();
            match current.take() {
                Some((current_id, outcome)) if current_id == id => outcome,
                other => {
                    *current = other;
                    return answer(
                        StatusCode::BAD_REQUEST,
                        r#"{"errorType":"InvalidRequestID","errorMessage":"Invalid request ID"}"#,
                    );
                }
            }
        };
        let (reply, response) = match posted {
            Posted::Whole(body) if is_error => (Reply::Error(body), answer(StatusCode::ACCEPTED, OK)),
            Posted::Whole(body) => (Reply::Response(body), answer(StatusCode::ACCEPTED, OK)),
            Posted::TooLarge(bytes) => {
                let refusal = r#"{"errorType":"RequestEntityTooLarge","errorMessage":"Exceeded maximum allowed payload size"}"#;
                (Reply::TooLarge(bytes), answer(StatusCode::PAYLOAD_TOO_LARGE, refusal))
            }
        };
        // The invocation may have timed out meanwhile.
        let _ = outcome.send(reply);
        response
    }

    fn current(&self) -> parking_lot::MutexGuard<'_, Option<(String, oneshot::Sender<Reply>)>> {
        self.in_flight.lock()
    }
}

/// The body of a runtime's post.
enum Posted {
    Whole(Bytes),
    /// Over [`RESPONSE_BYTES_MAX`]: so many bytes.
    TooLarge(usize),
}

/// Reads a body to its end, because a runtime that is cut off while it writes would not read the refusal. `None`: the
/// runtime went away.
async fn collect(request: Request<Incoming>) -> Option<Posted> {
    let mut body = request.into_body();
    let (mut kept, mut bytes) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.ok()?.into_data() else { continue };
        bytes += data.len();
        if bytes <= RESPONSE_BYTES_MAX {
            kept.extend_from_slice(&data);
        }
    }
    Some(if bytes > RESPONSE_BYTES_MAX { Posted::TooLarge(bytes) } else { Posted::Whole(kept.into()) })
}

fn answer(status: StatusCode, body: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
    response
}
