//! One execution environment: a function's own process, its Runtime API and its log stream.

use super::config::{FunctionConfig, LogFormat};
use super::log_stream::LogStream;
use super::runtime_api::{Job, Phase, RESPONSE_BYTES_MAX, Reply, RuntimeApi};
use crate::account::Account;
use crate::clock;
use crate::faults::Faults;
use crate::identity::{Credentials, Permissions};
use crate::logs::LogSink;
use futures_util::StreamExt as _;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::AsyncRead;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::codec::{FramedRead, LinesCodec, LinesCodecError};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// Seconds that a function may take to ask for its first event.
pub const INIT_TIMEOUT_S: u64 = 10;
/// Bytes of one log event, at most; the rest of a longer line is cut off.
pub const LOG_EVENT_BYTES_MAX: usize = 256 * 1_024;

/// What every environment of the plane shares.
pub struct Surroundings {
    /// The account that is played.
    pub account: Account,
    /// Issues the environment's credentials.
    pub permissions: Arc<dyn Permissions>,
    /// Takes the functions' output.
    pub logs: Arc<dyn LogSink>,
    /// `AWS_ENDPOINT_URL` for the functions: the plane itself.
    pub endpoint_url: String,
    /// What a user wants to go wrong.
    pub faults: Faults,
}

/// A running environment. Dropping it ends its process.
pub struct Environment {
    config: Arc<FunctionConfig>,
    jobs: mpsc::Sender<Job>,
    phase: watch::Receiver<Phase>,
    exited: watch::Receiver<Option<ExitStatus>>,
    credentials: Credentials,
    surroundings: Arc<Surroundings>,
    log_stream: Arc<LogStream>,
    kill: CancellationToken,
    _runtime_api: AbortOnDropHandle<()>,
    init: Init,
}

/// Whether the runtime has asked for its first event, and how long it took.
enum Init {
    Since(Instant),
    /// Done; the duration stands in the first invocation's report and nowhere after.
    Took(Option<Duration>),
}

/// How an invocation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// The function answered.
    Response(bytes::Bytes),
    /// The function failed: `FunctionError: Unhandled`, with the error's JSON.
    Error(bytes::Bytes),
}

impl Environment {
    /// Starts a function's process.
    ///
    /// # Errors
    /// Where the process or its Runtime API cannot be started; the text names the file.
    pub async fn start(
        config: Arc<FunctionConfig>,
        surroundings: Arc<Surroundings>,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let runtime_api = listener.local_addr()?.to_string();
        let credentials = surroundings.permissions.issue(&config.role_arn);
        let log_stream = Arc::new(LogStream::new(&config, surroundings.clone()));
        let mut child = spawn(&config, &surroundings, &credentials, &runtime_api, log_stream.name())
            .inspect_err(|_| {
                surroundings.permissions.revoke(&credentials.access_key_id);
            })?;

        let (jobs, receiver) = mpsc::channel(1);
        let api = RuntimeApi::new(receiver, &surroundings.account.function_arn(&config.name));
        let phase = api.phase();
        let runtime_api = AbortOnDropHandle::new(tokio::spawn(api.serve(listener)));
        let copy = |output: Output| copy_logs(output, config.clone(), log_stream.clone());
        if let Some(output) = child.stdout.take() {
            tokio::spawn(copy(Box::pin(output)));
        }
        if let Some(output) = child.stderr.take() {
            tokio::spawn(copy(Box::pin(output)));
        }
        let (exit, exited) = watch::channel(None);
        let kill = CancellationToken::new();
        tokio::spawn(wait_for_exit(child, kill.clone(), exit));
        Ok(Self {
            config,
            jobs,
            phase,
            exited,
            credentials,
            surroundings,
            log_stream,
            kill,
            _runtime_api: runtime_api,
            init: Init::Since(Instant::now()),
        })
    }

    /// Whether this environment runs exactly these settings and this code, and is alive.
    pub fn is_fit_for(&self, config: &Arc<FunctionConfig>) -> bool {
        *self.config == **config && self.exited.borrow().is_none()
    }

    /// Runs one invocation. Afterwards the environment may be spent (see [`Environment::is_spent`]).
    pub async fn invoke(&mut self, request_id: &str, payload: bytes::Bytes) -> Ended {
        if let Err(error) = self.initialise(request_id).await {
            return Ended::Error(error);
        }
        let timeout = Duration::from_secs(self.config.timeout_s.into());
        let (outcome, reply) = oneshot::channel();
        let deadline_ms = clock::now_ms() + timeout.as_millis() as u64;
        let job = Job { request_id: request_id.into(), payload, deadline_ms, outcome };
        self.log(&format!("START RequestId: {request_id} Version: $LATEST"));
        let begun = Instant::now();
        let _ = self.jobs.send(job).await;
        let mut exited = self.exited.clone();
        let ended = tokio::select! {
            biased;
            reply = reply => match reply {
                Ok(Reply::Response(body)) => Ended::Response(body),
                Ok(Reply::Error(body)) => Ended::Error(body),
                Ok(Reply::TooLarge) => Ended::Error(error_json(
                    "Function.ResponseSizeTooLarge",
                    &format!("Response payload size exceeded maximum allowed payload size ({RESPONSE_BYTES_MAX} bytes)."),
                )),
                Err(_) => Ended::Error(self.exit_error(request_id)),
            },
            _ = exited.wait_for(Option::is_some) => Ended::Error(self.exit_error(request_id)),
            () = tokio::time::sleep(timeout) => {
                self.kill.cancel();
                Ended::Error(error_json(
                    "Sandbox.Timedout",
                    &format!("RequestId: {request_id} Error: Task timed out after {}.00 seconds", self.config.timeout_s),
                ))
            }
        };
        self.report(request_id, begun.elapsed());
        ended
    }

    /// Whether it can take no further invocation.
    pub fn is_spent(&self) -> bool {
        self.kill.is_cancelled() || self.exited.borrow().is_some()
    }

    /// Ends the process and waits until it is gone.
    pub async fn stop(self) {
        self.kill.cancel();
        // An error means that the waiting task is gone, and the process with it.
        let _ = self.exited.clone().wait_for(Option::is_some).await;
    }

    async fn initialise(&mut self, request_id: &str) -> Result<(), bytes::Bytes> {
        let Init::Since(started) = self.init else { return Ok(()) };
        let ready = tokio::select! {
            biased;
            ready = self.phase.wait_for(|phase| *phase != Phase::Init) => match ready {
                Ok(phase) => Some(phase.clone()),
                Err(_) => None,
            },
            _ = self.exited.wait_for(Option::is_some) => None,
            () = tokio::time::sleep(Duration::from_secs(INIT_TIMEOUT_S)) => {
                self.kill.cancel();
                return Err(error_json("Sandbox.Timedout", &format!("RequestId: {request_id} Error: init took longer than {INIT_TIMEOUT_S} seconds")));
            }
        };
        match ready {
            Some(Phase::InitError(body)) => {
                self.kill.cancel();
                Err(body)
            }
            Some(_) => {
                self.init = Init::Took(Some(started.elapsed()));
                Ok(())
            }
            None => Err(self.exit_error(request_id)),
        }
    }

    fn exit_error(&self, request_id: &str) -> bytes::Bytes {
        let status = self.exited.borrow().map_or_else(|| "unknown".into(), describe);
        error_json(
            "Runtime.ExitError",
            &format!("RequestId: {request_id} Error: Runtime exited with error: {status}"),
        )
    }

    fn report(&mut self, request_id: &str, duration: Duration) {
        self.log(&format!("END RequestId: {request_id}"));
        let millis = duration.as_secs_f64() * 1_000.0;
        // Billed per started millisecond; an OS-only runtime's init is billed too, with the first invocation.
        let init = match &mut self.init {
            Init::Took(took) => took.take(),
            Init::Since(_) => None,
        };
        let init = init
            .map(|took| format!("Init Duration: {:.2} ms\t", took.as_secs_f64() * 1_000.0))
            .unwrap_or_default();
        self.log(&format!(
            "REPORT RequestId: {request_id}\tDuration: {millis:.2} ms\tBilled Duration: {} ms\tMemory Size: {} MB\t{init}",
            millis.ceil(),
            self.config.memory_mb,
        ));
    }

    fn log(&self, message: &str) {
        self.log_stream.append(message);
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        self.kill.cancel();
        self.surroundings.permissions.revoke(&self.credentials.access_key_id);
    }
}

fn spawn(
    config: &FunctionConfig,
    surroundings: &Surroundings,
    credentials: &Credentials,
    runtime_api: &str,
    log_stream: &str,
) -> std::io::Result<Child> {
    let region = &surroundings.account.region;
    let bootstrap = config.code_dir.join("bootstrap");
    let mut command = Command::new(&bootstrap);
    command
        .current_dir(&config.code_dir)
        .env_clear()
        .envs(&config.environment)
        .env("_HANDLER", &config.handler)
        .env("AWS_ACCESS_KEY_ID", &credentials.access_key_id)
        .env("AWS_SECRET_ACCESS_KEY", &credentials.secret_access_key)
        .env("AWS_SESSION_TOKEN", &credentials.session_token)
        .env("AWS_REGION", region)
        .env("AWS_DEFAULT_REGION", region)
        .env("AWS_ENDPOINT_URL", &surroundings.endpoint_url)
        .env("AWS_LAMBDA_FUNCTION_NAME", &config.name)
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", config.memory_mb.to_string())
        .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", &config.log_group)
        .env("AWS_LAMBDA_LOG_STREAM_NAME", log_stream)
        .env("AWS_LAMBDA_RUNTIME_API", runtime_api)
        .env("LAMBDA_TASK_ROOT", &config.code_dir)
        .env("LAMBDA_RUNTIME_DIR", "/var/runtime")
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("TZ", ":UTC")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Ctrl-C in a terminal reaches the plane alone, which then ends its functions in order.
        .process_group(0)
        .kill_on_drop(true);
    if config.log_format == LogFormat::Json {
        command.env("AWS_LAMBDA_LOG_FORMAT", "JSON");
        command.env("AWS_LAMBDA_LOG_LEVEL", config.application_log_level.as_deref().unwrap_or("INFO"));
    }
    command.spawn().map_err(|error| {
        std::io::Error::new(error.kind(), format!("failed to start {}: {error}", bootstrap.display()))
    })
}

/// Owns the process: ends it when told to, reaps it either way.
async fn wait_for_exit(mut child: Child, kill: CancellationToken, exit: watch::Sender<Option<ExitStatus>>) {
    let status = tokio::select! {
        status = child.wait() => status,
        () = kill.cancelled() => {
            // It fails only where the process is gone already.
            let _ = child.start_kill();
            child.wait().await
        }
    };
    match status {
        Ok(status) => {
            exit.send_replace(Some(status));
        }
        Err(error) => tracing::warn!(%error, "failed to wait for a function's process"),
    }
}

type Output = std::pin::Pin<Box<dyn AsyncRead + Send>>;

async fn copy_logs(output: Output, config: Arc<FunctionConfig>, stream: Arc<LogStream>) {
    let mut lines = FramedRead::new(output, LinesCodec::new_with_max_length(LOG_EVENT_BYTES_MAX));
    while let Some(line) = lines.next().await {
        match line {
            Ok(line) => {
                tracing::info!(target: "function", function = config.name, "{line}");
                stream.append(&line);
            }
            Err(LinesCodecError::MaxLineLengthExceeded) => {}
            Err(_) => return,
        }
    }
}

fn describe(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(9)) => "signal: killed".into(),
        (None, Some(signal)) => format!("signal: {signal}"),
        (None, None) => "unknown".into(),
    }
}

fn error_json(kind: &str, message: &str) -> bytes::Bytes {
    serde_json::json!({"errorType": kind, "errorMessage": message}).to_string().into()
}
